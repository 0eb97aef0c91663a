"""A batch: the images of a folder, one after the other; made for a thread, no window here."""

from __future__ import annotations

import logging
from collections import Counter
from contextlib import contextmanager
from typing import TYPE_CHECKING, Self

from chromamol.errors import CallError, ChromamolError
from chromamol.results.folders import result_folders
from napari_chromamol._analyse_task import bring_to_end
from napari_chromamol._batch_log import BatchLog
from napari_chromamol._fault import fault
from napari_chromamol._find_images import find_images
from napari_chromamol._progress import RunProgress
from napari_chromamol._task import Status, Task

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from chromamol.settings import Settings

_NOT_DONE = (Status.FAILED, Status.SKIPPED, Status.CANCELLED, Status.WAITING)

logger = logging.getLogger(__name__)


class Batch:
    """The images of a folder; one thread works on them, the window looks from time to time.

    Parameters
    ----------
    folder : Path
    out : Path or None
        Folder of the results, as for ``chromamol run``; None: not chosen yet.

    Attributes
    ----------
    tasks : sequence of Task
        Empty before the images are found.
    progress : RunProgress
        Of the image that is running; stops the search and the batch.
    trouble : str
        Why nothing was done, or what could not be written; "" if all went well.
    """

    def __init__(self, folder: Path, out: Path | None) -> None:
        self.tasks: Sequence[Task] = ()
        self.progress = RunProgress()
        self.trouble = ""
        self._folder, self._out = folder, out

    @property
    def summary(self) -> str:
        """How many images came to which end."""
        counts = Counter(task.status for task in self.tasks)
        words = [f"{counts[Status.DONE]} of {counted(len(self.tasks), 'image')} done"]
        words += [f"{counts[status]} {status}" for status in _NOT_DONE if counts[status]]
        return f"{', '.join(words)}."

    def find(self) -> Self:
        """Look for the images."""
        with self._in_words():
            self._find()
        return self

    def run(self, settings: Settings, *, replace: bool) -> Self:
        """Look for the images and analyse them, until all had their turn or somebody cancels.

        Parameters
        ----------
        settings : Settings
        replace : bool
            Whether an image that has a result already is analysed again.
        """
        with self._in_words():
            log = BatchLog(self._checked_out())
            self._find()
            self._give_folders()
            for task in self.tasks:
                if self.progress.cancelled:
                    break
                bring_to_end(task, self._out, settings, self.progress, replace=replace)
                log.add(task.name, task.status, task.remark, task.seconds)
            self.trouble = log.trouble
        return self

    @contextmanager
    def _in_words(self) -> Iterator[None]:
        """Turn an error of the whole batch into a sentence."""
        try:
            yield
        except ChromamolError as error:
            self.trouble = str(error)
        except Exception as error:
            logger.exception("The batch %s failed", self._folder)
            self.trouble = fault(error)

    def _find(self) -> None:
        self.progress.begin("looking for images")
        images = find_images(self._folder, self._out, self.progress)
        self.tasks = [Task(one, one.relative_to(self._folder).as_posix()) for one in images]

    def _checked_out(self) -> Path:
        """Return the folder of the results; refuse none, and that of the images."""
        if self._out is None:
            msg = "Choose a folder for the results."
            raise CallError(msg)
        if self._out.resolve() == self._folder.resolve():
            msg = (
                f"{self._out} is the folder of the images. Choose another one for the results; it "
                "may lie in it."
            )
            raise CallError(msg)
        return self._out

    def _give_folders(self) -> None:
        folders = result_folders([task.image for task in self.tasks], self._out)
        for task, folder in zip(self.tasks, folders, strict=True):
            task.folder = folder


def counted(count: int, noun: str) -> str:
    """Say how many."""
    return f"{count} {noun}{'' if count == 1 else 's'}"
