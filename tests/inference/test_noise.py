"""The noise estimate on noise of known size."""

from __future__ import annotations

import numpy as np
import pytest

from chromamol.inference.noise import white_noise_sd

SHAPE = (120, 90)


@pytest.fixture(scope="module")
def smooth() -> np.ndarray:
    y, x = np.indices(SHAPE)
    return 5 + 0.03 * y - 0.02 * x + 0.8 * np.sin(y / 9) * np.cos(x / 12)


@pytest.fixture(scope="module")
def mask() -> np.ndarray:
    y, x = np.indices(SHAPE)
    return np.hypot((y - 60) / 55, (x - 45) / 40) < 1


@pytest.mark.parametrize("sd", [0.05, 0.3, 4.0])
def test_known_noise_on_a_gradient_and_waves(smooth, mask, sd):
    noisy = smooth + sd * np.random.default_rng(1).standard_normal(SHAPE)
    noisy[~mask] = np.nan
    assert white_noise_sd(noisy, mask) == pytest.approx(sd, rel=0.06)


def test_a_smooth_field_has_almost_none(smooth, mask):
    assert white_noise_sd(smooth, mask) < 1e-3 * smooth[mask].std()


def test_an_edge_of_the_field_is_no_noise(smooth, mask):
    noisy = smooth + 0.3 * np.random.default_rng(2).standard_normal(SHAPE)
    noisy[:, 40:] += 20
    noisy[30:34, 20:60] -= 15
    assert white_noise_sd(noisy, mask) == pytest.approx(0.3, rel=0.1)


def test_what_lies_outside_the_mask_does_not_matter(smooth, mask):
    noisy = smooth + 0.3 * np.random.default_rng(3).standard_normal(SHAPE)
    wild = np.where(mask, noisy, 1e6)
    assert white_noise_sd(wild, mask) == white_noise_sd(noisy, mask)


def test_a_mask_that_is_too_thin_tells_nothing():
    mask = np.zeros(SHAPE, dtype=bool)
    mask[10:12] = True
    assert white_noise_sd(np.random.default_rng(4).random(SHAPE), mask) == 0.0
