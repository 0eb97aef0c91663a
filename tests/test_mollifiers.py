"""Kernels against exact moments, polynomials and analytic derivatives."""

from __future__ import annotations

from math import factorial

import numpy as np
import pytest
from scipy.signal import convolve2d

from chromamol.mollifiers import derivative_kernel, laplacian_kernels

SHAPES = ("polynomial", "bump")
ALLOWED = [(order, radius) for order in range(5) for radius in (5, 6, 8, 13, 28)]


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize(("order", "radius"), [*ALLOWED, (0, 1), (1, 2), (2, 3), (3, 4)])
@pytest.mark.parametrize("spacing", [0.37, 20.0])
def test_discrete_moments_are_those_of_the_derivative(order, radius, spacing, shape):
    taps = derivative_kernel(order, radius, spacing, shape)
    assert taps.shape == (2 * radius + 1,)
    assert taps.dtype == np.float64
    positions = np.arange(-radius, radius + 1) * spacing
    for power in range(order + 1):
        expected = (-1) ** order * factorial(order) if power == order else 0.0
        terms = positions**power * taps
        assert terms.sum() == pytest.approx(expected, abs=1e-9 * np.abs(terms).sum())


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("order", range(5))
def test_kernels_have_the_parity_of_the_derivative(order, shape):
    taps = derivative_kernel(order, 9, 15.0, shape)
    np.testing.assert_allclose(taps[::-1], (-1) ** order * taps, atol=1e-12 * np.abs(taps).max())


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize(("order", "radius"), [pair for pair in ALLOWED if pair[0] > 0])
def test_derivatives_sum_to_zero_to_rounding(order, radius, shape):
    taps = derivative_kernel(order, radius, 1e-3, shape)
    assert abs(taps.sum()) <= 4 * np.finfo(float).eps * np.abs(taps).sum()


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize(("order", "radius"), ALLOWED)
def test_polynomials_up_to_the_order_are_differentiated_exactly(order, radius, shape):
    spacing = 0.4
    x = (np.arange(4 * radius) - 7) * spacing
    polynomial = np.polynomial.Polynomial([0.7, -1.3, 0.4, 0.25, -0.1][: order + 1])
    found = np.convolve(polynomial(x), derivative_kernel(order, radius, spacing, shape), "valid")
    expected = polynomial.deriv(order)(x) if order else polynomial(x)
    inside = expected[radius : x.size - radius]
    largest = np.abs(polynomial(x)).max() / spacing**order
    np.testing.assert_allclose(found, inside, rtol=0, atol=1e-9 * largest)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("order", range(1, 5))
def test_a_derivative_is_the_analytic_one_of_the_mollified_wave(order, shape):
    # On exp(ikx) every kernel is a factor: (ik)^order times that of a bump about as wide.
    spacing, radius, k = 10.0, 12, 2 * np.pi / 1400
    x = np.arange(-radius, radius + 1) * spacing
    factor = derivative_kernel(order, radius, spacing, shape) @ np.exp(-1j * k * x)
    blur = derivative_kernel(0, radius, spacing, shape) @ np.exp(-1j * k * x)
    ratio = factor / (1j * k) ** order
    assert abs(ratio.imag) < 1e-10
    assert ratio.real == pytest.approx(blur.real, abs=0.02)
    assert ratio.real < 1


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


def test_the_error_on_a_wave_falls_with_the_square_of_the_radius():
    k, spacing = 2 * np.pi, 0.005
    errors = []
    for radius in (10, 20):
        x = np.arange(-radius, radius + 1) * spacing
        factor = derivative_kernel(4, radius, spacing) @ np.cos(k * x)
        errors.append(abs(factor / k**4 - 1))
    assert errors[1] / errors[0] == pytest.approx(4, rel=0.05)


@pytest.mark.parametrize(
    ("order", "radius", "spacing", "message"),
    [
        (5, 9, 1.0, "order 0 to 4"),
        (-1, 9, 1.0, "order 0 to 4"),
        (4, 4, 1.0, "at least 5 cells, not 4"),
        (0, 0, 1.0, "at least 1 cells"),
        (2, 5, 0.0, "positive length"),
        (2, 5, -3.0, "positive length"),
        (2, 5, float("nan"), "positive length"),
    ],
)
def test_what_cannot_be_made_is_refused(order, radius, spacing, message):
    with pytest.raises(ValueError, match=message):
        derivative_kernel(order, radius, spacing)
