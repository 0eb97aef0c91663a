"""What an image is called: its file without the suffix of the format."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

IMAGE_SUFFIXES = (".ome.tiff", ".ome.tif", ".ome.zarr", ".tiff", ".tif", ".zarr")
VENDOR_SUFFIXES = (".nd2", ".czi", ".lif")
TABLE_SUFFIXES = (".csv", ".tsv", ".txt", ".hdf5", ".h5", ".mat", ".smlm", ".bin", ".parquet")


def output_name(path: Path) -> str:
    """Name of an image: the file name without the suffixes of the format."""
    for suffix in (*IMAGE_SUFFIXES, *VENDOR_SUFFIXES, *TABLE_SUFFIXES):
        if path.name.lower().endswith(suffix) and len(path.name) > len(suffix):
            return path.name[: -len(suffix)]
    return path.name
