"""Read one image from any supported file or store, and refuse what cannot be analysed."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from chromamol.errors import InputError
from chromamol.images.image import Image
from chromamol.images.tiff import TIFF_MAGIC, read_tiff

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from chromamol.images.source import Source

_SUFFIXES = (".ome.tiff", ".ome.tif", ".ome.zarr", ".tiff", ".tif", ".zarr")
_FORMATS = "TIFF, OME-TIFF, ImageJ TIFF and OME-Zarr are read"
_OTHER_FORMATS = {
    b"\x89PNG": "a PNG picture",
    b"\xff\xd8\xff": "a JPEG picture",
    b"ZISRAWFI": "a Zeiss CZI file",
    b"\xda\xce\xbe\x0a": "a Nikon ND2 file",
    b"p\0\0\0": "a Leica LIF file",
    b"\x89HDF": "an HDF5 file",
    b"PK\x03\x04": "a zip archive",
    b"%PDF": "a PDF document",
}


def read_image(path: Path | str) -> Image:
    """Read a 2-D image with channels.

    TIFF, OME-TIFF and ImageJ TIFF are told by their content; a folder is read as OME-Zarr 0.4 or
    0.5, at its highest resolution. Axes of length 1 are dropped.

    Parameters
    ----------
    path : Path or str
        File or OME-Zarr folder.

    Returns
    -------
    Image
        Values as stored, with the channel names and the pixel size (nm) where the file states
        them, and notes on what was ignored or assumed.

    Raises
    ------
    InputError
        If there is nothing to read, or what is there is damaged, not 2-D, in colour, smaller than
        8 x 8 pixels, constant, or not finite.
    """
    image = open_image(Path(path))
    notes = check_intensities(image.path.name, image.cyx, image.channel_names)
    return replace(image, notes=image.notes + notes)


def open_image(path: Path) -> Image:
    """Read an image to look at: as `read_image`, but its values are not judged.

    Raises
    ------
    InputError
        If there is nothing to read, or what is there is damaged, not 2-D, or in colour.
    """
    source = read_source(path)
    return Image(
        name=output_name(path),
        path=path,
        sha256=_sha256(path),
        cyx=source.cyx,
        channel_names=source.channel_names,
        yx_spacing_nm=source.yx_spacing_nm,
        notes=source.notes,
    )


def output_name(path: Path) -> str:
    """Name of an image: the file name without the suffixes of the format."""
    for suffix in _SUFFIXES:
        if path.name.lower().endswith(suffix) and len(path.name) > len(suffix):
            return path.name[: -len(suffix)]
    return path.name


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


def check_intensities(
    name: str, cyx: NDArray[np.generic], channel_names: tuple[str, ...]
) -> tuple[str, ...]:
    """Refuse values that are no intensities, and return notes on channels that are empty.

    Raises
    ------
    InputError
        If the values are not numbers, not finite, or all the same.
    """
    if cyx.dtype.kind not in "iuf":
        held = "only true and false: a mask" if cyx.dtype.kind == "b" else f"{cyx.dtype} values"
        msg = (
            f"{name} holds {held}; an image has integer or floating-point intensities. "
            "A mask of the nuclei is given with --nuclei."
        )
        raise InputError(msg)
    if cyx.dtype.kind == "f":
        n_bad = cyx.size - int(np.isfinite(cyx).sum())
        if n_bad:
            msg = (
                f"{name} holds {n_bad} values that are NaN or infinite. Crop them away or replace "
                "them with the background, and give the nuclei with --nuclei."
            )
            raise InputError(msg)
    constant = [c for c, yx in enumerate(cyx) if yx.min() == yx.max()]
    if len(constant) == len(cyx):
        value = cyx.flat[0]
        held = "all zeros" if value == 0 else f"the same value ({value}) everywhere"
        msg = f"{name} holds {held}: there is no image in it. Check how it was exported."
        raise InputError(msg)
    return tuple(
        f"Channel {c}{f' ({channel_names[c]})' if channel_names[c] else ''} has the same value "
        "everywhere."
        for c in constant
    )


def _sha256(path: Path) -> str:
    """Hash the bytes of a file; of a store, the names and bytes of its files in order."""
    if path.is_file():
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    from chromamol.images.ome_zarr import store_files

    digest = hashlib.sha256()
    for file_path in store_files(path):
        digest.update(f"{file_path.relative_to(path).as_posix()}\0".encode())
        with file_path.open("rb") as file:
            digest.update(hashlib.file_digest(file, "sha256").digest())
    return digest.hexdigest()
