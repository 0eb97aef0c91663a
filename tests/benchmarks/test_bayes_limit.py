"""The Bayes limit against dense matrices and a closed form."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from numpy.fft import fftfreq, irfft2, rfft2

from chromamol.benchmarks.bayes_limit import bayes_limit, power_spectrum
from chromamol.benchmarks.cases import Case
from chromamol.equations.chromatin_phase_field import ChromatinPhaseField
from chromamol.equations.mark_turnover import MarkTurnover

SHAPE = (12, 10)
K_Y, K_X = (2 * np.pi * fftfreq(size, 10.0) for size in SHAPE)
K2 = (K_Y[:, None] ** 2 + K_X[None, :] ** 2)[:, : SHAPE[1] // 2 + 1]
SPECTRUM = 3.0 * np.exp(-K2 * 6.0**2)


def convolution(factors):
    """Return the matrix that multiplies the spectrum."""
    columns = np.eye(np.prod(SHAPE)).reshape(-1, *SHAPE)
    return irfft2(factors * rfft2(columns), s=SHAPE).reshape(len(columns), -1).T


def a_case(equation, factor):
    truth = 0.5 + 2 * np.random.default_rng(1).random(SHAPE)
    everywhere = np.ones(SHAPE, dtype=bool)
    return Case({}, truth, factor, everywhere, everywhere, equation, "periodic", noise_sd=0.02)


def dense_limit(case, noise_variance, logarithm):
    factor = np.diag(case.factor.ravel())
    precision = factor @ convolution(1 / noise_variance) @ factor
    uniform = np.full(SHAPE, case.truth.mean())
    # A small change of a rate's logarithm, times the rate, is one of the rate.
    slope = np.diag((case.truth if logarithm else uniform).ravel())
    prior = slope @ convolution(SPECTRUM) @ slope
    covariance = np.linalg.inv(precision + np.linalg.inv(prior))
    return np.sqrt(np.trace(covariance) / np.square(case.truth).sum())


@pytest.mark.parametrize("logarithm", [False, True])
@pytest.mark.parametrize("chi", [0.0, 0.4])
def test_two_channels_against_dense_matrices(chi, logarithm):
    equation = ChromatinPhaseField(60.0, 8.0, mixing_energy=chi)
    e = 0.2 + 0.3 * np.random.default_rng(0).random(SHAPE)
    case = a_case(equation, e)
    mean_rate = (case.truth * e).sum() / e.sum()
    seen_e = mean_rate + 60.0**2 * (K2 + 8.0**2 * K2**2)
    seen_h = 1 - chi * 60.0**2 * K2 / 2
    expected = dense_limit(case, 0.02**2 * (seen_e**2 + seen_h**2), logarithm)
    found = bayes_limit(case, SPECTRUM, logarithm=logarithm, probes=400)
    assert found == pytest.approx(expected, rel=0.03)


def test_one_mark_against_the_sum_over_wave_numbers():
    case = a_case(MarkTurnover(60.0), np.full(SHAPE, 0.7))
    both_halves = np.r_[1, 2 * np.ones(4), 1] * np.ones(K2.shape)
    prior = case.truth.mean() ** 2 * SPECTRUM
    variance = 1 / ((0.7 / 0.02 / (1 + 60.0**2 * K2)) ** 2 + 1 / prior)
    expected = np.sqrt((both_halves * variance).sum() / np.square(case.truth).sum())
    assert bayes_limit(case, SPECTRUM, probes=400) == pytest.approx(expected, rel=0.03)


def test_the_limit_is_the_error_of_the_estimator_that_knows_the_prior():
    case = a_case(MarkTurnover(60.0), np.full(SHAPE, 0.7))
    generator = np.random.default_rng(0)
    symbol = 1 + 60.0**2 * K2
    prior = case.truth.mean() ** 2 * SPECTRUM
    errors = []
    for _ in range(300):
        wanted = irfft2(np.sqrt(prior) * rfft2(generator.standard_normal(SHAPE)), s=SHAPE)
        noise = 0.02 * irfft2(symbol * rfft2(generator.standard_normal(SHAPE)), s=SHAPE)
        wiener = 0.7 * prior / (0.7**2 * prior + (0.02 * symbol) ** 2)
        found = irfft2(wiener * rfft2(0.7 * wanted + noise), s=SHAPE)
        errors.append(np.square(found - wanted).sum())
    expected = np.sqrt(np.mean(errors) / np.square(case.truth).sum())
    assert bayes_limit(case, SPECTRUM, probes=400) == pytest.approx(expected, rel=0.03)


def test_the_spectrum_of_white_noise_is_its_variance_and_a_wave_has_its_ring():
    draws = 5 + 1.5 * np.random.default_rng(0).standard_normal((40, 16, 16))
    spectrum = power_spectrum(draws)
    assert spectrum.shape == (16, 9)
    np.testing.assert_allclose(spectrum, 1.5**2, rtol=0.35)
    waves = 2 + np.cos(2 * np.pi * 3 * np.arange(16) / 16) * np.ones((1, 16, 1))
    ring = power_spectrum(waves)
    assert ring[3, 0] == ring[0, 3] == pytest.approx(ring.max())
    assert max(ring[0, 0], ring[5, 0]) < 1e-20


def test_a_mask_or_an_unknown_noise_has_no_limit():
    case = a_case(MarkTurnover(60.0), np.ones(SHAPE))
    for wrong in (replace(case, boundary="no-flux"), replace(case, noise_sd=None)):
        with pytest.raises(ValueError, match="periodic box"):
            bayes_limit(wrong, SPECTRUM)
