"""Steady heat against manufactured solutions on a box that is not square."""

from __future__ import annotations

import numpy as np
import pytest

from chromamol.equations.heat import Heat

SIDES = (2.0, 3.0)


def _grid(shape: tuple[int, int]):
    spacing = (SIDES[0] / shape[0], SIDES[1] / shape[1])
    y, x = ((np.arange(n) + 0.5) * d for n, d in zip(shape, spacing, strict=True))
    return y[:, None], x[None, :], spacing


def _polynomial(y: np.ndarray, x: np.ndarray):
    """u = y (2 - y) x (3 - x)^2, zero on the edge, its Laplacian, and a positive rate."""
    field = y * (2 - y) * x * (3 - x) ** 2
    laplacian = -2 * x * (3 - x) ** 2 + y * (2 - y) * (6 * x - 12)
    return field, laplacian, 1.2 + 0.5 * np.sin(2 * y + 0.3) * np.cos(x)


def test_the_solution_converges_with_the_square_of_the_pixel():
    errors = []
    for finer in (1, 2, 4):
        y, x, spacing = _grid((20 * finer, 33 * finer))
        expected, laplacian, rate = _polynomial(y, x)
        found = Heat().simulate(rate, -rate * laplacian, spacing)
        errors.append(np.abs(found - expected).max() / expected.max())
    assert errors[-1] < 1e-4
    assert errors[0] / errors[1] == pytest.approx(4, rel=0.1)
    assert errors[1] / errors[2] == pytest.approx(4, rel=0.1)


def test_waves_that_vanish_on_the_edge_are_exact():
    y, x, spacing = _grid((14, 23))
    k_y, k_x = 2 * np.pi / SIDES[0], 3 * np.pi / SIDES[1]
    expected = np.sin(k_y * y) * np.sin(k_x * x)
    _, _, rate = _polynomial(y, x)
    found = Heat().simulate(rate, rate * (k_y**2 + k_x**2) * expected, spacing)
    np.testing.assert_allclose(found, expected, atol=1e-13)


def test_the_manufactured_solution_leaves_no_residual():
    y, x, _ = _grid((20, 33))
    _, laplacian, rate = _polynomial(y, x)
    field, source = {"laplacian": laplacian}, -rate * laplacian
    np.testing.assert_allclose(Heat().residual(field, rate, source), 0, atol=1e-13)
    np.testing.assert_allclose(
        Heat().residual(field, rate + 0.5, source), 0.5 * laplacian, atol=1e-13
    )
    np.testing.assert_allclose(Heat().recover(field, source), rate, rtol=1e-13)


ONES = np.ones((5, 7))


@pytest.mark.parametrize(
    ("rate", "source", "spacing", "message"),
    [
        (0 * ONES, ONES, (0.1, 0.2), "rate ranges from 0 to 0; give finite values above 0"),
        (ONES, ONES * np.nan, (0.1, 0.2), r"source ranges from nan to nan; give finite values\."),
        (ONES, ONES, (0.1, -0.2), "give two positive lengths"),
        (ONES, ONES[0], (0.1, 0.2), r"source has the shape \(7,\); give a \(y, x\) array"),
        (ONES, ONES.T, (0.1, 0.2), r"\(5, 7\) and the source \(7, 5\); give both on one grid"),
    ],
)
def test_a_simulation_says_what_is_wrong_with_its_input(rate, source, spacing, message):
    with pytest.raises(ValueError, match=message):
        Heat().simulate(rate, source, spacing)
