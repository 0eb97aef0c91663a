"""Coordinates of the cells, and fields laid out on them."""

from __future__ import annotations

import pytest
import torch

from chromamol.engines.grid import Grid

GRID = Grid((2, 3, 4), (0.5, 0.25, 2.0), (1.0, -1.0, 10.0))


def test_coordinates_are_those_of_the_cells_in_the_order_of_memory():
    points = GRID.coordinates(dtype=torch.float64)
    assert points.shape == (24, 3)
    zyx = points.reshape(2, 3, 4, 3)
    for z, y, x in ((0, 0, 0), (1, 2, 3), (1, 0, 2)):
        assert zyx[z, y, x].tolist() == [1 + 0.5 * z, -1 + 0.25 * y, 10 + 2.0 * x]


def test_the_margin_adds_cells_on_each_side():
    wide = GRID.coordinates((1, 0, 3)).reshape(4, 3, 10, 3)
    torch.testing.assert_close(wide[1:-1, :, 3:-3].reshape(-1, 3), GRID.coordinates())
    assert wide[0, 0, 0].tolist() == [0.5, -1.0, 4.0]
    torch.testing.assert_close(GRID.coordinates(2), GRID.coordinates((2, 2, 2)))


def test_a_field_is_laid_out_as_the_coordinates_are():
    points = GRID.coordinates((0, 1, 2))
    field = GRID.field(torch.stack([points[:, 1], 7 * points[:, 2]], dim=-1), (0, 1, 2))
    assert field.shape == (1, 2, 2, 5, 8)
    assert field[0, 0, 1, :, 4].tolist() == [-1.25, -1.0, -0.75, -0.5, -0.25]
    assert field[0, 1, 0, 3, :2].tolist() == [42.0, 56.0]


def test_the_origin_is_zero_unless_given():
    assert Grid((3,), (0.1,)) == Grid([3], [0.1], [0.0])
    assert Grid((3,), (0.1,)).coordinates()[0].item() == 0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (((), ()), "same 1 to 3 axes"),
        (((2, 2, 2, 2), (1, 1, 1, 1)), "same 1 to 3 axes"),
        (((4, 5), (1.0,)), "shape of 2, a spacing of 1"),
        (((4, 5), (1.0, 1.0), (0.0,)), "origin of 1 axes"),
        (((4, 0), (1.0, 1.0)), "one cell or more"),
        (((4, 5), (1.0, 0.0)), "positive, finite"),
        (((4, 5), (-1.0, 1.0)), "positive, finite"),
        (((4, 5), (float("inf"), 1.0)), "positive, finite"),
        (((4, 5), (float("nan"), 1.0)), "positive, finite"),
        (((4, 5), (1.0, 1.0), (0.0, float("nan"))), "finite coordinate"),
    ],
)
def test_what_is_no_grid_is_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        Grid(*arguments)


@pytest.mark.parametrize("margin", [-1, (1, 2), (0, 0, -1)])
def test_a_margin_that_does_not_fit_is_refused(margin):
    with pytest.raises(ValueError, match="margin"):
        GRID.coordinates(margin)


@pytest.mark.parametrize("shape", [(24,), (23, 1), (1, 24), (24, 1, 1)])
def test_values_of_another_shape_are_refused(shape):
    with pytest.raises(ValueError, match=r"return \(points, channel\), here \(24, 1\)"):
        GRID.field(torch.zeros(shape))
