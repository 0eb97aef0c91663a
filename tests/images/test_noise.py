"""The noise estimate on noise of known size and kind."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage

from chromamol.images.noise import estimate_noise, saturated_share

SHAPE = (120, 90)


@pytest.fixture(scope="module")
def smooth() -> np.ndarray:
    y, x = np.indices(SHAPE)
    return 5 + 0.03 * y - 0.02 * x + 0.8 * np.sin(y / 9) * np.cos(x / 12)


@pytest.fixture(scope="module")
def domains() -> np.ndarray:
    """Two phases, 12 px wide, with an interface of 5 px, from 0.05 to 0.75."""
    y, x = np.indices(SHAPE)
    wave = np.sin(2 * np.pi * (y + 6 * np.sin(x / 15)) / 24) + 0.4 * np.cos(2 * np.pi * x / 31)
    return 0.4 + 0.35 * np.tanh(2 * wave)


@pytest.fixture(scope="module")
def mask() -> np.ndarray:
    y, x = np.indices(SHAPE)
    return np.hypot((y - 60) / 55, (x - 45) / 40) < 1


def _white(seed: int) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal(SHAPE)


@pytest.mark.parametrize("sd", [0.05, 0.3, 4.0])
def test_known_noise_on_a_gradient_and_waves(smooth, mask, sd):
    noisy = smooth + sd * _white(1)
    noisy[~mask] = np.nan
    found = estimate_noise(noisy, mask)
    assert found.sd == pytest.approx(sd, rel=0.06)
    assert found.white
    assert not found.poisson


def test_a_smooth_field_has_almost_none(smooth, domains, mask):
    for field, most in ((smooth, 1e-3), (domains, 1e-2)):
        found = estimate_noise(field, mask)
        assert found.sd < most * field[mask].std()
        assert found.white is not False


def test_an_edge_of_the_field_is_no_noise(smooth, mask):
    noisy = smooth + 0.3 * _white(2)
    noisy[:, 40:] += 20
    noisy[30:34, 20:60] -= 15
    assert estimate_noise(noisy, mask).sd == pytest.approx(0.3, rel=0.1)


def test_what_lies_outside_the_mask_does_not_matter(smooth, mask):
    noisy = smooth + 0.3 * _white(3)
    assert estimate_noise(np.where(mask, noisy, 1e6), mask) == estimate_noise(noisy, mask)


@pytest.mark.parametrize("counts", [0.03, 0.2, 1.0, 5.0])
def test_counts_have_the_variance_of_their_mean(domains, mask, counts):
    """Also where most pixels hold none, and in another unit."""
    density = counts * domains / domains[mask].mean()
    drawn = np.random.default_rng(4).poisson(density)
    found = estimate_noise(drawn / 40.0, mask)
    assert found.sd == pytest.approx(np.sqrt(counts) / 40, rel=0.08)
    assert found.poisson
    assert found.white is not False


def test_counts_of_an_even_density_are_white(mask):
    drawn = np.random.default_rng(5).poisson(0.02, SHAPE).astype(np.float64)
    found = estimate_noise(drawn, mask)
    assert found.sd == pytest.approx(np.sqrt(drawn[mask].mean()), rel=0.15)
    assert found.white is not False


def _blurred(sigma: float) -> np.ndarray:
    return ndimage.gaussian_filter(_white(6), sigma)


def _interpolated() -> np.ndarray:
    return ndimage.zoom(_white(7)[:60, :45], 2, order=1, mode="grid-wrap", grid_mode=True)


COLOURED = {
    "blur of 0.5 px": _blurred(0.5),
    "blur of 1 px": _blurred(1.0),
    "blur of 2 px": _blurred(2.0),
    "interpolation": _interpolated(),
}


@pytest.mark.parametrize("name", COLOURED)
def test_noise_that_neighbours_share(domains, mask, name):
    noise = COLOURED[name]
    found = estimate_noise(domains + 0.06 * noise / noise.std(), mask)
    assert found.white is False
    # Pixels side by side, of the noise alone.
    shared = (noise[:, 1:] * noise[:, :-1]).mean() / noise.var()
    assert found.correlation == pytest.approx(shared, abs=0.15)


def test_shared_noise_has_the_size_of_its_long_waves(domains, mask):
    """A blur of 0.5 px leaves the power at long waves, which is that of the white noise."""
    found = estimate_noise(domains + 0.02 * _blurred(0.5), mask)
    assert found.sd == pytest.approx(0.02, rel=0.25)
    assert found.sd_error == np.inf


def test_the_errors_are_those_of_many_draws(domains):
    box = np.ones((36, 44), dtype=bool)
    field = domains[:36, :44]
    draws = [
        estimate_noise(field + 0.02 * np.random.default_rng(seed).standard_normal(box.shape), box)
        for seed in range(120)
    ]
    sds, correlations = (np.array([getattr(d, n) for d in draws]) for n in ("sd", "correlation"))
    assert sds.mean() == pytest.approx(0.02, rel=0.03)
    assert sds.std() / 0.02 == pytest.approx(np.mean([d.sd_error for d in draws]), rel=0.4)
    said = np.mean([d.correlation_error for d in draws])
    assert correlations.std() == pytest.approx(said, rel=0.4)
    assert not any(d.white is False for d in draws)


@pytest.mark.parametrize("shape", [(10, 10), (12, 15)])
def test_a_small_mask_tells_the_size_and_not_the_kind(domains, shape):
    box = np.ones(shape, dtype=bool)
    rows, columns = shape
    window = np.s_[20 : 20 + rows, :columns]
    draws = [estimate_noise((domains + 0.02 * _white(seed))[window], box) for seed in range(40)]
    assert np.mean([d.sd for d in draws]) == pytest.approx(0.02, rel=0.15)
    assert all(d.white is None for d in draws)


def test_a_mask_that_is_too_thin_tells_nothing():
    thin = np.zeros(SHAPE, dtype=bool)
    thin[10:12, 3:7] = True
    found = estimate_noise(_white(8), thin)
    assert found.sd == 0.0
    assert found.white is None
    assert found.sd_error == np.inf


def test_values_that_are_cut_off_pile_up():
    values = np.random.default_rng(9).poisson(40.0, 5000).astype(np.float64)
    assert saturated_share(np.minimum(values, 50.0)) == (values >= 50).mean()


@pytest.mark.parametrize("mean", [0.05, 2.0, 40.0])
def test_the_tail_of_counts_is_not_cut_off(mean):
    assert saturated_share(np.random.default_rng(10).poisson(mean, 5000).astype(np.float64)) == 0
    assert saturated_share(np.full(9, 3.0)) == 0


@pytest.mark.parametrize("per_pixel", [0.02, 0.1, 0.5, 2.0, 8.0])
def test_the_noise_of_counts_is_the_root_of_their_mean(per_pixel):
    rng = np.random.default_rng(0)
    texture = ndimage.gaussian_filter(rng.normal(size=(400, 500)), 3)
    density = 1 / (1 + np.exp(-3 * texture / texture.std()))
    y, x = np.indices(density.shape)
    mask = ((y - 200) / 180) ** 2 + ((x - 250) / 220) ** 2 < 1
    counts = mask * rng.poisson(per_pixel * density / density.mean())
    noise = estimate_noise(counts.astype(float), mask)
    assert noise.sd == pytest.approx(counts[mask].mean() ** 0.5, rel=0.01)
    assert noise.poisson
    assert noise.white
