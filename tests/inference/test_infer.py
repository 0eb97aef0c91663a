"""The one entry: what the map says about itself, and what the caller can do with it."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage

from chromamol.errors import CallError, Cancelled, InputError
from chromamol.inference.density_only import FlatPotential
from chromamol.inference.infer import infer_rates
from chromamol.inference.rate_map import Quantity, Scale, Status
from chromamol.results.in_words import DOUBTS
from chromamol.settings import Settings

ELL_NM = 141.4


def _codes(rate_map) -> set[str]:
    return {finding.code for finding in rate_map.findings}


def test_the_length_is_fitted_within_ten_percent(smooth, known):
    found = infer_rates(
        **smooth.channels(0.05),
        spacing_nm=10.0,
        calibrated=True,
        settings=known.replace(reaction_length_nm="fit"),
    )
    assert found.reaction_length_nm == pytest.approx(ELL_NM, rel=0.1)
    assert "ell-fitted" in _codes(found)
    assert smooth.error(found.rate) < 0.1


def test_uncalibrated_channels_give_a_relative_map_that_no_gain_changes(smooth, known):
    channels = smooth.channels(0.05)
    settings = known.replace(reaction_length_nm="fit")
    found = infer_rates(**channels, spacing_nm=10.0, settings=settings)
    assert found.scale is Scale.RELATIVE
    assert "uncalibrated" in _codes(found)
    assert np.nanmean(found.rate) == pytest.approx(1)
    assert smooth.error(found.rate, smooth.rate / smooth.rate.mean()) < 0.1
    # The gain is in the length: both channels were scaled to the same mean.
    gain = smooth.euchromatin.mean() / smooth.heterochromatin.mean()
    assert found.reaction_length_nm == pytest.approx(ELL_NM * gain**0.5, rel=0.1)
    counts = infer_rates(
        350 * channels["heterochromatin"],
        80 * channels["euchromatin"],
        spacing_nm=10.0,
        settings=settings,
    )
    np.testing.assert_allclose(counts.rate, found.rate, rtol=1e-3)


@pytest.mark.parametrize("coarse", [{"spacing_nm": 50.0}, {"spacing_nm": 10.0, "psf_nm": 60.0}])
def test_an_image_too_coarse_for_the_model_gets_no_map(smooth, coarse):
    found = infer_rates(
        **smooth.channels(0.05),
        **coarse,
        calibrated=True,
        settings=Settings(reaction_length_nm=ELL_NM),
    )
    assert found.status is Status.REJECTED
    assert "too-coarse" in _codes(found)
    assert np.isnan(found.rate).all()
    assert np.isnan(found.rate_sd).all()
    assert np.isfinite(found.compaction).all()


def test_a_total_density_without_the_exploratory_fit_is_a_compaction_map(smooth):
    found = infer_rates(
        **smooth.channels(0.05, "total"),
        spacing_nm=10.0,
        settings=Settings(density_rate=False),
    )
    assert found.status is Status.NOT_ASKED
    assert found.quantity is Quantity.DENSITY_ONLY
    assert found.exploratory
    assert np.isnan(found.rate).all()
    assert found.compaction.mean() == pytest.approx(1, abs=0.05)


class _Stopping:
    """A front end whose user loses patience after some steps."""

    def __init__(self, patience: int) -> None:
        self.left = patience
        self.stages: list[str] = []

    def begin(self, stage: str, steps: int | None = None) -> None:
        self.stages.append(stage)

    def advance(self, steps: int = 1) -> None:
        self.left -= steps
        if self.left < 0:
            raise Cancelled


@pytest.mark.parametrize("patience", [0, 3, 12])
def test_a_cancelled_run_stops(smooth, known, patience):
    progress = _Stopping(patience)
    with pytest.raises(Cancelled):
        infer_rates(
            **smooth.channels(0.05),
            spacing_nm=10.0,
            calibrated=True,
            settings=known,
            progress=progress,
        )
    assert "inferring the rate" in progress.stages


def test_progress_says_what_is_going_on(smooth, known):
    progress = _Stopping(10_000)
    settings = known.replace(forward_check=True)
    infer_rates(**smooth.channels(0.05), spacing_nm=10.0, settings=settings, progress=progress)
    assert progress.stages == [
        "measuring compaction",
        "inferring the rate",
        "estimating the uncertainty",
        "checking the reaction length",
    ]


def test_what_lies_outside_the_mask_changes_nothing(nucleus):
    channels = nucleus.channels(0.05)
    settings = Settings(reaction_length_nm=ELL_NM, method="direct")
    first, second = (
        infer_rates(
            **{role: np.where(nucleus.mask, field, fill) for role, field in channels.items()},
            spacing_nm=10.0,
            mask=nucleus.mask,
            calibrated=True,
            settings=settings,
        )
        for fill in (np.nan, 1e9)
    )
    np.testing.assert_array_equal(first.rate, second.rate)
    np.testing.assert_array_equal(first.rate_sd, second.rate_sd)
    np.testing.assert_array_equal(first.compaction, second.compaction)


@pytest.mark.parametrize("psf_nm", [-1.0, float("nan"), float("inf")])
def test_a_psf_that_is_no_width(psf_nm):
    density = np.random.default_rng(0).uniform(0.2, 0.4, (20, 30))
    with pytest.raises(CallError, match="psf_nm"):
        infer_rates(total=density, spacing_nm=10.0, psf_nm=psf_nm)


def test_a_total_of_unknown_gain_is_exploratory(smooth, known):
    channels = smooth.channels(0.05, "total", "euchromatin")
    found = infer_rates(**channels, spacing_nm=10.0, settings=known)
    assert found.exploratory
    assert "uncalibrated-total" in _codes(found)


def test_pixels_larger_than_the_spacing_of_domains_are_too_coarse():
    density = np.random.default_rng(0).uniform(0.2, 0.4, (2, 30, 40))
    found = infer_rates(*density, spacing_nm=200.0)
    assert found.status is Status.REJECTED
    assert np.isnan(found.rate).all()
    assert "too-coarse" in _codes(found)


def test_the_density_only_map_is_blank_along_a_cut(monkeypatch):
    blank = FlatPotential(np.ones((60, 80)), np.zeros((60, 80)), rejected="")
    monkeypatch.setattr("chromamol.inference.density_only.fit_flat_potential", lambda *_: blank)
    density = np.random.default_rng(0).uniform(0.2, 0.4, (60, 80))
    settings = Settings(reaction_length_nm=100.0)
    found = infer_rates(total=density, spacing_nm=(10.0, 8.0), settings=settings)
    assert np.isnan(found.rate[:8]).all()
    assert np.isnan(found.rate[:, :10]).all()
    assert np.isfinite(found.rate[30, 40])
    assert "cut-by-border" in _codes(found)


GIVEN = Settings(reaction_length_nm=ELL_NM, forward_check=False, device="cpu")


def _error(rate: np.ndarray, truth: np.ndarray) -> float:
    known = np.isfinite(rate)
    return float(np.sqrt(np.mean((rate - truth)[known] ** 2) / np.mean(truth[known] ** 2)))


def _inferred(nucleus, *, noise: float = 0.05, settings: Settings = GIVEN, **how):
    h, e, noise_sd = nucleus.with_noise(noise, 0)
    mask = None if nucleus.mask.all() else nucleus.mask
    how = {"spacing_nm": 10.0, "mask": mask, "calibrated": True, "noise_sd": noise_sd, **how}
    return infer_rates(h, e, settings=settings, **how)


def test_plateaus_get_a_map_with_edges_and_a_smooth_rate_does_not(compartments, smooth, known):
    found = _inferred(compartments, settings=known)
    assert "map-with-edges" in _codes(found)
    assert _error(found.rate, compartments.rate) < 0.04
    gentle = infer_rates(**smooth.channels(0.05), spacing_nm=10.0, calibrated=True, settings=known)
    assert "map-with-edges" not in _codes(gentle)
    assert "resolution-of-the-map" in _codes(gentle)


def test_a_small_nucleus_passes_the_null_test_and_its_mean_is_right(small_nucleus):
    found = _inferred(small_nucleus)
    assert _error(found.rate, small_nucleus.rate) < 0.06
    assert "null-test" in _codes(found)
    inside = small_nucleus.mask
    mean, sd = found.mean_over(inside)
    assert abs(mean - small_nucleus.rate[inside].mean()) < 5 * sd
    assert 0 < sd < np.nanmean(found.rate_sd)


def test_a_known_acetylation_rate_gives_rates_per_second(small_nucleus):
    ratio = _inferred(small_nucleus)
    absolute = _inferred(small_nucleus, settings=GIVEN.replace(acetylation_rate_per_s=3e-4))
    assert (ratio.scale, absolute.scale) == (Scale.RATIO, Scale.ABSOLUTE)
    assert (ratio.unit, absolute.unit) == ("", "1/s")
    np.testing.assert_allclose(absolute.rate, 3e-4 * ratio.rate, rtol=1e-6)
    np.testing.assert_allclose(absolute.rate_sd, 3e-4 * ratio.rate_sd, rtol=1e-4)
    region = small_nucleus.mask & (np.indices(small_nucleus.mask.shape)[0] < 30)
    expected = 3e-4 * np.array(ratio.mean_over(region))
    np.testing.assert_allclose(absolute.mean_over(region), expected, rtol=1e-4)


def test_twice_the_right_length_is_no_plausible_map(small_nucleus):
    wrong = GIVEN.replace(reaction_length_nm=300.0, forward_check=True)
    found = _inferred(small_nucleus, settings=wrong, calibrated=False)
    assert "ell-doubtful" in _codes(found) & DOUBTS
    (finding,) = (each for each in found.findings if each.code == "ell-doubtful")
    assert finding.value == pytest.approx(300 / 1.3)


def test_no_euchromatin_in_a_region_leaves_it_blank(smooth):
    channels = smooth.channels(0.02)
    y, x = np.indices(smooth.mask.shape)
    empty = np.hypot(y - 40, x - 30) < 12
    channels["euchromatin"][empty] *= 0
    settings = GIVEN.replace(method="direct")
    found = infer_rates(**channels, spacing_nm=10.0, calibrated=True, settings=settings)
    assert "no-euchromatin" in _codes(found)
    assert np.isnan(found.rate[np.hypot(y - 40, x - 30) < 8]).all()


def test_pieces_of_a_mask_are_counted_and_small_ones_left_out():
    density = np.random.default_rng(0).uniform(0.2, 0.4, (2, 60, 70))
    mask = np.zeros((60, 70), dtype=bool)
    mask[4:56, 4:30] = mask[4:56, 36:60] = mask[10:14, 64:68] = True
    found = infer_rates(
        *density, spacing_nm=10.0, mask=mask, settings=GIVEN.replace(method="direct")
    )
    (pieces,) = [finding for finding in found.findings if finding.code == "mask-in-pieces"]
    assert pieces.value == 2
    assert np.isnan(found.rate[10:14, 64:68]).all()


def test_a_nucleus_of_ten_pixels_is_said_to_be_too_small():
    mask = np.zeros((20, 30), dtype=bool)
    mask[5:7, 5:10] = True
    density = np.random.default_rng(0).uniform(0.2, 0.4, (2, 20, 30))
    with pytest.raises(InputError, match="10 pixels; at least 64"):
        infer_rates(*density, spacing_nm=10.0, mask=mask)


def test_noise_above_the_signal_is_said():
    density = 0.3 + 0.1 * np.random.default_rng(1).standard_normal((2, 60, 70))
    found = infer_rates(*density, spacing_nm=10.0, settings=GIVEN.replace(method="direct"))
    assert "noise-above-signal" in _codes(found)


def test_channels_that_have_nothing_in_common_get_no_map_and_no_word_about_one():
    rng = np.random.default_rng(7)
    y, x = np.indices((32, 38))
    inside = np.hypot((y - 15) / 14, (x - 18) / 17) < 1
    counts = []
    for _ in range(2):
        pattern = ndimage.gaussian_filter(rng.standard_normal(inside.shape), 3)
        density = 1 / (1 + np.exp(-4 * pattern / pattern.std()))
        counts.append(rng.poisson(40 * density).astype(np.float64))
    found = infer_rates(*counts, mask=inside, spacing_nm=20.0, settings=GIVEN)
    assert found.status is Status.NOT_CONVERGED
    assert np.isnan(found.rate).all()
    assert np.isnan(found.residual).all()
    about_a_map = {"resolution-of-the-map", "null-test", "uncalibrated", "ell-given"}
    assert not _codes(found) & {*about_a_map, "vanishing-rate", "uncalibrated-fixed-ell"}


def test_blur_that_is_known_is_taken_out(smooth, known):
    channels = {
        role: ndimage.gaussian_filter(field, 4.0 / np.sqrt(8 * np.log(2)), mode="wrap")
        for role, field in smooth.channels(0.0).items()
    }
    rng = np.random.default_rng(2)
    sd = 0.02 * smooth.heterochromatin.std()
    blurred = {
        role: field + sd * rng.standard_normal(field.shape) for role, field in channels.items()
    }
    sharp, plain = (
        infer_rates(
            **blurred, spacing_nm=10.0, calibrated=True, noise_sd=sd, psf_nm=psf, settings=known
        )
        for psf in (40.0, None)
    )
    assert smooth.error(sharp.rate) < 0.05
    assert smooth.error(sharp.rate) < smooth.error(plain.rate)


def test_an_unknown_gain_beside_a_total_widens_the_uncertainty(smooth, known):
    channels = smooth.channels(0.02, "total", "euchromatin")
    calibrated, relative = (
        infer_rates(**channels, spacing_nm=10.0, calibrated=flag, settings=known)
        for flag in (True, False)
    )
    share = calibrated.rate_sd.mean() / calibrated.rate.mean()
    assert relative.rate_sd.mean() / relative.rate.mean() > 1.5 * share
