"""What a batch writes into the folder of its results, beside them."""

from __future__ import annotations

from chromamol.results.columns import COLUMNS_FILE, DOMAINS_FILE, NUCLEI_FILE

BATCH_FILE, COMPARISONS_FILE = "batch.csv", "comparisons.csv"
LOCK_FILE = ".batch.lock"
# Tables that are Parquet files, too.
GATHERED = (DOMAINS_FILE, NUCLEI_FILE)
WRITTEN = {BATCH_FILE, COMPARISONS_FILE, COLUMNS_FILE, *GATHERED} | {
    name.replace(".csv", ".parquet") for name in GATHERED
}
