"""Measures of condensation against drawings whose numbers are known; no gain matters."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import ndimage

from chromamol.results.condensation import (
    bright_over_others,
    chromatin_condensation_parameter,
    lamina_layer_nm,
)
from chromamol.results.domains import find_domains

SPACING_NM = (23.0, 17.0)
RADIUS_NM = 2_000.0


def disc():
    """Distance to the centre of a round nucleus, and its mask."""
    y, x = (index * step for index, step in zip(np.indices((200, 260)), SPACING_NM, strict=True))
    r_nm = np.hypot(y - 2_200, x - 2_100)
    return r_nm, r_nm < RADIUS_NM


@pytest.mark.parametrize("axis", [0, 1])
@pytest.mark.parametrize("gain", [1.0, 37.0])
def test_one_edge_is_one_line_of_edge_pixels(axis, gain):
    # 24 x 30 pixels of 200 nm; an edge in the middle is one line of what lies two pixels inside.
    density = np.ones((24 * 10, 30 * 10))
    half = density.shape[axis] // 2
    np.moveaxis(density, axis, 0)[half:] = 2.0
    whole = np.ones(density.shape, bool)
    inner = (24 - 4, 30 - 4)
    found = chromatin_condensation_parameter(gain * density, whole, (20.0, 20.0))
    assert found == pytest.approx(100 / inner[axis])


def test_edges_below_the_threshold_and_that_of_the_nucleus_do_not_count():
    r_nm, mask = disc()
    assert chromatin_condensation_parameter(np.where(mask, 5.0, np.nan), mask, SPACING_NM) == 0
    # The slope of a step is half of it: 0.12 of the maximum is reached at a step of 0.24.
    for step, counts in ((0.2, False), (0.3, True)):
        density = np.where(r_nm < 1_000, 1.0, 1 - step)
        found = chromatin_condensation_parameter(density, mask, SPACING_NM)
        assert (found > 2) == counts
        assert (found == 0) != counts


def test_more_domains_are_more_edges_and_a_speck_of_a_nucleus_has_none():
    _, mask = disc()
    y, x = np.indices(mask.shape) * np.reshape(SPACING_NM, (2, 1, 1))
    found = [
        chromatin_condensation_parameter(
            1 + np.sin(2 * np.pi * y / period_nm) * np.sin(2 * np.pi * x / period_nm),
            mask,
            SPACING_NM,
        )
        for period_nm in (3_000, 1_000)
    ]
    assert 0 < found[0] < found[1]
    speck = np.ones((90, 120), bool)  # 2.07 um x 2.04 um, of which 36 pixels of 200 nm are left
    assert math.isnan(chromatin_condensation_parameter(speck * 1.0, speck, SPACING_NM))
    assert math.isnan(chromatin_condensation_parameter(0.0 * mask, mask, SPACING_NM))


def texture(yx_spacing_nm):
    """A smooth texture in an elliptic nucleus, whatever the pixels, and its mask."""
    rng = np.random.default_rng(0)
    waves, phases = 2 * np.pi / 1_500 * rng.normal(size=(60, 2)), rng.uniform(0, 2 * np.pi, 60)
    counts = [
        math.ceil(length / side) for length, side in zip((12e3, 9e3), yx_spacing_nm, strict=True)
    ]
    y, x = (
        (np.indices(counts)[axis] + 0.5 - counts[axis] / 2) * yx_spacing_nm[axis] for axis in (0, 1)
    )
    field = sum(np.cos(a * y + b * x + phase) for (a, b), phase in zip(waves, phases, strict=True))
    return np.exp(0.15 * field), np.hypot(y / 5_500, x / 4_000) < 1


def test_edges_depend_neither_on_the_pixel_size_nor_on_the_axis():
    reference = chromatin_condensation_parameter(*texture((20.0, 20.0)), (20.0, 20.0))
    assert reference > 5
    # 81 nm and 79 nm round to 2 and 3 pixels of 200 nm; 131 nm is none of its divisors.
    for spacing in ((79.0, 79.0), (81.0, 81.0), (81.0, 131.0), (134.0, 134.0)):
        density, mask = texture(spacing)
        found = chromatin_condensation_parameter(density, mask, spacing)
        assert found == pytest.approx(reference, rel=0.06)
        turned = chromatin_condensation_parameter(density.T, mask.T, spacing[::-1])
        assert turned == pytest.approx(found)
    assert math.isnan(chromatin_condensation_parameter(*texture((150.0, 201.0)), (150.0, 201.0)))


def test_bright_over_others_is_that_of_two_plateaus():
    r_nm, mask = disc()
    share = (600 / RADIUS_NM) ** 2
    density = np.where(r_nm < 600, 3.0, 1.0)
    density[~mask] = np.nan
    found = bright_over_others(density, mask, SPACING_NM)
    assert found == pytest.approx(3 * share / (1 - share), rel=0.06)
    assert bright_over_others(900 * density, mask, SPACING_NM) == pytest.approx(found)
    # The noise of single pixels, most of which count nothing, does not decide.
    counts = np.random.default_rng(1).poisson(0.3 * np.nan_to_num(density)).astype(float)
    assert bright_over_others(counts, mask, SPACING_NM) == pytest.approx(found, rel=0.15)


def test_the_layer_at_the_lamina_is_as_thick_as_it_was_drawn():
    r_nm, mask = disc()
    thickness_nm = 250.0
    density = np.where((r_nm > RADIUS_NM - thickness_nm) | (r_nm < 300), 2.0, 1.0)
    found = find_domains(np.where(mask, density, np.nan), mask, SPACING_NM)
    assert found.count == 2  # the one in the middle is none of the lamina
    distance_nm = ndimage.distance_transform_edt(mask, sampling=SPACING_NM)
    perimeter_nm = 2 * math.pi * RADIUS_NM
    layer = lamina_layer_nm(found.labels, distance_nm, mask, perimeter_nm, SPACING_NM)
    expected_nm = thickness_nm * (1 - thickness_nm / (2 * RADIUS_NM))
    assert layer == pytest.approx(expected_nm, rel=0.06)
    # Half a ring is half of it.
    half = find_domains(np.where(np.arange(260) < 123, density, 1.0), mask, SPACING_NM)
    layer = lamina_layer_nm(half.labels, distance_nm, mask, perimeter_nm, SPACING_NM)
    assert layer == pytest.approx(expected_nm / 2, rel=0.08)
    without = np.zeros_like(found.labels)
    assert lamina_layer_nm(without, distance_nm, mask, perimeter_nm, SPACING_NM) == 0
    assert math.isnan(lamina_layer_nm(found.labels, distance_nm, mask, math.nan, SPACING_NM))


def test_domains_as_close_as_a_twentieth_of_the_radius_are_at_the_lamina():
    r_nm, mask = disc()
    distance_nm = ndimage.distance_transform_edt(mask, sampling=SPACING_NM)
    for gap_nm, at_the_rim in ((70.0, True), (130.0, False)):
        ring = (r_nm < RADIUS_NM - gap_nm) & (r_nm > RADIUS_NM - gap_nm - 200)
        layer = lamina_layer_nm(ring.astype(np.int32), distance_nm, mask, 1.0, SPACING_NM)
        assert (layer > 0) == at_the_rim


@pytest.mark.parametrize("spacing", [(140.0, 110.0), (110.0, 160.0)])
def test_pixels_above_a_twentieth_of_the_radius_have_a_layer(spacing):
    y, x = (np.indices((40, 50))[axis] * spacing[axis] - 2_200 for axis in (0, 1))
    mask = np.hypot(y, x) < RADIUS_NM
    distance_nm = ndimage.distance_transform_edt(mask, sampling=spacing)
    ring = (mask & (np.hypot(y, x) > 1_600)).astype(np.int32)
    layer = lamina_layer_nm(ring, distance_nm, mask, 2 * math.pi * RADIUS_NM, spacing)
    assert layer == pytest.approx(400 * 0.9, rel=0.06)
    # One pixel away from the rim is not at it.
    inner = (distance_nm > 1.5 * max(spacing)).astype(np.int32)
    assert lamina_layer_nm(inner, distance_nm, mask, 1.0, spacing) == 0
