"""Statistics of domains of known size, spacing and content."""

from __future__ import annotations

import numpy as np
import pytest

from chromamol.inference.domain_statistics import domain_statistics

SPACING_NM = (10.0, 20.0)
SHAPE = (160, 100)


def numbers(h, e, mask=None, depth_nm=None):
    mask = np.ones(SHAPE, dtype=bool) if mask is None else mask
    depth_nm = np.full(SHAPE, np.nan) if depth_nm is None else depth_nm
    found = domain_statistics(h, e, mask, depth_nm, SPACING_NM)
    return {name: number for (name, _), number in found.numbers.items()}, found


def test_squares_on_a_lattice():
    """Squares of 120 nm, 400 nm apart."""
    y_nm, x_nm = (np.indices(SHAPE) * np.array(SPACING_NM)[:, None, None]) + 5
    squares = (y_nm % 400 < 120) & (x_nm % 400 < 120)
    h, e = np.where(squares, 0.7, 0.1), np.full(SHAPE, 0.25)
    found, all_of_it = numbers(h, e)
    assert found["spacing of the domains"] == pytest.approx(400, rel=0.1)
    assert found["condensed share of the area"] == pytest.approx(squares.mean(), rel=0.15)
    # The chord of a square along its sides is its side.
    assert found["width of the domains"] == pytest.approx(120, rel=0.15)
    assert found["heterochromatin's share of chromatin"] == pytest.approx(
        h.mean() / (h.mean() + 0.25)
    )
    assert 0.5 < all_of_it.plateau < 0.7
    assert np.isnan(all_of_it.radial).all()


def test_radial_profile_runs_from_rim_to_centre():
    y, x = np.indices(SHAPE)
    depth_nm = np.minimum(
        np.minimum(y, SHAPE[0] - 1 - y) * 10, np.minimum(x, SHAPE[1] - 1 - x) * 20
    )
    h = 0.4 - 0.3 * depth_nm / depth_nm.max()
    found, all_of_it = numbers(h, 0.5 - h, depth_nm=depth_nm.astype(float))
    assert (np.diff(all_of_it.radial) < 0).all()
    quarter = np.sort(h.ravel())[-h.size // 4 :].mean() / 0.5
    assert all_of_it.radial[0] == pytest.approx(quarter, rel=0.02)
    ratio = found["heterochromatin's share at the rim over that in the centre"]
    assert ratio == pytest.approx(all_of_it.radial[0] / all_of_it.radial[3])


def test_an_even_density_has_no_domains():
    found, all_of_it = numbers(np.full(SHAPE, 0.3), np.full(SHAPE, 0.2))
    assert found["contrast of the domains"] == 0
    assert found["condensed share of the area"] == 0
    assert np.isnan(found["width of the domains"])
    assert all_of_it.plateau == pytest.approx(0.3)
