"""Open OME-Zarr 0.4 and 0.5 images, written by anybody, without leaving their folder."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import zarr
from zarr.storage import LocalStore

from chromamol.errors import InputError
from chromamol.images.multiscale import INPUT_KEY
from chromamol.images.ome_zarr_metadata import (
    axis_letter,
    channel_names,
    image_metadata,
    pixel_size,
    read_json,
)
from chromamol.images.pixel_size import LARGEST_NM
from chromamol.images.planes import LazyPlanes
from chromamol.images.source import Source
from chromamol.images.stack import Declared, choose
from chromamol.images.zarr_array import check_array_metadata, check_blosc_chunks

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from numpy.typing import NDArray

    from chromamol.settings import Settings


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


def open_ome_zarr(path: Path, settings: Settings) -> Source:
    """Open the highest resolution of an OME-Zarr image (or label image), or a part of a stack.

    Parameters
    ----------
    path : Path
        The folder of the image group.
    settings : Settings
        `axes`, `z_plane`, `time_point`.

    Returns
    -------
    Source
        Its pixels are decoded when they are asked for.

    Raises
    ------
    InputError
        If the metadata are not valid OME-Zarr 0.4 or 0.5, lead out of the store, describe
        something else than one image, or a stack of which no part was chosen.
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
    stated = "".join(axis_letter(axis) for axis in multiscale.axes)
    if len(stated) != len(shape):
        msg = f"{path.name} is not valid OME-Zarr: {len(stated)} axes for {len(shape)} dimensions."
        raise InputError(msg)
    check_blosc_chunks(path.name, metadata, [f for f in files if f.is_relative_to(array_path)])
    declared = Declared(stated, shape, dtype.itemsize, stored)
    choice = choose(
        path.name, declared, settings, lambda: _open_array(path, array_path, zarr_format)
    )
    array = _open_array(path, array_path, zarr_format)
    with _told(path):
        notes = _missing_chunks(array)

    def decode(read: Callable[[], NDArray[Any]]) -> NDArray[Any]:
        with _told(path):
            return read()

    rows = array.chunks[choice.axes.index("Y")]
    cyx = LazyPlanes(array, choice.axes, choice.fixed, choice.averaged, decode, rows)
    spacing, spacing_notes = pixel_size(multiscale, stated)
    if len(image.multiscales) > 1:
        notes.append(f"The store holds {len(image.multiscales)} images; the first was read.")
    names = channel_names(channels, cyx.shape[0])
    return Source(
        cyx, names, spacing, (*notes, *choice.notes, *spacing_notes), *_known_of(path, zarr_format)
    )


def _known_of(path: Path, zarr_format: int) -> tuple[bool, float | None]:
    """Tell of a store that chromamol wrote whether it counts localisations, and their blur, nm."""
    attributes = read_json(path / "zarr.json").get("attributes") if zarr_format == 3 else None
    known = attributes.get(INPUT_KEY) if isinstance(attributes, dict) else None
    if not isinstance(known, dict):
        return False, None
    psf_nm = known.get("psf_nm")
    if not isinstance(psf_nm, int | float) or not 0 <= psf_nm <= LARGEST_NM:
        psf_nm = None
    return known.get("counts") is True, psf_nm


def _open_array(path: Path, array_path: Path, zarr_format: int) -> Any:
    """Open an array whose metadata were checked before."""
    with _told(path):
        store = LocalStore(array_path, read_only=True)
        return zarr.open_array(store=store, mode="r", zarr_format=3 if zarr_format == 3 else 2)


def _missing_chunks(array: Any) -> list[str]:
    """Note chunks that are not in the store."""
    missing = array.nchunks - array.nchunks_initialized if array.shards is None else 0
    if missing <= 0:
        return []
    return [
        f"{missing} of {array.nchunks} chunks are not in the store; their pixels were read as "
        f"{array.fill_value}. Some writers leave out chunks of zeros; otherwise the copy is "
        "incomplete."
    ]


@contextmanager
def _told(path: Path) -> Iterator[None]:
    """Turn what zarr raises on a damaged store into a sentence."""
    try:
        yield
    except (ValueError, RuntimeError, OSError, LookupError, TypeError, EOFError) as error:
        msg = (
            f"{path.name} is damaged: its pixels cannot be decoded ({str(error)[:80]}). "
            "Copy it again from its source."
        )
        raise InputError(msg) from error
