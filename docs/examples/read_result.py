"""Read a result back: the maps, what is known about them, and the tables."""

from pathlib import Path

import numpy as np
import pandas as pd

from chromamol.results.reopen import read_result

folder = Path("results/nucleus")
result = read_result(folder / "nucleus.ome.zarr")
rate = result.maps["rate"]  # (y, x), NaN where there is no rate
print(f"pixel (y, x) in nm: {result.yx_spacing_nm}")
print(f"rate in nucleus 1: {np.nanmedian(rate[result.labels == 1]):.2f}")
for finding in result.record.nuclei[0].findings:
    print(f"{finding.code}: {finding.sentence}")

domains = pd.read_csv(folder / "domains.csv")
print(domains[["domain", "area_um2", "rate_mean"]])
