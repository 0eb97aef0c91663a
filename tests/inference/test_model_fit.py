"""The numbers of the model, on scores whose minimum is known."""

from __future__ import annotations

import math

import pytest

from chromamol.inference.model_fit import ASSUMED_NM, Model, fit_model


def parabola(best_nm: float, sd: float, *, mixing: float = 0.0, lean: float = 0.0):
    """Deviance in log ell and chi, with a correlation: `lean` steps of log ell for one of chi."""

    def deviance(model: Model, *, edges: bool) -> float:
        away = math.log(model.reaction_length_nm / best_nm)
        chi = model.mixing_energy - mixing
        return (100 if edges else 0) + ((away - lean * chi) / sd) ** 2 + (chi / 0.1) ** 2

    return deviance


def fitted(deviance, *, rival=lambda _: False, length=True, mixing=False, smallest_nm=30.0):
    start = Model(ASSUMED_NM)
    return fit_model(deviance, rival, start, length=length, mixing=mixing, smallest_nm=smallest_nm)


@pytest.mark.parametrize("best_nm", [85.0, 131.0, 260.0])
def test_a_sharp_minimum_is_known_with_its_interval(best_nm):
    found = fitted(parabola(best_nm, 0.05))
    low, best, high = found.lengths_nm
    assert found.length_is_known
    assert found.mixing_energy is None
    assert best == found.model.reaction_length_nm == pytest.approx(best_nm, rel=0.005)
    assert low == pytest.approx(best_nm * math.exp(-1.96 * 0.05), rel=0.01)
    assert high == pytest.approx(best_nm * math.exp(1.96 * 0.05), rel=0.01)


@pytest.mark.parametrize(
    "deviance", [parabola(150.0, 0.4), lambda model, edges: 1.0], ids=["broad", "flat"]
)
def test_a_broad_or_flat_score_does_not_tell_the_length(deviance):
    assert not fitted(deviance).length_is_known


def test_lengths_that_the_image_does_not_resolve_are_not_tried():
    tried = []

    def deviance(model: Model, *, edges: bool) -> float:
        tried.append(model.reaction_length_nm)
        return parabola(20.0, 0.05)(model, edges=edges)

    assert not fitted(deviance, smallest_nm=60.0).length_is_known
    assert min(tried) > 59.9


def test_length_and_mixing_energy_take_turns():
    found = fitted(parabola(170.0, 0.05, mixing=1.3, lean=0.02), mixing=True)
    assert found.model.mixing_energy == pytest.approx(1.3, abs=0.05)
    assert found.model.reaction_length_nm == pytest.approx(170.0, rel=0.02)
    assert found.mixing_energy is not None
    assert found.mixing_energy.known


def test_the_mixing_energy_alone_leaves_the_length():
    found = fitted(parabola(ASSUMED_NM, 0.05, mixing=-0.7), length=False, mixing=True)
    assert found.model.reaction_length_nm == ASSUMED_NM
    assert found.lengths_nm == (ASSUMED_NM,) * 3
    assert not found.length_is_known
    assert found.model.mixing_energy == pytest.approx(-0.7, abs=0.01)


@pytest.mark.parametrize(("edges_cost", "expected_nm"), [(-50.0, 120.0), (50.0, 160.0)])
def test_a_rival_with_edges_has_its_own_profile(edges_cost, expected_nm):
    def deviance(model: Model, *, edges: bool) -> float:
        best_nm = 120.0 if edges else 160.0
        away = math.log(model.reaction_length_nm / best_nm) / 0.05
        return away**2 + edges_cost * edges

    found = fitted(deviance, rival=lambda _: True)
    assert found.model.reaction_length_nm == pytest.approx(expected_nm, rel=0.005)
    assert fitted(deviance).model.reaction_length_nm == pytest.approx(160.0, rel=0.005)


def test_an_image_without_a_map_is_given_up_at_once():
    tried = []

    def deviance(model: Model, *, edges: bool) -> float:
        tried.append((model, edges))
        return math.inf

    def rival(_: Model) -> bool:
        pytest.fail("a map with edges was tried although no smooth one was found")

    found = fitted(deviance, rival=rival)
    assert found.is_hopeless
    assert not found.length_is_known
    assert len(tried) <= 3
    assert not fitted(parabola(120.0, 0.05)).is_hopeless
