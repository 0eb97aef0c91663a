"""Comparing groups of nuclei: the biological replicate is the unit."""
