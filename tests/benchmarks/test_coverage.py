"""The count of intervals that hold the truth, with intervals whose coverage is known."""

from __future__ import annotations

import math
from concurrent.futures import Future
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from chromamol.benchmarks import cases
from chromamol.benchmarks import coverage as benchmark
from chromamol.benchmarks.cases import Case
from chromamol.errors import Cancelled
from chromamol.progress import Silent

SD = 0.05


class Map:
    """The truth with white noise of a known sd, and an sd that is stated."""

    def __init__(self, case, seed, stated=SD):
        noise = SD * np.random.default_rng(seed).standard_normal(case.mask.shape)
        self._rate, self._sd = case.truth + noise, stated

    def interval(self, level):
        half = stats.norm.ppf(0.5 + level / 2) * self._sd
        return self._rate - half, self._rate + half

    def mean_over(self, region):
        return self._rate[region].mean(), self._sd / math.sqrt(region.sum())


class AtOnce:
    """A pool without processes."""

    def __init__(self, *_args, **_options):
        self.stopped = False

    def submit(self, function, *args):
        done = Future()
        done.set_result(function(*args))
        return done

    def shutdown(self, *, cancel_futures):
        assert cancel_futures


@pytest.fixture
def known(small, monkeypatch):
    seeds = iter(range(10_000))
    monkeypatch.setattr(Case, "infer", lambda case: Map(case, next(seeds)))
    monkeypatch.setattr(benchmark, "ProcessPoolExecutor", AtOnce)


def test_intervals_that_are_true_cover_as_they_say(known, tmp_path):
    table = benchmark.coverage(tmp_path, quick=True)
    pd.testing.assert_frame_equal(pd.read_csv(tmp_path / "coverage.csv"), table)
    cells = table.groupby(["box", "field", "noise"], sort=False)
    assert len(cells) == 2 * 3 * 3
    by_part = table.set_index("part")
    assert (by_part.loc["pixels", "draws"] == 4).all()
    np.testing.assert_allclose(by_part.loc["pixels", "covered"], 0.95, atol=0.02)
    np.testing.assert_allclose(by_part.loc["pixels", "width"], 2 * 1.96 * SD, rtol=1e-3)
    for part in ("nucleus", "domains", "zones"):
        counts = by_part.loc[part]
        share = (counts["covered"] * counts["intervals"]).sum() / counts["intervals"].sum()
        assert share == pytest.approx(0.95, abs=4 * math.sqrt(0.05 / counts["intervals"].sum()))
    assert (by_part.loc["zones", "intervals"] == 3 * 4).all()
    lines = benchmark.to_markdown(table).splitlines()
    assert len(lines) == 2 + 18
    assert lines[2].startswith("| periodic | smooth | 1 % | 4 | 9")
    assert " | - | " in lines[2]
    assert " | - | " not in lines[2 + 6]  # the step has an edge


def test_intervals_that_are_too_narrow_are_seen(small, monkeypatch):
    monkeypatch.setattr(Case, "infer", lambda case: Map(case, 0, stated=SD / 2))
    table = benchmark.summarise(benchmark.measure("masked", "smooth", 0, 1))
    covered = table.set_index("part")["covered"]["pixels"].mean()
    assert covered == pytest.approx(stats.norm.cdf(0.98) - stats.norm.cdf(-0.98), abs=0.03)


def test_a_draw_without_a_map_is_not_hidden_by_the_others():
    about = {"box": "masked", "field": "spots", "noise": 0.05, "part": "pixels", "seed": 0}
    mapped = about | benchmark._count(np.zeros(3), np.ones(3), np.array([0.5, 0.5, 2.0]))
    assert (mapped["intervals"], mapped["inside"], mapped["width"]) == (3, 2, 1.0)
    missing = about | benchmark._count(np.full(3, np.nan), np.ones(3), np.ones(3))
    table = benchmark.summarise([mapped, missing])
    assert table["draws"].tolist() == [2]
    assert "| masked | spots | 5 % | 2 | no map |" in benchmark.to_markdown(table)
    assert benchmark.summarise([mapped])["covered"].tolist() == [pytest.approx(2 / 3)]


def test_the_edge_of_a_step_is_what_is_within_30_nm_of_it():
    truth = np.where(np.arange(40) < 25, 1.6, 0.7) * np.ones((30, 1))
    mask = np.ones(truth.shape, dtype=bool)
    mask[:, :4] = False
    parts = benchmark._pixels(SimpleNamespace(truth=truth, mask=mask), "step")
    assert np.flatnonzero(parts["edge"][7]).tolist() == [22, 23, 24, 25, 26, 27]
    assert np.array_equal(parts["edge"] | parts["pixels"], mask)
    assert not (parts["edge"] & parts["pixels"]).any()


def test_zones_share_the_nucleus_from_rim_to_centre(small):
    case = cases.masked("smooth", 1, 0.05)
    regions = benchmark._regions(case)
    assert np.array_equal(regions["nucleus"][0], case.mask)
    rim, middle, centre = regions["zones"]
    assert np.array_equal(sum(map(np.asarray, (rim, middle, centre))), case.mask.astype(int))
    areas = [zone.sum() / case.mask.sum() for zone in (rim, middle, centre)]
    np.testing.assert_allclose(areas, 1 / 3, atol=0.08)
    y, x = np.indices(case.mask.shape) - 23.5
    radius = np.hypot(y, x)
    assert radius[rim].mean() > radius[middle].mean() > radius[centre].mean()
    assert regions["domains"]
    for domain in regions["domains"]:
        assert not (domain & ~case.mask).any()


def test_a_run_can_be_stopped(known):
    class Stopping(Silent):
        def advance(self, steps=1):
            raise Cancelled

    with pytest.raises(Cancelled):
        benchmark.coverage(None, quick=True, progress=Stopping())


def test_the_intervals_of_an_inference_hold_the_truth(small):
    table = benchmark.summarise(benchmark.measure("periodic", "smooth", 0, 1))
    covered = table.set_index("part")["covered"]
    assert 0.6 < covered["pixels"].mean() <= 1
    assert covered[["nucleus", "zones"]].mean() > 0.5
    assert (table["width"] > 0).all()
