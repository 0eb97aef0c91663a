"""The trace of a batch on disk: a line for each image, written as it ends."""

from __future__ import annotations

import csv
from datetime import UTC, datetime
from typing import TYPE_CHECKING, TextIO

from filelock import FileLock, Timeout

from chromamol.batch.place import BATCH_FILE, LOCK_FILE
from chromamol.errors import CallError
from chromamol.output import appearing_file, disk_told

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from chromamol.batch.task import Ended

COLUMNS = ("image", "status", "reason", "nuclei", "seconds", "memory_mb", "ended")

Row = dict[str, str]


class BatchLog:
    """The table ``batch.csv`` in the output folder.

    A line is appended as an image ends, so that a batch that is killed leaves its trace; when a
    batch begins and when it is over, the table is written anew with the last line of each image.

    Parameters
    ----------
    out : Path
    names : iterable of str
        The images of this batch; lines of others are dropped.

    Attributes
    ----------
    is_new : bool
        Whether no batch wrote to the folder before.
    rows : dict of str to dict
        The last line of each image, by its cell in the table.
    trouble : str
        Why lines are missing; "" if none is.

    Raises
    ------
    CallError
        If it cannot be written, is no such table, or another batch is writing to the folder.
    """

    def __init__(self, out: Path, names: Iterable[str]) -> None:
        self.trouble = ""
        self._path = out / BATCH_FILE
        self._unwritten: list[Row] = []
        self._lock = FileLock(out / LOCK_FILE, timeout=0)
        with disk_told(out):
            out.mkdir(parents=True, exist_ok=True)
            self._take(out)
            try:
                self.is_new = not self._path.is_file()
                rows = last_rows(out)
                self.rows = {name: rows[name] for name in map(_cell, names) if name in rows}
                self._write_anew()
            except BaseException:
                self._lock.release()
                raise

    def add(self, ended: Ended) -> None:
        """Write a line; one that cannot be written now is tried again with the next.

        Of an image that was done before, the line that is there holds; where there is none, how
        long it took is not known any more.
        """
        name = _cell(ended.name)
        if ended.before and name in self.rows and self.rows[name]["status"] == ended.status:
            return
        row = {
            "image": name,
            "status": ended.status.value,
            "reason": _cell(ended.reason),
            "nuclei": "" if ended.nuclei is None else str(ended.nuclei),
            "seconds": "" if ended.before else f"{ended.seconds:.1f}",
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
        """Leave one line for each image, and the folder to others."""
        try:
            self._write_anew()
        except OSError as error:
            self._fail(error)
        else:
            self.trouble = ""
        self._lock.release()

    def _take(self, out: Path) -> None:
        """Keep other batches out; the system lets go of the lock when this process ends."""
        try:
            self._lock.acquire()
        except Timeout as error:
            msg = f"Another batch is writing to {out}. Wait until it is done, or stop it."
            raise CallError(msg) from error

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


def no_longer(out: Path, names: Iterable[str]) -> list[str]:
    """Return the images of an earlier batch that are none of this one.

    Parameters
    ----------
    out : Path
        Folder of the results.
    names : iterable of str
        The images of this batch.

    Raises
    ------
    CallError
        If ``batch.csv`` is another table.
    """
    cells = set(map(_cell, names))
    return [name for name in last_rows(out) if name not in cells]


def last_rows(out: Path) -> dict[str, Row]:
    """Read what an earlier batch wrote; a line that a kill has torn is none.

    Parameters
    ----------
    out : Path
        Folder of the results.

    Returns
    -------
    dict of str to dict
        The last line of each image, by its cell in the table; empty if there is no table.

    Raises
    ------
    CallError
        If the file is another table.
    """
    path = out / BATCH_FILE
    if not path.is_file():
        return {}
    rows: dict[str, Row] = {}
    with path.open(encoding="utf-8", errors="backslashreplace", newline="") as file:
        lines = csv.DictReader(file)
        if tuple(lines.fieldnames or ()) != COLUMNS:
            msg = f"{path} is not the table of a batch, and is not overwritten. Rename it."
            raise CallError(msg)
        for row in lines:
            values = {name: row.get(name) for name in COLUMNS}
            if row.get("image") and all(isinstance(value, str) for value in values.values()):
                rows[row["image"]] = {name: str(value) for name, value in values.items()}
    return rows


def _cell(text: str) -> str:
    """Keep a spreadsheet from taking a text for a formula."""
    from chromamol.results.tables import defused

    return str(defused(text))
