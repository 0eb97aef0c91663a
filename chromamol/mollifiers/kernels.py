"""Mollifier kernels and their derivatives on a grid, with exact discrete moments.

A mollifier eta is a smooth bump of compact support and unit integral; convolving data with its
derivative differentiates the mollified data (Bhartari, Vinayak and Shenoy, arXiv 2505.11682).
Sampling the analytic derivative is not enough: at a radius of 8 cells the fourth derivative of
exp(-1 / (1 - r^2)) has a moment of -40 instead of 1. Kernels here are corrected so that their
discrete moments are those of the derivative, on both sides of a cell or where a side is missing.
"""

from __future__ import annotations

from math import factorial
from typing import Literal

import numpy as np
from numpy.polynomial import Polynomial
from numpy.typing import NDArray

from chromamol.mollifiers.names import HIGHEST_ORDER

Shape = Literal["polynomial", "bump", "gaussian"]
Accuracy = Literal[2, 4]
Kernel = NDArray[np.float64]

SHAPES: tuple[Shape, ...] = ("polynomial", "bump", "gaussian")
# (1 - r^2)^5: the lowest power whose fourth derivative is continuous, hence the widest kernel
# and the least noise.
_POWER = HIGHEST_ORDER + 1
_GAUSSIAN_SD = 1 / 3
# A cell at the edge looks this many radii inwards: with fewer the missing side costs accuracy.
EDGE_REACH = 3


def smallest_radius(order: int, accuracy: Accuracy) -> int:
    """Return the least radius, cells, whose taps can have the moments of such a derivative.

    There the taps of derivatives are those of central finite differences: the moments leave no
    freedom.
    """
    return max(1, (order + accuracy - 1) // 2)


def derivative_kernel(
    order: int,
    radius: int,
    spacing: float,
    shape: Shape = "polynomial",
    accuracy: Accuracy = 2,
) -> Kernel:
    """Return the taps of a derivative of a mollifier along one axis.

    The taps K[j], j = -radius..radius, are those of a true convolution, u'[i] = sum_j K[j]
    u[i - j], with sum_j (j spacing)^i K[j] = (-1)^order order! delta_(i, order) for
    i < order + accuracy, to rounding.

    Parameters
    ----------
    order : int
        Order of the derivative, 0 to 4.
    radius : int
        Half width in cells; at least `smallest_radius`.
    spacing : float
        Cell size, any unit of length, > 0.
    shape : {"polynomial", "bump", "gaussian"}
        (1 - r^2)^5, exp(-1 / (1 - r^2)), or exp(-r^2 / (2 / 9)) cut at r = 1 (three standard
        deviations).
    accuracy : {2, 4}
        Power of the radius with which the error falls. 2: the mollifier is positive, a local
        mean. 4: the shape times a + b r^2, without a second moment: sharper, with more noise.

    Returns
    -------
    (2 radius + 1,) float64
        In units of 1 / length^order.

    Raises
    ------
    ValueError
        If the order or the shape is not supported, the radius too small, or the spacing not
        positive.
    """
    check_kernel(order, radius, spacing, shape, accuracy)
    r = np.arange(-radius, radius + 1) / (radius + 1)
    bump = _derivatives(order, r, shape)
    slope = 0.0 if accuracy == 2 else -(r**2 @ bump[0]) / (r**4 @ bump[0])
    taps = (1 + slope * r**2) * bump[order]
    if order >= 1:
        taps += 2 * slope * order * r * bump[order - 1]
    if order >= 2:
        taps += slope * order * (order - 1) * bump[order - 2]
    taps /= ((1 + slope * r**2) * bump[0]).sum()
    # By symmetry only the powers of the order's parity are left.
    powers = np.arange(order % 2, order + accuracy, 2)
    wanted = np.where(powers == order, (-1.0) ** order * factorial(order), 0.0)
    moments = r[None, :] ** powers[:, None]
    taps = fit_moments(taps[None], moments, envelope(order, r**2, shape), wanted[None])[0]
    # The fit leaves the parity to rounding.
    taps = (taps + (-1) ** order * taps[::-1]) / 2
    kernel: Kernel = taps / ((radius + 1) * spacing) ** order
    # Rounding leaves a sum that the fourth power of a small spacing would make visible.
    kernel[radius] -= kernel.sum() - (order == 0)
    return kernel


def edge_weights(
    order: int,
    before: int,
    radius: int,
    spacing: float,
    *,
    shape: Shape = "polynomial",
    accuracy: Accuracy = 2,
) -> Kernel:
    """Return the weights of a derivative at a cell that has few neighbours on one side.

    The weights w[s], s = -before..reach, are those of a sum, u'[i] = sum_s w[s] u[i + s], with
    sum_s (s spacing)^i w[s] = order! delta_(i, order) for i < order + accuracy. The reach is
    `EDGE_REACH` radii at the edge (before = 0) and falls to one where the kernel is whole.

    Parameters
    ----------
    order, radius, spacing, shape, accuracy
        See `derivative_kernel`.
    before : int
        Cells on the short side, 0 to radius - 1.

    Returns
    -------
    (before + reach + 1,) float64
        In units of 1 / length^order.

    Raises
    ------
    ValueError
        See `derivative_kernel`.
    """
    check_kernel(order, radius, spacing, shape, accuracy)
    reach = EDGE_REACH * radius - (EDGE_REACH - 1) * before
    r = np.arange(-before, reach + 1) / (reach + 1)
    powers = np.arange(order + accuracy)
    wanted = np.where(powers == order, float(factorial(order)), 0.0)
    moments = r[None, :] ** powers[:, None]
    start = np.zeros((1, r.size))
    fitted = fit_moments(start, moments, envelope(order, r**2, shape), wanted[None])[0]
    weights: Kernel = fitted / ((reach + 1) * spacing) ** order
    weights[before] -= weights.sum() - (order == 0)
    return weights


def laplacian_kernels(
    radius: tuple[int, int], spacing: tuple[float, float], shape: Shape = "polynomial"
) -> tuple[Kernel, Kernel, Kernel]:
    """Return eta, lap eta and lap lap eta of a positive product mollifier on a (y, x) grid.

    Parameters
    ----------
    radius : (int, int)
        Half widths along y and x, cells.
    spacing : (float, float)
        Cell sizes along y and x.
    shape : {"polynomial", "bump", "gaussian"}
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


def envelope(order: int, r2: Kernel, shape: Shape) -> Kernel:
    """Return the factor that an order's derivative of the bump has, at squared radii < 1.

    The derivative is this factor times a polynomial, and so is every correction to it: the taps
    fall to zero at the rim as smoothly as the derivative does.
    """
    square = 1 - r2
    if shape == "polynomial":
        return np.asarray(square ** (_POWER - order))
    if shape == "bump":
        return np.asarray(np.exp(-1 / square) / square ** (2 * order))
    return np.asarray(np.exp(-r2 / (2 * _GAUSSIAN_SD**2)))


def fit_moments(taps: Kernel, moments: Kernel, weights: Kernel, wanted: Kernel) -> Kernel:
    """Return the taps plus `weights` times the combination of moments that makes them right.

    Parameters
    ----------
    taps : (..., kernel, tap) float64
    moments : (..., moment, tap) float64
        Functions whose sums over the taps are wanted.
    weights : (..., 1, tap) float64
    wanted : (..., kernel, moment) float64

    Returns
    -------
    (..., kernel, tap) float64
    """
    transposed = np.swapaxes(moments, -1, -2)
    weighted = moments * weights
    gram = weighted @ transposed
    # Each round takes out what the rounding of the one before has left.
    for _ in range(3):
        missing = np.swapaxes(wanted - taps @ transposed, -1, -2)
        taps = taps + np.swapaxes(np.linalg.solve(gram, missing), -1, -2) @ weighted
    return taps


def check_kernel(order: int, radius: int, spacing: float, shape: Shape, accuracy: Accuracy) -> None:
    """Raise ValueError if there is no such kernel."""
    if not 0 <= order <= HIGHEST_ORDER:
        msg = f"Derivatives of order 0 to {HIGHEST_ORDER} are supported, not {order}."
        raise ValueError(msg)
    if shape not in SHAPES:
        msg = f"The kernel must be one of {', '.join(SHAPES)}, not {shape!r}."
        raise ValueError(msg)
    if accuracy not in (2, 4):
        msg = f"The accuracy of a kernel must be of order 2 or 4, not {accuracy!r}."
        raise ValueError(msg)
    least = smallest_radius(order, accuracy)
    if not (float(radius).is_integer() and radius >= least):
        msg = (
            f"A derivative of order {order} needs a kernel radius of at least {least} whole cells, "
            f"not {radius}. Enlarge the radius or use a finer grid."
        )
        raise ValueError(msg)
    check_spacing(spacing)


def check_spacing(spacing: float) -> None:
    """Raise ValueError unless a cell size is a positive length."""
    if not (np.isfinite(spacing) and spacing > 0):
        msg = f"The spacing must be a positive length, not {spacing}."
        raise ValueError(msg)


def _derivatives(order: int, r: Kernel, shape: Shape) -> list[Kernel]:
    """Return the analytic derivatives 0..order of the bump at -1 < r < 1, not normalised."""
    square, x = Polynomial([1.0, 0.0, -1.0]), Polynomial([0.0, 1.0])
    # The n-th derivative is numerator_n times the envelope of order n.
    numerator = Polynomial([1.0])
    values = []
    for n in range(order + 1):
        values.append(numerator(r) * envelope(n, r**2, shape))
        if shape == "polynomial":
            numerator = numerator.deriv() * square - 2 * (_POWER - n) * x * numerator
        elif shape == "bump":
            numerator = (
                numerator.deriv() * square**2 + 4 * n * x * square * numerator - 2 * x * numerator
            )
        else:
            numerator = numerator.deriv() - x * numerator / _GAUSSIAN_SD**2
    return values
