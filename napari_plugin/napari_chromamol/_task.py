"""One image of a batch, and what became of it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


class Status(StrEnum):
    """What has become of an image."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    SKIPPED = "skipped"
    CANCELLED = "cancelled"


@dataclass
class Task:
    """One image of a batch; the thread that works on it writes, the window reads.

    Attributes
    ----------
    image : Path
    name : str
        Relative to the folder of the batch.
    status : Status
    remark : str
        Why it has this status, or what was found.
    seconds : float or None
        How long it took; None before it ended.
    folder : Path or None
        Where its result belongs; None before a run.
    """

    image: Path
    name: str
    status: Status = Status.WAITING
    remark: str = ""
    seconds: float | None = None
    folder: Path | None = None

    @property
    def store(self) -> Path | None:
        """The result as the window opens it; None where there is none."""
        if self.folder is None or self.status not in {Status.DONE, Status.SKIPPED}:
            return None
        return self.folder / f"{self.folder.name}.ome.zarr"
