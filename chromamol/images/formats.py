"""Which reader opens a file or store of pixels, told by its content."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from chromamol.errors import InputError
from chromamol.images.tiff import TIFF_MAGIC, read_tiff

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from chromamol.images.source import Source
    from chromamol.settings import Settings

_FORMATS = "TIFF, OME-TIFF, ImageJ TIFF, OME-Zarr and localisation tables are read"
_OTHER_FORMATS = {
    b"\x89PNG": "a PNG picture",
    b"\xff\xd8\xff": "a JPEG picture",
    b"ZISRAWFI": "a Zeiss CZI file",
    b"\xda\xce\xbe\x0a": "a Nikon ND2 file",
    b"p\0\0\0": "a Leica LIF file",
    b"#ASDF": "an ASDF file",
    b"\x93NUMPY": "a NumPy array without axes and pixel size",
    b"\x89HDF": "an HDF5 file",
    b"PK\x03\x04": "a zip archive",
    b"%PDF": "a PDF document",
}


@contextmanager
def open_source(path: Path, settings: Settings) -> Iterator[Source]:
    """Open."""
    yield read_source(path)


def read_source(path: Path) -> Source:
    """Read a file or store of any supported format; its values are not judged.

    Raises
    ------
    InputError
        If there is nothing to read, or what is there is damaged, not 2-D, or in colour.
    """
    if path.is_dir():
        from chromamol.images.ome_zarr import is_zarr, read_ome_zarr

        if not is_zarr(path):
            msg = f"{path} is a folder, and not an OME-Zarr image. Give the image files in it."
            raise InputError(msg)
        return read_ome_zarr(path)
    try:
        with path.open("rb") as file:
            magic = file.read(8)
    except FileNotFoundError as error:
        msg = f"There is no file {path}. Check the name and the folder."
        raise InputError(msg) from error
    except OSError as error:
        msg = f"{path} cannot be read ({error.strerror})."
        raise InputError(msg) from error
    if not magic:
        msg = f"{path.name} is empty (0 bytes). Copy it again from its source."
        raise InputError(msg)
    if magic[:4] in TIFF_MAGIC:
        return read_tiff(path)
    known = (name for start, name in _OTHER_FORMATS.items() if magic.startswith(start))
    msg = (
        f"{path.name} is {next(known, 'no image that chromamol knows')}: {_FORMATS}. "
        "Export the image as OME-TIFF (in Fiji: Plugins > Bio-Formats > Bio-Formats Exporter)."
    )
    raise InputError(msg)
