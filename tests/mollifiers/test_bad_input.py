"""What a layer refuses, and what it says: what was found, and what to do."""

from __future__ import annotations

import re

import numpy as np
import pytest
import torch

from chromamol.mollifiers.layer import MollifierLayer

SHAPE = (48, 40)


def block(*corners):
    """A mask of rectangles, each given by its first and last cell."""
    mask = np.zeros(SHAPE, dtype=bool)
    for (top, left), (bottom, right) in corners:
        mask[top : bottom + 1, left : right + 1] = True
    return mask


BODY = ((5, 5), (30, 30))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"spacing": 0.0}, "The spacing must be a positive length, not 0.0"),
        ({"spacing": (0.1, -2.0)}, "positive length, not -2.0"),
        ({"spacing": float("nan")}, "positive length, not nan"),
        ({"spacing": (1.0, 2.0), "radius": (8, 8, 8)}, "2 spacings and 3 radii. Give one for all"),
        ({"spacing": ()}, "0 spacings and 1 radii"),
        ({"spacing": (1.0,) * 4}, "4 spacings and 4 radii.*up to 3 axes"),
        ({"radius": 2}, "order 4 needs a kernel radius of at least 3 whole cells, not 2. Enlarge"),
        ({"radius": 1, "accuracy": 2}, "at least 2 whole cells, not 1"),
        ({"radius": (8, 2)}, "at least 3 whole cells, not 2"),
        ({"radius": -3}, "whole cells, not -3"),
        ({"radius": 8.5}, "whole cells, not 8.5"),
        ({"radius": float("nan")}, "whole cells, not nan"),
        ({"derivatives": ("x", "xxxxx")}, "'xxxxx' has the order 5; derivatives of order 0 to 4"),
        ({"derivatives": ("w",)}, "no derivative 'w'.*Name it by its axes"),
        ({"derivatives": ("z",), "spacing": (1.0, 1.0)}, "no derivative 'z'.*the axes y, x"),
        ({"derivatives": ()}, r'Give a list of derivatives, such as \("", "x", "laplacian"\)'),
        ({"derivatives": "laplacian"}, "Give a list of derivatives.*not 'laplacian'"),
        ({"kernel": "box"}, "one of polynomial, bump, gaussian, not 'box'"),
        ({"boundary": "zero"}, "one of extend, periodic, one-sided, not 'zero'"),
        ({"accuracy": 3}, "accuracy of a kernel must be of order 2 or 4, not 3"),
    ],
)
def test_a_layer_that_cannot_be_made(changes, message):
    with pytest.raises(ValueError, match=message):
        MollifierLayer(**{"spacing": 0.1, "radius": 8, **changes})


@pytest.mark.parametrize(
    ("boundary", "cells"), [("extend", 17), ("periodic", 17), ("one-sided", 25)]
)
def test_a_grid_smaller_than_the_kernel(boundary, cells):
    layer = MollifierLayer(0.1, (3, 8), boundary=boundary)
    message = (
        f"The grid has {cells - 1} cells along x; a kernel of radius 8 with the boundary "
        f"'{boundary}' needs at least {cells}. Give a smaller radius"
    )
    with pytest.raises(ValueError, match=message):
        layer(torch.rand(1, 1, 40, cells - 1))
    assert all(
        torch.isfinite(values).all() for values in layer(torch.rand(1, 1, 40, cells)).values()
    )


def nan_at(*index):
    field = torch.rand(2, 1, *SHAPE)
    field[index] = torch.nan
    return field


@pytest.mark.parametrize(
    ("field", "message"),
    [
        (nan_at(1, 0, 5, 7), r"1 values that are NaN or infinite, .* = \(1, 0, 5, 7\)"),
        (nan_at(0, 0, 5) / 0, "NaN or infinite, the first at .*Mend them, or leave .* mask"),
        (torch.ones(1, 1, *SHAPE, dtype=torch.int64), r"torch.int64.*\.float\(\)"),
        (
            torch.ones(1, 1, *SHAPE, dtype=torch.float16),
            "Tensor and torch.float16. Give a torch tensor of float32 or float64",
        ),
        (torch.ones(1, 1, *SHAPE, dtype=torch.complex64), "torch.complex64"),
        (torch.ones(SHAPE), r"shape \(48, 40\). This layer takes \(batch, channel, \*grid\)"),
        (torch.ones(1, 1, 9, *SHAPE), "with a grid of 2 axes"),
        (torch.ones(1, 1, *SHAPE, device="meta"), r"on meta, the layer on cpu.*layer.to\('meta'\)"),
    ],
)
def test_a_field_that_does_not_fit(field, message):
    layer = MollifierLayer((0.1, 0.2), 6, ("x",), boundary="one-sided")
    with pytest.raises(ValueError, match=message):
        layer(field)
    if field.shape[2:] == SHAPE and field.device.type == "cpu":
        with pytest.raises(ValueError, match=message):
            layer(field, np.ones(SHAPE, dtype=bool))


def test_a_field_of_five_dimensions_or_a_name_of_an_axis_that_is_not_there():
    layer = MollifierLayer(0.1, 3, ("", "y"))
    with pytest.raises(ValueError, match="a grid of 1 or 2 or 3 axes"):
        layer(torch.rand(1, 1, 9, 9, 9, 9))
    with pytest.raises(ValueError, match="no derivative 'y' on a grid with the axes x"):
        layer(torch.rand(1, 1, 40))


@pytest.mark.parametrize(
    ("mask", "message"),
    [
        (block(), "The mask has 0 cells, and nowhere.*13 x 13 cells. Give a smaller radius"),
        (block(((5, 5), (30, 16))), "The mask has 312 cells, and nowhere in it is there room"),
        (
            block(BODY, ((36, 33), (37, 35))),
            r"1 of the 2 parts .* 13 x 13 cells; .*\(36, 33\), has 6",
        ),
        (block(BODY, ((20, 31), (20, 38))), "too thin for a derivative .* morphological opening"),
        (np.ones(SHAPE[::-1], dtype=bool), r"shape \(40, 48\). Give booleans .* \(48, 40\)"),
        (np.ones((1, 1, *SHAPE), dtype=bool), r"shape \(1, 1, 48, 40\). Give booleans"),
        (np.ones(SHAPE, dtype=np.uint8), "a mask of torch.uint8.*Give booleans"),
        (torch.ones(SHAPE), "a mask of torch.float32"),
    ],
    ids=["empty", "thin", "island", "spur", "turned", "with a batch", "uint8", "float"],
)
def test_a_mask_that_does_not_fit(mask, message):
    layer = MollifierLayer(0.1, 6, boundary="one-sided")
    with pytest.raises(ValueError, match=message):
        layer(torch.rand(1, 1, *SHAPE), mask)


def test_nan_inside_a_mask_is_named():
    layer = MollifierLayer(0.1, 6, ("x",), boundary="one-sided")
    with pytest.raises(ValueError, match=re.escape("1 values that are NaN or infinite")):
        layer(nan_at(1, 0, 12, 7), block(BODY))


@pytest.mark.parametrize("boundary", ["extend", "periodic"])
def test_a_mask_needs_the_one_sided_boundary(boundary):
    layer = MollifierLayer(0.1, 6, boundary=boundary)
    message = (
        f"needs the boundary 'one-sided', and this layer has '{boundary}'. Make the layer with"
    )
    with pytest.raises(ValueError, match=message):
        layer(torch.rand(1, 1, *SHAPE), np.ones(SHAPE, dtype=bool))


def test_an_island_as_large_as_all_but_one_cell_of_the_kernel_is_refused():
    mask = np.zeros((30, 44), dtype=bool)
    mask[2:28, 2:28] = True
    mask[5:17, 30:42] = True
    with pytest.raises(ValueError, match=r"1 of the 2 parts .* at cell \(5, 30\), has 144"):
        MollifierLayer(0.1, 6, ("x",), boundary="one-sided")(torch.rand(1, 1, 30, 44), mask)
