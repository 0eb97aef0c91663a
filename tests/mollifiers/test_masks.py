"""Derivatives inside masks: only their own cells count, up to their edge."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from numpy.polynomial.polynomial import polyder, polygrid2d
from scipy import ndimage

from chromamol.mollifiers.kernels import SHAPES, smallest_radius
from chromamol.mollifiers.layer import MollifierLayer

SHAPE, SPACING, RADIUS = (46, 57), (0.02, 0.03), (3, 4)
NAMES = ("", "x", "yy", "laplacian")


@pytest.fixture
def mask(ellipse):
    """Cells of an ellipse with a hole, which a narrow gap cuts off another part."""
    cells = ellipse(SHAPE)
    cells[18:22, 12:19] = False
    cells[:, 33] = False
    assert ndimage.label(cells)[1] == 2
    return cells


@pytest.fixture
def layer():
    return MollifierLayer(SPACING, RADIUS, NAMES, boundary="one-sided")


@pytest.fixture
def noise():
    return np.random.default_rng(0).standard_normal((2, 2, *SHAPE))


def derive(layer, field, mask=None):
    found = layer(torch.from_numpy(field), mask)
    return {name: values.numpy() for name, values in found.items()}


@pytest.mark.parametrize("outside", [np.nan, np.inf, 1e300])
def test_what_lies_outside_has_no_influence(layer, mask, noise, outside):
    found = derive(layer, np.where(mask, noise, outside), mask)
    for name, values in derive(layer, np.where(mask, noise, 0.0), mask).items():
        np.testing.assert_array_equal(found[name], values)
        assert (values[..., ~mask] == 0).all()
        assert (values[..., mask] != 0).all()


@pytest.mark.parametrize("other", [0.5, 1e18])
def test_islands_do_not_see_each_other(layer, mask, noise, other):
    parts, _ = ndimage.label(mask)
    first, second = parts == 1, parts == 2
    both, alone = derive(layer, noise, mask), derive(layer, noise, first)
    changed = derive(layer, np.where(second, other * noise**2, noise), mask)
    for name, values in both.items():
        np.testing.assert_array_equal(changed[name][..., first], values[..., first])
        assert (changed[name][..., second] != values[..., second]).all()
        atol = 1e-12 * np.abs(values).max()
        np.testing.assert_allclose(alone[name][..., first], values[..., first], rtol=0, atol=atol)


@pytest.mark.parametrize("accuracy", [2, 4])
@pytest.mark.parametrize("kernel", SHAPES)
def test_polynomials_are_differentiated_exactly_up_to_the_edge(mask, kernel, accuracy):
    sums = {
        "laplacian": ("xx", "yy"),
        "xxyy": ("xxyy",),
        "bilaplacian": ("xxxx", "xxyy", "xxyy", "yyyy"),
    }
    names = ["", "x", "xy", "yy", *sums]
    layer = MollifierLayer(SPACING, (5, 4), names, kernel, "one-sided", accuracy=accuracy)
    box = np.array(SHAPE) * SPACING
    places = [(np.arange(n) + 0.5) / n - 0.3 for n in SHAPE]
    coefficients = np.random.default_rng(5).uniform(0.5, 1.0, (accuracy + 4,) * 2)
    degree = np.indices(coefficients.shape).sum(axis=0)

    def polynomial(name, highest):
        y, x = name.count("y"), name.count("x")
        kept = np.where(degree <= highest, coefficients, 0.0)
        kept = polyder(polyder(kept, y, axis=0), x, axis=1)
        return polygrid2d(*places, kept) / (box[0] ** y * box[1] ** x)

    # Channel n holds what derivatives of order n get right.
    field = np.stack([polynomial("", order + accuracy - 1) for order in range(5)])[None]
    for name, values in derive(layer, field, mask).items():
        order = {"laplacian": 2, "bilaplacian": 4}.get(name, len(name))
        terms = sums.get(name, (name,))
        expected = sum(polynomial(term, order + accuracy - 1) for term in terms)
        atol = 1e-9 * np.abs(field[0, order]).max() / 0.1**order
        np.testing.assert_allclose(values[0, order][mask], expected[mask], rtol=0, atol=atol)


def test_a_mask_changes_nothing_where_the_kernel_is_whole(layer, mask, noise):
    whole = ndimage.binary_erosion(mask, np.ones([2 * cells + 1 for cells in RADIUS]))
    assert whole.any()
    found = derive(layer, noise, mask)
    for name, values in derive(layer, noise).items():
        atol = 1e-12 * np.abs(values).max()
        np.testing.assert_allclose(found[name][..., whole], values[..., whole], rtol=0, atol=atol)


def test_numpy_and_torch_masks_are_the_same(layer, mask, noise):
    found = derive(layer, noise, torch.from_numpy(mask))
    for name, values in derive(layer, noise, mask).items():
        np.testing.assert_array_equal(found[name], values)


def test_another_mask_replaces_the_first(layer, mask, noise, ellipse):
    first = derive(layer, noise, mask)
    other = ellipse(SHAPE, 0.3, 0.4)
    fresh = derive(MollifierLayer(SPACING, RADIUS, NAMES, boundary="one-sided"), noise, other)
    second = derive(layer, noise, other)
    # An array that is changed in place is another mask too.
    other[:] = mask
    again = derive(layer, noise, other)
    for name in NAMES:
        np.testing.assert_array_equal(second[name], fresh[name])
        np.testing.assert_array_equal(again[name], first[name])


def test_a_field_in_float32_is_differentiated_in_float64(layer, mask, noise):
    rounded = noise.astype(np.float32)
    found = derive(layer, rounded, mask)
    for name, values in derive(layer, rounded.astype(np.float64), mask).items():
        assert found[name].dtype == np.float32
        np.testing.assert_allclose(found[name], values, rtol=0, atol=1e-6 * np.abs(values).max())


@pytest.mark.parametrize("accuracy", [2, 4])
def test_a_mask_of_one_axis(waves, accuracy):
    truth = waves((90,), (0.02,), ((2.0,),))
    mask = np.zeros(90, dtype=bool)
    mask[5:40] = mask[41:85] = True
    layer = MollifierLayer(0.02, 6, ("", "x", "xxxx"), boundary="one-sided", accuracy=accuracy)
    field = np.where(mask, truth.derivative(), np.nan)[None, None]
    for name, values in derive(layer, field, mask).items():
        expected = np.where(mask, truth.derivative(name), 0.0)
        bound = {2: 0.3, 4: 2e-3}[accuracy] * np.abs(expected).max()
        np.testing.assert_allclose(values[0, 0], expected, rtol=0, atol=bound)


def test_a_mask_of_three_axes():
    shape, spacing = (14, 16, 18), (0.03, 0.02, 0.025)
    z, y, x = (np.arange(n) + 0.5 - n / 2 for n in shape)
    mask = (z[:, None, None] / 6.5) ** 2 + (y[:, None] / 7.5) ** 2 + (x / 8) ** 2 < 1
    slope = {"z": 2.0, "y": -3.0, "x": 1.5}
    plane = 1 + sum(
        slope[letter] * h * np.expand_dims(cells, axes)
        for letter, h, cells, axes in zip(
            "zyx", spacing, (z, y, x), ((1, 2), (0, 2), (0, 1)), strict=True
        )
    )
    # Accuracy 2 gets second derivatives of a cubic right.
    names = {"xy": 6 * slope["x"] * slope["y"], "laplacian": 6 * sum(a**2 for a in slope.values())}
    layer = MollifierLayer(spacing, (2, 3, 2), list(names), boundary="one-sided", accuracy=2)
    for name, values in derive(layer, np.where(mask, plane**3, np.nan)[None, None], mask).items():
        expected = np.where(mask, names[name] * plane, 0.0)
        np.testing.assert_allclose(
            values[0, 0], expected, rtol=0, atol=1e-9 * np.abs(expected).max()
        )


@pytest.mark.parametrize("accuracy", [2, 4])
@pytest.mark.parametrize("name", ["x", "xx", "xxx", "xxxx"])
def test_the_smallest_kernels_fit_into_a_mask(name, accuracy):
    order, spacing = len(name), 0.1
    radius = smallest_radius(order, accuracy)
    layer = MollifierLayer(spacing, radius, (name,), boundary="one-sided", accuracy=accuracy)
    x = np.arange(30) * spacing
    for shape in [(30,), (24, 30)]:
        mask = np.zeros(shape, dtype=bool)
        mask[(slice(4, -3),) * len(shape)] = True
        field = np.broadcast_to(x ** (order + accuracy - 1), (1, 1, *shape)).copy()
        factor = np.prod(np.arange(accuracy, accuracy + order))
        expected = np.where(mask, factor * x ** (accuracy - 1), 0.0)
        found = derive(layer, field, mask)[name][0, 0]
        np.testing.assert_allclose(found, expected, rtol=0, atol=1e-9 * field.max() / 0.1**order)


def test_gradients_flow_inside_the_mask_alone(layer, mask, noise):
    field = torch.from_numpy(np.where(mask, noise, np.nan)).requires_grad_()
    sum(values.square().sum() for values in layer(field, mask).values()).backward()
    assert torch.isfinite(field.grad).all()
    assert (field.grad.numpy()[..., mask] != 0).all()
    assert (field.grad.numpy()[..., ~mask] == 0).all()


@pytest.mark.parametrize("name", ["", "x", "laplacian"])
def test_a_derivative_does_not_depend_on_what_else_is_asked_for(mask, noise, name):
    alone, beside = (
        derive(MollifierLayer(SPACING, 3, names, boundary="one-sided"), noise, mask)[name]
        for names in ((name,), (name, "bilaplacian"))
    )
    np.testing.assert_allclose(alone, beside, rtol=0, atol=1e-12 * np.abs(beside).max())


def test_a_large_offset_leaves_no_more_than_its_own_rounding(mask, noise):
    layer = MollifierLayer(SPACING, 4, ("", "bilaplacian"), boundary="one-sided")
    offset = 2.0**20
    raised = noise + offset
    found, without = derive(layer, raised, mask), derive(layer, raised - offset, mask)
    for name, shift in (("", offset), ("bilaplacian", 0.0)):
        largest = np.abs(found[name]).max()
        expected = without[name] + np.where(mask, shift, 0.0)
        np.testing.assert_allclose(found[name], expected, rtol=0, atol=1e-9 * largest)
