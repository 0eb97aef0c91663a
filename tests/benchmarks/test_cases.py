"""The images of the benchmarks: the truth obeys the equation, the noise is what it says."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.fft import fft2, fftfreq, ifft2

from chromamol.benchmarks import cases
from chromamol.equations.chromatin_phase_field import ChromatinPhaseField
from chromamol.simulation import PIXEL_NM, simulate_box

NOISELESS = 0.0


def laplacian(field):
    k_y, k_x = (2 * np.pi * fftfreq(size, PIXEL_NM) for size in field.shape)
    return ifft2(-(k_y[:, None] ** 2 + k_x[None, :] ** 2) * fft2(field)).real


def relative(difference, reference):
    return np.linalg.norm(difference) / np.linalg.norm(reference)


@pytest.mark.parametrize(
    ("field", "ell_nm", "chi"),
    [
        ("spots", 141.4, 0.0),
        ("smooth", 100.0, 0.0),
        ("smooth", 141.4, 0.3),
    ],
)
def test_the_truth_of_two_channels_obeys_the_equation(small, field, ell_nm, chi):
    equation = ChromatinPhaseField(ell_nm, 10.0, chi)
    case = cases.periodic(field, 1, NOISELESS, equation=equation)
    h, e = case.channels["heterochromatin"], case.channels["euchromatin"]
    bent = laplacian(e)
    balance = h + ell_nm**2 * (bent + chi / 2 * laplacian(h) - 10.0**2 * laplacian(bent))
    assert relative(balance - case.truth * e, case.truth * e) < 5e-3
    np.testing.assert_array_equal(case.factor, e)
    assert case.equation is equation


def test_the_truth_of_one_mark_is_its_deposition_over_the_mean(small):
    case = cases.mark("step", 0, NOISELESS)
    mark = case.channels["mark"]
    deposition = mark - 141.4**2 * laplacian(mark)
    assert relative(case.factor * case.truth - deposition, deposition) < 1e-9
    assert case.truth.mean() == pytest.approx(1.0)


def test_the_noise_has_its_level_and_is_not_that_of_the_field(small):
    clean, noisy = (cases.periodic("smooth", 3, level) for level in (NOISELESS, 0.05))
    noise = [noisy.channels[name] - clean.channels[name] for name in noisy.channels]
    signal_sd = clean.channels["heterochromatin"].std()
    assert noisy.noise_sd == pytest.approx(0.05 * signal_sd)
    white = np.random.default_rng(3).standard_normal(noise[0].shape)
    for channel in noise:
        assert channel.std() == pytest.approx(noisy.noise_sd, rel=0.05)
        assert abs(np.corrcoef(channel.ravel(), white.ravel())[0, 1]) < 0.1
    again = cases.periodic("smooth", 3, 0.05, draw=1)
    assert relative(again.truth - noisy.truth, noisy.truth) == 0
    assert not np.allclose(again.channels["euchromatin"], noisy.channels["euchromatin"])


def test_a_field_is_simulated_once(monkeypatch):
    simulated = []

    def simulate(field, seed):
        simulated.append((field, seed))
        return image

    image = simulate_box(0, side_px=16)
    monkeypatch.setattr(cases, "_nucleus", cases.cache(simulate))
    for level in cases.LEVELS:
        cases.masked("spots", 5, level)
    assert simulated == [("spots", 5)]


def test_a_crop_is_a_window_judged_away_from_its_border(small):
    case = cases.crop("smooth", 0, NOISELESS)
    assert case.boundary == "cut"
    assert case.truth.shape == (48, 48)
    inside = np.argwhere(case.judged)
    assert inside.min() == 13
    assert inside.max() == 48 - 14
    # It is no box that repeats: the densities jump at its border.
    e = case.channels["euchromatin"]
    assert np.abs(e[0] - e[-1]).max() > 3 * np.abs(np.diff(e, axis=0)).max()


def test_localisations_are_counts_of_the_blurred_densities(monkeypatch):
    case = cases.localised(0, side_px=96)
    h, e = case.channels["heterochromatin"], case.channels["euchromatin"]
    true_e = case.factor
    # The mean of h + e is 0.5, so that counts x 0.5 / count is the unit.
    per_fraction = cases.LOCALISATIONS_PER_PIXEL / 0.5
    counts = per_fraction * np.stack([h, e])
    np.testing.assert_allclose(counts, np.rint(counts), atol=1e-6)
    total = cases.LOCALISATIONS_PER_PIXEL * case.mask.size
    assert counts.sum() == pytest.approx(total, abs=5 * total**0.5)
    assert e.mean() == pytest.approx(true_e.mean(), rel=0.05)
    assert np.var(counts[1]) == pytest.approx(
        counts[1].mean() + per_fraction**2 * true_e.var(), rel=0.15
    )
    assert case.psf_nm == pytest.approx(2.355 * 20, rel=1e-3)
    assert case.noise_sd is None


def test_no_map_has_no_error_and_the_truth_has_none(small):
    case = cases.masked("step", 0, NOISELESS)
    assert case.errors(case.truth) == {"relative_l2": 0.0, "r": pytest.approx(1.0)}
    assert case.errors(1.1 * case.truth)["relative_l2"] == pytest.approx(0.1)
    one_missing = case.truth.copy()
    one_missing[tuple(np.argwhere(case.mask)[0])] = np.nan
    assert np.isnan(case.errors(one_missing)["relative_l2"])


def test_the_inference_is_told_what_is_known(small, monkeypatch):
    told = {}

    def infer_rates(*channels, **known):
        told.update(known, channels=channels)

    monkeypatch.setattr(cases, "infer_rates", infer_rates)
    case = cases.periodic(
        "smooth", 0, 0.05, equation=ChromatinPhaseField(141.4, 12.0, mixing_energy=0.3)
    )
    case.infer()
    settings = told["settings"]
    assert (settings.reaction_length_nm, settings.gradient_length_nm) == (141.4, 12.0)
    assert (settings.mixing_energy, settings.boundary) == (0.3, "periodic")
    assert (told["noise_sd"], told["psf_nm"]) == (case.noise_sd, None)
    assert told["channels"][1] is case.channels["euchromatin"]
    case.infer(ell_known=False)
    assert told["settings"].reaction_length_nm == "fit"
    cases.mark("smooth", 0, 0.05).infer("direct")
    assert told["channels"] == (None, None)
    assert told["mark"] is not None
    assert told["settings"].method == "direct"


def test_a_box_and_its_mirror_images_are_a_steady_state():
    box = simulate_box(2, side_px=48)
    h, e, rate = (
        np.pad(field, (0, 48), mode="symmetric")
        for field in (box.heterochromatin, box.euchromatin, box.rate)
    )
    bent = laplacian(e)
    balance = h + 141.4**2 * (bent - 10.0**2 * laplacian(bent))
    error = np.abs(balance - rate * e) / (rate * e).mean()
    assert error.mean() < 0.01
    assert error[46:50].mean() < 2 * error.mean()
