"""The trace of a batch on disk: a line for each image, written as it ends."""

from __future__ import annotations

import csv
from datetime import UTC, datetime
from typing import TYPE_CHECKING, TextIO

from chromamol.output import appearing_file, disk_told

if TYPE_CHECKING:
    from pathlib import Path

    from chromamol.batch.task import Ended

BATCH_FILE = "batch.csv"
COLUMNS = ("image", "status", "reason", "nuclei", "seconds", "memory_mb", "ended")

Row = dict[str, str]


class BatchLog:
    """The table ``batch.csv`` in the output folder.

    A line is appended as an image ends, so that a batch that is killed leaves its trace; when a
    batch begins and when it is over, the table is written anew with the last line of each image.

    Parameters
    ----------
    out : Path

    Attributes
    ----------
    trouble : str
        Why lines are missing; "" if none is.

    Raises
    ------
    CallError
        If it cannot be written.
    """

    def __init__(self, out: Path) -> None:
        self.trouble = ""
        self._path = out / BATCH_FILE
        self._unwritten: list[Row] = []
        with disk_told(out):
            out.mkdir(parents=True, exist_ok=True)
            self.rows = _last_rows(self._path)
            self._write_anew()

    def add(self, ended: Ended) -> None:
        """Write a line; one that cannot be written now is tried again with the next.

        Of an image that was done before, the line that is there holds.
        """
        name = _cell(ended.name)
        if ended.before and name in self.rows and self.rows[name]["status"] == ended.status:
            return
        row = {
            "image": name,
            "status": ended.status.value,
            "reason": _cell("done before" if ended.before else ended.reason),
            "nuclei": "" if ended.nuclei is None else str(ended.nuclei),
            "seconds": f"{ended.seconds:.1f}",
            "memory_mb": "" if ended.memory_mb is None else f"{ended.memory_mb:.0f}",
            "ended": datetime.now(UTC).isoformat(timespec="seconds"),
        }
        self.rows[name] = row
        self._unwritten.append(row)
        try:
            with _opened(self._path, "a") as file:
                csv.DictWriter(file, COLUMNS, lineterminator="\n").writerows(self._unwritten)
        except OSError as error:
            self._fail(error)
        else:
            self._unwritten.clear()
            self.trouble = ""

    def close(self) -> None:
        """Leave one line for each image."""
        try:
            self._write_anew()
        except OSError as error:
            self._fail(error)

    def _write_anew(self) -> None:
        with appearing_file(self._path) as partial, _opened(partial, "w") as file:
            table = csv.DictWriter(file, COLUMNS, lineterminator="\n")
            table.writeheader()
            table.writerows(self.rows.values())

    def _fail(self, error: OSError) -> None:
        self.trouble = (
            f"{self._path} cannot be written ({error.strerror}), so it does not tell of every "
            "image. Is it open in another program?"
        )


def _opened(path: Path, mode: str) -> TextIO:
    # A name on disk may hold bytes that are no text.
    file: TextIO = path.open(mode, encoding="utf-8", errors="backslashreplace", newline="")  # type: ignore[assignment]
    return file


def _last_rows(path: Path) -> dict[str, Row]:
    """Return the last line of each image; a line that a kill has torn is none."""
    if not path.is_file():
        return {}
    rows: dict[str, Row] = {}
    with path.open(encoding="utf-8", errors="backslashreplace", newline="") as file:
        for row in csv.DictReader(file):
            values = {name: row.get(name) for name in COLUMNS}
            if row.get("image") and all(isinstance(value, str) for value in values.values()):
                rows[row["image"]] = {name: str(value) for name, value in values.items()}
    return rows


def _cell(text: str) -> str:
    """Keep a spreadsheet from taking a text for a formula."""
    from chromamol.results.tables import defused

    return str(defused(text))
