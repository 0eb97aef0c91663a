"""The trace of a batch on disk: a line for each image that came to an end."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

BATCH_FILE = "batch.csv"
_COLUMNS = ("image", "status", "remark", "seconds")


class BatchLog:
    """The table ``batch.csv`` in the output folder; later batches add to it.

    Attributes
    ----------
    trouble : str
        Why lines are missing; "" if none is.
    """

    def __init__(self, out: Path) -> None:
        self.trouble = ""
        self._path = out / BATCH_FILE
        self._unwritten: list[tuple[object, ...]] = []

    def add(self, image: str, status: str, remark: str, seconds: float) -> None:
        """Write a line; one that cannot be written now is tried again with the next."""
        from chromamol.results.tables import defused

        cells = (image, status, remark, f"{seconds:.1f}")
        self._unwritten.append(tuple(defused(cell) for cell in cells))
        try:
            self._append()
        except OSError as error:
            self.trouble = (
                f"{self._path} cannot be written ({error.strerror}), so it does not tell of every "
                "image. Is it open in another program?"
            )

    def _append(self) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        # A name on disk may hold bytes that are no text.
        with self._path.open("a", encoding="utf-8", errors="backslashreplace", newline="") as file:
            lines = csv.writer(file, lineterminator="\n")
            if file.tell() == 0:
                lines.writerow(_COLUMNS)
            lines.writerows(self._unwritten)
        self._unwritten.clear()
        self.trouble = ""
