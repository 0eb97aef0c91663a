r"""How wide a mollifier should be: wide enough for the noise, narrow enough for the field.

On a wave of wave number k the kernel K of a derivative with the symbol s (ik for "x", -k^2 for the
Laplacian) has the factor :math:`\hat K(k) = \sum_j K_j e^{-ikx_j}`, and white noise of variance
:math:`\sigma^2` leaves it with :math:`\sigma^2 \sum_j K_j^2`. So for a field of variance
:math:`\tau^2` made of such waves in all directions the relative mean square error is

.. math::

    \epsilon^2 = \frac{\langle |\hat K - s|^2 \rangle + (\sigma / \tau)^2 \sum_j K_j^2}
                      {\langle |s|^2 \rangle}.

The first term grows with the radius R as :math:`R^{2q}` (q the accuracy of the kernel), the second
falls as :math:`R^{-2m-d}` (m the order, d the axes), so that the best radius grows as
:math:`(\sigma / \tau)^{2 / (2q + 2m + d)}`: slowly.
"""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from chromamol.mollifiers.kernels import check_spacing, derivative_kernel, smallest_radius
from chromamol.mollifiers.names import Term, parse

if TYPE_CHECKING:
    from collections.abc import Sequence

    from chromamol.mollifiers.kernels import Accuracy, Kernel, Shape

_DIRECTIONS = 64
# No kernel is wider than this many cells, nor than the wave.
_WIDEST = 200


class SuitableRadius(NamedTuple):
    """A radius and what to expect of it.

    Attributes
    ----------
    radius : tuple of int
        Cells, for each axis.
    relative_error : float
        Root mean square error of the derivative over its own root mean square.
    """

    radius: tuple[int, ...]
    relative_error: float


def suitable_radius(
    derivative: str,
    spacing: Sequence[float],
    *,
    wavelength: float,
    noise: float,
    kernel: Shape = "polynomial",
    accuracy: Accuracy = 4,
) -> SuitableRadius:
    """Return the radius with the least error for a noise and a smoothness.

    Parameters
    ----------
    derivative : str
        The highest one that is needed; see `chromamol.mollifiers.names`.
    spacing : sequence of float
        Cell size along each axis.
    wavelength : float
        Of the finest detail that matters, in the unit of the spacing; longer than two cells.
    noise : float
        Standard deviation of the noise over that of the field, > 0. Rounding is noise too: a
        network in float32 rounds to about 2e-7 of its largest value.
    kernel, accuracy
        See `MollifierLayer`.

    Returns
    -------
    SuitableRadius
        At most 200 of the smallest cells, and not wider than the wave.

    Raises
    ------
    ValueError
        If the wavelength or the noise is out of its range, or the derivative not known.
    """
    for side in spacing:
        check_spacing(side)
    widest_cell = max(spacing)
    if not (np.isfinite(wavelength) and wavelength > 2 * widest_cell):
        msg = (
            f"A wavelength of {wavelength} cannot be seen on cells of {widest_cell}: it must be "
            "finite and longer than two cells."
        )
        raise ValueError(msg)
    if not (np.isfinite(noise) and noise > 0):
        msg = (
            f"The noise must be positive, relative to the field, not {noise}. Without any other, "
            "rounding is left: about 2e-7 of the largest value of a network in float32."
        )
        raise ValueError(msg)
    terms = parse(derivative, len(spacing))
    waves = 2 * np.pi / wavelength * _directions(len(spacing))
    # i^order is the same for all terms.
    symbol = sum(
        term.factor * (waves ** np.array(term.orders)).prod(axis=1) * 1j ** sum(term.orders)
        for term in terms
    )
    power = np.mean(np.abs(symbol) ** 2)
    least = max(smallest_radius(order, accuracy) for term in terms for order in term.orders)
    best = SuitableRadius((0,) * len(spacing), np.inf)
    finest = min(spacing)
    for cells in range(least, min(_WIDEST, max(int(wavelength / finest), least)) + 1):
        radius = tuple(max(round(cells * finest / side), least) for side in spacing)
        taps = [
            {
                order: derivative_kernel(order, reach, side, kernel, accuracy)
                for order in {term.orders[axis] for term in terms}
            }
            for axis, (reach, side) in enumerate(zip(radius, spacing, strict=True))
        ]
        bias = np.mean(np.abs(_response(terms, taps, waves, spacing) - symbol) ** 2)
        if bias > best.relative_error**2 * power:
            break  # wider kernels only add to it
        error = float(np.sqrt((bias + noise**2 * _gain(terms, taps)) / power))
        if error < best.relative_error:
            best = SuitableRadius(radius, error)
    return best


def _response(
    terms: Sequence[Term],
    taps: Sequence[dict[int, Kernel]],
    waves: Kernel,
    spacing: Sequence[float],
) -> Kernel:
    """Return the factor of the kernel on every wave, (wave,) complex."""
    along = []
    for axis, (kernels, side) in enumerate(zip(taps, spacing, strict=True)):
        reach = (len(next(iter(kernels.values()))) - 1) // 2
        phases = np.exp(-1j * np.outer(waves[:, axis], np.arange(-reach, reach + 1) * side))
        along.append({order: phases @ kernel for order, kernel in kernels.items()})
    factors = [
        term.factor
        * np.prod([along[axis][order] for axis, order in enumerate(term.orders)], axis=0)
        for term in terms
    ]
    response: Kernel = np.sum(factors, axis=0)
    return response


def _gain(terms: Sequence[Term], taps: Sequence[dict[int, Kernel]]) -> float:
    """Return the sum of the squares of the taps of the whole kernel."""
    return sum(
        one.factor
        * other.factor
        * float(
            np.prod([k[m] @ k[n] for k, m, n in zip(taps, one.orders, other.orders, strict=True)])
        )
        for one, other in product(terms, repeat=2)
    )


def _directions(axes: int) -> Kernel:
    """Return unit vectors spread evenly over the half of all directions, (direction, axis)."""
    if axes == 1:
        return np.ones((1, 1))
    angle = np.pi * (np.arange(_DIRECTIONS) + 0.5) / _DIRECTIONS
    if axes == 2:
        return np.stack([np.sin(angle), np.cos(angle)], axis=1)
    # A spiral of equal areas (Swinbank and Purser, Q. J. R. Meteorol. Soc. 132, 1769, 2006).
    height = 1 - (np.arange(_DIRECTIONS) + 0.5) / _DIRECTIONS
    turn = np.pi * (3 - np.sqrt(5)) * np.arange(_DIRECTIONS)
    width = np.sqrt(1 - height**2)
    return np.stack([height, width * np.sin(turn), width * np.cos(turn)], axis=1)
