"""Which reader opens a file or store of pixels, told by its content."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

from chromamol.errors import InputError
from chromamol.images.tiff import TIFF_MAGIC, open_tiff
from chromamol.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from chromamol.images.source import Source

_FORMATS = "TIFF, OME-TIFF, ImageJ TIFF, OME-Zarr and localisation tables are read"
_VENDORS = {
    b"ZISRAWFI": "Zeiss CZI",
    b"\xda\xce\xbe\x0a": "Nikon ND2",
    b"p\0\0\0": "Leica LIF",
}
_OTHER_FORMATS = {
    b"\x89PNG": "a PNG picture",
    b"\xff\xd8\xff": "a JPEG picture",
    b"#ASDF": "an ASDF file",
    b"\x93NUMPY": "a NumPy array without axes and pixel size",
    b"\x89HDF": "an HDF5 file",
    b"PK\x03\x04": "a zip archive",
    b"%PDF": "a PDF document",
}


@contextmanager
def open_source(path: Path, settings: Settings) -> Iterator[Source]:
    """Open a file or store of pixels of any supported format; its values are not judged.

    Parameters
    ----------
    path : Path
    settings : Settings
        `axes`, `z_plane`, `time_point`.

    Yields
    ------
    Source
        Its pixels are decoded when they are asked for, as long as the block lasts.

    Raises
    ------
    InputError
        If there is nothing to read, or what is there is damaged, no image, in colour, or a stack of
        which no part was chosen.
    """
    if path.is_dir():
        from chromamol.images.ome_zarr import is_zarr, open_ome_zarr

        if not is_zarr(path):
            held = sorted(one.name for one in path.glob("*.zarr"))
            what = f"the store in it, {held[0]}" if held else "the image files in it"
            msg = f"{path} is a folder, and not an OME-Zarr image. Give {what}."
            raise InputError(msg)
        yield open_ome_zarr(path, settings)
        return
    magic = _magic(path)
    if magic[:4] in TIFF_MAGIC:
        with open_tiff(path, settings) as source:
            yield source
        return
    if vendor := next((one for start, one in _VENDORS.items() if magic.startswith(start)), None):
        from chromamol.images.vendor import open_vendor

        with open_vendor(path, vendor, settings) as source:
            yield source
        return
    known = (name for start, name in _OTHER_FORMATS.items() if magic.startswith(start))
    msg = (
        f"{path.name} is {next(known, 'no image that chromamol knows')}: {_FORMATS}. "
        "Export an image as OME-TIFF (in Fiji: Plugins > Bio-Formats > Bio-Formats Exporter), "
        "localisations as CSV."
    )
    raise InputError(msg)


def read_source(path: Path) -> Source:
    """Read a 2-D file or store of pixels into memory; its values are not judged.

    Raises
    ------
    InputError
        As `open_source`.
    """
    with open_source(path, Settings()) as source:
        return replace(source, cyx=source.cyx[:])


def _magic(path: Path) -> bytes:
    """Return the first bytes of a file."""
    try:
        with path.open("rb") as file:
            magic = file.read(16)
    except FileNotFoundError as error:
        msg = f"There is no file {path}. Check the name and the folder."
        raise InputError(msg) from error
    except OSError as error:
        msg = f"{path} cannot be read ({error.strerror})."
        raise InputError(msg) from error
    if not magic:
        msg = f"{path.name} is empty (0 bytes). Copy it again from its source."
        raise InputError(msg)
    return magic
