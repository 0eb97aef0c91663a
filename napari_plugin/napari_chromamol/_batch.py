"""A batch as the window sees it: `chromamol.batch`, one image after the other, in a thread."""

from __future__ import annotations

import logging
from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from chromamol.batch import Status, plan_batch, run_batch
from chromamol.batch.find import find_images
from chromamol.batch.place import REPORT_FILE
from chromamol.batch.task import maps_in_doubt
from chromamol.errors import CallError, Cancelled, ChromamolError
from napari_chromamol._fault import fault
from napari_chromamol._fields import for_settings_file
from napari_chromamol._progress import RunProgress

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from chromamol.batch import Ended
    from chromamol.settings import Settings

WAITING, RUNNING, CANCELLED = "waiting", "running", "cancelled"
_NOT_OK = (Status.FAILED, Status.SKIPPED, CANCELLED, WAITING)
_BEFORE = (
    "Done before, from the same file with the same settings. Tick 'Analyse all again' to redo it."
)

logger = logging.getLogger(__name__)


@dataclass
class Row:
    """One image of a batch; the thread that works on it writes, the window reads.

    Attributes
    ----------
    name : str
        Relative to the folder of the batch.
    status : str
        One of `chromamol.batch.Status`, or waiting, running, cancelled.
    remark : str
        Why it has this status, or what must not be believed.
    seconds : float or None
        How long it took; None before it ended.
    folder : Path or None
        Where its result goes.
    """

    name: str
    status: str = WAITING
    remark: str = ""
    seconds: float | None = None
    folder: Path | None = None

    @property
    def store(self) -> Path | None:
        """The result as the window opens it; None where there is none."""
        if self.folder is None or self.status != Status.OK:
            return None
        return next(self.folder.glob("*.ome.zarr"), None)


class Batch:
    """The images of a folder; one thread works on them, the window looks from time to time.

    Parameters
    ----------
    folder : Path
    out : Path or None
        Folder of the results; None: not chosen yet.

    Attributes
    ----------
    rows : sequence of Row
        Empty before the images are found.
    progress : RunProgress
        Of the image that is running; stops the search and the batch.
    trouble : str
        Why nothing was done, or what could not be written; "" if all went well.
    """

    def __init__(self, folder: Path, out: Path | None) -> None:
        self.rows: Sequence[Row] = ()
        self.progress = RunProgress()
        self.trouble = ""
        self._ended: list[Ended] = []
        self._complete = False
        self._folder, self._out = folder, out

    @property
    def summary(self) -> str:
        """How many images came to which end."""
        counts = Counter(row.status for row in self.rows)
        words = [f"{counts[Status.OK]} of {counted(len(self.rows), 'image')} done"]
        words += [f"{counts[status]} {status}" for status in _NOT_OK if counts[status]]
        return f"{', '.join(words)}."

    @property
    def doubts(self) -> str:
        """How many maps should not be interpreted, and where to read why; "" if there is none."""
        doubts = maps_in_doubt(self._ended)
        where = "see the report" if self._complete else "click an image to read why"
        return f"{doubts}: {where}." if doubts else ""

    @property
    def report(self) -> Path | None:
        """The page about all results; None where there is none."""
        if self._out is None or not (self._out / REPORT_FILE).is_file():
            return None
        return self._out / REPORT_FILE

    def find(self) -> Self:
        """Look for the images."""
        with self._in_words():
            found = find_images(self._folder, self._out, self.progress)
            self.rows = [Row(one.relative_to(self._folder).as_posix()) for one in found.images]
        return self

    def run(self, settings: Settings, *, overwrite: bool) -> Self:
        """Look for the images and analyse them, until all had their turn or somebody cancels.

        Parameters
        ----------
        settings : Settings
        overwrite : bool
            Whether images whose result is there are analysed again.
        """
        with self._in_words():
            if self._out is None:
                msg = "Choose a folder for the results."
                raise CallError(msg)
            self.progress.begin("looking for images")
            plan = plan_batch(self._folder, self._out, progress=self.progress)
            self.rows = [Row(task.name, folder=task.folder) for task in plan.tasks]
            every = run_batch(
                plan, settings, workers=0, overwrite=overwrite, progress=self.progress
            )
            waiting = iter(self.rows)
            row = next(waiting)
            row.status = RUNNING
            try:
                for ended in every:
                    self._ended.append(ended)
                    _fill(row, ended)
                    row = next(waiting, row)
                    row.status = RUNNING if row.seconds is None else row.status
                self._complete = True
            except Cancelled:
                if row.status == RUNNING:  # else the report was stopped
                    row.status, row.remark = CANCELLED, "Stopped before it was complete."
            finally:
                if row.status == RUNNING:
                    row.status = WAITING
        return self

    @contextmanager
    def _in_words(self) -> Iterator[None]:
        """Turn an error of the whole batch into a sentence."""
        try:
            yield
        except Cancelled:
            self.trouble = ""
        except ChromamolError as error:
            self.trouble = str(error)
        except Exception as error:
            logger.exception("The batch %s failed", self._folder)
            self.trouble = fault(error)


def counted(count: int, noun: str) -> str:
    """Say how many."""
    return f"{count} {noun}{'' if count == 1 else 's'}"


def _fill(row: Row, ended: Ended) -> None:
    """Note how an image ended."""
    remarks = [_BEFORE] if ended.before else []
    row.remark = " ".join([*remarks, for_settings_file(ended.reason)]).strip()
    row.seconds, row.status = ended.seconds, ended.status.value
