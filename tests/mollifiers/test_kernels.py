"""Kernels against exact moments, finite differences, polynomials and analytic derivatives."""

from __future__ import annotations

from math import factorial

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.signal import convolve2d

from chromamol.mollifiers.kernels import (
    SHAPES,
    derivative_kernel,
    edge_weights,
    laplacian_kernels,
    smallest_radius,
)

ORDERS, ACCURACIES = range(5), (2, 4)
# Central finite differences, the weight of each neighbour in steps of one cell (Fornberg, Math.
# Comp. 51, 699, 1988).
STENCILS = {
    (0, 4): [0, 1, 0],
    (1, 2): [-1 / 2, 0, 1 / 2],
    (1, 4): [1 / 12, -2 / 3, 0, 2 / 3, -1 / 12],
    (2, 2): [1, -2, 1],
    (2, 4): [-1 / 12, 4 / 3, -5 / 2, 4 / 3, -1 / 12],
    (3, 2): [-1 / 2, 1, 0, -1, 1 / 2],
    (3, 4): [1 / 8, -1, 13 / 8, 0, -13 / 8, 1, -1 / 8],
    (4, 2): [1, -4, 6, -4, 1],
    (4, 4): [-1 / 6, 2, -13 / 2, 28 / 3, -13 / 2, 2, -1 / 6],
}
BUMPS = {
    "polynomial": lambda r: (1 - r**2) ** 5,
    "bump": lambda r: np.exp(-1 / (1 - r**2)) if abs(r) < 1 else 0.0,
    "gaussian": lambda r: np.exp(-(r**2) / (2 / 9)),
}


def radii(order, accuracy):
    least = smallest_radius(order, accuracy)
    return [least, least + 1, least + 2, least + 5, 13, 60]


def has_the_moments(weights, positions, order, accuracy, wanted):
    """Sums over powers of the position are zero, but for the one of the order."""
    size = np.abs(weights).sum()
    for power in range(order + accuracy):
        scale = size * np.abs(positions).max() ** power
        expected = wanted if power == order else 0.0
        assert (positions**power * weights).sum() == pytest.approx(expected, abs=1e-12 * scale)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("accuracy", ACCURACIES)
@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("spacing", [0.37, 20.0])
def test_discrete_moments_are_those_of_the_derivative(order, accuracy, shape, spacing):
    for radius in radii(order, accuracy):
        taps = derivative_kernel(order, radius, spacing, shape, accuracy)
        assert taps.shape == (2 * radius + 1,)
        assert taps.dtype == np.float64
        positions = np.arange(-radius, radius + 1) * spacing
        has_the_moments(taps, positions, order, accuracy, (-1) ** order * factorial(order))


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("accuracy", ACCURACIES)
@pytest.mark.parametrize("order", ORDERS)
def test_kernels_have_the_parity_of_the_derivative(order, accuracy, shape):
    for radius in radii(order, accuracy):
        taps = derivative_kernel(order, radius, 15.0, shape, accuracy)
        mirrored = (-1) ** order * taps[::-1]
        np.testing.assert_allclose(mirrored, taps, rtol=0, atol=1e-12 * np.abs(taps).max())


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("accuracy", ACCURACIES)
@pytest.mark.parametrize("order", range(1, 5))
def test_derivatives_sum_to_zero_to_rounding(order, accuracy, shape):
    kernels = [derivative_kernel(order, r, 1e-3, shape, accuracy) for r in radii(order, accuracy)]
    kernels += [edge_weights(order, 3, r, 1e-3, shape=shape, accuracy=accuracy) for r in (4, 9)]
    for taps in kernels:
        assert abs(taps.sum()) <= 4 * np.finfo(float).eps * np.abs(taps).sum()


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize(("order", "accuracy"), STENCILS)
def test_the_smallest_kernels_are_finite_differences(order, accuracy, shape):
    radius, spacing = smallest_radius(order, accuracy), 0.37
    taps = derivative_kernel(order, radius, spacing, shape, accuracy)
    stencil = np.array(STENCILS[order, accuracy]) / spacing**order
    # A convolution turns its taps around.
    np.testing.assert_allclose(taps[::-1], stencil, rtol=0, atol=1e-12 * np.abs(stencil).max())


@pytest.mark.parametrize("shape", SHAPES)
def test_the_mollifier_of_accuracy_2_is_positive_and_falls_from_its_middle(shape):
    for radius in radii(0, 2):
        taps = derivative_kernel(0, radius, 1.0, shape)
        assert (taps > 0).all()
        assert (np.diff(taps[radius:]) < 0).all()


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("accuracy", ACCURACIES)
@pytest.mark.parametrize("order", ORDERS)
def test_weights_at_an_edge_have_the_moments_of_the_derivative(order, accuracy, shape):
    spacing = 0.37
    for radius in radii(order, accuracy):
        for before in {0, radius // 2, radius - 1}:
            weights = edge_weights(order, before, radius, spacing, shape=shape, accuracy=accuracy)
            positions = np.arange(-before, weights.size - before) * spacing
            has_the_moments(weights, positions, order, accuracy, factorial(order))


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("accuracy", ACCURACIES)
@pytest.mark.parametrize("order", ORDERS)
def test_polynomials_are_differentiated_exactly(order, accuracy, shape):
    spacing, radius = 0.4, 7
    polynomial = np.polynomial.Polynomial(
        [0.7, -1.3, 0.4, 0.25, -0.1, 0.06, -0.03, 0.02][: order + accuracy]
    )
    x = (np.arange(3 * radius + 1) - 7) * spacing
    expected = polynomial.deriv(order)(x) if order else polynomial(x)
    taps = derivative_kernel(order, radius, spacing, shape, accuracy)
    inside = np.convolve(polynomial(x), taps, "valid")
    edge = []
    for before in range(radius):
        weights = edge_weights(order, before, radius, spacing, shape=shape, accuracy=accuracy)
        edge.append(weights @ polynomial(x)[: weights.size])
    tolerance = 1e-9 * np.abs(polynomial(x)).max() / spacing**order
    np.testing.assert_allclose(inside, expected[radius:-radius], rtol=0, atol=tolerance)
    np.testing.assert_allclose(edge, expected[:radius], rtol=0, atol=tolerance)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("accuracy", ACCURACIES)
def test_a_wide_kernel_gives_the_derivative_of_the_mollified_wave(accuracy, shape):
    # On exp(ikx) a kernel is a factor: (ik)^order times the transform of the mollifier.
    radius, spacing, angle = 60, 0.25, 1.0
    k = angle / ((radius + 1) * spacing)

    def moment(function, power):
        return quad(lambda r: function(r) * r**power * BUMPS[shape](r), -1, 1)[0]

    slope = 0.0 if accuracy == 2 else -moment(lambda _: 1, 2) / moment(lambda _: 1, 4)
    blur = moment(lambda r: np.cos(angle * r) * (1 + slope * r**2), 0)
    blur /= moment(lambda r: 1 + slope * r**2, 0)
    waves = np.exp(-1j * k * np.arange(-radius, radius + 1) * spacing)
    for order in ORDERS:
        factor = derivative_kernel(order, radius, spacing, shape, accuracy) @ waves
        # The Gaussian is cut where it still is 1 % high, which its derivatives are corrected for.
        tolerance = 0.03 if shape == "gaussian" and order else 2e-4
        assert factor / (1j * k) ** order == pytest.approx(blur, abs=tolerance)


@pytest.mark.parametrize("shape", SHAPES)
def test_laplacian_and_bilaplacian_of_a_wave_on_an_anisotropic_grid(shape):
    spacing, radius = (0.02, 0.035), (11, 7)
    y = np.arange(70)[:, None] * spacing[0]
    x = np.arange(52)[None, :] * spacing[1]
    k_y, k_x = 1.6, 1.1
    wave = np.sin(k_y * y + 0.3) * np.cos(k_x * x - 0.8)
    inner = np.s_[radius[0] : -radius[0], radius[1] : -radius[1]]
    k2 = k_y**2 + k_x**2
    expected = (wave, -k2 * wave, k2**2 * wave)
    for kernel, truth in zip(laplacian_kernels(radius, spacing, shape), expected, strict=True):
        assert kernel.shape == (23, 15)
        found = convolve2d(wave, kernel, mode="valid")
        np.testing.assert_allclose(found, truth[inner], rtol=0, atol=0.02 * np.abs(truth).max())


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("accuracy", ACCURACIES)
@pytest.mark.parametrize("order", ORDERS)
def test_the_error_on_a_wave_falls_with_the_accuracy_as_a_power_of_the_radius(
    order, accuracy, shape
):
    k, spacing = 1.0, 0.02
    errors = []
    for radius in (15, 30):
        x = np.arange(-radius, radius + 1) * spacing
        factor = derivative_kernel(order, radius, spacing, shape, accuracy) @ np.exp(-1j * k * x)
        errors.append(abs(factor / (1j * k) ** order - 1))
    assert np.log2(errors[1] / errors[0]) == pytest.approx(accuracy, abs=0.35)


@pytest.mark.parametrize(
    ("order", "radius", "spacing", "options", "message"),
    [
        (5, 9, 1.0, {}, "order 0 to 4 are supported, not 5"),
        (-1, 9, 1.0, {}, "order 0 to 4"),
        (4, 1, 1.0, {}, "at least 2 whole cells, not 1. Enlarge the radius"),
        (4, 2, 1.0, {"accuracy": 4}, "at least 3 whole cells, not 2"),
        (0, 0, 1.0, {}, "at least 1 whole cells"),
        (1, 2.5, 1.0, {}, "whole cells, not 2.5"),
        (2, 5, 0.0, {}, "positive length, not 0.0"),
        (2, 5, -3.0, {}, "positive length"),
        (2, 5, float("nan"), {}, "positive length"),
        (2, 5, float("inf"), {}, "positive length"),
        (2, 5, 1.0, {"shape": "box"}, "one of polynomial, bump, gaussian, not 'box'"),
        (2, 5, 1.0, {"accuracy": 3}, "order 2 or 4, not 3"),
    ],
)
def test_what_cannot_be_made_is_refused(order, radius, spacing, options, message):
    with pytest.raises(ValueError, match=message):
        derivative_kernel(order, radius, spacing, **options)
    with pytest.raises(ValueError, match=message):
        edge_weights(order, 0, radius, spacing, **options)
