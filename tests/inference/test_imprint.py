"""The imprint of the domains: seen after a wrong reaction length, not after the right one."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from chromamol.equations.chromatin_phase_field import ChromatinPhaseField
from chromamol.images.smoothing import smooth_inside
from chromamol.inference import findings
from chromamol.inference.imprint import Imprint, domain_imprint
from chromamol.simulation import (
    CHROMATIN,
    GRADIENT_LENGTH_NM,
    REACTION_LENGTH_NM,
    simulate_field,
)

MAP_SD_NM, RATE_SD = 40.0, 0.02


def fourier_derivatives(field: np.ndarray, spacing_nm: tuple[float, float]) -> dict:
    k_y = 2 * np.pi * np.fft.fftfreq(field.shape[0], spacing_nm[0])[:, None]
    k_x = 2 * np.pi * np.fft.rfftfreq(field.shape[1], spacing_nm[1])[None, :]
    k2, spectrum = k_y**2 + k_x**2, np.fft.rfft2(field)
    return {
        name: np.fft.irfft2(symbol * spectrum, s=field.shape)
        for name, symbol in (("", 1 + 0 * k2), ("laplacian", -k2), ("bilaplacian", k2**2))
    }


def recovered(truth, ell2_factor: float) -> np.ndarray:
    """The map that the exact e-form gives with a reaction length that may be wrong, smoothed."""
    spacing_nm = getattr(truth, "spacing_nm", (10.0, 10.0))
    equation = ChromatinPhaseField(REACTION_LENGTH_NM * ell2_factor**0.5, GRADIENT_LENGTH_NM)
    rate = equation.recover(
        *(fourier_derivatives(f, spacing_nm) for f in (truth.heterochromatin, truth.euchromatin))
    )
    return smooth_inside(rate, truth.mask, MAP_SD_NM, spacing_nm)


def imprint_of(truth, ell2_factor: float) -> Imprint:
    rate = recovered(truth, ell2_factor)
    spacing_nm = getattr(truth, "spacing_nm", (10.0, 10.0))
    rate_sd = np.full(rate.shape, RATE_SD)
    imprint = domain_imprint(rate, rate_sd, truth.heterochromatin, truth.mask, spacing_nm)
    assert imprint is not None
    return imprint


@pytest.fixture(scope="module")
def gentle() -> SimpleNamespace:
    """A rate with waves of the box; pixels twice as wide as high, 1.4 by 1.2 um."""
    shape, spacing_nm = (140, 60), (10.0, 20.0)
    y_nm, x_nm = (index * side for index, side in zip(np.indices(shape), spacing_nm, strict=True))
    wave = np.sin(2 * np.pi * y_nm / 1400 + 1) * np.cos(2 * np.pi * x_nm / 1200)
    rate = np.exp(0.4 * wave)
    h, e = CHROMATIN.simulate(rate, spacing_nm, seed=3)
    return SimpleNamespace(
        heterochromatin=h, euchromatin=e, mask=np.ones(shape, dtype=bool), spacing_nm=spacing_nm
    )


@pytest.fixture(scope="module", params=("smooth", "spots", "step"))
def field(request):
    return simulate_field(request.param, 0)


def test_uniform_truth_shows_the_sign_of_the_error(uniform):
    long, short = imprint_of(uniform, 1.25), imprint_of(uniform, 0.75)
    assert long.significant
    assert short.significant
    assert long.correlation < -0.9
    assert short.correlation > 0.9
    # What the wrong length adds is (ell'^2 / ell^2 - 1) (lambda - h / e), by the e-form itself.
    added = 0.25 * (uniform.rate - uniform.heterochromatin / uniform.euchromatin)
    waves = [
        np.fft.fftfreq(n, side) for n, side in zip(added.shape, uniform.spacing_nm, strict=True)
    ]
    k2 = waves[0][:, None] ** 2 + waves[1][None, :] ** 2
    seen = np.exp(-2 * np.pi**2 * k2 * MAP_SD_NM**2) * (
        0.5 ** (k2 * (0.5 * long.domain_spacing_nm) ** 2)
        - 0.5 ** (k2 * (1.5 * long.domain_spacing_nm) ** 2)
    )
    expected = np.fft.ifft2(seen * np.fft.fft2(added)).real.std() / 1.3
    assert -long.amplitude == pytest.approx(expected, rel=0.15)


def test_uniform_truth_with_the_right_length_is_clean(uniform):
    imprint = imprint_of(uniform, 1.0)
    assert not imprint.significant
    assert abs(imprint.amplitude) < 0.002
    assert findings.domain_imprint(imprint).code == "no-domain-imprint"


def test_a_length_a_quarter_too_long_is_seen(gentle):
    imprint = imprint_of(gentle, 1.25)
    finding = findings.domain_imprint(imprint)
    assert finding.code == "domain-imprint"
    assert finding.value == imprint.amplitude < 0


def test_a_map_that_varies_within_a_domain_hides_a_length_a_little_too_long(anisotropic):
    """Its own likeness to the domains, 0.7, outweighs the imprint."""
    true, wrong = imprint_of(anisotropic, 1.0), imprint_of(anisotropic, 1.12)
    assert true.correlation > wrong.correlation > 0
    assert findings.domain_imprint(wrong).code == "follows-domains"


def test_a_true_map_never_is_a_negative_of_the_domains(field):
    """It follows them; in hot spots, more than a wrong length makes a smooth map follow them."""
    imprint = imprint_of(field, 1.0)
    assert not (imprint.significant and imprint.amplitude < 0)


def test_hot_spots_may_be_true_and_a_mere_copy_of_the_domains_is_not(uniform):
    """Both follow the domains; a length that is too short shows nothing else."""
    spots, copy = imprint_of(simulate_field("spots", 0, side_px=96), 1.0), imprint_of(uniform, 0.75)
    assert min(spots.amplitude, copy.amplitude) > 0
    assert findings.domain_imprint(spots).code == "follows-domains"
    assert findings.domain_imprint(copy).code == "domain-imprint"


def test_an_uncertain_map_has_no_significant_imprint(uniform):
    rate = recovered(uniform, 1.05)
    heterochromatin = uniform.heterochromatin
    certain, uncertain = (
        domain_imprint(
            rate, np.full(rate.shape, sd), heterochromatin, uniform.mask, uniform.spacing_nm
        )
        for sd in (0.001, 0.3)
    )
    assert certain.significant
    assert not uncertain.significant


def test_maps_of_noise_scatter_as_said(uniform):
    """The correlation of unrelated smooth noise with the domains has the stated spread."""
    rng = np.random.default_rng(0)
    scores = []
    for _ in range(60):
        noise = rng.standard_normal(uniform.mask.shape)
        noise = smooth_inside(noise, uniform.mask, 45.0, uniform.spacing_nm)
        imprint = domain_imprint(
            1 + noise,
            np.zeros(noise.shape),
            uniform.heterochromatin,
            uniform.mask,
            uniform.spacing_nm,
        )
        scores.append(imprint.amplitude / imprint.amplitude_sd)
    assert 0.75 < np.std(scores) < 1.35
    assert abs(np.mean(scores)) < 0.45


def test_blank_parts_and_surroundings_do_not_matter(nucleus):
    rng = np.random.default_rng(1)
    inside = nucleus.mask
    rate = nucleus.rate + 0.1 * smooth_inside(
        rng.standard_normal(inside.shape), inside, 40, (10, 10)
    )
    rate_sd = np.full(inside.shape, 0.05)
    rate[:30] = np.nan
    plain, padded = (
        domain_imprint(
            np.where(inside, rate, outside),
            np.where(inside, rate_sd, np.nan),
            np.where(inside, nucleus.heterochromatin, outside),
            inside,
            nucleus.spacing_nm,
        )
        for outside in (np.nan, 7.0)
    )
    assert plain == padded


def test_no_domains_no_imprint():
    mask = np.ones((40, 60), dtype=bool)
    even = np.full(mask.shape, 0.5)
    assert domain_imprint(even, 0.1 * even, even, mask, (10.0, 12.0)) is None
