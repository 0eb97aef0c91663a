"""Intervals of a map, and means over regions."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from chromamol.inference.grid import PeriodicGrid
from chromamol.inference.posterior import Posterior
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


LEVELS = [(0.95, 1.959964), (0.6826895, 1.0), (0.5, 0.67449)]


@pytest.mark.parametrize(("level", "widths"), LEVELS)
def test_bounds_of_a_rate_are_those_of_a_log_normal(rate_map, level, widths):
    low, high = rate_map.interval(level)
    known = np.isfinite(rate_map.rate)
    log_sd = rate_map.rate_sd / rate_map.rate
    np.testing.assert_allclose(np.log(high / rate_map.rate), widths * log_sd, rtol=1e-5)
    np.testing.assert_allclose(np.log(rate_map.rate / low), widths * log_sd, rtol=1e-5)
    assert (low[known] > 0).all()
    assert np.isnan(low[0, 2])
    assert np.isnan(high[0, 2])


@pytest.mark.parametrize(("level", "widths"), LEVELS)
def test_bounds_of_a_deposition_are_gaussian_and_may_be_below_zero(rate_map, level, widths):
    mark = replace(rate_map, quantity=Quantity.DEPOSITION)
    low, high = mark.interval(level)
    np.testing.assert_allclose(high, mark.rate + widths * mark.rate_sd, rtol=1e-5)
    np.testing.assert_allclose(low, mark.rate - widths * mark.rate_sd, rtol=1e-5, atol=1e-6)
    assert low[1, 0] < 0


def test_where_the_rate_is_not_positive_its_interval_starts_at_zero(rate_map):
    rate = rate_map.rate.copy()
    rate[1, 0] = -0.2
    low, high = replace(rate_map, rate=rate).interval(0.95)
    assert low[1, 0] == 0
    assert high[1, 0] == pytest.approx(-0.2 + 1.959964 * 0.3)


def test_the_mean_over_a_region_leaves_out_what_has_no_rate(rate_map):
    region = np.array([[True, False, True], [False, True, False]])
    mean, sd = rate_map.mean_over(region)
    assert mean == pytest.approx(1.25)
    assert np.isnan(sd)
    errors = np.array([[[1.0, 9, 9], [9, 1, 9]], [[-1, 9, 9], [9, -1, 9]]], dtype=np.float32)
    grid = PeriodicGrid((2, 3), (10.0, 20.0), 1.0)
    inside = np.ones((2, 3), dtype=bool)
    posterior = Posterior(errors, np.ones((2, 3)), inside, grid, 5.0)
    assert replace(rate_map, posterior=posterior).mean_over(region)[1] == pytest.approx(1.0)
    nothing = replace(rate_map, posterior=posterior).mean_over(np.isnan(rate_map.rate))
    assert np.isnan(nothing).all()


@pytest.mark.parametrize(("scale", "unit"), [(Scale.ABSOLUTE, "1/s"), (Scale.RATIO, "")])
def test_only_an_absolute_map_has_a_unit(rate_map, scale, unit):
    assert replace(rate_map, scale=scale).unit == unit


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
