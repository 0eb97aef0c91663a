"""Read OME-Zarr 0.4 and 0.5 images, written by anybody, without leaving their folder."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import zarr
from zarr.storage import LocalStore

from chromamol.errors import InputError
from chromamol.images.ome_zarr_metadata import (
    axis_letter,
    channel_names,
    image_metadata,
    pixel_size,
    read_json,
)
from chromamol.images.source import Source, check_declared, to_cyx
from chromamol.images.zarr_array import check_array_metadata, check_blosc_chunks

if TYPE_CHECKING:
    from pathlib import Path


def is_zarr(path: Path) -> bool:
    """Tell whether a folder is a zarr group or array."""
    return any((path / name).is_file() for name in ("zarr.json", ".zgroup", ".zattrs", ".zarray"))


def store_files(path: Path) -> list[Path]:
    """List all files of a store in a fixed order.

    Raises
    ------
    InputError
        If something in the store is a link to the outside.
    """
    root = path.resolve()
    files = []
    for entry in sorted(path.rglob("*")):
        if entry.is_symlink() and not entry.resolve().is_relative_to(root):
            msg = (
                f"{path.name} holds a link that leads out of it ({entry.relative_to(path)}). "
                "Copy the image with its content (cp -rL) and use the copy."
            )
            raise InputError(msg)
        if entry.is_file():
            files.append(entry)
    return files


def read_ome_zarr(path: Path) -> Source:
    """Read the highest resolution of a 2-D OME-Zarr image (or label image) with channels.

    Parameters
    ----------
    path : Path
        The folder of the image group.

    Raises
    ------
    InputError
        If the metadata are not valid OME-Zarr 0.4 or 0.5, lead out of the store, or describe
        something else than one 2-D image; if the pixels cannot be decoded.
    """
    files = store_files(path)
    stored = sum(file.stat().st_size for file in files)
    image, channels, zarr_format = image_metadata(path)
    multiscale = image.multiscales[0]
    dataset = multiscale.datasets[0]
    array_path = path / dataset.path
    if not array_path.resolve().is_relative_to(path.resolve()) or "://" in dataset.path:
        msg = f"{path.name} refers to pixels outside of itself ({dataset.path[:80]}); refused."
        raise InputError(msg)
    name = ".zarray" if zarr_format == 2 else "zarr.json"
    metadata = read_json(array_path / name)
    shape, dtype = check_array_metadata(path.name, metadata, zarr_format)
    axes = "".join(axis_letter(axis) for axis in multiscale.axes)
    if len(axes) != len(shape):
        msg = f"{path.name} is not valid OME-Zarr: {len(axes)} axes for {len(shape)} dimensions."
        raise InputError(msg)
    check_declared(path.name, axes, shape, dtype.itemsize, stored)
    check_blosc_chunks(path.name, metadata, [f for f in files if f.is_relative_to(array_path)])
    values, notes = _read_values(path, array_path, zarr_format)
    cyx = to_cyx(values, axes)
    spacing, spacing_notes = pixel_size(multiscale, axes)
    if len(image.multiscales) > 1:
        notes.append(f"The store holds {len(image.multiscales)} images; the first was read.")
    return Source(cyx, channel_names(channels, len(cyx)), spacing, (*notes, *spacing_notes))


def _read_values(path: Path, array_path: Path, zarr_format: int) -> tuple[Any, list[str]]:
    """Decode the whole array; its metadata were checked before."""
    try:
        store = LocalStore(array_path, read_only=True)
        array = zarr.open_array(store=store, mode="r", zarr_format=3 if zarr_format == 3 else 2)
        missing = array.nchunks - array.nchunks_initialized if array.shards is None else 0
        values = np.asarray(array[...])
    except (ValueError, RuntimeError, OSError, LookupError, TypeError, EOFError) as error:
        msg = (
            f"{path.name} is damaged: its pixels cannot be decoded ({str(error)[:80]}). "
            "Copy it again from its source."
        )
        raise InputError(msg) from error
    if missing <= 0:
        return values, []
    return values, [
        f"{missing} of {array.nchunks} chunks are not in the store; "
        f"their pixels were read as {array.fill_value}."
    ]
