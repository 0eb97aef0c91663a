"""Mollifier kernels and their derivatives on a grid, with exact discrete moments.

A mollifier eta is a smooth bump of compact support and unit integral; convolving data with its
derivative differentiates the mollified data (Bhartari, Vinayak and Shenoy, arXiv 2505.11682).
Sampling the analytic derivative is not enough: at a radius of 8 cells the fourth derivative of
exp(-1 / (1 - r^2)) has a moment of -40 instead of 1. Kernels here are corrected so that their
discrete moments are those of the derivative.
"""

from __future__ import annotations

from math import factorial
from typing import Literal

import numpy as np
from numpy.polynomial import Polynomial
from numpy.typing import NDArray

Shape = Literal["polynomial", "bump"]
Kernel = NDArray[np.float64]

# (1 - r^2)^8: smooth enough for four derivatives, and better behaved than the C-infinity bump.
_POWER = 8
_HIGHEST_ORDER = 4


def derivative_kernel(
    order: int, radius: int, spacing: float, shape: Shape = "polynomial"
) -> Kernel:
    """Return the taps of a derivative of a mollifier along one axis.

    The taps K[j], j = -radius..radius, are those of a true convolution, u'[i] = sum_j K[j]
    u[i - j], with sum_j (j spacing)^i K[j] = (-1)^order order! delta_(i, order) for i <= order
    (sum_j K[j] = 1 for order 0), to rounding.

    Parameters
    ----------
    order : int
        Order of the derivative, 0 to 4.
    radius : int
        Half width in cells; at least `order` + 1.
    spacing : float
        Cell size, any unit of length.
    shape : {"polynomial", "bump"}
        (1 - r^2)^8, or exp(-1 / (1 - r^2)).

    Returns
    -------
    (2 radius + 1,) float64
        In units of 1 / length^order.

    Raises
    ------
    ValueError
        If the order is not supported, the radius too small for it, or the spacing not positive.
    """
    if not 0 <= order <= _HIGHEST_ORDER:
        msg = f"Derivatives of order 0 to {_HIGHEST_ORDER} are supported, not {order}."
        raise ValueError(msg)
    if radius < order + 1:
        msg = (
            f"A derivative of order {order} needs a kernel radius of at least {order + 1} cells, "
            f"not {radius}. Enlarge the radius or use a finer grid."
        )
        raise ValueError(msg)
    if not (np.isfinite(spacing) and spacing > 0):
        msg = f"The spacing must be a positive length, not {spacing}."
        raise ValueError(msg)
    cells = np.arange(-radius, radius + 1)
    # Half a cell is left outside, so that the outermost taps are not zero.
    r = cells / (radius + 0.5)
    bump = _derivative(0, r, shape)
    taps = _correct(_derivative(order, r, shape), bump, cells / radius, order)
    taps /= (radius * spacing) ** order
    # Rounding leaves a sum that the fourth power of a small spacing would make visible.
    taps[radius] -= taps.sum() - (order == 0)
    return taps


def laplacian_kernels(
    radius: tuple[int, int], spacing: tuple[float, float], shape: Shape = "polynomial"
) -> tuple[Kernel, Kernel, Kernel]:
    """Return eta, lap eta and lap lap eta of a product mollifier on a (y, x) grid.

    Parameters
    ----------
    radius : (int, int)
        Half widths along y and x, cells.
    spacing : (float, float)
        Cell sizes along y and x.
    shape : {"polynomial", "bump"}
        See `derivative_kernel`.

    Returns
    -------
    eta, laplacian, bilaplacian : (2 radius_y + 1, 2 radius_x + 1) float64
        For a true convolution.
    """
    y, x = (
        {order: derivative_kernel(order, cells, side, shape) for order in (0, 2, 4)}
        for cells, side in zip(radius, spacing, strict=True)
    )
    eta = np.outer(y[0], x[0])
    laplacian = np.outer(y[2], x[0]) + np.outer(y[0], x[2])
    bilaplacian = np.outer(y[4], x[0]) + 2 * np.outer(y[2], x[2]) + np.outer(y[0], x[4])
    return eta, laplacian, bilaplacian


def _derivative(order: int, r: Kernel, shape: Shape) -> Kernel:
    """Return the analytic derivative of the bump at -1 < r < 1, not normalised."""
    square = Polynomial([1.0, 0.0, -1.0])
    if shape == "polynomial":
        values: Kernel = (square**_POWER).deriv(order)(r) if order else (square**_POWER)(r)
        return values
    # The n-th derivative is numerator_n / (1 - r^2)^(2 n) times the bump.
    numerator = Polynomial([1.0])
    for n in range(order):
        numerator = (
            numerator.deriv() * square**2
            + 4 * n * Polynomial([0.0, 1.0]) * square * numerator
            - Polynomial([0.0, 2.0]) * numerator
        )
    outside: Kernel = numerator(r) / square(r) ** (2 * order) * np.exp(-1 / square(r))
    return outside


def _correct(taps: Kernel, bump: Kernel, cells: Kernel, order: int) -> Kernel:
    """Add bump times a polynomial of degree `order` so that the moments come out right."""
    powers = np.arange(order + 1)
    wanted = np.where(powers == order, (-1.0) ** order * factorial(order), 0.0)
    moments = cells[None, :] ** powers[:, None]
    scale = (moments[order] @ taps) / wanted[order]
    taps = taps / scale
    correction = np.linalg.solve(
        (moments * bump) @ moments.T,
        wanted - moments @ taps,
    )
    corrected: Kernel = taps + bump * (correction @ moments)
    return corrected
