"""Cells that an edge cuts, along straight edges where everything is known by hand."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from chromamol.inference.cut_cells import CutCells, diagonal_weight
from chromamol.inference.masked_box import MaskedBox

FACTOR = 4
SPACING_NM = (18.0, 25.0)
SHAPE = (13, 11)


def strip(first: int, last: int) -> CutCells:
    """Pixel rows first to last, which cut cells of 4 x 4; all columns of cells but the rim."""
    pixels = np.zeros((40, 36), dtype=bool)
    pixels[first : last + 1] = True
    return CutCells.of_pixels(pixels, FACTOR, SHAPE, 1)


def laplacian(cells: CutCells, field: np.ndarray) -> np.ndarray:
    """Of a field in its own unit; zero outside."""
    box = MaskedBox(cells, SPACING_NM, torch.device("cpu"))
    root = np.sqrt(cells.shares)
    bent = -box.minus_laplacian(torch.from_numpy(root * field)).numpy()
    return np.divide(bent, root, out=np.zeros_like(bent), where=root > 0)


def test_shares_and_openings_are_those_of_the_pixels():
    cells = strip(6, 28)  # half of the second row of cells, a quarter of the eighth
    np.testing.assert_array_equal(cells.shares[:, 5], [0, 0, 0.5, 1, 1, 1, 1, 1, 0.25, 0, 0, 0, 0])
    np.testing.assert_array_equal(cells.open_right[:, 5], cells.shares[:, 5])
    np.testing.assert_array_equal(cells.open_down[:, 5], [0, 0, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0])
    assert not cells.shares[:, [0, -1]].any()
    assert not cells.open_right[:, [0, 9, 10]].any()


def test_less_than_a_quarter_of_a_cell_is_left_out():
    pixels = np.ones((8, 8), dtype=bool)
    pixels[4:, 4:] = False
    pixels[4, 4:7] = True
    cells = CutCells.of_pixels(pixels, FACTOR, (4, 4), 1)
    assert cells.shares[2, 2] == 0
    assert cells.open_down[1, 2] == cells.open_right[2, 1] == 0
    pixels[4, 7] = True
    cells = CutCells.of_pixels(pixels, FACTOR, (4, 4), 1)
    assert cells.shares[2, 2] == 0.25
    assert cells.open_down[1, 2] == 1
    assert cells.open_right[2, 1] == 0.25


@pytest.mark.parametrize("first", [4, 5, 6, 7])
def test_along_a_straight_edge_polynomials_have_their_laplacian(first):
    cells = strip(first, 30)
    x_nm = np.indices(SHAPE)[1] * SPACING_NM[1] + 3.0
    inner = (cells.shares > 0) & (np.indices(SHAPE)[1] > 1) & (np.indices(SHAPE)[1] < 9)
    assert 0 < cells.shares[inner].min() < 1
    for field, expected in ((x_nm**0, 0.0), (x_nm, 0.0), (x_nm**2, 2.0)):
        np.testing.assert_allclose(laplacian(cells, field)[inner], expected, atol=1e-11)


@pytest.mark.parametrize("first", [4, 6])
def test_a_slope_drives_the_flux_of_the_open_faces(first):
    """Bonds that cross the faces between two columns of cells carry what these let through."""
    cells = strip(first, 30)
    bonds = cells.bonds(SPACING_NM)
    column = 5
    crossing = bonds[0, 1][:, column] + bonds[1, 1][:, column] + bonds[1, -1][:, column + 1]
    open_share = cells.open_right[:, column].sum()
    assert crossing.sum() == pytest.approx(open_share / SPACING_NM[1] ** 2, rel=1e-12)


def test_bonds_in_the_open_are_the_isotropic_nine_point_stencil():
    bonds = CutCells.of_mask(np.pad(np.ones((5, 6), dtype=bool), 1)).bonds((20.0, 20.0))
    assert bonds[0, 1][3, 3] == pytest.approx(4 / 6 / 400)
    assert bonds[1, 0][3, 3] == pytest.approx(4 / 6 / 400)
    assert bonds[1, 1][3, 3] == bonds[1, -1][3, 3] == pytest.approx(1 / 6 / 400)
    assert diagonal_weight((20.0, 20.0)) == pytest.approx(1 / 6 / 400)


@pytest.mark.parametrize("spacing_nm", [(20.0, 20.0), (9.0, 31.0), (40.0, 10.0)])
def test_no_bond_of_whole_cells_is_negative_and_none_leaves_the_mask(spacing_nm):
    mask = np.pad(np.random.default_rng(0).random((12, 15)) > 0.3, 1)
    for (dy, dx), bond in CutCells.of_mask(mask).bonds(spacing_nm).items():
        assert bond.min() > -1e-18
        there = np.roll(mask, (-dy, -dx), (0, 1))
        assert not bond[~(mask & there)].any()


def test_a_mirrored_mask_has_mirrored_bonds():
    y, x = np.indices((40, 36))
    pixels = np.hypot((y - 18) / 17, (x - 15) / 14) < 1
    plain = CutCells.of_pixels(pixels, FACTOR, (12, 11), 1).bonds(SPACING_NM)
    turned = CutCells.of_pixels(pixels.T, FACTOR, (11, 12), 1).bonds(SPACING_NM[::-1])
    np.testing.assert_allclose(turned[0, 1].T, plain[1, 0], atol=1e-18)
    np.testing.assert_allclose(turned[1, 1].T, plain[1, 1], atol=1e-18)
    mirrored = CutCells.of_pixels(pixels[:, ::-1], FACTOR, (12, 11), 1).bonds(SPACING_NM)
    np.testing.assert_allclose(mirrored[1, 0][:, ::-1], plain[1, 0], atol=1e-18)
    np.testing.assert_allclose(mirrored[1, -1][:, ::-1], plain[1, 1], atol=1e-18)


def test_edge_cells_are_counted_where_they_are_dense():
    rng = np.random.default_rng(0)
    pixels = np.zeros((60, 80), dtype=bool)
    pixels[4:56, 4:76] = True
    pixels[30:50, 40:70] &= rng.uniform(size=(20, 30)) > 0.3
    cells = CutCells.of_pixels(pixels, 2, (32, 42), 1)
    inside = cells.shares > 0
    padded = np.pad(inside, 1)
    around = padded[:-2, 1:-1] & padded[2:, 1:-1] & padded[1:-1, :-2] & padded[1:-1, 2:]
    at_edge = inside & ~(around & (cells.shares == 1))
    reach = 4
    expected = max(
        at_edge[max(y - reach, 0) : y + reach + 1, max(x - reach, 0) : x + reach + 1].sum()
        for y, x in np.ndindex(at_edge.shape)
    )
    assert cells.most_edge_cells(reach) == expected
