"""Read a stored result back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import zarr
from pydantic import ValidationError
from zarr.storage import LocalStore

from chromamol.analysis import MAP_NAMES
from chromamol.errors import InputError
from chromamol.images.ome_zarr import store_files
from chromamol.images.ome_zarr_metadata import read_json
from chromamol.images.source import check_size
from chromamol.images.zarr_array import check_array_metadata
from chromamol.results.record import Record
from chromamol.results.store import IMAGE_GROUP, NUCLEI_GROUP

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from numpy.typing import NDArray

    from chromamol.analysis import MapName


@dataclass(frozen=True)
class StoredResult:
    """A result as its store holds it.

    Attributes
    ----------
    cyx : (channel, y, x) array
        The image that was analysed.
    labels : (y, x) int32
        The nuclei, 0 in their holes.
    maps : mapping of str to (y, x) float32
        rate, rate_sd, residual, compaction; NaN outside the nuclei.
    record : Record
        Everything else: names, pixel size, settings, findings of each nucleus.
    """

    cyx: NDArray[Any]
    labels: NDArray[np.int32]
    maps: Mapping[MapName, NDArray[np.float32]]
    record: Record

    @property
    def channel_names(self) -> tuple[str, ...]:
        """Name of every channel of `cyx`."""
        return self.record.channel_names

    @property
    def yx_spacing_nm(self) -> tuple[float, float]:
        """Pixel size along y and x, nm."""
        return self.record.yx_spacing_nm


def is_result(path: Path) -> bool:
    """Tell whether a store says that chromamol wrote it as a result."""
    header = path / "zarr.json"
    attributes = read_json(header).get("attributes") if header.is_file() else None
    return isinstance(attributes, dict) and "chromamol" in attributes


def read_result(path: Path) -> StoredResult:
    """Read the store of a result, full resolution.

    Parameters
    ----------
    path : Path
        The folder ``IMAGE.ome.zarr`` that `write_store` made.

    Returns
    -------
    StoredResult

    Raises
    ------
    InputError
        If the folder is no result, is damaged, or holds what a result never does: links to
        the outside, unknown codecs, arrays of another kind or of an absurd size.
    """
    if not (path / "zarr.json").is_file():
        msg = (
            f"There is no result at {path}. Expected the folder ending in .ome.zarr "
            "that 'chromamol run' wrote."
        )
        raise InputError(msg)
    stored = sum(file.stat().st_size for file in store_files(path))
    record = _read_record(path)
    cyx = _read_array(path, IMAGE_GROUP, "CYX", stored)
    labels = _read_array(path, NUCLEI_GROUP, "YX", stored)
    maps: dict[MapName, NDArray[np.float32]] = {
        name: _read_array(path, name, "YX", stored) for name in MAP_NAMES
    }
    shapes = {labels.shape, *(yx_map.shape for yx_map in maps.values())}
    kinds = {yx_map.dtype.kind for yx_map in maps.values()}
    if (
        shapes != {cyx.shape[1:]}
        or len(record.channel_names) != cyx.shape[0]
        or labels.dtype.kind not in "iu"
        or kinds != {"f"}
    ):
        msg = f"The arrays in {path} do not fit together: this is not what chromamol wrote."
        raise InputError(msg)
    return StoredResult(cyx, labels.astype(np.int32, copy=False), maps, record)


def _read_record(path: Path) -> Record:
    """Read what is known besides the pixels."""
    if not is_result(path):
        msg = (
            f"{path} is a zarr store, but not a result of chromamol. "
            "Expected the folder ending in .ome.zarr that 'chromamol run' wrote."
        )
        raise InputError(msg)
    try:
        return Record.model_validate(read_json(path / "zarr.json")["attributes"]["chromamol"])
    except ValidationError as error:
        where = ".".join(str(part) for part in error.errors()[0]["loc"])
        msg = (
            f"The record in {path} does not fit this version of chromamol (at '{where[:80]}'). "
            "Analyse the image again, or use the version that wrote it."
        )
        raise InputError(msg) from error


def _read_array(path: Path, group: str, axes: str, stored: int) -> NDArray[Any]:
    """Read the finest level of an image once its header is known to be sound."""
    name = f"{path.name}/{group}"
    folder = path / group / "0"
    shape, dtype = check_array_metadata(name, read_json(folder / "zarr.json"), zarr_format=3)
    if len(shape) != len(axes):
        msg = f"{name} has {len(shape)} axes; expected {len(axes)}: it is damaged."
        raise InputError(msg)
    check_size(name, axes, shape, dtype.itemsize, stored)
    try:
        array = zarr.open_array(store=LocalStore(folder, read_only=True), mode="r", zarr_format=3)
        return np.asarray(array[...])
    except (ValueError, RuntimeError, OSError, LookupError, TypeError, EOFError) as error:
        msg = (
            f"{name} is damaged: its pixels cannot be decoded ({str(error)[:80]}). "
            "Analyse the image again."
        )
        raise InputError(msg) from error
