"""Shapes whose numbers are known, in pixels that are not square."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import special
from skimage.measure import regionprops

from chromamol.results.shape import Shape, shape_of


def ellipse(spacing_nm, semi_nm=(1_500.0, 1_000.0), angle=0.4, shape=(260, 300)):
    y, x = (
        (index - size / 2 + 0.3) * step
        for index, size, step in zip(np.indices(shape), shape, spacing_nm, strict=True)
    )
    along, across = (
        x * math.cos(angle) + y * math.sin(angle),
        y * math.cos(angle) - x * math.sin(angle),
    )
    return (along / semi_nm[0]) ** 2 + (across / semi_nm[1]) ** 2 < 1


@pytest.mark.parametrize("spacing_nm", [(15.0, 15.0), (23.0, 17.0), (14.0, 29.0)])
def test_an_ellipse_is_measured_as_geometry_has_it(spacing_nm):
    a, b = 1.5, 1.0
    shape = shape_of(ellipse(spacing_nm), spacing_nm)
    perimeter_um = 4 * a * special.ellipe(1 - (b / a) ** 2)
    assert shape.perimeter_um == pytest.approx(perimeter_um, rel=0.01)
    assert shape.circularity == pytest.approx(4 * math.pi**2 * a * b / perimeter_um**2, rel=0.02)
    assert shape.eccentricity == pytest.approx(math.sqrt(1 - (b / a) ** 2), rel=0.01)
    assert shape.major_axis_um == pytest.approx(2 * a, rel=0.01)
    assert shape.minor_axis_um == pytest.approx(2 * b, rel=0.01)
    assert shape.solidity == pytest.approx(1, abs=0.02)


def test_a_disc_is_round_and_its_holes_do_not_count():
    spacing_nm = (17.0, 17.0)
    disc = ellipse(spacing_nm, (1_500.0, 1_500.0))
    pierced = disc & ~ellipse(spacing_nm, (400.0, 300.0))
    assert shape_of(pierced, spacing_nm) == shape_of(disc, spacing_nm)
    assert shape_of(disc, spacing_nm).circularity == pytest.approx(1, abs=0.01)
    assert shape_of(disc, spacing_nm).eccentricity < 0.05


def test_an_indented_nucleus_is_less_solid_and_less_round():
    spacing_nm = (23.0, 17.0)
    whole = ellipse(spacing_nm)
    y, x = np.indices(whole.shape)
    indented = whole & ~((np.abs(y - 130) < 6) & (x > 150))
    before, after = (shape_of(one, spacing_nm) for one in (whole, indented))
    assert after.solidity < before.solidity - 0.03
    assert after.circularity < before.circularity - 0.2
    # In square pixels, the numbers are those of scikit-image.
    (region,) = regionprops(indented.astype(int))
    in_pixels = shape_of(indented, (1e3, 1e3))
    assert in_pixels.perimeter_um == pytest.approx(region.perimeter_crofton)
    assert in_pixels.solidity == pytest.approx(region.solidity)


def test_a_sliver_that_smoothing_erases_has_no_shape():
    assert shape_of(np.ones((3, 4), bool), (100.0, 10.0)) == Shape()
    assert shape_of(np.ones((3, 40), bool), (100.0, 10.0)).perimeter_um > 0
