"""Whiteness of a residual."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage

from chromamol.inference.residual_structure import residual_structure

SPACING_NM = (10.0, 15.0)


@pytest.fixture(scope="module")
def mask() -> np.ndarray:
    y, x = np.indices((120, 90))
    return np.hypot((y - 60) / 55, (x - 45) / 42) < 1


def test_white_noise_is_white_in_most_draws(mask):
    found = [
        residual_structure(
            np.random.default_rng(seed).standard_normal(mask.shape), mask, SPACING_NM
        )
        for seed in range(100)
    ]
    shares = np.array([one.share for one in found])
    assert shares.mean() == pytest.approx(found[0].white_share, rel=0.03)
    assert shares.std() == pytest.approx(found[0].white_share_sd, rel=0.25)
    assert sum(one.structured for one in found) <= 2


def test_the_share_of_structure_is_measured(mask):
    rng = np.random.default_rng(0)
    y, x = np.indices(mask.shape)
    pattern = np.sqrt(2) * np.sin(2 * np.pi * (y * 10 + x * 15) / 600)
    residual = np.where(mask, np.sqrt(0.8) * rng.standard_normal(mask.shape), np.nan)
    found = residual_structure(residual + np.sqrt(0.2) * pattern, mask, SPACING_NM)
    assert found.structured
    assert found.structured_share == pytest.approx(0.2, abs=0.05)


def test_smoothed_noise_counts_as_structure(mask):
    noise = ndimage.gaussian_filter(np.random.default_rng(1).standard_normal(mask.shape), 1.0)
    assert residual_structure(noise, mask, SPACING_NM).structured


def test_nothing_left_is_nothing_to_test(mask):
    assert residual_structure(np.zeros(mask.shape), mask, SPACING_NM) is None
    assert residual_structure(np.full(mask.shape, np.nan), mask, SPACING_NM) is None
