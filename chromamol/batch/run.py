"""A batch from its plan to its tables."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from chromamol.batch.log import BatchLog
from chromamol.batch.one import bring_to_end
from chromamol.batch.tables import gather_tables, remove_tables
from chromamol.batch.task import Status
from chromamol.errors import CallError
from chromamol.output import remove_orphans
from chromamol.results.folders import input_store
from chromamol.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from contextlib import AbstractContextManager
    from pathlib import Path

    from distributed import Client

    from chromamol.batch.plan import Plan
    from chromamol.batch.task import Ended, Task
    from chromamol.progress import Progress

_ALONE = "So it was again when the image was analysed alone."


def run_batch(
    plan: Plan,
    settings: Settings | None = None,
    *,
    workers: int | None = None,
    scheduler: str | None = None,
    slurm: Path | None = None,
    overwrite: bool = False,
    progress: Progress | None = None,
) -> Iterator[Ended]:
    """Analyse the images of a plan, and hand on how each ended.

    The folder of the results is kept from other batches at once; the work begins when the first
    image is asked for. Each image gets the files of ``chromamol run`` in a folder of its own;
    ``batch.csv`` gets a line as it ends; ``nuclei.csv`` and ``domains.csv`` of all images (and
    ``.parquet``), and ``report.html``, are written at the end; where no image is done, those of an
    earlier batch are removed. An image whose result is there and was made from the same files with
    the same settings and version is not analysed again, so that a batch that was stopped or killed
    goes on.

    Parameters
    ----------
    plan : Plan
        From `chromamol.batch.plan_batch`.
    settings : Settings, optional
        Those of all images.
    workers : int, optional
        How many images are analysed side by side, in processes of their own on this computer;
        0: one after the other, in this process. Default: by cores and memory.
    scheduler : str, optional
        Address of a dask scheduler whose workers are used instead.
    slurm : Path, optional
        File about jobs of SLURM that are used instead, see `chromamol.batch.workers.slurm_cluster`.
    overwrite : bool
        Analyse all images again.
    progress : Progress, optional
        Told how far the report is at the end, and where `workers` is 0 the image; may cancel.

    Returns
    -------
    iterator of Ended
        What is left out first, then the images as they end.

    Raises
    ------
    CallError
        If nothing can be written, another batch writes to the folder, or no worker started.
    Cancelled
        If `progress` asked to stop.
    """
    settings = settings or Settings()
    if workers is not None and workers < 0:
        msg = f"The number of workers is 0 or more, not {workers}."
        raise CallError(msg)
    log = BatchLog(plan.out, plan.names)
    every = (
        _one_by_one(plan, settings, overwrite=overwrite, progress=progress)
        if workers == 0
        else _side_by_side(
            plan, settings, workers, scheduler=scheduler, slurm=slurm, overwrite=overwrite
        )
    )
    return _logged(plan, every, log, progress)


def _logged(
    plan: Plan, every: Iterable[Ended], log: BatchLog, progress: Progress | None
) -> Iterator[Ended]:
    """Write down how images end; make the tables and the report when all have."""
    done: set[str] = set()
    try:
        for ended in plan.left_out:
            log.add(ended)
            yield ended
        for ended in every:
            log.add(ended)
            if ended.status is Status.OK:
                done.add(ended.name)
            yield ended
        if done:
            gather_tables(plan, [task for task in plan.tasks if task.name in done])
        elif not log.is_new:
            remove_tables(plan.out)
    finally:
        log.close()
    if done:  # with the log in order, which an earlier batch may have begun
        from chromamol.report.write import write_report

        write_report(plan.out, progress=progress)
    if log.trouble:
        raise CallError(log.trouble)


def _one_by_one(
    plan: Plan, settings: Settings, *, overwrite: bool, progress: Progress | None
) -> Iterator[Ended]:
    """Analyse images in this process."""
    for task in plan.tasks:
        yield bring_to_end(task, plan.out, settings, overwrite=overwrite, progress=progress)


def _side_by_side(
    plan: Plan,
    settings: Settings,
    workers: int | None,
    *,
    scheduler: str | None,
    slurm: Path | None,
    overwrite: bool,
) -> Iterator[Ended]:
    """Analyse images on workers; those whose worker died once more, alone."""
    from chromamol.batch.workers import (
        analyse_on,
        default_workers,
        local_workers,
        scheduler_at,
        slurm_workers,
    )

    def some(*, alone: bool) -> AbstractContextManager[Client]:
        if scheduler is not None:
            return scheduler_at(scheduler)
        if slurm is not None:
            return slurm_workers(slurm, alone=alone)
        count = min(workers or default_workers(), len(plan.tasks))
        return local_workers(1 if alone else count)

    lacking: set[str] = set()
    at_work: dict[str, Task] = {}

    def begun() -> Iterator[Task]:
        for task in plan.tasks:
            at_work[task.name] = task
            yield task

    try:
        with some(alone=False) as client:
            for ended in analyse_on(client, begun(), plan.out, settings, overwrite=overwrite):
                if ended.lacked_memory:
                    lacking.add(ended.name)
                else:
                    del at_work[ended.name]
                    yield ended
        if not lacking:
            return
        with some(alone=True) as client:
            for task in plan.tasks:
                if task.name in lacking:
                    (ended,) = analyse_on(client, [task], plan.out, settings, overwrite=overwrite)
                    again = f"{ended.reason} {_ALONE}" if ended.lacked_memory else ended.reason
                    yield replace(ended, reason=again)
    finally:  # of workers that were killed; one that lives, as on a cluster, keeps what it writes
        for task in at_work.values():
            for folder in (task.folder, input_store(task.folder, plan.out)):
                remove_orphans(folder)
