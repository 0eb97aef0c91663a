"""Both forms of the phase field against the equation as it stands, with Fourier Laplacians."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import fft

from chromamol.equations.chromatin_difference import ChromatinDifference
from chromamol.equations.chromatin_phase_field import ChromatinPhaseField

ELL, DELTA, H_MAX = 141.4, 15.0, 0.75
SHAPE, SPACING = (48, 64), (9.0, 7.0)


def _wave_numbers(shape, spacing):
    """i k along each axis, broadcastable; the last axis is x."""
    return [
        (2j * np.pi * fft.fftfreq(size, side)).reshape([-1 if i == j else 1 for j in range(axes)])
        for axes in [len(shape)]
        for i, (size, side) in enumerate(zip(shape, spacing, strict=True))
    ]


def _derivatives(field: np.ndarray, spacing) -> dict[str, np.ndarray]:
    waves = _wave_numbers(field.shape, spacing)
    names = "zyx"[-field.ndim :]
    square = sum(wave**2 for wave in waves)
    factors = {"": 1.0, "laplacian": square, "bilaplacian": square**2}
    factors |= dict(zip(names, waves, strict=True))
    spectrum = fft.fftn(field)
    return {name: fft.ifftn(factor * spectrum).real for name, factor in factors.items()}


def _laplacian(field: np.ndarray, spacing) -> np.ndarray:
    return _derivatives(field, spacing)["laplacian"]


def _smooth(shape, seed: int, mean: float) -> np.ndarray:
    """Waves of at most three periods, so that the cube of the field is resolved too."""
    generator = np.random.default_rng(seed)
    field = np.full(shape, mean)
    angles = np.meshgrid(*(2 * np.pi * np.arange(n) / n for n in shape), indexing="ij")
    for _ in range(6):
        periods = generator.integers(-3, 4, len(shape))
        phase = generator.uniform(0, 2 * np.pi)
        field += 0.04 * np.cos(sum(map(np.multiply, periods, angles)) + phase)
    return field


def _rates_of_change(equation, h, e, rate, spacing):
    """dh/dt and de/dt over Gamma_ac, from the chemical potentials."""
    ell2, delta2, chi = ELL**2, DELTA**2, equation.mixing_energy
    mu_h = 2 * h * (H_MAX - h) * (H_MAX - 2 * h) + chi * e - 2 * delta2 * _laplacian(h, spacing)
    mu_e = 2 * e + chi * h - 2 * delta2 * _laplacian(e, spacing)
    exchange = rate * e - h
    return (
        ell2 / 2 * _laplacian(mu_h, spacing) + exchange,
        ell2 / 2 * _laplacian(mu_e, spacing) - exchange,
    )


@pytest.mark.parametrize("chi", [0.0, -0.6])
@pytest.mark.parametrize(
    ("shape", "spacing"), [((40,), (9.0,)), (SHAPE, SPACING), ((24, 20, 22), (9.0, 7.0, 8.0))]
)
def test_residuals_are_the_rates_of_change_of_the_docstring(chi, shape, spacing):
    h, e, rate = _smooth(shape, 1, 0.3), _smooth(shape, 2, 0.4), _smooth(shape, 3, 1.2)
    fields = _derivatives(h, spacing), _derivatives(e, spacing)
    for form in (ChromatinPhaseField, ChromatinDifference):
        equation = form(ELL, DELTA, mixing_energy=chi, h_max=H_MAX)
        h_change, e_change = _rates_of_change(equation, h, e, rate, spacing)
        expected = e_change if form is ChromatinPhaseField else -(h_change - e_change) / 2
        assert np.abs(expected).max() > 1
        np.testing.assert_allclose(equation.residual(*fields, rate), expected, atol=1e-10)


@pytest.mark.parametrize("chi", [0.0, -0.4])
def test_a_simulated_steady_state_gives_its_rate_back(chi):
    y, x = (2 * np.pi * np.arange(size) / size for size in SHAPE)
    rate = 1.1 + 0.3 * np.cos(y)[:, None] - 0.2 * np.sin(x)[None, :]
    difference = ChromatinDifference(ELL, DELTA, mixing_energy=chi, h_max=H_MAX)
    h, e = difference.simulate(rate, SPACING, settled=1e-6, duration=400, time_step=0.2)
    assert h.std() > 0.05
    fields = _derivatives(h, SPACING), _derivatives(e, SPACING)
    linear = ChromatinPhaseField(ELL, DELTA, mixing_energy=chi)
    for equation in (linear, difference):
        assert np.abs(equation.residual(*fields, rate)).max() < 1e-3
        np.testing.assert_allclose(equation.recover(*fields), rate, atol=5e-3)
    # A uniform rate instead is refused by both.
    for equation in (linear, difference):
        assert np.abs(equation.residual(*fields, rate.mean())).max() > 0.03
