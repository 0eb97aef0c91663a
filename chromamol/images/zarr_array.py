"""What may stand in the metadata of a zarr array from a stranger before it is opened."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, Any

import numpy as np

from chromamol.errors import InputError

if TYPE_CHECKING:
    from pathlib import Path

_MAX_CHUNK_BYTES = 2**31
_BLOSC_HEADER_BYTES = 16
_NUMBER_V2 = re.compile(r"^[<>|][iufb](1|2|4|8)$")
_NUMBER_V3 = {
    "bool",
    *(f"{kind}{bits}" for kind in ("int", "uint") for bits in (8, 16, 32, 64)),
    "float16",
    "float32",
    "float64",
}
_COMPRESSORS = {"blosc", "zlib", "gzip", "zstd", "lz4", "bz2", "lzma", "crc32", "crc32c"}
_FILTERS = _COMPRESSORS | {"delta", "shuffle", "fixedscaleoffset", "packbits", "bitround"}
_CODECS_V3 = _FILTERS | {"bytes", "transpose", "sharding_indexed"}


def check_array_metadata(
    name: str, metadata: dict[str, Any], zarr_format: int
) -> tuple[tuple[int, ...], np.dtype[Any]]:
    """Refuse an array whose type or codecs could do more than decode numbers.

    Parameters
    ----------
    name : str
        Name of the store, for the message.
    metadata : dict
        Content of `.zarray` (format 2) or `zarr.json` (format 3).
    zarr_format : int
        2 or 3.

    Returns
    -------
    shape : tuple of int
    dtype : numpy dtype
        Integers, floats or bool.

    Raises
    ------
    InputError
        If the values are no numbers, a codec is not one of the known compressions (pickled objects
        run code when they are read), or a shape is none.
    """
    if zarr_format == 2:
        chunks = metadata.get("chunks")
        dtype = _dtype_v2(name, metadata.get("dtype"))
        codecs = [metadata.get("compressor"), *(metadata.get("filters") or ())]
        _check_codecs(name, [c.get("id") if isinstance(c, dict) else c for c in codecs], _FILTERS)
    else:
        grid = metadata.get("chunk_grid")
        configuration = grid.get("configuration") if isinstance(grid, dict) else None
        chunks = configuration.get("chunk_shape") if isinstance(configuration, dict) else None
        dtype = _dtype_v3(name, metadata.get("data_type"))
        _check_codecs(name, list(_codec_names(metadata.get("codecs"))), _CODECS_V3)
        if metadata.get("storage_transformers"):
            msg = f"{name} uses zarr storage transformers, which are not read."
            raise InputError(msg)
    shape = _lengths(name, metadata.get("shape"))
    if math.prod(_lengths(name, chunks)) * dtype.itemsize > _MAX_CHUNK_BYTES:
        msg = f"{name} declares chunks of more than {_MAX_CHUNK_BYTES >> 30} GiB; it is damaged."
        raise InputError(msg)
    return shape, dtype


def check_blosc_chunks(name: str, metadata: dict[str, Any], files: list[Path]) -> None:
    """Refuse chunks that are shorter than their own header says.

    The blosc decoder trusts that header and would fill the rest from memory that is not the file's.

    Parameters
    ----------
    name : str
        Name of the store, for the message.
    metadata : dict
        Content of `.zarray` or `zarr.json`; other codecs than blosc find this out by themselves.
    files : list of Path
        All files of the array.

    Raises
    ------
    InputError
        If a chunk is incomplete.
    """
    last = metadata.get("compressor") or (metadata.get("codecs") or [None])[-1]
    if not isinstance(last, dict) or "blosc" not in str(last.get("id", last.get("name"))):
        return
    for file_path in files:
        if file_path.name in {"zarr.json", ".zarray", ".zattrs", ".zgroup", ".zmetadata"}:
            continue
        with file_path.open("rb") as file:
            header = file.read(_BLOSC_HEADER_BYTES)
        declared = int.from_bytes(header[12:16], "little")
        if len(header) < _BLOSC_HEADER_BYTES or declared > file_path.stat().st_size:
            msg = (
                f"{name} is damaged: the chunk {file_path.name} was cut short. "
                "Copy it again from its source."
            )
            raise InputError(msg)


def _dtype_v2(name: str, declared: Any) -> np.dtype[Any]:
    """Type of the values from zarr format 2, e.g. "<u2"."""
    if not isinstance(declared, str) or not _NUMBER_V2.match(declared):
        raise InputError(_no_numbers(name, declared))
    return np.dtype(declared)


def _dtype_v3(name: str, declared: Any) -> np.dtype[Any]:
    """Type of the values from zarr format 3, e.g. "uint16"."""
    if declared not in _NUMBER_V3:
        raise InputError(_no_numbers(name, declared))
    dtype: np.dtype[Any] = np.dtype(declared)
    return dtype


def _no_numbers(name: str, declared: Any) -> str:
    """Say that an array holds something else than real numbers."""
    return (
        f"{name} holds values of type {str(declared)[:40]}; "
        "an image has integers or floating-point numbers."
    )


def _codec_names(codecs: Any) -> list[Any]:
    """Names of all codecs, those inside shards included."""
    names: list[Any] = []
    for codec in codecs if isinstance(codecs, list) else [codecs]:
        if not isinstance(codec, dict):
            names.append(codec)
            continue
        names.append(str(codec.get("name")).removeprefix("numcodecs."))
        inner = codec.get("configuration")
        if isinstance(inner, dict):
            for key in ("codecs", "index_codecs"):
                names += _codec_names(inner.get(key, []))
    return names


def _check_codecs(name: str, codecs: list[Any], known: set[str]) -> None:
    """Refuse a codec that is not known to be harmless."""
    for codec in codecs:
        if codec is not None and codec not in known:
            msg = (
                f"{name} is stored with the codec {str(codec)[:40]}, which is not read. "
                "Save the image again with zstd, blosc or gzip compression."
            )
            raise InputError(msg)


def _lengths(name: str, lengths: Any) -> tuple[int, ...]:
    """Return a shape, checked."""
    valid = isinstance(lengths, list) and all(isinstance(n, int) and n > 0 for n in lengths)
    if not valid:
        msg = f"{name} declares the shape {str(lengths)[:40]}, which is none; it is damaged."
        raise InputError(msg)
    return tuple(lengths)
