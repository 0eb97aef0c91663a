"""The benchmark of a batch: what it makes of the times, and that it counts images only."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from chromamol.batch import Ended, Plan, Status, Task
from chromamol.benchmarks import batch as benchmark

if TYPE_CHECKING:
    from pathlib import Path


def pretend(monkeypatch: pytest.MonkeyPatch, status: Status) -> None:
    """Two images of 4 s and a mask; 10 s on one worker, 6 s on two."""
    clock = [0.0]

    def plan_batch(folder: Path, out: Path, **_: object) -> Plan:
        tasks = tuple(Task(name, (), out / name) for name in ("a.tif", "b.tif"))
        return Plan(out, tasks, (Ended("mask.tif", Status.SKIPPED, "It is a mask."),))

    def run_batch(plan: Plan, _: object, *, workers: int) -> list[Ended]:
        clock[0] += {1: 10.0, 2: 6.0}[workers]
        return [*plan.left_out, *(Ended(one.name, status, seconds=4.0) for one in plan.tasks)]

    monkeypatch.setattr(benchmark, "plan_batch", plan_batch)
    monkeypatch.setattr(benchmark, "run_batch", run_batch)
    monkeypatch.setattr(benchmark.time, "perf_counter", lambda: clock[0])


def test_efficiency_and_what_a_batch_adds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pretend(monkeypatch, Status.OK)
    efficiency, added = benchmark._workers("few", tmp_path / "in", benchmark.SETTINGS)
    assert "2 images" in efficiency.what
    assert efficiency.measured == "0.83 (10 s, 6 s)"  # 10 s / (2 x 6 s)
    assert "4.0 s" in added.what
    assert added.measured == "25%"  # 5 s an image, of 4 s


def test_images_that_fail_are_no_measurement(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pretend(monkeypatch, Status.FAILED)
    with pytest.raises(RuntimeError, match=re.escape("2 images failed")):
        benchmark._workers("few", tmp_path / "in", benchmark.SETTINGS)
