"""The report of a batch: one HTML file that can be read, sent and printed."""
