"""Processes that analyse images side by side, here or on a cluster (dask.distributed)."""

from __future__ import annotations

import logging
import os
from concurrent.futures import CancelledError
from contextlib import contextmanager
from itertools import islice
from typing import TYPE_CHECKING, Any

import psutil
import yaml

from chromamol.batch.one import bring_to_end
from chromamol.batch.scratch import scratch_folder
from chromamol.batch.task import Ended, Status
from chromamol.batch.terminal import ctrl_c, track_quietly
from chromamol.errors import CallError, Cancelled
from chromamol.progress import Silent

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from distributed import Client, LocalCluster

    from chromamol.batch.task import Task
    from chromamol.settings import Settings

# The fit of 2,048 x 2,048 pixels takes 0.8 GB ('benchmark scaling'), a worker with torch 0.5 GB.
_GIB_EACH = 2.0
_CONNECT_S = 20
_WAIT_FOR_JOBS_S = 3_600
_LOST = (
    "Its worker was stopped by the system, which happens when memory runs out. Crop it to the "
    "nuclei, or use a computer with more memory."
)
_CONFIG = {
    # A worker that dies fails the image it was at, and no other.
    "distributed.scheduler.allowed-failures": 0,
    "distributed.scheduler.worker-saturation": 1.0,
    # Images are not kept by dask: there is nothing to spill.
    "distributed.worker.memory.target": False,
    "distributed.worker.memory.spill": False,
    "distributed.worker.memory.pause": False,
    "distributed.worker.memory.terminate": 0.95,
    # It keeps an hour of stacks.
    "distributed.worker.profile.enabled": False,
    "distributed.comm.timeouts.connect": f"{_CONNECT_S}s",
}


def default_workers() -> int:
    """Return how many images can be analysed side by side: by cores, and by memory."""
    by_memory = int(psutil.virtual_memory().available / 2**30 / _GIB_EACH)
    return max(1, min(_cores(), by_memory))


def _cores() -> int:
    """Return how many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


@contextmanager
def local_workers(count: int) -> Iterator[Client]:
    """Start processes on this computer; together they use its cores and its memory once.

    Parameters
    ----------
    count : int
    """
    import dask
    from distributed import Client

    threads = str(max(1, _cores() // count))
    variables = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")
    environment = dict.fromkeys(variables, threads) | {"MALLOC_TRIM_THRESHOLD_": "65536"}
    track_quietly()
    with (
        dask.config.set(_CONFIG | {"distributed.nanny.pre-spawn-environ": environment}),
        scratch_folder() as scratch,
        ctrl_c(comes=False),
        _cluster_of(count, scratch) as cluster,
        Client(cluster) as client,
        ctrl_c(comes=True),
    ):
        yield client


def _cluster_of(count: int, scratch: Path) -> LocalCluster:
    """Start worker processes.

    Raises
    ------
    CallError
        If they do not start.
    """
    from distributed import LocalCluster

    try:
        return LocalCluster(
            n_workers=count,
            threads_per_worker=1,
            dashboard_address=None,
            # Its port is opened all the same: one that no other batch has.
            scheduler_kwargs={"dashboard_address": "127.0.0.1:0"},
            silence_logs=logging.CRITICAL,
            local_directory=str(scratch),
        )
    except (OSError, RuntimeError, TimeoutError) as error:
        msg = (
            "The worker processes did not start. In a script, the call has to stand below "
            "'if __name__ == \"__main__\":', as each worker imports the script. Else, try "
            f"--workers 0 ({error})."
        )
        raise CallError(msg) from error


@contextmanager
def scheduler_at(address: str) -> Iterator[Client]:
    """Use the workers of a scheduler that runs already; they see the same folders.

    Raises
    ------
    CallError
        If it cannot be reached, or has no workers.
    """
    import dask
    from distributed import Client

    with dask.config.set(_CONFIG):
        try:
            client = Client(address, timeout=_CONNECT_S)
        except (OSError, ValueError) as error:
            msg = (
                f"The scheduler at {address} cannot be reached ({error}). Start one with 'dask "
                "scheduler', and give its address as it prints it, e.g. tcp://10.0.0.1:8786."
            )
            raise CallError(msg) from error
        with client:
            if not client.nthreads():
                msg = (
                    f"The scheduler at {address} has no workers. Start some with 'dask worker "
                    f"{address} --nthreads 1', in the environment of chromamol."
                )
                raise CallError(msg)
            yield client


@contextmanager
def slurm_workers(file: Path, *, alone: bool) -> Iterator[Client]:
    """Start workers as jobs of SLURM.

    Parameters
    ----------
    file : Path
        YAML: see `slurm_cluster`.
    alone : bool
        One job only.

    Raises
    ------
    CallError
        If the file is wrong, dask-jobqueue is not installed, or no job starts within an hour.
    """
    import dask
    from distributed import Client

    with dask.config.set(_CONFIG):
        cluster, jobs = slurm_cluster(file)
        with cluster, Client(cluster) as client:
            cluster.scale(jobs=1 if alone else jobs)
            try:
                client.wait_for_workers(1, timeout=_WAIT_FOR_JOBS_S)
            except TimeoutError as error:
                msg = f"No job of {file} started within an hour. Look at the queue of SLURM."
                raise CallError(msg) from error
            yield client


def slurm_cluster(file: Path) -> tuple[Any, int]:
    """Describe the jobs of SLURM that a file asks for; none is started.

    Parameters
    ----------
    file : Path
        YAML: ``jobs``, how many; the others are those of dask_jobqueue.SLURMCluster, as ``queue``,
        ``account``, ``memory``, ``walltime``, ``job_script_prologue``. A job is one worker of one
        core, unless ``cores`` and ``processes`` say otherwise.

    Returns
    -------
    cluster : dask_jobqueue.SLURMCluster
        `job_script()` shows what is given to SLURM.
    jobs : int

    Raises
    ------
    CallError
        If the file is wrong, or dask-jobqueue is not installed.
    """
    try:
        from dask_jobqueue.slurm import SLURMCluster
    except ImportError as error:
        msg = "Jobs of SLURM need dask-jobqueue. Install chromamol with the extra 'cluster'."
        raise CallError(msg) from error
    try:
        values = yaml.safe_load(file.read_text(encoding="utf-8"))
        options = {"cores": 1, "processes": 1} | dict(values)
        jobs = int(options.pop("jobs"))
        return SLURMCluster(**options), jobs
    except (OSError, UnicodeError, yaml.YAMLError, KeyError, TypeError, ValueError) as error:
        msg = (
            f"{file} does not describe jobs of SLURM ({type(error).__name__}: {error}). Expected "
            "YAML with jobs (how many), memory (e.g. 8GB), walltime, and what your cluster asks "
            "for, as queue and account: the options of dask_jobqueue.SLURMCluster."
        )
        raise CallError(msg) from error


class _WhileOpen(Silent):
    """The progress at a worker: ends the image when the worker closes, as after Ctrl-C.

    Without it, the worker would be killed soon after, and leave what it had half written.
    """

    def begin(self, stage: str, steps: int | None = None) -> None:
        """Look whether the worker closes."""
        self.advance()

    def advance(self, steps: int = 1) -> None:
        """Look whether the worker closes."""
        from distributed import Status as Worker
        from distributed import get_worker

        if get_worker().status in {Worker.closing, Worker.closed}:
            msg = "The worker closes."
            raise Cancelled(msg)


def analyse_on(
    client: Client,
    tasks: Iterable[Task],
    out: Path,
    settings: Settings,
    *,
    overwrite: bool,
) -> Iterator[Ended]:
    """Analyse images on workers, as many at a time as there are; none waits at a worker.

    Parameters
    ----------
    client : distributed.Client
    tasks : iterable of Task
    out : Path
    settings : Settings
    overwrite : bool

    Yields
    ------
    Ended
        In the order in which they end; of an image whose worker died, that it lacked memory.
    """
    from distributed import KilledWorker, as_completed

    waiting = iter(tasks)
    at_work: dict[Any, Task] = {}
    ended = as_completed()

    def begin(count: int) -> None:
        for task in islice(waiting, count):
            future = client.submit(
                bring_to_end,
                task,
                out,
                settings,
                overwrite=overwrite,
                progress=_WhileOpen(),
                pure=False,
            )
            at_work[future.key] = task
            ended.add(future)

    def fill() -> None:  # workers come and go
        begin(max(1, sum(client.nthreads().values())) - len(at_work))

    fill()
    for future in ended:
        task = at_work.pop(future.key)
        error = future.exception() if future.status == "error" else None
        if error is None:
            try:
                result = future.result()
            except CancelledError as lost_connection:
                msg = "The connection to the workers was lost. Run the same again: it goes on."
                raise CallError(msg) from lost_connection
        elif isinstance(error, KilledWorker | Cancelled):
            result = Ended(task.name, Status.FAILED, _LOST, lacked_memory=True)
        else:
            reason = f"Unexpected error ({error}). Please report it."
            result = Ended(task.name, Status.FAILED, reason)
        future.release()
        fill()
        yield result
