"""Colours of exported maps: what a pixel says is what the bar says."""

from __future__ import annotations

import numpy as np
import pytest
from matplotlib import colormaps
from scipy import ndimage

from chromamol.errors import CallError
from chromamol.inference.rate_map import Quantity
from chromamol.results.colour_picture import picture, zoom_of
from chromamol.results.map_colours import NO_VALUE, colours_of, common, kind_of, limits_of
from chromamol.results.record import record_of

from .conftest import ACETYLATION_RATE_PER_S, with_maps


@pytest.fixture(scope="module")
def record(analysis):
    return record_of(analysis)


def of_colour_map(name, fraction):
    return np.array(colormaps[name](float(fraction), bytes=True)[:3])


def test_a_ratio_is_logarithmic_and_white_where_it_is_neutral(record):
    rates = np.array([[0.5, 1.0, 2.0, 2**0.5, 100.0, -1.0, np.nan]])
    colours = colours_of(record, "rate", (0.5, 2.0))
    expected = [of_colour_map("RdBu_r", part) for part in (0, 0.5, 1, 0.75, 1, 0)]
    np.testing.assert_array_equal(colours.rgb(rates)[0], [*expected, NO_VALUE])
    assert list(colours.bar.ticks.values()) == ["0.5", "0.71", "1", "1.4", "2"]
    assert "logarithmic from 0.5 to 2" in colours.words


def test_other_ends_cut_the_bar_and_leave_white_where_it_is(record):
    colours = colours_of(record, "rate", (0.5, 8.0))
    rates = np.array([[0.125, 0.5, 1.0, 8.0]])
    # As in a bar from 1/8 to 8, of which nothing is shown below 0.5.
    expected = [of_colour_map("RdBu_r", part) for part in (1 / 3, 1 / 3, 0.5, 1)]
    found = colours.rgb(rates)[0].astype(int)
    assert np.abs(found - expected).max() <= 3
    assert list(colours.bar.ticks.values()) == ["0.5", "0.71", "1", "2.8", "8"]


def test_a_rate_per_second_is_white_at_the_acetylation_rate(absolute_analysis):
    record = record_of(absolute_analysis)
    rate = absolute_analysis.full_map("rate")
    low, high = limits_of(record, "rate", rate)
    assert low * high == pytest.approx(ACETYLATION_RATE_PER_S**2)
    colours = colours_of(record, "rate", (low, high))
    white = colours.rgb(np.array([[ACETYLATION_RATE_PER_S]]))[0, 0]
    np.testing.assert_array_equal(white, of_colour_map("RdBu_r", 0.5))
    assert "1/s" in colours.bar.label
    assert "1/s" in kind_of(record, "rate")


@pytest.mark.parametrize(
    ("name", "cmap"), [("compaction", "magma"), ("rate_sd", "cividis"), ("residual", "PuOr_r")]
)
def test_other_maps_are_linear(analysis, record, name, cmap):
    yx_map = analysis.full_map(name)
    low, high = limits_of(record, name, yx_map)
    inside = np.isfinite(yx_map)
    assert np.mean((yx_map[inside] >= low) & (yx_map[inside] <= high)) > 0.97
    colours = colours_of(record, name, (low, high))
    values = np.array([[low, (low + high) / 2, high, high + 1]])
    expected = [of_colour_map(cmap, part) for part in (0, 0.5, 1, 1)]
    np.testing.assert_array_equal(colours.rgb(values)[0], expected)


def test_a_deposition_is_linear_around_its_mean(analysis):
    record = record_of(with_maps(analysis, *[{"quantity": Quantity.DEPOSITION}] * 2))
    limits = limits_of(record, "rate", analysis.full_map("rate"))
    assert sum(limits) == pytest.approx(2)
    colours = colours_of(record, "rate", (-0.5, 1.5))
    found = colours.rgb(np.array([[-0.5, 1.0]]))[0].astype(int)
    assert np.abs(found - [of_colour_map("RdBu_r", part) for part in (0, 0.5)]).max() <= 3


@pytest.mark.parametrize(
    ("name", "limits"),
    [
        ("rate", (0.0, 2.0)),
        ("rate", (2.0, 1.0)),
        ("compaction", (np.nan, 1.0)),
        ("rate_sd", (1, 1)),
    ],
)
def test_limits_that_do_not_fit_are_refused(record, name, limits):
    with pytest.raises(CallError, match="two values, the lower one first"):
        colours_of(record, name, limits)


def test_common_limits_hold_all():
    assert common([(0.5, 2.0), (0.8, 1.25), (0.25, 1.0)]) == (0.25, 2.0)


@pytest.mark.parametrize(
    ("shape", "zoom"),
    [((40, 60), 10), ((61, 30), 10), ((300, 299), 2), ((599, 1), 2), ((9, 600), 1)],
)
def test_small_maps_are_enlarged_by_a_whole_number(shape, zoom):
    assert zoom_of(shape) == zoom
    assert 600 <= zoom * max(shape) < 600 + max(shape)


@pytest.mark.parametrize("times", [1, 12])
def test_no_pixel_of_the_map_is_resampled(analysis, record, times):
    yx_map = np.kron(analysis.full_map("rate"), np.ones((times, times)))
    colours = colours_of(record, "rate", (0.5, 2.0))
    whole = picture(yx_map, colours, ["a line"], "")
    zoom = zoom_of(yx_map.shape)
    assert (zoom == 1) == (times == 12)
    height, width = (zoom * side for side in yx_map.shape)
    enlarged = np.kron(colours.rgb(yx_map), np.ones((zoom, zoom, 1), np.uint8))
    np.testing.assert_array_equal(whole[:height, :width], enlarged)
    assert whole.shape[0] >= height
    assert (whole[height:, :width] == 255).all()
    # The bar is the tallest column of many colours, and its ends are those of the limits.
    strip = whole[:, width:].astype(int)
    coloured = np.ptp(strip, axis=2) > 60
    column = int(np.argmax(coloured.sum(axis=0)))
    rows = np.flatnonzero(coloured[:, column])
    red, blue = strip[rows[0] + 2, column], strip[rows[-1] - 2, column]
    assert red[0] > blue[0] + 50
    assert blue[2] > red[2] + 40


def test_words_stand_apart_and_inside_the_picture(analysis, record):
    colours = colours_of(record, "rate", (0.5, 2.0))
    rate = analysis.full_map("rate")
    plain = picture(rate, colours, [], "")
    warned = picture(rate, colours, ["light grey: no value"], "EXPLORATORY: " + "word " * 40)
    assert warned.shape[1] > plain.shape[1]
    strip = warned[:, zoom_of(rate.shape) * rate.shape[1] :]
    dark = (strip < 200).any(axis=2)
    for edge in (dark[0], dark[-1], dark[:, 0], dark[:, -1]):
        assert not edge.any()
    # Lines of text are columns of ink with white between them.
    _, lines = ndimage.label(dark.any(axis=0))
    assert lines >= 4
