"""Intervals of a map."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from chromamol.inference.rate_map import Quantity, RateMap, Scale, Status
from chromamol.settings import Settings


@pytest.fixture
def rate_map() -> RateMap:
    rate = np.array([[1.0, 2.0, np.nan], [0.1, 1.5, 3.0]])
    sd = np.array([[0.1, 0.2, np.nan], [0.3, 0.1, 0.5]])
    return RateMap(
        rate=rate,
        rate_sd=sd,
        residual=np.zeros_like(rate),
        compaction=np.ones_like(rate),
        mask=np.isfinite(rate),
        spacing_nm=(10.0, 20.0),
        settings=Settings(),
        quantity=Quantity.RATE_RATIO,
        scale=Scale.RATIO,
        exploratory=False,
        status=Status.CONVERGED,
        findings=(),
        reaction_length_nm=140.0,
    )


@pytest.mark.parametrize(("level", "widths"), [(0.95, 1.959964), (0.6826895, 1.0), (0.5, 0.67449)])
def test_bounds_are_those_of_a_gaussian_but_never_below_zero(rate_map, level, widths):
    low, high = rate_map.interval(level)
    np.testing.assert_allclose(high, rate_map.rate + widths * rate_map.rate_sd, rtol=1e-5)
    expected = np.maximum(rate_map.rate - widths * rate_map.rate_sd, 0)
    np.testing.assert_allclose(low, expected, rtol=1e-5, atol=1e-7)
    assert low[1, 0] == 0
    assert np.isnan(low[0, 2])


@pytest.mark.parametrize("level", [0.0, 1.0, 95.0, -0.5])
def test_a_level_that_is_no_probability(rate_map, level):
    with pytest.raises(ValueError, match="between 0 and 1"):
        rate_map.interval(level)


def test_a_map_is_frozen(rate_map):
    changed = replace(rate_map, status=Status.REJECTED)
    assert rate_map.status is Status.CONVERGED
    assert changed.status is Status.REJECTED
    with pytest.raises(AttributeError):
        rate_map.status = Status.REJECTED
