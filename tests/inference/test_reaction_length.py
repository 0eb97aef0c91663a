"""The walk over the reaction length, on scores whose minimum is known."""

from __future__ import annotations

import numpy as np
import pytest

from chromamol.inference.reaction_length import ASSUMED_NM, profile_reaction_length

ROWS = 5000


def _score(best_nm: float, width: float):
    """A parabola of the deviance in log ell: one standard deviation is `width`."""

    def score(ell_nm: float) -> tuple[float, int]:
        deviance = (np.log(ell_nm / best_nm) / width) ** 2
        return 1.1 * float(np.exp(deviance / ROWS)), ROWS

    return score


@pytest.mark.parametrize("best_nm", [85.0, 131.0, 140.0, 260.0])
def test_a_sharp_minimum_is_found_with_its_interval(best_nm):
    found = profile_reaction_length(_score(best_nm, 0.05), smallest_nm=30.0)
    assert found.sharp
    assert found.best_nm == pytest.approx(best_nm, rel=1e-6)
    assert found.low_nm == pytest.approx(best_nm * np.exp(-1.96 * 0.05), rel=1e-3)
    assert found.high_nm == pytest.approx(best_nm * np.exp(1.96 * 0.05), rel=1e-3)


def test_a_broad_minimum_does_not_identify_the_length():
    assert not profile_reaction_length(_score(150.0, 0.4), smallest_nm=30.0).sharp


def test_a_flat_score_does_not_identify_the_length():
    assert not profile_reaction_length(lambda _: (1.0, ROWS), smallest_nm=30.0).sharp


def test_lengths_that_the_image_does_not_resolve_are_not_tried():
    tried = []

    def score(ell_nm: float) -> tuple[float, int]:
        tried.append(ell_nm)
        return _score(20.0, 0.05)(ell_nm)

    found = profile_reaction_length(score, smallest_nm=60.0)
    assert not found.sharp
    assert min(tried) >= 60.0


def test_a_score_that_falls_for_ever_ends_the_walk():
    tried = []

    def score(ell_nm: float) -> tuple[float, int]:
        tried.append(ell_nm)
        return ASSUMED_NM / ell_nm, ROWS

    assert not profile_reaction_length(score, smallest_nm=30.0).sharp
    assert len(tried) < 15
