"""Tables in HDF5: Picasso, DECODE, SMAP (MATLAB 7.3)."""

from __future__ import annotations

import math
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import h5py
import numpy as np
import yaml

from chromamol.errors import InputError
from chromamol.images.localisations.checks import check_rows, check_swelling, damaged
from chromamol.images.localisations.table import CHUNK_ROWS, RawTable

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from chromamol.images.localisations.table import Chunk

_DAMAGE = (OSError, RuntimeError, LookupError, ValueError, TypeError, AttributeError)
_LONGEST_S, _LONGEST_TEXT = 20, 200
# It ends itself where this process is killed (except on Windows, which has no such alarm).
_READ_TEXT = f"""
import signal, sys
import h5py
getattr(signal, "alarm", int)({_LONGEST_S})
print(h5py.File(sys.argv[1])[sys.argv[2]].attrs[sys.argv[3]])
"""
_MAX_CHUNK_BYTES = 2**28
_MAX_YAML_BYTES = 2**20
_SMAP_NAMES = {
    "xnm": "x_nm",
    "ynm": "y_nm",
    "znm": "z_nm",
    "locprecnm": "precision_nm",
    "phot": "photons",
    "frame": "frame",
    "channel": "channel",
    "numberInGroup": "detections",
}
_SMAP = "saveloc/loc"
_DECODE_AXES = ("x", "y", "z")


def read_hdf5(path: Path) -> RawTable:
    """Read a table of Picasso, DECODE or SMAP; which, is told by what the file holds.

    Links that lead out of the file, virtual and external data are refused, and nothing but numbers
    is decoded.

    Raises
    ------
    InputError
        If the file is damaged, or holds no table that is known.
    """
    try:
        with h5py.File(path, "r") as file:
            if _has(file, "locs"):
                return _picasso(path, file)
            if _has(file, "data/xyz"):
                return _decode(path, file)
            if _has(file, f"{_SMAP}/xnm"):
                return _smap(path, file)
            held = ", ".join(sorted(file.keys())[:10])
    except _DAMAGE as error:
        raise InputError(damaged(path, error)) from error
    msg = (
        f"{path.name} is an HDF5 file, but none of Picasso, DECODE or SMAP (it holds: "
        f"{held[:200] or 'nothing'}). Export the localisations as CSV."
    )
    raise InputError(msg)


def _picasso(path: Path, file: h5py.File) -> RawTable:
    """Read the localisations of Picasso: camera pixels, their size in the YAML file beside it."""
    records = _numbers(path, file, "locs")
    if records.dtype.names is None or records.ndim != 1:
        raise InputError(damaged(path, "'locs' is no table"))
    stored = {
        "detections" if name == "n" else name: name
        for name in records.dtype.names
        if records.dtype[name].kind in "iufb" or _is_short_text(records.dtype[name])
    }
    pixel_nm, notes = _picasso_pixel_nm(path)

    def rows(wanted: Sequence[str]) -> Iterator[Chunk]:
        for part in _chunks(path, "locs"):
            yield {name: _column(part[stored[name]]) for name in wanted}

    lengths = dict.fromkeys(("x", "y", "lpx", "lpy"), "px") | {"z": "nm"}
    pixel = (pixel_nm, pixel_nm) if pixel_nm else None
    return RawTable("Picasso HDF5", tuple(stored), rows, lengths, pixel, notes)


def _is_short_text(kind: np.dtype[Any]) -> bool:
    """Whether a column may hold the names of channels."""
    return kind.kind == "S" and kind.itemsize <= _LONGEST_TEXT


def _column(values: np.ndarray) -> np.ndarray:
    """Return numbers as float64, and text as objects."""
    if values.dtype.kind != "S":
        return values.astype(np.float64)
    different, numbers = np.unique(values, return_inverse=True)
    words = np.array([one.decode("utf-8", "replace") for one in different], dtype=object)
    return np.asarray(words[numbers])


def _picasso_pixel_nm(path: Path) -> tuple[float | None, tuple[str, ...]]:
    """Find the size of a camera pixel in the YAML file that Picasso writes beside its HDF5."""
    beside = path.with_suffix(".yaml")
    try:
        if not beside.is_file() or beside.stat().st_size > _MAX_YAML_BYTES:
            return None, ()
        documents = list(yaml.load_all(beside.read_text(encoding="utf-8"), Loader=_PlainYaml))
    except (OSError, UnicodeDecodeError, yaml.YAMLError, ValueError, RecursionError):
        return None, (f"{beside.name} is not YAML; the size of a camera pixel was not read.",)
    for document in documents:
        stated = document.get("Pixelsize") if isinstance(document, dict) else None
        if isinstance(stated, int | float) and math.isfinite(stated) and 1 <= stated <= 10_000:
            return float(stated), (f"{beside.name} states camera pixels of {stated:g} nm.",)
    return None, ()


class _PlainYaml(yaml.SafeLoader):
    """YAML without references: a few lines of them can stand for gigabytes."""

    def compose_node(self, parent: Any, index: Any) -> Any:
        """Refuse a reference; compose anything else."""
        if self.check_event(yaml.events.AliasEvent):
            msg = "references are not read"
            raise yaml.YAMLError(msg)
        return super().compose_node(parent, index)


def _decode(path: Path, file: h5py.File) -> RawTable:
    """Read the emitters of DECODE."""
    n_rows = len(_numbers(path, file, "data/xyz"))
    sources: dict[str, tuple[str, int | None]] = {}
    for group, ending in (("data/xyz", ""), ("data/xyz_sig", "_sig")):
        if _has(file, group) and _numbers(path, file, group).shape == (n_rows, 3):
            sources |= {f"{axis}{ending}": (group, i) for i, axis in enumerate(_DECODE_AXES)}
    for name in ("phot", "frame_ix", "prob", "bg"):
        if _has(file, f"data/{name}") and _numbers(path, file, f"data/{name}").shape == (n_rows,):
            sources[name] = (f"data/{name}", None)
    meta = file["meta"].attrs if _has(file, "meta") else {}
    unit = _text_of(path, "meta", "xy_unit") if "xy_unit" in meta else ""
    pixel = np.ravel(meta["px_size"] if _is_numeric(meta, "px_size") else ())
    in_pixels = pixel.dtype.kind in "iuf" and pixel.shape == (2,) and bool((pixel > 0).all())
    units = {name: unit for name in sources if name[:1] in "xy"}
    units |= {name: "nm" for name in sources if name[:1] == "z"}
    yx_pixel_nm = (float(pixel[1]), float(pixel[0])) if in_pixels else None
    return RawTable("DECODE HDF5", tuple(sources), _gathering(path, sources), units, yx_pixel_nm)


def _is_numeric(attributes: h5py.AttributeManager, name: str) -> bool:
    """Whether an attribute is there, and holds plain numbers."""
    return name in attributes and attributes.get_id(name).dtype.kind in "iuf"


def _text_of(path: Path, group: str, name: str) -> str:
    """Read an attribute of text in a process of its own.

    Text of any length lies in a heap, and on a damaged one the HDF5 library can search for ever.
    """
    # -P: a module beside the file, or in the current folder, is not imported.
    command = [sys.executable, "-P", "-c", _READ_TEXT, str(path.resolve()), group, name]
    try:
        done = subprocess.run(  # noqa: S603 (our own code on a file that is an argument)
            command, capture_output=True, text=True, timeout=_LONGEST_S, check=False
        )
    except subprocess.TimeoutExpired as error:
        msg = f"the attribute '{name}' has no end"
        raise ValueError(msg) from error
    if done.returncode:
        msg = f"the attribute '{name}' cannot be read"
        raise ValueError(msg)
    return done.stdout.strip()


def _smap(path: Path, file: h5py.File) -> RawTable:
    """Read the localisations of SMAP, as MATLAB 7.3 saves them: a row of numbers each."""
    shape = _numbers(path, file, f"{_SMAP}/xnm").shape
    if len(shape) != 2 or shape[0] != 1:
        raise InputError(damaged(path, "its positions are no row of numbers"))
    sources: dict[str, tuple[str, int | None]] = {}
    for stored, name in _SMAP_NAMES.items():
        where = f"{_SMAP}/{stored}"
        if _has(file, where) and _numbers(path, file, where).shape == shape:
            sources[name] = (where, None)
    return RawTable("SMAP file", tuple(sources), _gathering(path, sources))


def _gathering(path: Path, sources: dict[str, tuple[str, int | None]]) -> Any:
    """Make the function `RawTable.rows` of columns that are datasets of their own."""

    def rows(names: Sequence[str]) -> Iterator[Chunk]:
        parts = zip(*(_chunks(path, sources[name][0]) for name in names), strict=True)
        for columns in parts:
            yield {
                name: (part if sources[name][1] is None else part[:, sources[name][1]]).astype(
                    np.float64
                )
                for name, part in zip(names, columns, strict=True)
            }

    return rows


def _chunks(path: Path, where: str) -> Iterator[np.ndarray]:
    """Yield the rows of a dataset; those of MATLAB are (1, n)."""
    try:
        with h5py.File(path, "r") as file:
            dataset = _numbers(path, file, where)
            row = dataset.ndim == 2 and where.startswith(_SMAP)
            n_rows = dataset.shape[1] if row else dataset.shape[0]
            for start in range(0, n_rows, CHUNK_ROWS):
                window = slice(start, start + CHUNK_ROWS)
                yield np.asarray(dataset[0, window] if row else dataset[window])
    except _DAMAGE as error:
        raise InputError(damaged(path, error)) from error


def _has(file: h5py.File, where: str) -> bool:
    """Whether something lies at a path of plain links within the file."""
    group = file
    for name in where.split("/"):
        if not isinstance(group, h5py.Group):
            return False
        link = group.get(name, getlink=True)
        if not isinstance(link, h5py.HardLink):
            if link is not None:
                msg = f"'{name}' is a link, maybe to another file; it is not followed for safety"
                raise ValueError(msg)
            return False
        group = group[name]
    return True


def check_members(where: str, dtype: np.dtype[Any]) -> None:
    """Refuse a table whose columns overlap, which the HDF5 library would write over each other.

    A damaged header can do that to a column of numbers that is then read as a wider one.

    Raises
    ------
    ValueError
    """
    if dtype.fields is None:
        return
    places = sorted((offset, kind.itemsize) for kind, offset, *_ in dtype.fields.values())
    ends = [offset + size for offset, size in places]
    starts = [*(offset for offset, _ in places[1:]), dtype.itemsize]
    if any(end > start for end, start in zip(ends, starts, strict=True)):
        msg = f"the columns of '{where}' overlap"
        raise ValueError(msg)


def _numbers(path: Path, file: h5py.File, where: str) -> h5py.Dataset:
    """Return a dataset of plain numbers that the file itself holds and that cannot swell."""
    dataset = file[where] if _has(file, where) else None
    if not isinstance(dataset, h5py.Dataset):
        msg = f"'{where}' is no dataset"
        raise TypeError(msg)
    if dataset.is_virtual or dataset.external:
        msg = f"'{where}' refers to other files; it is not read for safety"
        raise ValueError(msg)
    kinds = [dataset.dtype[n] for n in dataset.dtype.names or ()] or [dataset.dtype]
    if not any(kind.kind in "iufb" for kind in kinds) or any(kind.kind == "O" for kind in kinds):
        msg = f"'{where}' holds no numbers"
        raise ValueError(msg)
    check_members(where, dataset.dtype)
    if dataset.ndim not in {1, 2}:
        msg = f"'{where}' has {dataset.ndim} axes"
        raise ValueError(msg)
    check_rows(path.name, max(dataset.shape))
    itemsize = dataset.dtype.itemsize
    check_swelling(path, dataset.size * itemsize)
    if dataset.chunks and math.prod(dataset.chunks) * itemsize > _MAX_CHUNK_BYTES:
        msg = f"'{where}' is cut into pieces of more than {_MAX_CHUNK_BYTES >> 20} MiB"
        raise ValueError(msg)
    return dataset
