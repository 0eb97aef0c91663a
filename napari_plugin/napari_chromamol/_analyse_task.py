"""One image of a batch, all the way to its end, whatever that is."""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING

from chromamol.errors import Cancelled, ChromamolError
from chromamol.results.folders import check_folder, input_store
from chromamol.results.place import PROVENANCE_FILE
from napari_chromamol._fault import fault
from napari_chromamol._task import Status

if TYPE_CHECKING:
    from pathlib import Path

    from chromamol.analysis import Analysis
    from chromamol.progress import Progress
    from chromamol.settings import Settings
    from napari_chromamol._task import Task

_THERE_ALREADY = "Its result is there already. Tick 'Replace earlier results' to make it again."

logger = logging.getLogger(__name__)


def bring_to_end(
    task: Task, out: Path, settings: Settings, progress: Progress, *, replace: bool
) -> None:
    """Analyse an image and write its result; if that fails, note why.

    Parameters
    ----------
    task : Task
        With the folder of its result; status, remark and seconds are set.
    out : Path
        Folder of all results.
    settings : Settings
    progress : Progress
    replace : bool
        Whether an earlier result is replaced.
    """
    start = time.monotonic()
    task.status = Status.RUNNING
    try:
        end = _analyse(task, out, settings, progress, replace=replace)
    except Cancelled:
        end = Status.CANCELLED, "Stopped before it was complete; nothing was written."
    except ChromamolError as error:
        end = Status.FAILED, str(error)
    except Exception as error:
        logger.exception("The analysis of %s failed", task.image)
        end = Status.FAILED, fault(error)
    task.seconds = time.monotonic() - start
    task.status, task.remark = end


def _analyse(
    task: Task, out: Path, settings: Settings, progress: Progress, *, replace: bool
) -> tuple[Status, str]:
    """Do what ``chromamol run`` does with one image."""
    progress.begin("starting")
    if not replace and (task.folder / PROVENANCE_FILE).is_file():
        return Status.SKIPPED, _THERE_ALREADY
    check_folder(task.folder, overwrite=True)
    # Only here, so that opening the window does not wait for torch.
    from chromamol.pipeline import analyse
    from chromamol.results.write import write_results

    store = input_store(task.folder, out)
    analysis = analyse([task.image], settings, store=store, progress=progress)
    write_results(
        analysis,
        task.folder,
        overwrite=replace,
        provenance={"command": "Batch in napari", "nuclei_file": None},
        progress=progress,
    )
    return Status.DONE, _remark(analysis)


def _remark(analysis: Analysis) -> str:
    """Say how many nuclei there are, and why maps are missing or must not be believed."""
    from chromamol.results.in_words import in_words
    from chromamol.results.record import record_of

    count = len(analysis.per_nucleus)
    words = in_words(record_of(analysis).nuclei)
    no_map = [f"No rate map: {sentence}" for sentence in words.no_map]
    doubts = [f"Do not believe the map: {sentence}" for sentence in words.doubts]
    return " ".join(["1 nucleus." if count == 1 else f"{count} nuclei.", *no_map, *doubts])
