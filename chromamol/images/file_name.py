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
    return path.name[: len(path.name) - len(_suffix(path))]


def named_as_image(path: Path) -> bool:
    """Whether a file is called as an image or a localisation table."""
    return bool(_suffix(path))


def _suffix(path: Path) -> str:
    """Return the suffix of the format, as long as it is not the whole name; "" if there is none."""
    lower = path.name.lower()
    known = (*IMAGE_SUFFIXES, *VENDOR_SUFFIXES, *TABLE_SUFFIXES)
    return next((one for one in known if lower.endswith(one) and lower != one), "")
