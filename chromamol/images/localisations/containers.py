"""Tables in binary containers: SMLM, Insight3."""

from __future__ import annotations

import json
import struct
import zipfile
import zlib
from typing import TYPE_CHECKING, Any

import numpy as np

from chromamol.errors import InputError
from chromamol.images.localisations.checks import check_rows, check_swelling, damaged
from chromamol.images.localisations.table import CHUNK_ROWS, RawTable

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from chromamol.images.localisations.table import Chunk

_MAX_MANIFEST_BYTES = 16 * 2**20
_ZIP_DAMAGE = (zipfile.BadZipFile, zlib.error, EOFError, OSError, RuntimeError, NotImplementedError)
_SMLM_TYPES = {
    *(f"{kind}{bits}" for kind in ("int", "uint") for bits in (8, 16, 32, 64)),
    "float32",
    "float64",
}
# https://github.com/ZhuangLab/storm-analysis, sa_library/i3dtype.py: 72 bytes a molecule.
INSIGHT3_HEADER = struct.Struct("<4siii")
INSIGHT3 = np.dtype(
    [
        *((name, "<f4") for name in ("x0", "y0", "x", "y", "height", "area", "width", "phi")),
        *((name, "<f4") for name in ("aspect", "background", "sum")),
        *((name, "<i4") for name in ("channel", "iterations", "frame", "length", "link")),
        *((name, "<f4") for name in ("z0", "z")),
    ]
)


def read_smlm(path: Path) -> RawTable:
    """Read the first binary table of an SMLM container (version 0.2).

    Format: https://github.com/imodpasteur/smlm-file-format. Nothing is unpacked to the disk.

    Raises
    ------
    InputError
        If it is no such container, is damaged, or declares more than it holds.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            manifest = _manifest(path.name, archive)
            tables = [one for one in manifest["files"] if one.get("type") == "table"]
            if not tables:
                msg = f"{path.name} holds no table of localisations."
                raise InputError(msg)
            described = manifest["formats"][tables[0]["format"]]
            if described.get("mode", "binary") != "binary":
                msg = f"{path.name} holds its table as text, which is not read. Export it as CSV."
                raise InputError(msg)
            dtype = _smlm_dtype(path.name, described)
            member, n_rows = str(tables[0]["name"]), int(tables[0]["rows"])
            check_rows(path.name, n_rows)
            check_swelling(path, n_rows * dtype.itemsize)
            records = _member(path.name, archive, member, n_rows, dtype)
    except _ZIP_DAMAGE as error:
        raise InputError(damaged(path, error)) from error
    except (LookupError, TypeError, AttributeError, ValueError) as error:
        msg = f"{path.name} is no SMLM container of version 0.2, or its manifest is damaged."
        raise InputError(msg) from error
    stated = zip(described["headers"], described.get("units", ()), strict=False)
    units = {str(header): str(unit) for header, unit in stated if unit}
    located = manifest.get("locdata_meta")
    for one in located.get("unit", ()) if isinstance(located, dict) else ():
        if isinstance(one, dict) and "property" in one:
            units.setdefault(str(one["property"]), str(one.get("unit", "")))
    more = len(tables) - 1
    notes = (f"The container holds {more + 1} tables; the first was read.",) if more else ()
    return RawTable("SMLM container", tuple(dtype.names or ()), of(records), units, notes=notes)


def read_insight3(path: Path) -> RawTable:
    """Read an Insight3 molecule list: drift-corrected positions in camera pixels.

    Raises
    ------
    InputError
        If it is cut short or declares more molecules than it holds.
    """
    with path.open("rb") as file:
        header = file.read(INSIGHT3_HEADER.size)
        stored = path.stat().st_size - INSIGHT3_HEADER.size
        if len(header) < INSIGHT3_HEADER.size:
            raise InputError(damaged(path, "it ends in its header"))
        *_, n_rows = INSIGHT3_HEADER.unpack(header)
        if not 0 <= n_rows * INSIGHT3.itemsize <= stored:
            reason = f"it declares {n_rows} molecules and holds {stored // INSIGHT3.itemsize}"
            raise InputError(damaged(path, reason))
        check_rows(path.name, n_rows)
        records = np.fromfile(file, dtype=INSIGHT3, count=n_rows)
    units = dict.fromkeys(("x", "y"), "px") | {"z": "nm"}
    names = ("x", "y", "z", "frame", "channel", "area", "height", "width", "background", "length")
    return RawTable("Insight3 molecule list", names, of(records), units)


def of(records: np.ndarray) -> Any:
    """Make the function `RawTable.rows` of a record array that is in memory."""

    def rows(names: Sequence[str]) -> Iterator[Chunk]:
        for start in range(0, len(records), CHUNK_ROWS):
            part = records[start : start + CHUNK_ROWS]
            with np.errstate(invalid="ignore"):  # damaged numbers are dropped later
                yield {name: part[name].astype(np.float64) for name in names}

    return rows


def _manifest(name: str, archive: zipfile.ZipFile) -> dict[str, Any]:
    """Read the manifest of an SMLM container."""
    if "manifest.json" not in archive.namelist():
        msg = f"{name} is a zip archive, and no SMLM container: it has no manifest.json."
        raise InputError(msg)
    if archive.getinfo("manifest.json").file_size > _MAX_MANIFEST_BYTES:
        msg = f"{name} has a manifest of more than {_MAX_MANIFEST_BYTES} bytes: it is damaged."
        raise InputError(msg)
    with archive.open("manifest.json") as file:
        manifest = json.loads(file.read(_MAX_MANIFEST_BYTES))
    if not isinstance(manifest, dict):
        msg = "The manifest is no JSON object."
        raise TypeError(msg)
    return manifest


def _smlm_dtype(name: str, described: dict[str, Any]) -> np.dtype[Any]:
    """Type of a row of an SMLM table."""
    headers = [str(header) for header in described["headers"]]
    types = [str(one) for one in described["dtype"]]
    shapes = [int(one) for one in described.get("shape", ["1"] * len(headers))]
    if not set(types) <= _SMLM_TYPES or set(shapes) != {1} or len(headers) != len(types):
        msg = f"{name} has columns that are no plain numbers; it is not read. Export it as CSV."
        raise InputError(msg)
    little = [np.dtype(one).newbyteorder("<") for one in types]
    return np.dtype(list(zip(headers, little, strict=True)))


def _member(
    name: str, archive: zipfile.ZipFile, member: str, n_rows: int, dtype: np.dtype[Any]
) -> np.ndarray:
    """Decode one table of a container; its size is known before, so it cannot swell."""
    needed = n_rows * dtype.itemsize
    if archive.getinfo(member).file_size < needed:
        msg = f"{name} declares {n_rows} rows and does not hold them: it is damaged."
        raise InputError(msg)
    with archive.open(member) as file:
        return np.frombuffer(file.read(needed), dtype=dtype)
