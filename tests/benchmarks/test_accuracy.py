"""The accuracy table: every estimator on every image, nothing hidden by an average."""

from __future__ import annotations

import math
from functools import cache, partial
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from chromamol.benchmarks import accuracy as benchmark
from chromamol.benchmarks import alternatives, cases
from chromamol.benchmarks.cases import Case
from chromamol.errors import Cancelled
from chromamol.inference.rate_map import Finding
from chromamol.progress import Silent

CORRELATION_NM = 100.0  # that of `small`
ESTIMATORS = ["plain blur", "Gaussian + algebra", "Savitzky-Golay", "direct", "weak-form"]


class Counter(Silent):
    def __init__(self, most=math.inf):
        self.steps = None
        self.done, self._most = 0, most

    def begin(self, stage, steps=None):
        self.steps = steps

    def advance(self, steps=1):
        self.done += steps
        if self.done >= self._most:
            raise Cancelled


@pytest.fixture
def short_prior(monkeypatch):
    """Draw the fields of the prior with the correlation length of the small images."""
    rate_field = partial(benchmark.rate_field, correlation_nm=CORRELATION_NM)
    monkeypatch.setattr(benchmark, "rate_field", rate_field)
    monkeypatch.setattr(benchmark, "_prior", cache(benchmark._prior.__wrapped__))


@pytest.fixture
def known(small, short_prior, monkeypatch):
    """Put 1.02 (direct: 1.1) times the truth in place of an inference; ell is 4 % too long."""

    def infer(case, method="weak-form", *, ell_known=True):
        factor = {"weak-form": 1.02, "direct": 1.1}[method]
        return SimpleNamespace(
            rate=factor * case.truth,
            findings=() if ell_known else (Finding("ell-fitted", "It was."),),
            reaction_length_nm=1.04 * case.equation.reaction_length_nm,
        )

    monkeypatch.setattr(Case, "infer", infer)
    monkeypatch.setattr(cases, "localised", partial(cases.localised, side_px=64))
    monkeypatch.setattr(benchmark, "bayes_limit", partial(benchmark.bayes_limit, probes=1))
    monkeypatch.setattr(alternatives, "_SIGMAS_PX", (2.0, 4.0))
    monkeypatch.setattr(alternatives, "_WINDOWS_PX", (11, 21))


def test_every_image_is_measured_and_written(known, tmp_path):
    progress = Counter()
    table = benchmark.accuracy(tmp_path, quick=True, progress=progress)
    assert progress.done == progress.steps == 4 * 9 + 3 + 1 + 5 * 3
    pd.testing.assert_frame_equal(pd.read_csv(tmp_path / "accuracy.csv"), table)
    assert (table["seeds"] == 1).all()
    for (box, _field), group in table.groupby(["box", "field"]):
        found = list(dict.fromkeys(group["estimator"]))
        limited = box in {"periodic", "mark turnover", "chi 0.3"}
        others = [*ESTIMATORS, *benchmark.LIMITS] if limited else ESTIMATORS
        assert found == (["ell fitted", "ell known"] if box == "ell unknown" else others)
    errors = table.set_index("estimator")["relative_l2"]
    np.testing.assert_allclose(errors["weak-form"], 0.02)
    np.testing.assert_allclose(errors["direct"], 0.1)
    fitted = table[table["estimator"] == "ell fitted"]
    np.testing.assert_allclose(fitted["ell_error"], 0.04)
    assert set(fitted["field"]) >= {"smooth, ell 100 nm", "smooth, ell 200 nm"}

    errors, counted, limits, lengths = benchmark.to_markdown(table).split("\n\n")
    assert len(errors.splitlines()) == 2 + 6 * 7 + 6 * 5 + 7
    assert "| masked | step | weak-form | 0.0200 (1.000) | 0.0200 (1.000) |" in errors
    assert "| direct | 0.1000 (1.000) |" in counted
    assert len(limits.splitlines()) == 2 + 9 + 9 + 3
    assert "| spots, ell 141.4 nm | 10 % | 1 of 1 | 4.0 % | 0.0200 (1.000) |" in lengths


def test_the_limit_grows_with_the_noise_and_ends_at_the_spread_of_the_field(small, short_prior):
    prior = benchmark._prior("smooth", 48, logarithm=False)
    limits = [
        benchmark.bayes_limit(cases.periodic("smooth", 0, level), prior)
        for level in (0.01, 0.1, 100.0)
    ]
    assert limits == sorted(limits)
    case = cases.periodic("smooth", 0, 0.01)
    spread = case.truth.mean() * math.sqrt(prior.mean() / np.square(case.truth).mean())
    assert limits[0] < 0.05 < 0.7 * spread < limits[-1] < 1.5 * spread


def test_a_run_can_be_stopped(known):
    with pytest.raises(Cancelled):
        benchmark.accuracy(None, quick=True, progress=Counter(most=2))


def row(**changes):
    about = {"box": "crop", "field": "spots", "noise": 0.05, "estimator": "weak-form", "seed": 0}
    return about | {"relative_l2": 0.02, "r": 0.9} | changes


def test_one_image_without_a_map_is_not_hidden_by_the_others():
    table = benchmark.average([row(), row(seed=1, relative_l2=math.nan, r=math.nan)])
    assert table["seeds"].tolist() == [2]
    assert "| crop | spots | weak-form | no map |" in benchmark.to_markdown(table)


def test_the_error_of_ell_is_that_of_the_fitted_ones():
    fitted = partial(row, box="ell unknown", estimator="ell fitted")
    rows = [
        fitted(seed=0, ell_error=0.10, ell_fitted=1),
        fitted(seed=1, ell_error=0.20, ell_fitted=1),
        fitted(seed=2, ell_error=math.nan, ell_fitted=0),
        row(box="ell unknown", estimator="ell known"),
    ]
    lines = benchmark.to_markdown(benchmark.average(rows)).splitlines()
    assert lines[2] == "| spots | 5 % | 2 of 3 | 15.0 % | 0.0200 (0.900) | 0.0200 (0.900) |"
    never = [replaced | {"ell_fitted": 0, "ell_error": math.nan} for replaced in rows]
    lines = benchmark.to_markdown(benchmark.average(never)).splitlines()
    assert lines[2].startswith("| spots | 5 % | 0 of 3 | - |")


def test_the_weak_form_is_better_than_what_else_there_is(small, short_prior):
    case = cases.periodic("smooth", 0, 0.01)
    errors = {row["estimator"]: row["relative_l2"] for row in benchmark._compare("smooth", case)}
    assert set(errors) == {*ESTIMATORS, *benchmark.LIMITS}
    assert errors["weak-form"] < min(errors[name] for name in ESTIMATORS[:4])
