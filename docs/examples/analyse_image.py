"""Analyse an image: `chromamol simulate -o nucleus` makes the files that are read here."""

from pathlib import Path

from chromamol import Settings, analyse
from chromamol.results.write import write_results

settings = Settings(
    intensity_per_fraction=2000,
    background_intensity=0,
    reaction_length_nm=141.4,
)
analysis = analyse("nucleus.ome.tif", settings, nuclei="nucleus_mask.ome.tif")

for nucleus in analysis.per_nucleus:
    print(f"nucleus {nucleus.label}: {nucleus.rate_map.quantity}, {nucleus.rate_map.scale}")
    for finding in nucleus.rate_map.findings:
        print(f"- {finding.sentence}")

write_results(analysis, Path("results/nucleus"), overwrite=True)
