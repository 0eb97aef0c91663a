"""Processes that analyse images side by side, and what becomes of a batch when they are killed."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
import warnings
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import psutil
import pytest
import tifffile

from chromamol.batch import Ended, Status, Task, plan_batch, run_batch, workers
from chromamol.batch.workers import scheduler_at, slurm_cluster
from chromamol.errors import CallError
from chromamol.inference.foresight import doubts_ahead
from chromamol.settings import Settings

from .conftest import QUICK

if TYPE_CHECKING:
    from collections.abc import Callable

    FolderOf = Callable[..., Path]

START_S = 60.0


def test_two_workers_give_what_one_process_gives_and_a_scheduler_is_used(
    folder_of: FolderOf,
) -> None:
    from distributed import LocalCluster

    folder = folder_of("a.ome.tif", "b.ome.tif")
    (folder / "bad.tif").write_bytes(b"II*\0")
    out = folder.parent / "out"
    plan = plan_batch(folder, out)
    ended = {one.name: one for one in run_batch(plan, QUICK, workers=2)}
    assert {name: one.status.value for name, one in ended.items()} == {
        "a.ome.tif": "ok",
        "b.ome.tif": "ok",
        "bad.tif": "failed",
    }
    assert ended["a.ome.tif"].memory_mb > 50
    alone = plan_batch(folder, folder.parent / "alone")
    list(run_batch(alone, QUICK, workers=0))
    for table in ("nuclei.csv", "domains.csv", "columns.csv"):
        assert (out / table).read_text() == (alone.out / table).read_text()
    for name in ("rate.ome.tif", "rate_sd.ome.tif"):
        pair = (tifffile.imread(where / "b" / name) for where in (out, alone.out))
        np.testing.assert_array_equal(*pair)

    with LocalCluster(
        n_workers=1, threads_per_worker=1, processes=False, dashboard_address=None
    ) as cluster:
        address = cluster.scheduler_address
        again = list(run_batch(plan, QUICK, scheduler=address))
    assert sum(one.before for one in again) == 2


def test_a_worker_that_dies_fails_its_image_only(
    folder_of: FolderOf, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = folder_of(*(f"{name}.ome.tif" for name in "abcdef"))
    marks = folder.parent / "marks"
    marks.mkdir()

    def end(task: Task, *_: object, **__: object) -> Ended:
        times = len(list(marks.glob(f"{Path(task.name).name}*")))
        (marks / f"{Path(task.name).name}.{times}").write_text("begun")
        if task.name == "b.ome.tif" or (task.name == "d.ome.tif" and times == 0):
            os.kill(os.getpid(), signal.SIGKILL)
        return Ended(task.name, Status.SKIPPED)

    monkeypatch.setattr(workers, "bring_to_end", end)
    plan = plan_batch(folder, folder.parent / "out")
    ended = list(run_batch(plan, QUICK, workers=2))
    assert sorted(one.name for one in ended) == [task.name for task in plan.tasks]
    by_name = {one.name: one for one in ended}
    failed = [name for name, one in by_name.items() if one.status is Status.FAILED]
    assert failed == ["b.ome.tif"]
    assert "So it was again when the image was analysed alone" in by_name["b.ome.tif"].reason
    begun = [re.sub(r"\.\d+$", "", mark.name) for mark in marks.iterdir()]
    assert begun.count("b.ome.tif") == begun.count("d.ome.tif") == 2
    # One whose answer was lost with its worker is asked again, and found done.
    assert max(begun.count(name) for name in by_name) == 2


def test_a_batch_that_is_killed_goes_on_where_it_was(folder_of: FolderOf) -> None:
    names = [f"day {number % 2}/{number}.ome.tif" for number in range(3)]
    folder = folder_of(*names)
    out = folder.parent / "out"
    call = [sys.executable, "-m", "chromamol", "batch", str(folder), "-o", str(out)]
    call += ["--workers", "1", "--set", "method=direct", "--set", "nucleus_min_area_um2=0.5"]
    batch = subprocess.Popen(call, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        _wait_until(lambda: len(_complete(out)) >= 1)
        children = psutil.Process(batch.pid).children(recursive=True)
    finally:
        batch.kill()
        batch.wait()
    _wait_until(lambda: not any(child.is_running() for child in children))
    done = {path: path.stat().st_mtime_ns for path in _complete(out)}
    assert 1 <= len(done) < len(names)
    settings = Settings.from_yaml(next(iter(done)).with_name("settings.yaml"))
    assert settings.method == "direct"

    again = subprocess.run(call, capture_output=True, text=True, check=False)
    assert again.returncode == 0, again.stderr
    assert f"3 of 3 images are done ({len(done)} were before)" in again.stdout
    for path, written in done.items():
        assert path.stat().st_mtime_ns == written
    assert len(list(out.rglob("rate.ome.tif"))) == len(names)
    assert not [path for path in out.rglob("*") if ".partial" in path.name]


# SIGINT may be ignored where tests run.
INTERRUPTIBLE = """
import signal
from chromamol.cli import main
if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.default_int_handler)
    main()
"""


@pytest.mark.skipif(sys.platform == "win32", reason="signals are sent in another way")
def test_ctrl_c_ends_the_workers_and_leaves_nothing_torn(folder_of: FolderOf) -> None:
    folder = folder_of(*(f"{number}.ome.tif" for number in range(3)))
    out = folder.parent / "out"
    script = folder.parent / "interruptible.py"
    script.write_text(INTERRUPTIBLE)
    call = ["batch", str(folder), "-o", str(out), "--workers", "2"]
    call += ["--set", "method=direct", "--set", "nucleus_min_area_um2=0.5"]
    temporary = folder.parent / "temporary"
    temporary.mkdir()
    batch = subprocess.Popen(
        [sys.executable, str(script), *call],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        env=os.environ | {"TMPDIR": str(temporary)},
    )
    try:
        _wait_until(lambda: any(".partial" in path.name for path in out.glob(".*")))
        assert list(temporary.glob("chromamol-workers-*"))
        for _ in range(3):  # as a terminal does for all processes, and an impatient user
            os.killpg(batch.pid, signal.SIGINT)
            time.sleep(0.2)
        _, complaint = batch.communicate(timeout=START_S)
    finally:
        batch.kill()
    assert batch.returncode == 130
    said = (*doubts_ahead(QUICK), "Stopped; nothing half-written was left behind.")
    assert tuple(complaint.splitlines()) == said
    assert not [path for path in out.rglob(".*") if ".partial" in path.name]
    assert not list(temporary.glob("chromamol-workers-*"))
    done = len(_complete(out))
    assert done < len(list(folder.iterdir()))
    plan = plan_batch(folder, out)
    assert sum(one.before for one in run_batch(plan, QUICK, workers=0)) == done


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere the system does not tell")
def test_two_batches_do_not_meet_and_nothing_is_open_to_the_network() -> None:
    with (
        warnings.catch_warnings(action="error"),
        workers.local_workers(1),
        workers.local_workers(1),
    ):
        here = psutil.Process()
        opened = [
            connection.laddr
            for process in (here, *here.children(recursive=True))
            for connection in process.net_connections()
            if connection.status == psutil.CONN_LISTEN
        ]
    assert len(opened) > 5
    assert {address.ip for address in opened} == {"127.0.0.1"}


def test_schedulers_and_jobs_that_cannot_be_are_sentences(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workers, "_CONNECT_S", 1)
    for address in ("tcp://127.0.0.1:1", "nonsense://x"):
        with pytest.raises(CallError, match="cannot be reached"), scheduler_at(address):
            pass
    file = tmp_path / "cluster.yaml"
    for text in ("jobs: 2\nqueue: [", "queue: short\n", "jobs: many\n", "jobs: 1\ncolour: red\n"):
        file.write_text(text)
        with pytest.raises(CallError, match="does not describe jobs of SLURM"):
            slurm_cluster(file)
    with pytest.raises(CallError, match="does not describe jobs"):
        slurm_cluster(tmp_path / "none.yaml")


def test_the_script_of_a_job_asks_for_what_the_file_says(tmp_path: Path) -> None:
    file = tmp_path / "cluster.yaml"
    file.write_text(
        "jobs: 12\nqueue: short\naccount: lab\nmemory: 8GB\nwalltime: '04:00:00'\n"
        "job_script_prologue: ['module load python']\n"
    )
    cluster, jobs = slurm_cluster(file)
    with cluster:
        script = cluster.job_script()
    assert jobs == 12
    for line in ("-p short", "-A lab", "--mem=8G", "-t 04:00:00", "module load python"):
        assert line in script
    assert "distributed.cli.dask_worker" in script


def _wait_until(done: Callable[[], bool]) -> None:
    """Wait for something that has to happen."""
    start = time.monotonic()
    while not done():
        assert time.monotonic() - start < START_S
        time.sleep(0.05)


def _complete(out: Path) -> list[Path]:
    """The provenance of each result that is there in whole; hidden folders are being written."""
    found = out.rglob("provenance.json")
    return [path for path in found if not any(part.startswith(".") for part in path.parts)]
