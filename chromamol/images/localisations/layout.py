"""How a text is cut into a table: encoding, header, delimiter, decimal mark."""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass

from chromamol.errors import InputError, NoImage

HEAD_BYTES = 2**18
_MAX_COLUMNS = 1_000
# Zeiss puts a single zero byte below its table; a binary file is full of control characters.
_CONTROL = frozenset(range(32)) - set(b"\t\n\v\f\r")
_BINARY_SHARE = 0.01
_FIELD = re.compile(r"<field\b[^<>]*>")
_ATTRIBUTE = re.compile(r'(\w+)="([^"]*)"')
_NUMBER = re.compile(r"[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?|nan|inf|", re.IGNORECASE)
_DECIMAL_COMMA = re.compile(r"[-+]?\d*,\d+([eE][-+]?\d+)?")
# A line that tells Excel the delimiter of the table below.
_EXCEL_DELIMITER = re.compile(r'sep=.?"?\s*', re.IGNORECASE)
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
class Layout:
    """How a text is cut into a table.

    Attributes
    ----------
    encoding : str
    skipped_lines : int
        Lines above the first row, the header among them.
    delimiter : str
        Tab, semicolon, comma, or a blank for any number of blanks.
    decimal : str
        Point or comma.
    names : tuple of str
        Of the columns.
    kind : str
        The program that wrote it, as far as its columns tell.
    units : dict of str to str
        Of columns, where the header states them apart from the names.
    """

    encoding: str
    skipped_lines: int
    delimiter: str
    decimal: str
    names: tuple[str, ...]
    kind: str
    units: dict[str, str]


def is_text(head: bytes) -> bool:
    """Whether the first bytes of a file are those of a text."""
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return True
    return sum(byte in _CONTROL for byte in head) <= _BINARY_SHARE * len(head)


def first_lines(name: str, head: bytes) -> tuple[list[str], str]:
    """Decode the first lines of a file, and name its encoding.

    Raises
    ------
    InputError
        If it is no text, or one endless line.
    """
    if head[:2] in {b"\xff\xfe", b"\xfe\xff"}:
        encoding = "utf-16"
    elif not is_text(head):
        msg = (
            f"{name} is neither an image nor a table that chromamol knows: it holds binary data. "
            "Export the localisations as CSV, or the image as OME-TIFF."
        )
        raise InputError(msg)
    else:
        encoding = _eight_bit(head)
    text = head.decode(encoding, errors="replace")
    if len(head) == HEAD_BYTES:
        whole, newline, _ = text.rpartition("\n")
        if not newline:
            msg = f"{name} has no line breaks in its first {HEAD_BYTES >> 10} kB: it is no table."
            raise InputError(msg)
        text = whole
    return re.split(r"\r\n|\n|\r", text.replace("\0", "")), encoding


def find_layout(name: str, lines: list[str], encoding: str) -> Layout:
    """Find the header, the delimiter and the decimal mark.

    Raises
    ------
    InputError
        If there is no table, no row, or numbers with decimal commas between commas.
    csv.Error
        If a cell is longer than any number.
    """
    skipped = next((i for i, line in enumerate(lines) if line.strip()), len(lines))
    if skipped < len(lines) and "<localizations" in lines[skipped]:
        return _rapidstorm(name, lines, skipped, encoding)
    while skipped + 1 < len(lines) and _is_comment(lines, skipped):
        skipped += 1
    header = unquoted(lines[skipped]) if skipped < len(lines) else ""
    data = [unquoted(line) for line in lines[skipped + 1 :] if line.strip()][:100]
    delimiter = _delimiter(header, data)
    names = cells(header, delimiter)
    if not 1 < len(names) <= _MAX_COLUMNS:
        msg = (
            f"{name} is neither an image nor a table of localisations: its first line has "
            f"{len(names)} column{'s' * (len(names) != 1)}. Export the localisations as CSV, with "
            "the names of the columns in the first line."
        )
        raise NoImage(msg)
    if all(_NUMBER.fullmatch(cell) for cell in names):  # no header: columns by their number
        names, data = [str(i + 1) for i in range(len(names))], [header, *data]
        skipped -= 1
    if not data:
        msg = f"{name} has a header and no rows: there are no localisations in it."
        raise NoImage(msg)
    decimal = _decimal(name, [cells(line, delimiter) for line in data], delimiter, len(names))
    folded = {cell.casefold() for cell in names}
    kind = next((kind for key, kind in _KINDS.items() if key in folded), "table of text")
    return Layout(encoding, skipped + 1, delimiter, decimal, tuple(names), kind, {})


def _eight_bit(head: bytes) -> str:
    """Tell UTF-8 from the Western European code of older programs."""
    try:
        head[:-4].decode("utf-8")  # the last letter may be cut
    except UnicodeDecodeError:
        return "cp1252"
    return "utf-8-sig"


def _rapidstorm(name: str, lines: list[str], line: int, encoding: str) -> Layout:
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
        raise NoImage(msg)
    return Layout(encoding, line + 1, " ", ".", tuple(names), "rapidSTORM table", units)


def _is_comment(lines: list[str], at: int) -> bool:
    """Whether a line is a remark above the table: marked as one, and no header of what follows."""
    line, after = lines[at].lstrip('" '), lines[at + 1]
    if _EXCEL_DELIMITER.fullmatch(line):
        return True
    if not line.startswith(("#", "%", "//")):
        return False
    return len(re.split(r"[,;\t]", line)) != len(re.split(r"[,;\t]", after))


def unquoted(line: str) -> str:
    """Undo the quoting of a whole line as one cell, as some programs export their header."""
    whole = next(csv.reader([line]), [])
    return whole[0] if len(whole) == 1 and line.startswith('"') else line


def cells(line: str, delimiter: str) -> list[str]:
    """Cut a line into cells, without quotes."""
    if delimiter == " ":
        return line.split()
    return [cell.strip() for cell in next(csv.reader([line], delimiter=delimiter), [])]


def _delimiter(header: str, data: list[str]) -> str:
    """Choose the delimiter that cuts header and rows into equally many cells, the most of them."""
    counts = {mark: len(cells(header, mark)) for mark in ("\t", ";", ",", " ")}
    fitting = {
        mark: count
        for mark, count in counts.items()
        if count > 1 and all(len(cells(line, mark)) == count for line in data[:10])
    }
    marks = fitting or {mark: count for mark, count in counts.items() if mark != " "}
    return max(marks, key=lambda mark: (marks[mark] > 1, mark != " ", marks[mark]))


def _decimal(name: str, data: list[list[str]], delimiter: str, n_columns: int) -> str:
    """Tell a decimal comma from a decimal point; refuse what cannot be told apart."""
    if delimiter == "," and all(len(row) > n_columns for row in data[:10]):
        msg = (
            f"{name} has {n_columns} columns in its header and {len(data[0])} in its rows. If its "
            "numbers have decimal commas, export it with decimal points, or with another delimiter."
        )
        raise InputError(msg)
    if delimiter == ",":
        return "."
    commas = sum(bool(_DECIMAL_COMMA.fullmatch(cell)) for row in data for cell in row)
    points = sum("." in cell for row in data for cell in row)
    return "," if commas > points else "."
