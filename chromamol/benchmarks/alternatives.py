"""What a user would do instead: filters with the algebra of the equation, and a plain blur.

A filter's width is the one that gives the least error against the truth, which nobody knows on
an image of their own: the alternatives are at their best.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np
from scipy import ndimage
from scipy.signal import savgol_filter

from chromamol.equations.chromatin_phase_field import ChromatinPhaseField
from chromamol.images.smoothing import smooth_inside
from chromamol.simulation import PIXEL_NM

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from numpy.typing import NDArray

    from chromamol.benchmarks.cases import Case

    Field = NDArray[np.float64]
    # (field, (order along y, order along x)) -> derivative in pixels
    Derivative = Callable[[Field, tuple[int, int]], Field]

BLUR_NM = 80.0
# Of which the best is taken: widths in pixels, and orders of the polynomial.
_SIGMAS_PX = tuple(float(sigma) for sigma in np.geomspace(1.0, 12.0, 16))
_WINDOWS_PX, _POLYNOMIAL_ORDERS = range(7, 60, 4), (4, 6)
# Fourth derivatives of a Gaussian are not small at 4 sigma.
_TRUNCATE = 8.0


def plain_blur(case: Case) -> Field:
    """Blur the density, and give it the mean rate: what a map looks like without a model."""
    channels = case.channels
    density = sum(channels.values(), np.zeros(case.mask.shape))
    smooth = smooth_inside(density, case.mask, BLUR_NM, (PIXEL_NM, PIXEL_NM))
    mean_rate = (
        np.nanmean(channels["heterochromatin"]) / np.nanmean(channels["euchromatin"])
        if isinstance(case.equation, ChromatinPhaseField)
        else 1.0
    )
    blurred: Field = mean_rate * smooth / np.nanmean(smooth)
    return blurred


def gaussian_algebra(case: Case) -> Field:
    """Smooth with the Gaussian of the best sigma, and evaluate the equation pixel by pixel.

    Derivatives are convolutions with those of the Gaussian.
    """

    def derivative(sigma_px: float, field: Field, orders: tuple[int, int]) -> Field:
        filtered: Field = ndimage.gaussian_filter(
            field, sigma_px, order=orders, mode=_edge(case), truncate=_TRUNCATE
        )
        return filtered

    return _best(case, (partial(derivative, sigma) for sigma in _SIGMAS_PX))


def savitzky_golay(case: Case) -> Field:
    """Fit polynomials in the best window, and evaluate the equation pixel by pixel.

    Along y and then along x, each with `scipy.signal.savgol_filter`.
    """

    def derivative(window_px: int, degree: int, field: Field, orders: tuple[int, int]) -> Field:
        for axis, order in enumerate(orders):
            field = savgol_filter(
                field, window_px, degree, deriv=order, axis=axis, mode=_edge(case)
            )
        return field

    return _best(
        case,
        (
            partial(derivative, window, degree)
            for degree in _POLYNOMIAL_ORDERS
            for window in _WINDOWS_PX
        ),
    )


def _edge(case: Case) -> str:
    """Return how a filter sees past the border of the array."""
    return "wrap" if case.boundary == "periodic" else "nearest"


def _best(case: Case, derivatives: Iterable[Derivative]) -> Field:
    """Return the map of the least error."""
    channels = [_filled(channel, case.mask) for channel in case.channels.values()]
    maps = [_evaluate(case, channels, derivative) for derivative in derivatives]
    return min(maps, key=lambda found: case.errors(found)["relative_l2"])


def _evaluate(case: Case, channels: list[Field], derivative: Derivative) -> Field:
    """Put the filtered channels and their derivatives into the equation."""
    derived = [
        {name: _DERIVATIVES[name](partial(derivative, field)) for name in case.equation.derivatives}
        for field in channels
    ]
    with np.errstate(divide="ignore", invalid="ignore"):
        found: Field = case.equation.recover(*derived)
    if not isinstance(case.equation, ChromatinPhaseField):
        found = found / found[case.mask].mean()
    return np.where(case.mask, found, np.nan)


def _filled(field: Field, mask: NDArray[np.bool_]) -> Field:
    """Give every pixel outside the mask the value of the nearest one inside."""
    if mask.all():
        return field
    y, x = ndimage.distance_transform_edt(~mask, return_distances=False, return_indices=True)
    filled: Field = field[y, x]
    return filled


_DERIVATIVES: dict[str, Callable[[Callable[[tuple[int, int]], Field]], Field]] = {
    "": lambda at: at((0, 0)),
    "laplacian": lambda at: (at((2, 0)) + at((0, 2))) / PIXEL_NM**2,
    "bilaplacian": lambda at: (at((4, 0)) + 2 * at((2, 2)) + at((0, 4))) / PIXEL_NM**4,
}
