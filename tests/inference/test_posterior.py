"""Standard deviations of means, from draws whose covariance is known."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from chromamol.inference.grid import MaskGrid, PeriodicGrid
from chromamol.inference.posterior import Posterior

SHAPE, SPACING_NM = (24, 30), (10.0, 16.0)
DRAWS, SD = 2000, 0.3


def _posterior(errors: np.ndarray, grid: PeriodicGrid | MaskGrid, smoothing_nm: float) -> Posterior:
    shape = errors.shape[1:]
    inside = np.ones(shape, dtype=bool)
    return Posterior(errors.astype(np.float32), np.ones(shape), inside, grid, smoothing_nm)


@pytest.fixture(scope="module")
def white() -> Posterior:
    grid = PeriodicGrid(SHAPE, SPACING_NM, 1.0)
    errors = SD * np.random.default_rng(0).standard_normal((DRAWS, *SHAPE))
    return _posterior(errors, grid, 20.0)


@pytest.fixture(scope="module")
def region() -> np.ndarray:
    region = np.zeros(SHAPE, dtype=bool)
    region[3:9, 5:20] = True
    return region


def test_the_mean_of_independent_errors(white, region):
    expected = SD / np.sqrt(region.sum())
    assert white.mean_sd(region) == pytest.approx(expected, rel=4 / np.sqrt(2 * DRAWS))
    np.testing.assert_allclose(white.sd(), SD, rtol=0.05)


def test_the_mean_of_errors_that_are_alike_everywhere(region):
    errors = np.random.default_rng(1).standard_normal((500, 1, 1)) * np.ones((500, *SHAPE))
    alike = _posterior(errors, PeriodicGrid(SHAPE, SPACING_NM, 1.0), 20.0)
    expected = np.sqrt(np.mean(errors[:, 0, 0] ** 2))
    assert alike.mean_sd(region) == pytest.approx(expected, rel=1e-5)
    assert alike.mean_sd(np.ones(SHAPE, dtype=bool)) == pytest.approx(expected, rel=1e-5)
    # Of a map over its mean, nothing of that is left.
    relative = alike.over_mean(np.full(SHAPE, 2.0))
    assert np.abs(relative.errors).max() < 1e-5


def test_pixels_of_a_mask_weigh_by_their_share_of_a_bin():
    mask = np.ones(SHAPE, dtype=bool)
    grid = MaskGrid.of(mask, SPACING_NM, resolution_nm=33.0, padding_nm=30.0)
    assert grid.factor == 2
    errors = np.random.default_rng(2).standard_normal((DRAWS, *grid.box_shape))
    posterior = _posterior(errors, grid, 20.0)
    region = np.zeros(SHAPE, dtype=bool)
    region[4:7, 6:10] = True  # two bins whole, two by half
    expected = np.sqrt(2 * 4**2 + 2 * 2**2) / 12
    assert posterior.mean_sd(region) == pytest.approx(expected, rel=4 / np.sqrt(2 * DRAWS))


def test_scaling_scales_the_sd(white, region):
    scaled = white.scaled(2.5)
    assert scaled.mean_sd(region) == pytest.approx(2.5 * white.mean_sd(region), rel=1e-5)


def test_over_its_mean_a_map_has_the_errors_of_the_quotient(white):
    y, x = np.indices(SHAPE)
    rate = 2 + np.cos(2 * np.pi * y / SHAPE[0]) + 0.5 * np.sin(2 * np.pi * x / SHAPE[1])
    step = 1e-4
    relative = white.over_mean(rate)
    for draw in (0, 7):
        error = white.errors[draw].astype(np.float64)
        moved = rate + step * error
        expected = (moved / moved.mean() - rate / rate.mean()) / step
        np.testing.assert_allclose(relative.errors[draw], expected, atol=1e-4)
    assert relative.mean_sd(np.ones(SHAPE, dtype=bool)) < 1e-6


def test_blank_pixels_are_no_part_of_the_mean(white):
    rate = np.full(SHAPE, 3.0)
    rate[:6] = np.nan
    relative = white.over_mean(rate)
    assert relative.mean_sd(np.isfinite(rate)) < 1e-6
    assert relative.mean_sd(np.isnan(rate)) > 0.001


def test_the_sd_is_smooth_at_its_length():
    grid = PeriodicGrid(SHAPE, SPACING_NM, 1.0)
    x = np.indices(SHAPE)[1]
    true_sd = 1 + 0.5 * np.cos(2 * np.pi * x / SHAPE[1])
    errors = true_sd * np.random.default_rng(3).standard_normal((48, *SHAPE))
    sd = _posterior(errors, grid, 30.0).sd()
    assert np.abs(sd / true_sd - 1).max() < 0.15
    raw = torch.from_numpy(errors).std(dim=0).numpy()
    assert (sd / true_sd).std() < 0.5 * (raw / true_sd).std()


def test_bins_outside_do_not_leak_into_the_sd():
    grid = PeriodicGrid(SHAPE, SPACING_NM, 1.0)
    inside = np.zeros(SHAPE, dtype=bool)
    inside[4:20, 5:25] = True
    level = np.where(np.arange(SHAPE[1]) < 15, 1.0, 3.0) * np.ones(SHAPE)
    spread = np.where(inside, SD, 50.0) * level
    errors = spread * np.random.default_rng(4).standard_normal((DRAWS, *SHAPE))
    sd = Posterior(errors.astype(np.float32), level, inside, grid, 30.0).sd()
    np.testing.assert_allclose(sd[inside], (SD * level)[inside], rtol=0.05)
