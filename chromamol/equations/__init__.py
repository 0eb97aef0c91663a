"""The equations: one a file, each with its operators on data and a simulation."""
