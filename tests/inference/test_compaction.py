"""The compaction map: measured, free of the gain, unaware of what is outside."""

from __future__ import annotations

import numpy as np
import pytest

from chromamol.images.smoothing import smooth_inside
from chromamol.inference.compaction import compaction_map

SPACING_NM = (12.0, 20.0)
SHAPE = (210, 110)


@pytest.fixture(scope="module")
def mask() -> np.ndarray:
    y, x = np.indices(SHAPE)
    return np.hypot((y - 105) / 98, (x - 55) / 50) < 1


@pytest.fixture(scope="module")
def density() -> np.ndarray:
    """Domains 200 nm apart on a slope from 0.8 to 1.2 along y."""
    y, x = np.indices(SHAPE)
    y_nm, x_nm = y * SPACING_NM[0], x * SPACING_NM[1]
    domains = np.cos(2 * np.pi * y_nm / 200) + np.cos(2 * np.pi * x_nm / 200)
    return 0.8 + 0.4 * y / SHAPE[0] + 0.15 * domains


def test_domains_are_smoothed_away_and_the_slope_stays(density, mask):
    compaction, smoothing_nm, source = compaction_map(density, mask, SPACING_NM, 0.0)
    assert source == "domains"
    assert smoothing_nm == pytest.approx(1.25 * 200, rel=0.06)
    assert np.mean(compaction[mask]) == pytest.approx(1, abs=0.01)
    np.testing.assert_array_equal(np.isfinite(compaction), mask)
    y = np.indices(SHAPE)[0]
    deep = mask & (np.abs(y - 105) < 60)
    slope = (0.8 + 0.4 * y / SHAPE[0]) / density[mask].mean()
    assert np.abs(compaction - slope)[deep].max() < 0.05
    assert density[deep].std() > 5 * np.abs(compaction - slope)[deep].std()


def test_gain_and_surroundings_do_not_matter(density, mask):
    plain, _, _ = compaction_map(np.where(mask, density, 0.0), mask, SPACING_NM, 0.1)
    counts, _, _ = compaction_map(np.where(mask, 340 * density, 0.0), mask, SPACING_NM, 34.0)
    np.testing.assert_allclose(counts, plain, rtol=1e-10)


def test_smoothing_a_constant_leaves_it_up_to_the_edge(mask):
    smooth = smooth_inside(np.where(mask, 3.0, np.nan), mask, 150.0, SPACING_NM)
    np.testing.assert_allclose(smooth[mask], 3.0)
    assert np.isnan(smooth[~mask]).all()


def test_without_a_spacing_the_usual_one_is_taken(mask):
    y, _ = np.indices(SHAPE)
    _, smoothing_nm, source = compaction_map(1 + 0.001 * y, mask, SPACING_NM, 0.0)
    assert source == "usual"
    assert smoothing_nm == 235.0


def test_few_counts_are_smoothed_until_noise_is_a_fifth(mask):
    counts = np.random.default_rng(3).poisson(0.01, SHAPE).astype(float)
    sd = 0.01**0.5
    compaction, smoothing_nm, source = compaction_map(counts, mask, SPACING_NM, sd)
    assert source == "noise"
    deep = mask & (smooth_inside(mask.astype(float), mask, smoothing_nm / 2.35, SPACING_NM) > 0)
    assert compaction[deep].std() == pytest.approx(0.2, rel=0.35)
