"""The method "network": maps of nuclei, what is said of them, and where there is none."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy import ndimage

from chromamol import Settings, infer_rates
from chromamol.equations.mark_turnover import MarkTurnover
from chromamol.errors import CallError, Cancelled, InputError
from chromamol.inference import by_network, network
from chromamol.inference.rate_map import Scale, Status

SHAPE, SPACING_NM = (40, 52), (30.0, 25.0)


@pytest.fixture(scope="module")
def marked():
    """One mark on an ellipse, of a deposition that is known."""
    y, x = np.indices(SHAPE)
    mask = ((y - 19.5) / 18) ** 2 + ((x - 25.5) / 24) ** 2 < 1
    deposition = 1 + 0.4 * np.sin(0.15 * x) * np.cos(0.12 * y)
    mark = MarkTurnover(140.0).simulate(deposition, SPACING_NM, mask=mask)
    noise = np.random.default_rng(3).normal(scale=0.01 * mark[mask].std(), size=SHAPE)
    return mark + noise, mask, deposition


def infer(marked, **options):
    mark, mask, _ = marked
    settings = Settings(method="network", reaction_length_nm=140.0, **options)
    return infer_rates(mark=mark, mask=mask, spacing_nm=SPACING_NM, settings=settings)


def test_a_masked_nucleus_has_a_map_and_no_uncertainty(marked, monkeypatch):
    monkeypatch.setattr(by_network, "STEPS", 250)
    found = infer(marked)
    _, mask, truth = marked
    assert found.status in {Status.CONVERGED, Status.STOPPED}
    assert found.scale is Scale.RELATIVE
    assert np.array_equal(np.isfinite(found.rate), mask)
    assert np.isnan(found.rate_sd).all()
    relative = truth / truth[mask].mean()
    error = np.linalg.norm((found.rate - relative)[mask]) / np.linalg.norm(relative[mask])
    assert error < 0.06
    assert relative[mask].std() > 0.15
    (said,) = [finding for finding in found.findings if finding.code == "network"]
    assert "no uncertainty" in said.sentence
    assert "finer than about 350 nm" in said.sentence
    assert found.status.value not in said.sentence  # it is said once
    assert found.exploratory  # no check has looked at it


def test_a_network_that_did_not_learn_the_image_gives_no_map(marked, monkeypatch):
    monkeypatch.setattr(by_network, "STEPS", 4)
    found = infer(marked)
    assert found.status is Status.NOT_TRAINED
    assert np.isnan(found.rate).all()
    (said,) = [finding for finding in found.findings if finding.code == "network-failed"]
    assert "misses the image by" in said.sentence
    assert not [finding for finding in found.findings if finding.code == "model-misfit"]


def test_a_network_that_learned_the_noise_gives_no_map(marked, monkeypatch):
    monkeypatch.setattr(by_network, "STEPS", 4)
    solve = network.solve_by_network

    def learn_too_much(problem, **how):
        assert problem.noise_is_known
        return replace(solve(problem, **how), ending=network.Ending.LEARNED_NOISE, misfits=(0.09,))

    monkeypatch.setattr(network, "solve_by_network", learn_too_much)
    found = infer(marked)
    assert found.status is Status.NOT_TRAINED
    assert np.isnan(found.rate).all()
    (said,) = [finding for finding in found.findings if finding.code == "network-learned-noise"]
    assert "by only 0.3 times the noise: it learned the noise" in said.sentence


def test_an_image_without_noise_that_is_not_learned_is_not_blamed(marked, monkeypatch):
    monkeypatch.setattr(by_network, "STEPS", 4)
    solve = network.solve_by_network

    def without_noise(problem, **how):
        return solve(replace(problem, noise_sd=[0.0]), **how)

    monkeypatch.setattr(network, "solve_by_network", without_noise)
    monkeypatch.setattr(network.NetworkProblem, "noisy", (False,))
    found = infer(marked)
    assert found.status is Status.NOT_TRAINED
    codes = [finding.code for finding in found.findings]
    assert "network-not-exact" in codes
    assert "network-failed" not in codes


def test_a_nucleus_at_the_border_is_as_large_as_elsewhere(monkeypatch):
    asked = []

    def refuse(problem, **_):
        asked.append(problem)
        raise Cancelled

    monkeypatch.setattr(network, "solve_by_network", refuse)
    mark = np.random.default_rng(0).uniform(1, 2, (10, 12))
    settings = Settings(method="network", reaction_length_nm=140.0, boundary="no-flux")
    with pytest.raises(Cancelled):
        infer_rates(mark=mark, spacing_nm=40.0, settings=settings)
    assert asked[0].shape == (18, 20)


def test_noise_that_pixels_share_is_not_taken_for_learned(marked, monkeypatch):
    mark, mask, _ = marked
    shared = ndimage.gaussian_filter(np.random.default_rng(4).normal(size=SHAPE), 1.0)
    seen = []

    def refuse(problem, **_):
        seen.append(problem)
        raise Cancelled

    monkeypatch.setattr(network, "solve_by_network", refuse)
    with pytest.raises(Cancelled):
        infer((mark + 0.05 * mark[mask].std() * shared / shared.std(), mask, None))
    assert not seen[0].noise_is_known


def test_a_card_with_too_little_memory_is_told(marked, monkeypatch):
    monkeypatch.setattr(by_network, "STEPS", 4)
    solve = network.solve_by_network

    def solve_elsewhere(problem, **how):
        return replace(solve(problem, **how), fell_back=True)

    monkeypatch.setattr(network, "solve_by_network", solve_elsewhere)
    assert "graphics-memory" in {finding.code for finding in infer(marked).findings}


def test_a_network_is_trained_on_the_nucleus_and_not_on_the_image_around_it(marked, monkeypatch):
    mark, mask, _ = marked
    trained = []

    def look(problem, **_):
        trained.append(problem)
        raise Cancelled

    monkeypatch.setattr(network, "solve_by_network", look)
    for wide in (mark, np.pad(mark, ((0, 90), (70, 0)))):
        outline = np.pad(mask, ((0, wide.shape[0] - 40), (wide.shape[1] - 52, 0)))
        with pytest.raises(Cancelled):
            infer((wide, outline, None))
    one, other = trained
    assert other.inside.sum() == one.inside.sum() == mask.sum()
    assert max(other.shape) < 65
    assert other.waves == pytest.approx(one.waves, rel=0.15)


def test_a_nucleus_of_a_few_bins_is_told():
    mask = np.zeros((30, 40), dtype=bool)
    mask[10:16, 8:32] = True
    mark = np.random.default_rng(0).uniform(1, 2, mask.shape)
    with pytest.raises(
        InputError, match=r"too small for a network: it needs 8 bins across, of 40 x 40 nm"
    ):
        infer_rates(
            mark=mark,
            mask=mask,
            spacing_nm=40.0,
            settings=Settings(method="network", reaction_length_nm=140.0),
        )


def test_an_image_that_repeats_is_refused():
    mark = np.random.default_rng(0).uniform(1, 2, (40, 40))
    settings = Settings(method="network", boundary="periodic", reaction_length_nm=140.0)
    with pytest.raises(CallError, match="'network' does not know images that repeat"):
        infer_rates(mark=mark, spacing_nm=30.0, settings=settings)
