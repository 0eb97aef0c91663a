"""Measurements of accuracy and cost, as commands."""
