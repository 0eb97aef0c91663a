"""The weak form on two channels of simulated truth."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
import torch
from numpy.polynomial import Polynomial

from chromamol.equations.chromatin_phase_field import ChromatinPhaseField
from chromamol.inference.chromatin import ChromatinWeakForm, Observation
from chromamol.inference.cut_cells import CutCells
from chromamol.inference.infer import infer_rates
from chromamol.inference.masked_box import MaskedBox
from chromamol.inference.point_spread import PointSpread
from chromamol.inference.rate_map import Quantity, Scale, Status
from chromamol.settings import Settings

ELL_NM = 141.4


@pytest.fixture(scope="module")
def found_in_noise(smooth, known):
    """The map of a smooth field for a noise and a seed of it; each is inferred once."""

    @cache
    def found(noise, seed=0):
        channels = smooth.channels(noise, seed=seed)
        return infer_rates(**channels, spacing_nm=10.0, calibrated=True, settings=known)

    return found


@pytest.mark.parametrize(("noise", "bound"), [(0.01, 0.018), (0.05, 0.032), (0.10, 0.045)])
def test_accuracy_on_a_smooth_field(smooth, found_in_noise, noise, bound):
    found = found_in_noise(noise)
    assert smooth.error(found.rate) < bound
    assert found.status is Status.CONVERGED
    assert found.quantity is Quantity.RATE_RATIO
    assert found.scale is Scale.RATIO
    assert not found.exploratory


@pytest.mark.parametrize(("truth", "bound"), [("smooth", 0.012), ("nucleus", 0.02)])
def test_a_computed_image_without_noise_has_a_map(truth, bound, known, request):
    image = request.getfixturevalue(truth)
    found = infer_rates(
        **image.channels(0.0),
        spacing_nm=image.spacing_nm,
        mask=image.mask,
        calibrated=True,
        settings=known.replace(boundary="periodic" if image.mask.all() else "no-flux"),
    )
    assert image.error(found.rate) < bound
    codes = [finding.code for finding in found.findings]
    assert "noise-added" in codes
    assert "model-misfit" not in codes


@pytest.mark.parametrize("species", ["heterochromatin", "euchromatin"])
def test_any_two_channels_give_the_same_map(smooth, known, found_in_noise, species):
    both = found_in_noise(0.05)
    channels = smooth.channels(0.05, species, "total")
    found = infer_rates(**channels, spacing_nm=10.0, calibrated=True, settings=known)
    assert smooth.error(found.rate) < 0.04
    apart = np.abs(found.rate - both.rate) / np.hypot(found.rate_sd, both.rate_sd)
    assert np.mean(apart < 2) > 0.9


def test_intervals_cover_the_truth_and_are_no_wider_than_they_must(smooth, found_in_noise):
    covered, errors, sds = [], [], []
    for seed in range(3):
        found = found_in_noise(0.05, seed)
        low, high = found.interval(0.95)
        covered.append(np.mean((low < smooth.rate) & (smooth.rate < high)))
        errors.append(np.sqrt(np.mean((found.rate - smooth.rate) ** 2)))
        sds.append(np.sqrt(np.mean(found.rate_sd**2)))
    assert 0.8 < np.mean(covered) <= 1
    assert 0.5 < np.mean(sds) / np.mean(errors) < 2


def test_a_uniform_rate_gives_a_flat_map(uniform, known):
    h = uniform.heterochromatin
    assert h.std() / h.mean() > 0.3
    found = infer_rates(**uniform.channels(0.05), spacing_nm=10.0, calibrated=True, settings=known)
    assert found.rate.mean() == pytest.approx(1.3, rel=0.01)
    assert found.rate.std() < 0.02
    assert abs(np.corrcoef(found.rate.ravel(), h.ravel())[0, 1]) < 0.5


@pytest.mark.parametrize("gain", [2.5, 0.4])
def test_gain_of_h_is_degenerate_with_the_rate_and_ell2(smooth, known, gain):
    channels = smooth.channels(0.05)
    sd = 0.05 * smooth.heterochromatin.std()
    plain = infer_rates(**channels, spacing_nm=10.0, calibrated=True, noise_sd=sd, settings=known)
    brighter = infer_rates(
        gain * channels["heterochromatin"],
        channels["euchromatin"],
        spacing_nm=10.0,
        calibrated=True,
        noise_sd={"heterochromatin": gain * sd, "euchromatin": sd},
        settings=known.replace(reaction_length_nm=ELL_NM * gain**0.5),
    )
    np.testing.assert_allclose(brighter.rate, gain * plain.rate, rtol=0.02)
    apart = brighter.rate_sd / (gain * plain.rate_sd) - 1
    # Each sd is that of 48 draws, known to 10 %.
    assert np.median(np.abs(apart)) < 0.2


def test_a_wrong_gain_at_a_given_length_is_wrong_and_said_to_be(smooth, known):
    channels = smooth.channels(0.02)
    channels["heterochromatin"] = 2 * channels["heterochromatin"]
    found = infer_rates(**channels, spacing_nm=10.0, settings=known)
    assert found.scale is Scale.RELATIVE
    assert "uncalibrated-fixed-ell" in {finding.code for finding in found.findings}


def test_nothing_is_swapped_between_the_axes(anisotropic, known):
    channels = anisotropic.channels(0.03)
    checked = known.replace(forward_check=True)
    found = infer_rates(
        **channels, spacing_nm=anisotropic.spacing_nm, calibrated=True, settings=checked
    )
    turned = infer_rates(
        **{role: field.T for role, field in channels.items()},
        spacing_nm=anisotropic.spacing_nm[::-1],
        calibrated=True,
        settings=known,
    )
    codes = {finding.code for finding in found.findings}
    assert codes & {"model-explains", "model-explains-with-detail"}
    assert "ell-doubtful" not in codes
    assert anisotropic.error(found.rate) < 0.035
    assert found.spacing_nm == (10.0, 20.0)
    np.testing.assert_allclose(turned.rate, found.rate.T, rtol=1e-3)


def test_the_same_seed_gives_the_same_maps(smooth, known, found_in_noise):
    channels = smooth.channels(0.05)
    first = found_in_noise(0.05)
    again, other = (
        infer_rates(**channels, spacing_nm=10.0, calibrated=True, settings=known.replace(seed=seed))
        for seed in (0, 1)
    )
    np.testing.assert_array_equal(again.rate, first.rate)
    np.testing.assert_array_equal(again.rate_sd, first.rate_sd)
    np.testing.assert_array_equal(other.rate, first.rate)
    assert (other.rate_sd != first.rate_sd).any()
    assert np.median(np.abs(other.rate_sd / first.rate_sd - 1)) < 0.3


def test_the_residual_is_in_units_of_the_noise(uniform, known):
    found = infer_rates(**uniform.channels(0.05), spacing_nm=10.0, calibrated=True, settings=known)
    assert found.residual.std() == pytest.approx(1, abs=0.15)


def test_noise_that_is_larger_than_stated_is_a_misfit(smooth, known, found_in_noise):
    channels = smooth.channels(0.05)
    good = found_in_noise(0.05)
    assert "model-misfit" not in {finding.code for finding in good.findings}
    assert 0.8 < good.residual.std() < 2
    sd = 0.2 * 0.05 * smooth.heterochromatin.std()
    bad = infer_rates(**channels, spacing_nm=10.0, calibrated=True, noise_sd=sd, settings=known)
    assert "model-misfit" in {finding.code for finding in bad.findings}


def test_a_nucleus_without_flux_through_its_edge(nucleus):
    channels = nucleus.channels(0.05)
    outside = {role: np.where(nucleus.mask, field, np.nan) for role, field in channels.items()}
    found = infer_rates(
        **outside,
        spacing_nm=10.0,
        mask=nucleus.mask,
        calibrated=True,
        settings=Settings(reaction_length_nm=ELL_NM, device="cpu"),
    )
    assert nucleus.error(found.rate) < 0.04
    for yx_map in (found.rate, found.rate_sd, found.residual, found.compaction):
        assert yx_map.shape == nucleus.mask.shape
        np.testing.assert_array_equal(np.isfinite(yx_map), nucleus.mask)
    low, high = found.interval(0.95)
    covered = ((low < nucleus.rate) & (nucleus.rate < high))[nucleus.mask]
    assert covered.mean() > 0.8
    assert "cut-by-border" not in {finding.code for finding in found.findings}


def test_a_crop_is_blank_along_the_cut_and_right_inside(smooth):
    found = infer_rates(
        **smooth.channels(0.05),
        spacing_nm=10.0,
        calibrated=True,
        settings=Settings(reaction_length_nm=ELL_NM, device="cpu"),
    )
    rows, columns = smooth.rate.shape
    y, x = np.indices(smooth.rate.shape)
    to_border_nm = 10.0 * np.minimum.reduce([y, rows - 1 - y, x, columns - 1 - x])
    np.testing.assert_array_equal(np.isnan(found.rate), to_border_nm < 0.85 * ELL_NM)
    assert smooth.error(found.rate) < 0.06
    cut = next(finding for finding in found.findings if finding.code == "cut-by-border")
    assert cut.value == pytest.approx(np.isnan(found.rate).mean())


def test_mixing_energy_is_part_of_the_model(smooth, known):
    equation = ChromatinPhaseField(ELL_NM, 10.0, mixing_energy=0.4)
    h, e = equation.simulate(smooth.rate, (10.0, 10.0), seed=1)
    noise = 0.02 * h.std() * np.random.default_rng(0).standard_normal((2, *h.shape))
    with_it, without = (
        infer_rates(
            h + noise[0],
            e + noise[1],
            spacing_nm=10.0,
            calibrated=True,
            settings=known.replace(mixing_energy=chi),
        )
        for chi in (0.4, 0.0)
    )
    assert smooth.error(with_it.rate) < 0.03
    assert without.status is not Status.CONVERGED or smooth.error(without.rate) > 0.1


@pytest.mark.parametrize("mixing_energy", [0.0, -0.4])
def test_the_error_of_the_outline_is_what_flows_through_a_cell(mixing_energy):
    y, x = np.indices((46, 52))
    mask = np.hypot((y - 22) / 17, (x - 25) / 20) < 1
    domain = MaskedBox(CutCells.of_pixels(mask, 2, (25, 28), 1), (40.0, 40.0), torch.device("cpu"))
    equation = ChromatinPhaseField(ELL_NM, 10.0, mixing_energy)
    y, x = np.indices((25, 28))
    rate = torch.from_numpy(1 + 0.3 * np.sin(x / 4))
    e = domain.root_share * torch.from_numpy(0.3 + 0.1 * np.cos(y / 3) * np.cos(x / 5))
    flow = equation.transport(e, domain.minus_laplacian, domain.stencil_nm2)
    mixing = Polynomial([1.0, -mixing_energy * ELL_NM**2 / 2]).trim()
    h = domain.inverse(mixing)(rate * e + flow) if mixing_energy else rate * e + flow
    through = flow + h - equation.mix(h, domain.minus_laplacian)
    problem = ChromatinWeakForm(
        tuple(
            Observation(
                field, has_euchromatin=kind == "e", has_heterochromatin=kind == "h", noise_sd=0.01
            )
            for kind, field in (("h", h), ("e", e))
        ),
        equation,
        domain,
        domain.inside.double(),
        PointSpread(0.0, domain),
    )
    rows = problem.linearise(rate.log())._rows
    expected = domain.outline_sd * through.abs()
    assert expected.max() > 0.01
    torch.testing.assert_close(rows.outline_sd, expected, rtol=0, atol=0.02 * float(expected.max()))
