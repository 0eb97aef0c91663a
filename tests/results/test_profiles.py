"""Profiles of maps whose every value is known."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from chromamol.errors import InputError
from chromamol.results.profiles import line_profile, radial_profile, rate_histogram
from chromamol.results.result import result_of

from .conftest import SHAPE, SPACING_NM


@pytest.fixture(scope="module")
def result(analysis):
    return result_of(analysis)


def with_rate(result, rate):
    rate = np.where(result.labels > 0, rate, np.nan).astype(np.float32)
    return replace(result, maps={**result.maps, "rate": rate})


def position_nm():
    y, x = np.indices(SHAPE)
    return y * SPACING_NM[0], x * SPACING_NM[1]


def test_the_histogram_is_the_share_of_the_area(result):
    table = rate_histogram(result, [1, 2])
    for label in (1, 2):
        rate = result.maps["rate"][result.labels == label]
        assert table[f"area_fraction_{label}"].sum() == pytest.approx(1)
        below = table.rate_high <= np.median(rate)
        share = table.loc[below, f"area_fraction_{label}"].sum()
        assert share == pytest.approx(0.5, abs=0.06)
    np.testing.assert_allclose(table.rate_low[1:], table.rate_high[:-1])


def test_from_rim_to_centre(result):
    # The rate is the depth below the ellipse of nucleus 2 itself, scaled: known without pixels.
    y_nm, x_nm = position_nm()
    level = np.hypot((y_nm - 1750) / 1500, (x_nm - 3100) / 1100)
    table = radial_profile(with_rate(result, 2 - level), [1, 2])
    assert set(table.nucleus) == {2}  # nucleus 1 is cut by the border
    assert table.rate_mean.is_monotonic_increasing
    assert table.rate_mean.iloc[0] == pytest.approx(1.02, abs=0.02)
    assert table.rate_mean.iloc[-1] == pytest.approx(1.9, abs=0.1)
    assert table.distance_to_rim_um.iloc[-1] == pytest.approx(1.1, abs=0.05)
    assert table.pixel_count.sum() == (result.labels == 2).sum()
    even = radial_profile(with_rate(result, np.full(SHAPE, 3.0)), [2])
    np.testing.assert_allclose(even.rate_mean, 3)
    np.testing.assert_allclose(even.rate_variation, 0, atol=1e-6)


def test_along_a_line(result):
    y_nm, x_nm = position_nm()
    sloped = with_rate(result, 1 + y_nm / 1e4 + x_nm / 2e4)
    start, end = (60.0, 150.0), (95.5, 210.0)
    table = line_profile(sloped, start, end)
    length_um = math.hypot(35.5 * 0.023, 60 * 0.017)
    assert table.distance_um.iloc[-1] == pytest.approx(length_um)
    share = table.distance_um / length_um
    y, x = 60 + 35.5 * share, 150 + 60 * share
    np.testing.assert_allclose(table.rate, 1 + y * 0.0023 + x * 0.00085, rtol=1e-5)
    assert list(table)[-2:] == ["H3K9me3", "H3K27ac"]
    assert line_profile(sloped, (0, 0), (2, 2)).rate.isna().all()


def test_what_cannot_be_drawn_is_said(result, rejected_analysis):
    bare = result_of(rejected_analysis)
    with pytest.raises(InputError, match="no rate map"):
        rate_histogram(bare, [1])
    with pytest.raises(InputError, match="None of these nuclei is whole"):
        radial_profile(result, [1])
    with pytest.raises(InputError, match="no length"):
        line_profile(result, (3, 3), (3, 3))
