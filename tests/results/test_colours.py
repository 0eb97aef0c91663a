"""Limits and fading of the colours of a rate map, against what they are for."""

from __future__ import annotations

import numpy as np
import pytest

from chromamol.results.colours import (
    RATIO_TICKS,
    deposition_width,
    opacity,
    ratio_limit,
    uncertainty_over_differences,
)


@pytest.mark.parametrize(("spread", "limit"), [(0.01, 1.1), (0.3, 2.5), (1.0, 16.0), (40.0, 64.0)])
def test_the_limit_of_a_ratio_holds_98_percent(spread, limit):
    ratio = np.exp(spread * np.random.default_rng(0).standard_normal(10_000))
    ratio[:50] = np.nan
    assert ratio_limit(ratio) == limit
    assert ratio_limit(1 / ratio) == limit
    inside = np.mean((ratio[50:] <= limit) & (ratio[50:] >= 1 / limit))
    assert inside >= 0.98 or limit == max(RATIO_TICKS)


def test_rates_that_are_not_positive_get_the_widest_colours():
    assert ratio_limit(np.array([1.0, 0.0, -2.0, np.nan])) == max(RATIO_TICKS)


def test_a_deposition_is_even_around_its_mean():
    assert deposition_width(np.array([0.8, 1.2, np.nan])) == 0.25
    assert deposition_width(np.array([-0.7, 2.5])) == 2.0


def test_half_shines_through_where_error_and_differences_are_alike():
    labels = np.zeros((20, 30), np.int32)
    labels[2:8, 3:12], labels[10:18, 14:29] = 1, 3  # numbers may have gaps
    rng = np.random.default_rng(1)
    rate = np.where(labels == 3, 5.0, 1.0) + 0.2 * labels * rng.standard_normal(labels.shape)
    rate[4, 4] = np.nan
    sd = np.full(labels.shape, 0.2)
    found = uncertainty_over_differences(labels, rate, sd)
    for label in (1, 3):
        known = (labels == label) & np.isfinite(rate)
        np.testing.assert_allclose(found[known], 0.2 / rate[known].std(), rtol=1e-5)
    assert np.isnan(found[4, 4])
    assert np.isnan(found[labels == 0]).all()
    even = uncertainty_over_differences(labels, np.ones(labels.shape), sd)
    assert np.isnan(even).all()
    np.testing.assert_allclose(opacity(np.array([0.0, 1.0, 3.0, np.nan])), [1, 0.5, 0.1, 1])
