"""Tables as text: ThunderSTORM, rapidSTORM, Zeiss Elyra, ONI, and any other CSV."""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from chromamol.errors import InputError
from chromamol.images.localisations.table import CHUNK_ROWS, RawTable

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from chromamol.images.localisations.table import Chunk

_HEAD_BYTES = 2**18
_TAIL_BYTES = 2**16
_MAX_COLUMNS = 1_000
# Zeiss puts a single zero byte below its table; a binary file is full of control characters.
_CONTROL = frozenset(range(32)) - set(b"\t\n\v\f\r")
_BINARY_SHARE = 0.01
_FIELD = re.compile(r"<field\b[^>]*>")
_ATTRIBUTE = re.compile(r'(\w+)="([^"]*)"')
_NUMBER = re.compile(r"[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?|nan|inf|", re.IGNORECASE)
_DECIMAL_COMMA = re.compile(r"[-+]?\d*,\d+([eE][-+]?\d+)?")
_RAPIDSTORM = {
    "Position-0-0": "x",
    "Position-1-0": "y",
    "Position-2-0": "z",
    "ImageNumber-0-0": "frame",
    "Amplitude-0-0": "intensity",
}
_UNITS = {"nanometer": "nm", "micrometer": "um", "pixel": "px"}
# The programs by a column that only they write.
_KINDS = {
    "position x [nm]": "Zeiss Elyra table",
    "x (nm)": "ONI Nanoimager table",
    "uncertainty [nm]": "ThunderSTORM table",
    "uncertainty_xy [nm]": "ThunderSTORM table",
    "intensity [photon]": "ThunderSTORM table",
}


@dataclass(frozen=True)
class _Layout:
    """How a text is cut into a table."""

    encoding: str
    skipped_lines: int
    delimiter: str
    decimal: str
    names: tuple[str, ...]
    kind: str
    units: dict[str, str]


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
        head = file.read(_HEAD_BYTES)
    lines, encoding = _lines(path.name, head)
    layout = _layout(path.name, lines, encoding)

    def rows(names: Sequence[str]) -> Iterator[Chunk]:
        return _rows(path, layout, names)

    return RawTable(layout.kind, layout.names, rows, layout.units, notes=_cut_short(path, layout))


def is_text(head: bytes) -> bool:
    """Whether the first bytes of a file are those of a text."""
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return True
    return sum(byte in _CONTROL for byte in head) <= _BINARY_SHARE * len(head)


def _lines(name: str, head: bytes) -> tuple[list[str], str]:
    """Decode the first lines of a file."""
    encoding = "utf-8-sig"
    if head[:2] in {b"\xff\xfe", b"\xfe\xff"}:
        encoding = "utf-16"
    elif not is_text(head):
        msg = (
            f"{name} is neither an image nor a table that chromamol knows: it holds binary data. "
            "Export the localisations as CSV, or the image as OME-TIFF."
        )
        raise InputError(msg)
    text = head.decode(encoding, errors="replace")
    if len(head) == _HEAD_BYTES:
        whole, newline, _ = text.rpartition("\n")
        if not newline:
            msg = f"{name} has no line breaks in its first {_HEAD_BYTES >> 10} kB: it is no table."
            raise InputError(msg)
        text = whole
    return text.replace("\0", "").splitlines(), encoding


def _layout(name: str, lines: list[str], encoding: str) -> _Layout:
    """Find the header, the delimiter and the decimal mark."""
    skipped = next((i for i, line in enumerate(lines) if line.strip()), len(lines))
    if skipped < len(lines) and "<localizations" in lines[skipped]:
        return _rapidstorm(name, lines, skipped, encoding)
    while skipped + 1 < len(lines) and _is_comment(lines, skipped):
        skipped += 1
    header = _unquoted(lines[skipped]) if skipped < len(lines) else ""
    data = [_unquoted(line) for line in lines[skipped + 1 :] if line.strip()][:100]
    delimiter = _delimiter(header, data)
    names = _cells(header, delimiter)
    if not 1 < len(names) <= _MAX_COLUMNS:
        msg = (
            f"{name} is neither an image nor a table of localisations: its first line has "
            f"{len(names)} column{'s' * (len(names) != 1)}. Export the localisations as CSV, with "
            "the names of the columns in the first line."
        )
        raise InputError(msg)
    if all(_NUMBER.fullmatch(cell) for cell in names):  # no header: columns by their number
        names, data = [str(i + 1) for i in range(len(names))], [header, *data]
        skipped -= 1
    if not data:
        msg = f"{name} has a header and no rows: there are no localisations in it."
        raise InputError(msg)
    decimal = _decimal(name, [_cells(line, delimiter) for line in data], delimiter, len(names))
    folded = {cell.casefold() for cell in names}
    kind = next((kind for key, kind in _KINDS.items() if key in folded), "table of text")
    return _Layout(encoding, skipped + 1, delimiter, decimal, tuple(names), kind, {})


def _rapidstorm(name: str, lines: list[str], line: int, encoding: str) -> _Layout:
    """Take the columns from rapidSTORM's description of them."""
    names: list[str] = []
    units: dict[str, str] = {}
    for position, field in enumerate(_FIELD.findall(lines[line])):
        attributes: dict[str, str] = dict(_ATTRIBUTE.findall(field))
        identifier = attributes.get("identifier", f"column {position + 1}")
        column = _RAPIDSTORM.get(identifier, identifier)
        names.append(f"{column} [A/D]" if column == "intensity" else column)
        units[names[-1]] = _UNITS.get(attributes.get("unit", ""), attributes.get("unit", ""))
    if not any(text.strip() for text in lines[line + 1 :]):
        msg = f"{name} has a header and no rows: there are no localisations in it."
        raise InputError(msg)
    return _Layout(encoding, line + 1, " ", ".", tuple(names), "rapidSTORM table", units)


def _is_comment(lines: list[str], at: int) -> bool:
    """Whether a line is a remark above the table: marked as one, and no header of what follows."""
    line, after = lines[at].lstrip('" '), lines[at + 1]
    if not line.startswith(("#", "%", "//")):
        return False
    return len(re.split(r"[,;\t]", line)) != len(re.split(r"[,;\t]", after))


def _unquoted(line: str) -> str:
    """Undo the quoting of a whole line as one cell, as some programs export their header."""
    cells = next(csv.reader([line]), [])
    return cells[0] if len(cells) == 1 and line.startswith('"') else line


def _cells(line: str, delimiter: str) -> list[str]:
    """Cut a line into cells, without quotes."""
    if delimiter == " ":
        return line.split()
    cells = next(csv.reader([line], delimiter=delimiter), [])
    return [cell.strip() for cell in cells]


def _delimiter(header: str, data: list[str]) -> str:
    """Choose the delimiter that cuts header and rows into equally many cells, the most of them."""
    counts = {mark: len(_cells(header, mark)) for mark in ("\t", ";", ",", " ")}
    fitting = {
        mark: count
        for mark, count in counts.items()
        if count > 1 and all(len(_cells(line, mark)) == count for line in data[:10])
    }
    marks = fitting or {mark: count for mark, count in counts.items() if mark != " "}
    return max(marks, key=lambda mark: (marks[mark] > 1, mark != " ", marks[mark]))


def _decimal(name: str, data: list[list[str]], delimiter: str, n_columns: int) -> str:
    """Tell a decimal comma from a decimal point; refuse what cannot be told apart."""
    if delimiter == "," and all(len(cells) > n_columns for cells in data[:10]):
        msg = (
            f"{name} has {n_columns} columns in its header and {len(data[0])} in its rows. If its "
            "numbers have decimal commas, export it with decimal points, or with another delimiter."
        )
        raise InputError(msg)
    if delimiter == ",":
        return "."
    cells = [cell for row in data for cell in row]
    commas = sum(bool(_DECIMAL_COMMA.fullmatch(cell)) for cell in cells)
    points = sum("." in cell for cell in cells)
    return "," if commas > points else "."


def _rows(path: Path, layout: _Layout, names: Sequence[str]) -> Iterator[Chunk]:
    """Yield the wanted columns; what is no number becomes NaN."""
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
        ) as chunks:
            for frame in chunks:
                yield {name: _numbers(frame[index]) for name, index in indices.items()}
    except (ValueError, LookupError, OverflowError, csv.Error) as error:
        reason = re.sub(r"\s+", " ", str(error)).removeprefix("Error tokenizing data. C error: ")
        msg = (
            f"{path.name} is no regular table ({reason[:120]}). Its {len(layout.names)} columns "
            f"were cut at {_DELIMITERS[layout.delimiter]}. Export it again as CSV."
        )
        raise InputError(msg) from error


_DELIMITERS = {"\t": "tabs", ";": "semicolons", ",": "commas", " ": "blanks"}


def _numbers(column: object) -> np.ndarray:
    """Return a column as float64."""
    import pandas as pd

    numbers = pd.to_numeric(column, errors="coerce")
    return np.asarray(numbers, dtype=np.float64)


def _cut_short(path: Path, layout: _Layout) -> tuple[str, ...]:
    """Note a last line that ends before its last column."""
    with path.open("rb") as file:
        size = file.seek(0, 2)
        file.seek(max(0, size - _TAIL_BYTES))
        tail = file.read()
    if not tail or tail.endswith((b"\n", b"\r", b"\0")) or layout.encoding == "utf-16":
        return ()
    last = tail.rpartition(b"\n")[2].decode(layout.encoding, errors="replace")
    if len(_cells(_unquoted(last), layout.delimiter)) >= len(layout.names):
        return ()
    return ("The last line is incomplete: the table was cut short. Copy it again from its source.",)
