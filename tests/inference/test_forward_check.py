"""Simulations with the true map look like the image; with a wrong model they do not."""

from __future__ import annotations

import numpy as np
import pytest

from chromamol.equations.chromatin_phase_field import ChromatinPhaseField
from chromamol.errors import Cancelled
from chromamol.images.smoothing import FWHM_TO_SD, smooth_inside
from chromamol.inference import findings
from chromamol.inference.forward_check import Statistic, forward_check
from chromamol.progress import Silent

ELL_NM, DELTA_NM = 141.4, 10.0
NOISE = 0.05


def check(truth, rate=None, ell_nm=ELL_NM, **channels):
    noise_sd = NOISE * truth.heterochromatin[truth.mask].std()
    densities = truth.channels(NOISE) | channels
    return forward_check(
        np.where(truth.mask, truth.rate if rate is None else rate, np.nan),
        densities["heterochromatin"],
        densities["euchromatin"],
        truth.mask,
        truth.spacing_nm,
        equation=ChromatinPhaseField(ell_nm, DELTA_NM),
        noise_sd=noise_sd,
        periodic=bool(truth.mask.all()),
        seed=7,
    )


@pytest.mark.parametrize("truth", ["nucleus", "uniform"])
def test_the_true_map_explains_the_image(truth, request):
    found = check(request.getfixturevalue(truth))
    assert found.explained, [one for one in found.statistics if not one.agrees]
    assert found.coarse
    assert findings.model_explains(found).code == "model-explains"
    assert len(found.statistics) >= 5
    # The images were simulated with h_max = 0.8.
    assert found.h_max == pytest.approx(0.8, abs=0.06)
    assert found.share == 1


def test_the_radial_profile_is_that_of_the_image(nucleus):
    found = check(nucleus)
    np.testing.assert_allclose(found.radial_simulated, found.radial_measured, atol=0.06)
    assert np.isfinite(found.radial_spread).all()


@pytest.mark.parametrize(("factor", "explained"), [(0.5, True), (2.0, False)])
def test_a_length_wrong_by_a_factor_of_two_is_noticed(uniform, factor, explained):
    """With the map that the e-form gives with that length: f lambda - (f - 1) h / e.

    Where it is too short, that map holds the domains in place.
    """
    f = factor**2
    printed = f * uniform.rate - (f - 1) * uniform.heterochromatin / uniform.euchromatin
    found = check(uniform, rate=printed, ell_nm=factor * ELL_NM)
    assert not found.coarse
    assert found.explained == explained


def test_a_rate_as_fine_as_the_domains_needs_its_detail(anisotropic):
    """Its waves of 360 nm are the spacing of its domains."""
    found = check(anisotropic)
    assert found.explained
    assert not found.coarse
    assert findings.model_explains(found).code == "model-explains-with-detail"


def test_pixels_in_disorder_are_not_explained(nucleus):
    """The same mean contents, no domains."""
    noisy = nucleus.channels(NOISE)["heterochromatin"]
    shuffled = noisy.copy()
    shuffled[nucleus.mask] = np.random.default_rng(0).permutation(noisy[nucleus.mask])
    found = check(nucleus, heterochromatin=shuffled)
    sentence = findings.model_does_not_explain(found).sentence
    assert not found.explained
    assert "contrast of the domains" in sentence


def test_a_wrong_content_is_not_explained(nucleus):
    found = check(nucleus, rate=2 * nucleus.rate)
    differing = {one.name for one in found.statistics if not one.agrees}
    assert "heterochromatin's share of chromatin" in differing


def test_blur_is_put_into_the_simulation(uniform):
    """What a microscope of 120 nm shows has lost half of its contrast."""
    blurred = [
        smooth_inside(field, uniform.mask, 120 * FWHM_TO_SD, uniform.spacing_nm)
        for field in (uniform.heterochromatin, uniform.euchromatin)
    ]
    sharp, found = (
        forward_check(
            uniform.rate,
            *blurred,
            uniform.mask,
            uniform.spacing_nm,
            equation=ChromatinPhaseField(ELL_NM, DELTA_NM),
            psf_nm=psf_nm,
            periodic=True,
        )
        for psf_nm in (0.0, 120.0)
    )
    assert found.explained
    assert abs(found.h_max - 0.8) < abs(sharp.h_max - 0.8)


def test_wide_pixels_are_split(uniform):
    """Pixels of 40 nm: the interfaces of the model are narrower."""
    wide = [
        field.reshape(20, 4, 18, 4).mean(axis=(1, 3))
        for field in (uniform.rate, uniform.heterochromatin, uniform.euchromatin)
    ]
    found = forward_check(
        *wide,
        np.ones((20, 18), dtype=bool),
        (40.0, 40.0),
        equation=ChromatinPhaseField(ELL_NM, DELTA_NM),
        psf_nm=40.0,
        periodic=True,
    )
    assert found.explained
    assert found.h_max == pytest.approx(0.8, abs=0.15)


def test_the_same_seed_gives_the_same_check(anisotropic):
    assert check(anisotropic).statistics == check(anisotropic).statistics


def test_rates_that_no_simulation_can_take_are_replaced(uniform):
    rate = uniform.rate.copy()
    rate[:5], rate[5:8] = np.nan, -0.2
    assert np.isfinite([one.simulated for one in check(uniform, rate=rate).statistics]).all()


def test_progress_may_cancel(uniform):
    class Impatient(Silent):
        def advance(self, steps=1):
            raise Cancelled

    with pytest.raises(Cancelled):
        forward_check(
            uniform.rate,
            uniform.heterochromatin,
            uniform.euchromatin,
            uniform.mask,
            uniform.spacing_nm,
            equation=ChromatinPhaseField(ELL_NM, DELTA_NM),
            progress=Impatient(),
        )


@pytest.mark.parametrize(
    ("measured", "spread", "agrees"), [(120, 1, True), (130, 1, False), (130, 11, True)]
)
def test_agreement_is_25_percent_or_three_spreads(measured, spread, agrees):
    assert Statistic("width", "nm", measured, 100, spread).agrees is agrees
