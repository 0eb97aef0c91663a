"""Localisation tables: any format in, one picture of counts for each channel out."""
