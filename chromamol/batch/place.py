"""What a batch writes into the folder of its results, beside them."""

from __future__ import annotations

from chromamol.results.columns import COLUMNS_FILE, DOMAINS_FILE, NUCLEI_FILE

BATCH_FILE, COMPARISONS_FILE = "batch.csv", "comparisons.csv"
REPORT_FILE, REFERENCES_FILE = "report.html", "references.bib"
MAPS_FILE = "maps.svg"  # a PDF, too
LOCK_FILE = ".batch.lock"
# Entries of the provenance of a result: its image as the tables name it, and what tells what the
# result was made from.
IMAGE_KEY, KEY = "batch_image", "batch_key"
# Tables that are Parquet files, too.
GATHERED = (DOMAINS_FILE, NUCLEI_FILE)
_PARQUET = tuple(name.replace(".csv", ".parquet") for name in GATHERED)
WRITTEN = {BATCH_FILE, COMPARISONS_FILE, COLUMNS_FILE, *GATHERED, *_PARQUET}
# Only with a sample sheet.
COMPARISONS = (COMPARISONS_FILE, "comparisons.png", "comparisons.pdf")
# Made of all results; stale when there is none.
FROM_RESULTS = (
    *COMPARISONS,
    *GATHERED,
    *_PARQUET,
    COLUMNS_FILE,
    REPORT_FILE,
    REFERENCES_FILE,
    MAPS_FILE,
    MAPS_FILE.replace(".svg", ".pdf"),
)
