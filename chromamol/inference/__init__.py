"""From densities to the map of the reaction rates; the one entry is `infer.infer_rates`."""
