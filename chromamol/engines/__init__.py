"""Derivatives of a network on a grid, by interchangeable engines."""
