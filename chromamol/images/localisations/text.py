"""Tables as text: ThunderSTORM, rapidSTORM, Zeiss Elyra, ONI, and any other CSV."""

from __future__ import annotations

import csv
import re
from typing import TYPE_CHECKING

import numpy as np

from chromamol.errors import InputError
from chromamol.images.localisations.layout import (
    HEAD_BYTES,
    Layout,
    cells,
    find_layout,
    first_lines,
    unquoted,
)
from chromamol.images.localisations.table import CHUNK_ROWS, RawTable

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    import pandas as pd

    from chromamol.images.localisations.table import Chunk

_TAIL_BYTES = 2**16
_BLOCK_BYTES = 2**24
# A channel may be called "None" or "NA".
_NOTHING = ["", "nan", "NaN", "NAN", "-nan", "-NaN"]
_DELIMITERS = {"\t": "tabs", ";": "semicolons", ",": "commas", " ": "blanks"}


def read_text(path: Path) -> RawTable:
    """Read a table of text; delimiter, decimal mark and header are found in its first lines.

    Parameters
    ----------
    path : Path
        An existing file.

    Raises
    ------
    InputError
        If it is no table of numbers: binary, empty, header only, or lines of different lengths.
    """
    with path.open("rb") as file:
        head = file.read(HEAD_BYTES)
    lines, encoding = first_lines(path.name, head)
    try:
        layout = find_layout(path.name, lines, encoding)
        _check_no_longer_lines(path, layout)
    except csv.Error as error:
        msg = f"{path.name} is no table of localisations: it has cells that are no numbers."
        raise InputError(msg) from error

    def rows(names: Sequence[str]) -> Iterator[Chunk]:
        return _rows(path, layout, names)

    return RawTable(layout.kind, layout.names, rows, layout.units, notes=_cut_short(path, layout))


def _rows(path: Path, layout: Layout, names: Sequence[str]) -> Iterator[Chunk]:
    """Yield the wanted columns."""
    import pandas as pd

    indices = {name: layout.names.index(name) for name in names}
    try:
        with pd.read_csv(
            path,
            sep=r"\s+" if layout.delimiter == " " else layout.delimiter,
            decimal=layout.decimal,
            header=None,
            names=range(len(layout.names)),
            index_col=False,
            usecols=sorted(set(indices.values())),
            skiprows=layout.skipped_lines,
            chunksize=CHUNK_ROWS,
            encoding=layout.encoding,
            encoding_errors="replace",
            compression=None,
            low_memory=False,
            keep_default_na=False,
            na_values=_NOTHING,
        ) as chunks:
            for frame in chunks:
                yield {name: _column(frame[index]) for name, index in indices.items()}
    except (ValueError, LookupError, OverflowError, csv.Error) as error:
        reason = re.sub(r"\s+", " ", str(error)).removeprefix("Error tokenizing data. C error: ")
        msg = (
            f"{path.name} is no regular table ({reason[:120]}). Its {len(layout.names)} columns "
            f"were cut at {_DELIMITERS[layout.delimiter]}. Export it again as CSV."
        )
        raise InputError(msg) from error


def _column(column: pd.Series) -> np.ndarray:
    """Return a column as float64 if all of it are numbers, else as objects."""
    is_number = column.dtype.kind in "iufb"
    return np.asarray(column, dtype=np.float64 if is_number else object)


def _check_no_longer_lines(path: Path, layout: Layout) -> None:
    """Refuse lines with more columns than the header has: their numbers would stand elsewhere.

    The reader would cut them silently. Delimiters and lines are counted first, which is quick;
    only where they do not match, line after line is looked at.
    """
    if layout.delimiter == " " or layout.encoding == "utf-16":
        return
    mark = layout.delimiter.encode()
    n_marks = n_lines = 0
    with path.open("rb") as file:
        while block := file.read(_BLOCK_BYTES):
            n_marks += block.count(mark)
            n_lines += block.count(b"\n")
        each = len(layout.names) - 1
        if n_marks == each * (n_lines - layout.skipped_lines + 1):
            return
        file.seek(0)
        for number, line in enumerate(file, start=1):
            if number <= layout.skipped_lines or line.count(mark) <= each:
                continue
            found = cells(line.decode(layout.encoding, "replace").strip(), layout.delimiter)
            while found and not found[-1]:  # some programs end a line with a delimiter
                found.pop()
            if len(found) > len(layout.names):
                msg = (
                    f"{path.name} is no regular table: line {number} has {len(found)} columns, "
                    f"and the first line {len(layout.names)}. Export it again as CSV."
                )
                raise InputError(msg)


def _cut_short(path: Path, layout: Layout) -> tuple[str, ...]:
    """Note a last line that ends before its last column."""
    with path.open("rb") as file:
        size = file.seek(0, 2)
        file.seek(max(0, size - _TAIL_BYTES))
        tail = file.read()
    if not tail or tail.endswith((b"\n", b"\r", b"\0")) or layout.encoding == "utf-16":
        return ()
    last = tail.rpartition(b"\n")[2].decode(layout.encoding, errors="replace")
    if len(cells(unquoted(last), layout.delimiter)) >= len(layout.names):
        return ()
    return ("The last line is incomplete: the table was cut short. Copy it again from its source.",)
