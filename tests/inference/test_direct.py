"""The direct estimator: a blurred but quick map."""

from __future__ import annotations

import numpy as np
import pytest

from chromamol.equations.chromatin_phase_field import ChromatinPhaseField
from chromamol.inference.direct import DirectEstimator
from chromamol.inference.infer import infer_rates
from chromamol.inference.rate_map import Status
from chromamol.settings import Settings

ELL_NM = 141.4


@pytest.mark.parametrize(("noise", "bound"), [(0.01, 0.065), (0.05, 0.075), (0.10, 0.10)])
def test_accuracy_on_a_smooth_field(smooth, known, noise, bound):
    found = infer_rates(
        **smooth.channels(noise),
        spacing_nm=10.0,
        calibrated=True,
        settings=known.replace(method="direct"),
    )
    assert smooth.error(found.rate) < bound
    assert found.status is Status.CLOSED_FORM
    assert found.exploratory  # no check looks at it
    assert "preview" in {finding.code for finding in found.findings}


def test_accuracy_in_a_nucleus(nucleus):
    found = infer_rates(
        **nucleus.channels(0.05),
        spacing_nm=10.0,
        mask=nucleus.mask,
        calibrated=True,
        settings=Settings(reaction_length_nm=ELL_NM, method="direct", device="cpu"),
    )
    assert nucleus.error(found.rate) < 0.12
    np.testing.assert_array_equal(np.isfinite(found.rate), nucleus.mask)


@pytest.mark.parametrize("noisy", ["heterochromatin", "euchromatin"])
def test_the_stated_sd_is_the_scatter_over_repeated_noise(smooth, known, noisy):
    clean = smooth.channels(0.0)
    sd = 0.05 * smooth.heterochromatin.std()
    maps = [
        infer_rates(
            **{**clean, noisy: smooth.channels(0.05, seed=seed)[noisy]},
            spacing_nm=10.0,
            calibrated=True,
            noise_sd={"heterochromatin": 0.0, "euchromatin": 0.0, noisy: sd},
            settings=known.replace(method="direct"),
        )
        for seed in range(40)
    ]
    scatter = np.std([found.rate for found in maps], axis=0)
    stated = np.mean([found.rate_sd for found in maps], axis=0)
    assert np.median(scatter / stated) == pytest.approx(1, abs=0.06)


def test_an_exact_pair_is_recovered_on_an_anisotropic_grid():
    # e is a wave, h is what the equation (with mixing) needs for a uniform rate of 1.4.
    spacing_nm, shape = (10.0, 16.0), (90, 75)
    equation = ChromatinPhaseField(ELL_NM, 10.0, mixing_energy=0.3)
    y, x = np.indices(shape)
    k_y, k_x = 2 * np.pi / 900, 2 * np.pi / 1200
    wave = np.cos(k_y * y * spacing_nm[0]) * np.cos(k_x * x * spacing_nm[1])
    k2 = k_y**2 + k_x**2
    euchromatin = 0.3 + 0.05 * wave
    gain = (1.4 + equation.transport_symbol(k2)) / equation.mixing_symbol(k2)
    heterochromatin = 1.4 * 0.3 + 0.05 * gain * wave
    everywhere = np.ones(shape, dtype=bool)
    estimator = DirectEstimator(everywhere, spacing_nm, ELL_NM, "wrap")
    rate, _ = estimator.chromatin(euchromatin, heterochromatin, (0.0, 0.0), equation)
    np.testing.assert_allclose(rate, 1.4, rtol=0.005)


def test_beyond_the_mask_the_field_is_its_mirror_image():
    # Even about every side of the mask, this wave is continued exactly: the map has no rim.
    shape = (60, 44)
    y, x = np.indices(shape)
    wave = np.cos(3 * np.pi * (y + 0.5) / 60) * np.cos(2 * np.pi * (x + 0.5) / 44)
    mirrored = DirectEstimator(np.ones(shape, dtype=bool), (10.0, 10.0), 50.0, "mirror")
    equation = ChromatinPhaseField(50.0, 5.0)
    rate, _ = mirrored.chromatin(0.3 + 0.02 * wave, 0.4 + 0.02 * wave, (0.0, 0.0), equation)
    twice = np.block([[wave, wave[:, ::-1]], [wave[::-1], wave[::-1, ::-1]]])
    wrapped = DirectEstimator(np.ones(twice.shape, dtype=bool), (10.0, 10.0), 50.0, "wrap")
    whole, _ = wrapped.chromatin(0.3 + 0.02 * twice, 0.4 + 0.02 * twice, (0.0, 0.0), equation)
    np.testing.assert_allclose(rate, whole[:60, :44], rtol=0.02)
