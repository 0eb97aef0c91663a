"""The regression on a tiny box that repeats, against its dense normal matrix."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from numpy.polynomial import Polynomial

from chromamol.inference.domain import PeriodicBox
from chromamol.inference.regression import EXACT, Regression
from chromamol.inference.rows import Rows
from chromamol.inference.walk import smoothing_walk
from chromamol.progress import Silent

SHAPE, SPACING_NM = (12, 14), (20.0, 25.0)
COUNT = SHAPE[0] * SHAPE[1]
SD = 0.2
DOMAIN = PeriodicBox(SHAPE, SPACING_NM, torch.device("cpu"))


def truth() -> np.ndarray:
    y, x = np.indices(SHAPE)
    return np.cos(2 * np.pi * y / SHAPE[0]) + 0.5 * np.sin(2 * np.pi * x / SHAPE[1] + 1)


@pytest.fixture(scope="module")
def factor() -> np.ndarray:
    return np.random.default_rng(0).uniform(0.5, 1.5, SHAPE)


def rows_of(factor, outline_sd) -> Rows:
    noise = SD * np.random.default_rng(1).standard_normal(SHAPE)
    return Rows(
        factor=torch.from_numpy(factor),
        weight=torch.ones(SHAPE, dtype=torch.float64),
        target=torch.from_numpy(factor * truth() + noise),
        blur=lambda field: field,
        blur_symbol=np.ones(DOMAIN.k2.shape),
        precision=lambda field: field / SD**2,
        variance=Polynomial([SD**2]),
        outline_sd=torch.from_numpy(outline_sd),
        draw_noise=lambda count, generator: (
            SD * torch.randn((count, *SHAPE), generator=generator, dtype=torch.float64)
        ),
    )


@pytest.fixture(scope="module")
def regression(factor) -> Regression:
    return Regression(rows_of(factor, np.zeros(SHAPE)), DOMAIN, 1e-3)


def normal_matrix(factor: np.ndarray, penalty) -> np.ndarray:
    units = torch.eye(COUNT, dtype=torch.float64).reshape(COUNT, *SHAPE)
    return np.diag((factor**2 / SD**2).ravel()) + penalty(units).reshape(COUNT, COUNT).numpy()


def start() -> torch.Tensor:
    return torch.zeros(SHAPE, dtype=torch.float64)


def test_the_smooth_map_and_its_freedom_are_those_of_the_dense_solve(regression, factor):
    regression.calibrate(40.0)
    fit = regression.smooth(40.0, start(), EXACT)
    normal = normal_matrix(factor, fit.prior.apply)
    target = regression._rows.target.numpy()
    right = (factor * target / SD**2).ravel()
    expected = np.linalg.solve(normal, right).reshape(SHAPE)
    np.testing.assert_allclose(fit.field.numpy(), expected, atol=1e-3)
    freedom = np.trace(np.linalg.solve(normal, np.diag((factor**2 / SD**2).ravel())))
    assert fit.degrees_of_freedom == pytest.approx(freedom, rel=0.15)
    misfit = np.mean(((factor * expected - target) / SD) ** 2)
    assert fit.misfit == pytest.approx(misfit, rel=1e-3)


def test_the_walk_picks_a_strength_about_as_good_as_the_best(regression):
    lengths_nm = smoothing_walk(DOMAIN, 200.0)
    found = regression.walk(lengths_nm, start(), Silent())
    assert found.strength in lengths_nm

    def error(length_nm: float) -> float:
        field = regression.smooth(length_nm, start(), EXACT).field.numpy()
        return float(np.sqrt(np.mean((field - truth()) ** 2)))

    errors = [error(length_nm) for length_nm in lengths_nm]
    assert error(found.strength) < 1.3 * min(errors)
    assert error(found.strength) < 0.5 * max(errors)


def test_no_length_to_try_is_an_error(regression):
    with pytest.raises(ValueError, match="no smoothing length"):
        regression.walk([], start(), Silent())


@pytest.mark.parametrize("kind", ["smooth", "edges"])
def test_posterior_draws_have_the_inverse_of_the_normal_matrix(
    regression, factor, kind, monkeypatch
):
    if kind == "smooth":
        fit = regression.smooth(40.0, start(), EXACT)
        monkeypatch.setattr(regression, "_plausible", lambda found, count: [found] * count)
    else:
        fit = regression.edges(0.01, torch.from_numpy(truth()), EXACT, freedom=30.0)
    monkeypatch.setattr(regression, "_smoothed_away", lambda found: torch.zeros_like(found.field))
    drawn = regression.posterior_samples(fit, 12, torch.Generator().manual_seed(3), Silent())
    drawn = drawn.reshape(-1, COUNT).numpy() / fit.noise_scale
    assert len(drawn) == 48
    normal = normal_matrix(factor, fit.prior.apply)
    # L' x is white if the covariance of x is the inverse of L L'.
    white = drawn @ np.linalg.cholesky(normal)
    assert np.mean(white**2) == pytest.approx(1, abs=5 * np.sqrt(2 / white.size))
    sd = np.sqrt(np.diag(np.linalg.inv(normal)))
    assert (drawn.std(axis=0) / sd).mean() == pytest.approx(1, abs=0.12)


def test_draws_hold_what_the_outline_adds_to_the_rows(factor, monkeypatch):
    rng = np.random.default_rng(5)
    outline_sd = np.where(rng.uniform(size=SHAPE) < 0.3, 4 * SD, 0.0)
    rows = rows_of(factor, outline_sd)
    weight = torch.from_numpy(rng.uniform(0.5, 1.0, SHAPE))
    regression = Regression(replace(rows, weight=weight, target=weight * rows.target), DOMAIN, 1e-3)
    fit = regression.smooth(30.0, start(), EXACT)
    monkeypatch.setattr(regression, "_plausible", lambda found, count: [found] * count)
    monkeypatch.setattr(regression, "_smoothed_away", lambda found: torch.zeros_like(found.field))
    drawn = regression.posterior_samples(fit, 60, torch.Generator().manual_seed(3), Silent())
    seen = weight.numpy() * factor
    inverse = np.linalg.inv(normal_matrix(seen, fit.prior.apply))
    of_outline = (seen * weight.numpy() * outline_sd / SD**2).ravel() ** 2
    variance = fit.noise_scale**2 * np.diag(inverse) + (inverse**2) @ of_outline
    assert variance.mean() > 1.5 * fit.noise_scale**2 * np.diag(inverse).mean()
    found = drawn.reshape(-1, COUNT).numpy().var(axis=0)
    assert (found / variance).mean() == pytest.approx(1, abs=0.1)


@pytest.mark.parametrize("kind", ["smooth", "edges"])
def test_draws_hold_what_the_prior_takes_away(regression, factor, kind, monkeypatch):
    if kind == "smooth":
        fit = regression.smooth(60.0, start(), EXACT)
        monkeypatch.setattr(regression, "_plausible", lambda found, count: [found] * count)
    else:
        fit = regression.edges(0.05, torch.from_numpy(truth()), EXACT, freedom=30.0)
    units = torch.eye(COUNT, dtype=torch.float64).reshape(COUNT, *SHAPE)
    penalty = fit.prior.apply(units).reshape(COUNT, COUNT).numpy()
    take = np.linalg.solve(normal_matrix(factor, fit.prior.apply), penalty)
    once = take @ fit.field.ravel().numpy()
    away = once + take @ once
    found = regression._smoothed_away(fit).ravel().numpy()
    np.testing.assert_allclose(found, away, rtol=0, atol=0.03 * np.abs(away).max())

    def drawn(smoothed_away) -> np.ndarray:
        monkeypatch.setattr(regression, "_smoothed_away", lambda _: smoothed_away)
        samples = regression.posterior_samples(fit, 12, torch.Generator().manual_seed(3), Silent())
        return samples.reshape(-1, COUNT).numpy().astype(float)

    field = 10 * torch.from_numpy(away.reshape(SHAPE))
    added = drawn(field) - drawn(torch.zeros_like(field))
    share = added @ field.ravel().numpy() / float((field**2).sum())
    assert share.std() == pytest.approx(1, abs=0.35)
    np.testing.assert_allclose(added, share[:, None] * field.ravel().numpy(), atol=1e-4)
