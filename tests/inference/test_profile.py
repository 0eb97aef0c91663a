"""The minimum and the interval of scores that are known."""

from __future__ import annotations

import math

import numpy as np
import pytest

from chromamol.inference.profile import Profile, profile

LIMITS = (-2.0, 3.0)


@pytest.mark.parametrize("best", [-1.1, 0.03, 0.7, 2.2])
@pytest.mark.parametrize("sd", [0.02, 0.3])
def test_a_parabola(best, sd):
    found = profile(lambda x: 7 + ((x - best) / sd) ** 2, 0.0, 0.35, LIMITS)
    assert found.known
    assert found.best == pytest.approx(best, abs=0.006 * 0.35)
    assert found.low == pytest.approx(best - 1.96 * sd, abs=0.01)
    assert found.high == pytest.approx(best + 1.96 * sd, abs=0.01)
    assert found.deviance == pytest.approx(7, abs=0.02)
    assert found.sd == pytest.approx(sd, abs=0.006)


def test_an_interval_that_is_not_symmetric():
    # x - log x has its minimum at 1; the ends solve 20 (x - log x - 1) = 3.84.
    found = profile(lambda x: 20 * (x - math.log(x)) if x > 0 else math.inf, 0.4, 0.3, (-1.0, 9.0))
    assert found.best == pytest.approx(1, abs=0.01)
    for end in (found.low, found.high):
        assert 20 * (end - math.log(end) - 1) == pytest.approx(3.841, abs=0.15)
    assert found.high - 1 > 1.2 * (1 - found.low)


@pytest.mark.parametrize("slope", [1.0, -1.0])
def test_a_score_that_falls_to_a_limit_is_unbounded(slope):
    seen = []

    def deviance(x: float) -> float:
        seen.append(x)
        return slope * x

    found = profile(deviance, 0.0, 0.4, LIMITS)
    assert not found.known
    assert (found.low, found.high) == (-np.inf, np.inf)
    assert found.best == pytest.approx(LIMITS[0] if slope > 0 else LIMITS[1])
    assert LIMITS[0] - 1e-9 <= min(seen) <= max(seen) <= LIMITS[1] + 1e-9
    assert len(seen) < 15


def test_a_side_without_an_end_is_infinite():
    found = profile(lambda x: 50 * (x - 1) ** 2 if x < 1 else 0.1 * (x - 1), 0.0, 0.4, LIMITS)
    assert found.high == np.inf
    assert found.low == pytest.approx(1 - math.sqrt(3.841 / 50), abs=0.02)
    assert not found.known


def test_no_likelihood_anywhere_is_unbounded():
    looks = []

    def deviance(x: float) -> float:
        looks.append(x)
        return math.inf

    assert not profile(deviance, 0.0, 0.4, LIMITS).known
    assert len(looks) == 3  # no walk to a limit


def test_shifting_keeps_the_width():
    shifted = Profile(1.0, 0.5, 1.5, 3.0).shifted(0.25)
    assert (shifted.best, shifted.low, shifted.high) == (1.25, 0.75, 1.75)
    assert shifted.sd == Profile(1.0, 0.5, 1.5, 3.0).sd == pytest.approx(0.2551, abs=1e-4)
