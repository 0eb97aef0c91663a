"""Finite volumes on a mask: symmetric, conserving, second order."""

from __future__ import annotations

import numpy as np
import pytest

from chromamol.equations.no_flux import MaskedSteps, five_point_laplacian

SPACING_NM = (9.0, 14.0)


@pytest.fixture(scope="module")
def mask() -> np.ndarray:
    y, x = np.indices((26, 21))
    mask = np.hypot((y - 13) / 11, (x - 10) / 9) < 1
    mask[12, 8:11] = False
    return mask


def test_laplacian_counts_the_neighbours_inside(mask):
    matrix = five_point_laplacian(mask, SPACING_NM).toarray()
    pixels = np.argwhere(mask)
    weights = {(1, 0): 1 / 81.0, (0, 1): 1 / 196.0}
    for i, first in enumerate(pixels):
        steps = np.abs(pixels - first)
        expected = np.array([-weights.get((dy, dx), 0.0) for dy, dx in steps.tolist()])
        expected[i] = -expected.sum()
        np.testing.assert_allclose(matrix[i], expected, atol=1e-15)


def test_nothing_leaves_the_mask(mask):
    matrix = five_point_laplacian(mask, SPACING_NM)
    assert abs(matrix - matrix.T).max() == 0
    np.testing.assert_allclose(matrix @ np.ones(matrix.shape[0]), 0, atol=1e-15)


def test_implicit_step_undoes_the_operator(mask):
    steps = MaskedSteps(mask, SPACING_NM)
    field = np.random.default_rng(1).standard_normal(int(mask.sum()))
    bent = steps.minus_laplacian(field)
    forward = 1.7 * field + 300.0 * bent + 2e4 * steps.minus_laplacian(bent)
    np.testing.assert_allclose(steps.implicit(1.7, 300.0, 2e4)(forward), field, rtol=1e-9)


def test_fields_come_back_to_their_pixels(mask):
    steps = MaskedSteps(mask, SPACING_NM)
    field = np.random.default_rng(2).random(mask.shape)
    back = steps.scatter(steps.gather(field))
    np.testing.assert_array_equal(back[mask], field[mask])
    assert np.isnan(back[~mask]).all()
