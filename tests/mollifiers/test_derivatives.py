"""Derivatives by the layer against analytic ones, scipy, and sums written out."""

from __future__ import annotations

from itertools import combinations_with_replacement, product

import numpy as np
import pytest
import torch
from numpy.polynomial.polynomial import polyder, polygrid2d, polygrid3d, polyval
from scipy import ndimage

from chromamol.mollifiers import axis
from chromamol.mollifiers.kernels import SHAPES, derivative_kernel, edge_weights
from chromamol.mollifiers.layer import MollifierLayer

ACCURACIES, DIMENSIONS, BOUNDARIES = (2, 4), (1, 2, 3), ("extend", "one-sided", "periodic")
SHAPE = {1: (61,), 2: (43, 52), 3: (14, 17, 20)}
SPACING = {1: (0.03,), 2: (0.04, 0.03), 3: (0.05, 0.04, 0.03)}
RADIUS = {1: (9,), 2: (6, 8), 3: (3, 4, 5)}
# Relative error on a wave over (k w)^accuracy, w the half width of the kernel: half the variance of
# the mollifier, and its fourth moment over 24.
ERROR = {
    ("polynomial", 2): 0.0385,
    ("polynomial", 4): 0.00050,
    ("bump", 2): 0.0791,
    ("bump", 4): 0.00126,
    ("gaussian", 2): 0.0541,
    ("gaussian", 4): 0.00112,
}


def names(dimension):
    """All derivatives of order 0 to 4 on a grid."""
    letters = "zyx"[-dimension:]
    partial = ["".join(p) for n in range(5) for p in combinations_with_replacement(letters, n)]
    return [*partial, "laplacian", "bilaplacian"]


def partials(name, dimension):
    """Orders along each axis of the partial derivatives that add up, written out."""
    twice = 2 * np.eye(dimension, dtype=int)
    if name == "laplacian":
        return list(twice)
    if name == "bilaplacian":
        return [one + other for one, other in product(twice, repeat=2)]
    return [[name.count(letter) for letter in "zyx"[-dimension:]]]


def layer(dimension, boundary, kernel, accuracy):
    spacing, radius = SPACING[dimension], RADIUS[dimension]
    return MollifierLayer(spacing, radius, names(dimension), kernel, boundary, accuracy=accuracy)


every_kernel = pytest.mark.parametrize(
    ("dimension", "kernel", "accuracy"), list(product(DIMENSIONS, SHAPES, ACCURACIES))
)


@every_kernel
def test_the_error_on_a_wave_is_that_of_the_mollifier(waves, dimension, kernel, accuracy):
    shape, spacing, radius = SHAPE[dimension], SPACING[dimension], RADIUS[dimension]
    # One wave fits into the box, so that it repeats.
    k = tuple(2 * np.pi / (n * h) for n, h in zip(shape, spacing, strict=True))
    truth = waves(shape, spacing, (k,))
    angles = [a * h * (r + 1) for a, h, r in zip(k, spacing, radius, strict=True)]
    bound = 1.02 * ERROR[kernel, accuracy] * sum(angle**accuracy for angle in angles)
    inside = tuple(slice(cells, -cells) for cells in radius)
    for boundary in BOUNDARIES:
        found = layer(dimension, boundary, kernel, accuracy)(truth.tensor())
        for name in names(dimension):
            values, expected = found[name][0, 0].numpy(), truth.derivative(name)
            atol = bound * np.abs(expected).max()
            # Weights at the edge make errors of their own.
            values = values[inside] if boundary == "one-sided" else values
            expected = expected if boundary == "periodic" else expected[inside]
            np.testing.assert_allclose(values, expected, rtol=0, atol=atol)


def one_sided(cells, order, radius, spacing, **kind):
    """The whole operator along one axis, row by row."""
    taps = derivative_kernel(order, radius, spacing, **kind)
    rows = np.zeros((cells, cells))
    for cell in range(radius, cells - radius):
        rows[cell, cell - radius : cell + radius + 1] = taps[::-1]
    for cell in range(radius):
        weights = edge_weights(order, cell, radius, spacing, **kind)
        rows[cell, : weights.size] = weights
        rows[-1 - cell, cells - weights.size :] = (-1) ** order * weights[::-1]
    return rows


def by_scipy(values, dimension, boundary, **kind):
    """Every partial derivative of order 0 to 4, one axis after the other."""
    found = {(): values}
    for place, spacing, radius in zip(
        range(-dimension, 0), SPACING[dimension], RADIUS[dimension], strict=True
    ):
        grown = {}
        for done, order in product(found, range(5)):
            if sum(done) + order > 4:
                continue
            taps = derivative_kernel(order, radius, spacing, **kind)
            rows = np.moveaxis(found[done], place, -1)
            if boundary != "one-sided":
                rows = ndimage.convolve1d(rows, taps, mode="wrap")
                rows = rows[..., radius:-radius] if boundary == "extend" else rows
            else:
                rows = rows @ one_sided(rows.shape[-1], order, radius, spacing, **kind).T
            grown[*done, order] = np.moveaxis(rows, -1, place)
        found = grown
    return found


@pytest.mark.parametrize("boundary", BOUNDARIES)
@every_kernel
def test_every_derivative_is_a_convolution_of_each_axis(dimension, kernel, accuracy, boundary):
    noise = np.random.default_rng(dimension).standard_normal((2, 2, *SHAPE[dimension]))
    convolve = layer(dimension, boundary, kernel, accuracy)
    found = convolve(torch.from_numpy(noise))
    in_float32 = convolve(torch.from_numpy(noise).float())
    # What float32 leaves of the field is differentiated in float64.
    of_rounded = convolve(torch.from_numpy(noise).float().double())
    assert list(found) == names(dimension)
    reference = by_scipy(noise, dimension, boundary, shape=kernel, accuracy=accuracy)
    for name, values in found.items():
        expected = sum(reference[*orders] for orders in partials(name, dimension))
        largest = np.abs(expected).max()
        assert values.shape == expected.shape
        np.testing.assert_allclose(values.numpy(), expected, rtol=0, atol=1e-11 * largest)
        assert in_float32[name].dtype == torch.float32
        np.testing.assert_allclose(in_float32[name], of_rounded[name], rtol=0, atol=1e-6 * largest)


@every_kernel
def test_polynomials_are_differentiated_exactly_up_to_the_edge(dimension, kernel, accuracy):
    shape, spacing, radius = SHAPE[dimension], SPACING[dimension], RADIUS[dimension]
    # In units of the box the coefficients of all powers weigh about the same.
    box = np.array(shape) * spacing
    places = [(np.arange(n) + 0.5) / n - 0.3 for n in shape]
    coefficients = np.random.default_rng(7).uniform(0.5, 1.0, (accuracy + 4,) * dimension)
    degree = np.indices(coefficients.shape).sum(axis=0)
    evaluate = {1: polyval, 2: polygrid2d, 3: polygrid3d}[dimension]

    def polynomial(orders, highest):
        kept = np.where(degree <= highest, coefficients, 0.0)
        for place, order in enumerate(orders):
            kept = polyder(kept, order, axis=place)
        return evaluate(*places, kept) / np.prod(box**orders)

    # Channel n holds what derivatives of order n get right.
    none = np.zeros(dimension, dtype=int)
    field = np.stack([polynomial(none, order + accuracy - 1) for order in range(5)])
    found = layer(dimension, "one-sided", kernel, accuracy)(torch.from_numpy(field)[None])
    for name, values in found.items():
        order = {"laplacian": 2, "bilaplacian": 4}.get(name, len(name))
        parts = partials(name, dimension)
        expected = sum(polynomial(np.array(n), order + accuracy - 1) for n in parts)
        atol = 1e-9 * np.abs(field[order]).max() / (np.array(radius) * spacing).min() ** order
        np.testing.assert_allclose(values[0, order].numpy(), expected, rtol=0, atol=atol)


@pytest.mark.parametrize("boundary", BOUNDARIES)
@pytest.mark.parametrize("radius", [12, 45])
def test_both_routes_of_a_convolution_give_the_same(monkeypatch, radius, boundary):
    names = ("", "x", "xxy", "bilaplacian")
    convolve = MollifierLayer((0.02, 0.03), (radius, radius + 1), names, "bump", boundary)
    field = torch.from_numpy(np.random.default_rng(2).standard_normal((2, 1, 151, 143)))
    limit = axis._FOURIER_RADIUS
    assert 12 < limit < 45
    found = convolve(field)
    monkeypatch.setattr(axis, "_FOURIER_RADIUS", 0 if radius < limit else 99)
    for name, values in convolve(field).items():
        largest = values.abs().max()
        torch.testing.assert_close(found[name], values, rtol=0, atol=1e-10 * largest)
        assert not torch.equal(found[name], values)


def test_one_spacing_serves_grids_of_any_dimension():
    names = ("", "x", "xx", "laplacian", "bilaplacian")
    one = MollifierLayer(0.03, 4, names, boundary="one-sided")
    for shape in SHAPE.values():
        field = torch.from_numpy(
            np.random.default_rng(3).standard_normal((1, 2, *[n + 5 for n in shape]))
        )
        each = MollifierLayer([0.03] * len(shape), [4] * len(shape), names, boundary="one-sided")
        for name, values in each(field).items():
            torch.testing.assert_close(one(field)[name], values)


@pytest.mark.parametrize(("dtype", "offset"), [(torch.float64, 1e3), (torch.float32, 8.0)])
@pytest.mark.parametrize("boundary", BOUNDARIES)
def test_an_offset_costs_no_more_than_its_own_rounding(waves, boundary, dtype, offset):
    raised = waves((44, 51), (0.02, 0.03), ((3.0, -2.0),)).tensor(dtype) + offset
    names = ("", "x", "yy", "bilaplacian")
    convolve = MollifierLayer((0.02, 0.03), 6, names, boundary=boundary)
    found, without = convolve(raised), convolve(raised - offset)
    without[""] += offset
    for name, values in found.items():
        atol = 4 * torch.finfo(dtype).eps * values.abs().max()
        # The centre that is taken out of the field is rounded too: 1e-16 of it is left.
        atol += 1e-14 / 0.02 ** (4 if name == "bilaplacian" else len(name))
        torch.testing.assert_close(values, without[name], rtol=0, atol=float(atol))
