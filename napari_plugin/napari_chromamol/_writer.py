"""Save a map as TIFF, or a whole result as OME-Zarr, from File > Save."""

from __future__ import annotations

from contextlib import contextmanager
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pint

from chromamol.errors import CallError, ChromamolError
from napari_chromamol._layers import KEY

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from napari_chromamol._layers import LayerData

    Write = Callable[..., list[str]]


def _said(write: Write) -> Write:
    """Say in a sentence why nothing was written."""

    @wraps(write)
    def saying(path: str, *what: Any) -> list[str]:
        try:
            return write(path, *what)
        except ChromamolError as error:
            from napari.utils.notifications import show_error

            show_error(str(error))
            return []

    return saying


@_said
def write_ome_tiff(path: str, data: Any, shown: dict[str, Any]) -> list[str]:
    """Write a 2-D layer as OME-TIFF, float32, with its pixel size and what it is."""
    from chromamol.results.tiff import write_map_tiff

    file = _with_suffix(path, ".ome.tif")
    what, spacing_nm = _plane(data, shown), _spacing_nm(shown)
    name, description = _words(shown)
    with _appearing(file) as partial:
        write_map_tiff(partial, what, spacing_nm, name, description=description)
    return [str(file)]


@_said
def write_imagej_tiff(path: str, data: Any, shown: dict[str, Any]) -> list[str]:
    """Write a 2-D layer as a TIFF of ImageJ, float32, with its pixel size and what it is."""
    from chromamol.results.tiff import write_map_imagej_tiff

    file = _with_suffix(path, ".tif")
    what, spacing_nm = _plane(data, shown), _spacing_nm(shown)
    with _appearing(file) as partial:
        write_map_imagej_tiff(partial, what, spacing_nm, _words(shown)[1])
    return [str(file)]


@_said
def write_result_zarr(path: str, layers: list[LayerData]) -> list[str]:
    """Write the result that layers belong to as OME-Zarr; it opens again as it was."""
    from chromamol.output import appearing, disk_told
    from chromamol.results.store import write_store

    abouts = [shown.get("metadata", {}).get(KEY, {}) for _, shown, _ in layers]
    results = {id(one["result"]): one["result"] for one in abouts if "result" in one}
    if len(results) != 1:
        msg = (
            f"These layers belong to {len(results) or 'no'} results of chromamol. Choose the "
            "layers of one result, and save again."
        )
        raise CallError(msg)
    store = _with_suffix(path, ".ome.zarr")
    if store.exists():
        msg = f"{store} exists already. Give another name."
        raise CallError(msg)
    with disk_told(store), appearing(store, replaces=None) as partial:
        partial.rmdir()  # the writer makes it
        write_store(partial, results.popitem()[1])
    return [str(store)]


def _plane(data: Any, shown: dict[str, Any]) -> np.ndarray:
    """Return the pixels of a layer that one map can hold."""
    yx = np.asarray(data[0] if shown.get("multiscale") else data)
    if yx.ndim != 2 or shown.get("rgb"):
        msg = f"The layer '{shown.get('name')}' is no 2-D map: choose one that is."
        raise CallError(msg)
    return yx


def _spacing_nm(shown: dict[str, Any]) -> tuple[float, float]:
    """Return the pixel size of a layer."""
    sizes = []
    for step, unit in zip(shown["scale"][-2:], shown["units"][-2:], strict=True):
        length = pint.Quantity(abs(float(step)), str(unit))
        if not length.is_compatible_with("nm"):
            msg = f"The layer '{shown.get('name')}' has no pixel size, which the file has to say."
            raise CallError(msg)
        sizes.append(float(length.to("nm").magnitude))
    return sizes[0], sizes[1]


def _words(shown: dict[str, Any]) -> tuple[str, str]:
    """Return the name of a map and its description."""
    from chromamol.analysis import MAP_NAMES
    from chromamol.results.record import describe_map

    about = shown.get("metadata", {}).get(KEY, {})
    name = about.get("map", "")
    if name in MAP_NAMES and "result" in about:
        return name, describe_map(about["result"].record, name)
    return str(shown.get("name", "map")), str(shown.get("name", "map"))


def _with_suffix(path: str, suffix: str) -> Path:
    """Give a file the suffix of its format."""
    stem = path
    for ending in (".ome.zarr", ".ome.tiff", ".ome.tif", ".zarr", ".tiff", ".tif"):
        if path.lower().endswith(ending):
            stem = path[: -len(ending)]
            break
    return Path(f"{stem}{suffix}")


@contextmanager
def _appearing(file: Path) -> Iterator[Path]:
    """Give a hidden file that becomes `file`, and say where that cannot be."""
    from chromamol.output import appearing_file

    try:
        with appearing_file(file) as partial:
            yield partial
    except OSError as error:
        msg = f"{file} cannot be written ({error.strerror}). Choose another folder."
        raise CallError(msg) from error
