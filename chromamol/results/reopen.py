"""Read a stored result back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import zarr
from pydantic import ValidationError
from zarr.storage import LocalStore

from chromamol.analysis import MAP_NAMES
from chromamol.errors import InputError
from chromamol.images.ome_zarr import store_files
from chromamol.images.ome_zarr_metadata import read_json
from chromamol.images.source import check_size
from chromamol.images.zarr_array import check_array_metadata
from chromamol.results.columns import DOMAINS_FILE, NUCLEI_FILE, column_names
from chromamol.results.record import Record
from chromamol.results.result import Result
from chromamol.results.store import DOMAINS, IMAGE_GROUP, LABELS_GROUP, NUCLEI

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from chromamol.analysis import MapName

# The rows of 200,000 domains.
_MAX_TABLE_BYTES = 64 * 2**20
_NO_FIT = "The arrays in {} do not fit together: this is not what chromamol wrote."


def is_result(path: Path) -> bool:
    """Tell whether a store says that chromamol wrote it as a result."""
    header = path / "zarr.json"
    attributes = read_json(header).get("attributes") if header.is_file() else None
    return isinstance(attributes, dict) and "chromamol" in attributes


def read_result(path: Path) -> Result:
    """Read the store of a result, full resolution.

    Parameters
    ----------
    path : Path
        The folder ``IMAGE.ome.zarr`` that `write_store` made.

    Returns
    -------
    Result

    Raises
    ------
    InputError
        If the folder is no result, is damaged, or holds what a result never does: links to
        the outside, unknown codecs, arrays of another kind or of an absurd size.
    """
    stored = _stored_bytes(path)
    record = read_record(path)
    cyx = _read_array(path, IMAGE_GROUP, "CYX", stored)
    labels, domains = (
        _read_array(path, f"{LABELS_GROUP}/{name}", "YX", stored) for name in (NUCLEI, DOMAINS)
    )
    maps: dict[MapName, NDArray[np.float32]] = {
        name: _read_array(path, name, "YX", stored) for name in MAP_NAMES
    }
    shapes = {labels.shape, domains.shape, *(yx_map.shape for yx_map in maps.values())}
    kinds = {yx_map.dtype.kind for yx_map in maps.values()}
    if (
        shapes != {cyx.shape[1:]}
        or len(record.channel_names) != cyx.shape[0]
        or {labels.dtype.kind, domains.dtype.kind} - set("iu")
        or kinds != {"f"}
    ):
        raise InputError(_NO_FIT.format(path))
    _check_labels(path, labels, domains, record)
    return Result(
        cyx=cyx,
        labels=labels.astype(np.int32, copy=False),
        domains=domains.astype(np.int32, copy=False),
        maps=maps,
        nuclei_table=_read_table(path, NUCLEI, column_names(NUCLEI_FILE)),
        domains_table=_read_table(path, DOMAINS, column_names(DOMAINS_FILE)),
        record=record,
    )


def read_map(path: Path, name: MapName) -> tuple[Record, NDArray[np.float32]]:
    """Read one map of a result and its record; nothing else is read or checked.

    Parameters
    ----------
    path : Path
        The store.
    name : str
        Of the map.

    Returns
    -------
    record : Record
    yx_map : (y, x) float32

    Raises
    ------
    InputError
        As `read_result`.
    """
    stored = _stored_bytes(path)
    yx_map: NDArray[np.float32] = _read_array(path, name, "YX", stored)
    if yx_map.dtype.kind != "f":
        raise InputError(_NO_FIT.format(path))
    return read_record(path), yx_map


def _stored_bytes(path: Path) -> int:
    """Return the size of a store on the disk; refuse what is none, and links to the outside."""
    if not (path / "zarr.json").is_file():
        msg = (
            f"There is no result at {path}. Expected the folder ending in .ome.zarr "
            "that 'chromamol run' wrote."
        )
        raise InputError(msg)
    return sum(file.stat().st_size for file in store_files(path))


def _check_labels(path: Path, labels: NDArray[Any], domains: NDArray[Any], record: Record) -> None:
    """Refuse labels that cannot be numbers of nuclei and domains, and nuclei that have none."""
    largest = int(labels.max(initial=0))
    fit = labels.min(initial=0) >= 0 and largest <= labels.size
    fit = fit and domains.min(initial=0) >= 0 and domains.max(initial=0) <= domains.size
    if fit:
        there = set(np.flatnonzero(np.bincount(labels.ravel(), minlength=1)))
        fit = {nucleus.label for nucleus in record.nuclei} <= there
    n_channels = len(record.channel_names)
    fit = fit and all(0 <= channel < n_channels for channel in record.roles.values())
    if not fit:
        msg = f"The nuclei in {path} are not those of its record: it is damaged. Analyse it again."
        raise InputError(msg)


def read_record(path: Path) -> Record:
    """Read what is known of a result besides the pixels.

    Parameters
    ----------
    path : Path
        The store.

    Raises
    ------
    InputError
        If it is no result, is damaged, or was written by another version.
    """
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


def _read_table(path: Path, name: str, columns: list[str]) -> pd.DataFrame:
    """Read the table in the metadata of a label image; what lacks is NaN."""
    attributes = read_json(path / LABELS_GROUP / name / "zarr.json", _MAX_TABLE_BYTES)
    try:
        rows = attributes["attributes"]["ome"]["image-label"].get("properties", [])
        cells = [[_cell(row.get(column)) for column in columns] for row in rows]
    except (LookupError, TypeError, AttributeError) as error:
        msg = f"The table of the {name} in {path} is damaged. Analyse the image again."
        raise InputError(msg) from error
    table = pd.DataFrame(cells, columns=columns)
    unknown = [column for column in columns if table[column].isna().all()]
    return table.astype(dict.fromkeys(unknown, np.float64))


def _cell(value: object) -> str | float | None:
    """Accept what a cell of a table can hold."""
    if isinstance(value, str | int | float | None):
        return value
    raise TypeError


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
