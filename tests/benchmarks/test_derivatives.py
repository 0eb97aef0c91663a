"""The comparison of derivative engines: what it measures, leaves out and writes."""

from __future__ import annotations

import math
from concurrent.futures.process import BrokenProcessPool
from dataclasses import replace

import pandas as pd
import pytest
import torch

from chromamol.benchmarks import derivatives as benchmark
from chromamol.benchmarks.derivatives import ENGINES, Case
from chromamol.benchmarks.process import in_fresh_process
from chromamol.errors import CallError


@pytest.fixture(autouse=True)
def _quick_on_one_thread(monkeypatch):
    monkeypatch.setattr(benchmark, "_THREADS", (1, 1))
    monkeypatch.setattr(benchmark, "_WARM_UP", 1)
    monkeypatch.setattr(benchmark, "_SECONDS", 0.0)
    threads = torch.get_num_threads()
    yield
    torch.set_num_threads(threads)


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("order", [1, 2, 4])
def test_a_case_is_measured_and_its_derivatives_are_right(order, engine):
    case = benchmark.measure(Case(order, engine, depth=2, cells=24, radius=5))
    for seconds in (case.seconds_1, case.seconds_2, case.network_seconds_1):
        assert 0 < seconds < 60
    assert case.error_float64 < 0.02
    assert case.error_float64 <= 2 * case.error_float32 < 0.1


def test_memory_of_the_fourth_order_is_what_automatic_differentiation_is_known_for():
    mollifier, autodiff = (
        in_fresh_process(benchmark.measure, Case(4, engine, depth=2, cells=40, radius=5)).peak_mb
        for engine in ("mollifier", "autodiff")
    )
    assert autodiff > 5 * mollifier > 0


def test_a_case_that_is_killed_is_told(monkeypatch, tmp_path):
    def killed(_measure, _case, _device):
        raise BrokenProcessPool

    monkeypatch.setattr(benchmark, "in_fresh_process", killed)
    table = benchmark.derivatives(tmp_path, quick=True)
    assert table["peak_mb"].isna().all()
    assert "killed: not enough memory" in benchmark.to_markdown(table)


def pretend(sizes_mb):
    """Stand in for a fresh process: a case's memory is that of its engine at 32^2, by area."""

    def run(_measure, case, _device):
        peak = sizes_mb[case.engine] * (case.cells / 32) ** 2
        return replace(
            case,
            seconds_1=0.5,
            seconds_2=0.25,
            network_seconds_1=0.4,
            peak_mb=peak,
            error_float32=1e-3,
            error_float64=1e-6,
        )

    return run


def test_a_case_that_would_take_more_than_10_gb_is_listed_and_not_run(monkeypatch, tmp_path):
    sizes = {"mollifier": 1.0, "finite-difference": 1.0, "taylor": 10.0, "autodiff": 700.0}
    monkeypatch.setattr(benchmark, "in_fresh_process", pretend(sizes))
    table = benchmark.derivatives(tmp_path, quick=True)
    assert len(table) == 3 * 4 * 1 * 3
    left_out = table[table["seconds_1"].isna()]
    assert set(zip(left_out["engine"], left_out["cells"], strict=True)) == {("autodiff", 128)}
    assert left_out["peak_mb"].tolist() == [pytest.approx(700 * 16)] * 3
    pd.testing.assert_frame_equal(pd.read_csv(tmp_path / "derivatives.csv"), table)
    assert (tmp_path / "derivatives.png").read_bytes().startswith(b"\x89PNG")

    cost, error = benchmark.to_markdown(table).split("\n\n")
    assert len(cost.splitlines()) == 2 + 3 * 3
    assert "would take 11 GB | - | 25 %" in cost
    assert "500 / 250 ms, 1 MB" in cost
    assert "1.0 x, 700.0 x" in cost
    assert len(error.splitlines()) == 2 + 3 * 3
    assert "1.0e-03 | 1.0e-06" in error


def test_the_radius_is_the_one_for_the_known_function_in_float32():
    radii = [benchmark.derivatives_radius(order, 128) for order in (1, 2, 4)]
    assert radii == sorted(radii)
    coarse, fine = (
        benchmark.measure(Case(4, "mollifier", 2, 48, radius)).error_float32
        for radius in (3, benchmark.derivatives_radius(4, 48))
    )
    assert fine < coarse


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a CUDA device")
def test_a_device_that_is_not_there_is_refused():
    with pytest.raises(CallError, match="no CUDA device"):
        benchmark.derivatives(None, device="cuda")


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
@pytest.mark.parametrize("engine", ENGINES)
def test_a_case_is_measured_on_a_cuda_device(engine):
    case = benchmark.measure(Case(4, engine, depth=2, cells=24, radius=5), "cuda")
    assert case.peak_mb > 0
    assert math.isfinite(case.seconds_1)
    assert case.error_float64 < 0.02
