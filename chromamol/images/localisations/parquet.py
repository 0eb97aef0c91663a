"""Tables in parquet files."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from chromamol.errors import InputError
from chromamol.images.localisations.checks import check_rows, check_swelling, damaged
from chromamol.images.localisations.table import CHUNK_ROWS, RawTable

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from chromamol.images.localisations.table import Chunk

_XY_BYTES = 16
_LONGEST_BYTES = 10_000
_DAMAGE = (pa.ArrowException, OSError, ValueError, LookupError)


def read_parquet(path: Path) -> RawTable:
    """Read a parquet file with one row for each localisation.

    Raises
    ------
    InputError
        If it is damaged.
    """
    try:
        with pq.ParquetFile(path, memory_map=False) as file:
            schema, metadata = file.schema_arrow, file.metadata
            stated = [metadata.row_group(i).total_byte_size for i in range(metadata.num_row_groups)]
    except _DAMAGE as error:
        raise InputError(damaged(path, error)) from error
    check_rows(path.name, metadata.num_rows)
    check_swelling(path, max(metadata.num_rows * _XY_BYTES, sum(stated)))
    texts = [field.name for field in schema if _is_text(field.type)]
    plain = [field.name for field in schema if _is_number(field.type) or _is_text(field.type)]

    def rows(names: Sequence[str]) -> Iterator[Chunk]:
        unique = list(dict.fromkeys(names))
        try:
            # A text that a million rows share is kept once.
            with pq.ParquetFile(path, memory_map=False, read_dictionary=texts) as table:
                for batch in table.iter_batches(CHUNK_ROWS, columns=unique, use_threads=False):
                    yield {name: _column(batch[name]) for name in unique}
        except _DAMAGE as error:
            raise InputError(damaged(path, error)) from error

    return RawTable("parquet table", tuple(dict.fromkeys(plain)), rows)


def _is_number(kind: pa.DataType) -> bool:
    return bool(
        pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_boolean(kind)
    )


def _is_text(kind: pa.DataType) -> bool:
    if pa.types.is_dictionary(kind):  # what pandas calls a category
        kind = kind.value_type
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind))


def _column(column: pa.Array) -> np.ndarray:
    """Return numbers as float64, and text as objects, None where there is none."""
    if _is_number(column.type):
        return np.asarray(column.cast(pa.float64()).to_numpy(False))
    longest = pc.max(pc.binary_length(column.dictionary)).as_py() or 0
    if longest > _LONGEST_BYTES:
        msg = f"it holds texts of {longest} bytes, which are no names of channels"
        raise ValueError(msg)
    texts = np.array([*column.dictionary.to_pylist(), None], dtype=object)
    return np.asarray(texts[column.indices.fill_null(len(texts) - 1).to_numpy()])
