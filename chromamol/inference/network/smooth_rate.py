r"""The rate as a smooth field with a prior, solved for between the steps of the training.

Every equation is linear in its rate, residual = balance - weight x rate, so that the best rate for
given fields is a linear least-squares problem and needs no training of its own (the idea of
variable projection; Golub and Pereyra, SIAM J. Numer. Anal. 10, 413, 1973).

A positive rate is the exponential of a cubic spline theta, another one the spline itself over its
size. The prior is Gaussian, in the bending energy
:math:`B = \langle (\nabla^2 \theta)^2 \rangle`: as likely as the spline is made of waves of the
expected length and up to a typical amplitude.
"""

from __future__ import annotations

from math import log, pi
from typing import TYPE_CHECKING

import numpy as np
import torch
from scipy.interpolate import BSpline
from torch import Tensor, nn

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

# Of a wave of the prior, by the number of axes: of the logarithm of the rate, or of the rate over
# its size. In the plane it is less than that of rates: what the network leaves of the equation is
# noise of short waves, which counts as white. Chosen on simulated problems that are in no table.
_AMPLITUDE = {1: 0.3, 2: 0.07}
# Intervals of the spline on a wave of the prior, and along the longest axis: solving for more
# takes longer than the training.
_KNOTS_PER_WAVE, _MOST_KNOTS = 8, {1: 128, 2: 24}
# A step changes the logarithm of the rate by no more than this.
_LONGEST_STEP = 0.5
_RIDGE = 1e-6


class SmoothRate(nn.Module):
    """A cubic spline on a grid, or its exponential, and the least-squares problem for it.

    Parameters
    ----------
    shape : sequence of int
        Cells along each of 1 or 2 axes.
    sides : sequence of float
        Length of each axis.
    waves : float
        Waves along the longest axis that the rate is expected to be made of.
    positive : bool
        Whether the spline is the logarithm of the rate.

    Attributes
    ----------
    finest : float
        Wavelength of the finest changes that are shown: that of the prior, or two intervals of the
        spline.
    """

    bending: Tensor
    coefficients: Tensor
    size: Tensor

    def __init__(
        self, shape: Sequence[int], sides: Sequence[float], *, waves: float, positive: bool
    ) -> None:
        super().__init__()
        self._positive = positive
        self._axes = len(shape)
        longest = max(sides)
        knots = min(waves * _KNOTS_PER_WAVE, _MOST_KNOTS[self._axes])
        self.finest = longest * max(1 / waves, 2 / knots)
        intervals = [max(round(knots * side / longest), 1) for side in sides]
        energies = []
        for axis, (cells, count) in enumerate(zip(shape, intervals, strict=True)):
            sampled = _splines(count, np.linspace(0, count, cells), 0)
            self.register_buffer(f"sampled_{axis}", torch.from_numpy(sampled), persistent=False)
            # In units of the longest axis: all directions weigh the same.
            energies.append(_energies(count, sides[axis] / longest))
        if self._axes == 1:
            bending = energies[0][2]
        else:
            (y0, y1, y2), (x0, x1, x2) = energies
            bending = torch.kron(y2, x0) + 2 * torch.kron(y1, x1) + torch.kron(y0, x2)
        modes = 2 * waves if self._axes == 1 else pi * waves**2
        self._strength = modes / ((2 * pi * waves) ** 4 * _AMPLITUDE[self._axes] ** 2 / 2)
        self._sizes = [count + 3 for count in intervals]
        self.register_buffer("bending", bending, persistent=False)
        self.register_buffer("coefficients", torch.zeros(len(bending), dtype=torch.float64))
        self.register_buffer("size", torch.ones((), dtype=torch.float64))

    def forward(self) -> Tensor:
        """Return the rate, ([y,] x) float64."""
        field = self._field()
        return field.exp() if self._positive else field

    def begin(self, level: float, size: float) -> None:
        """Begin with an even rate.

        Parameters
        ----------
        level : float
        size : float
            Of a rate that may be negative.
        """
        self.size.fill_(1.0 if self._positive else size)
        self.coefficients.fill_(log(level) if self._positive else level)

    def improve(self, balance: Tensor, weight: Tensor, test: Callable[[Tensor], Tensor]) -> None:
        """Take a Gauss-Newton step to the best rate for fields that are given.

        Parameters
        ----------
        balance, weight : ([y,] x) tensor
            Of the equation, in units of the residual's noise; zero where they are not to be used.
        test : callable
            (batch, [y,] x) -> (batch, [y,] x): what is done to the residual before it is measured.
        """
        if self._positive:
            field = self._field().to(weight)
            weight = weight * field.exp()
            balance = balance - weight * (1 - field)
        design = test(weight * self._columns(weight)).flatten(1)
        right = (design @ test(balance[None]).flatten()).to(self.bending)
        normal = (design @ design.T).to(self.bending)
        normal += self._strength / self.size**2 * self.bending
        normal.diagonal().add_(_RIDGE * normal.diagonal().mean())
        change = torch.linalg.solve(normal, right) - self.coefficients
        if self._positive:
            change *= min(1.0, _LONGEST_STEP / max(float(change.abs().max()), _RIDGE))
        self.coefficients += change

    def _columns(self, like: Tensor) -> Tensor:
        """Return the functions of the spline, (coefficient, [y,] x), in the type of a tensor."""
        if self._axes == 1:
            return self._sampled(0).T.to(like)
        y, x = self._sampled(0).to(like), self._sampled(1).to(like)
        return torch.einsum("ya,xb->abyx", y, x).reshape(-1, len(y), len(x))

    def _field(self) -> Tensor:
        shaped = self.coefficients.reshape(self._sizes)
        along_y = self._sampled(0) @ shaped
        return along_y if self._axes == 1 else along_y @ self._sampled(1).T

    def _sampled(self, axis: int) -> Tensor:
        return self.get_buffer(f"sampled_{axis}")


def _energies(intervals: int, length: float) -> list[Tensor]:
    """Return the mean products of the functions, of their first and of their second derivatives."""
    # Four points of Gauss to each interval integrate them exactly.
    nodes, weights = np.polynomial.legendre.leggauss(4)
    places = (np.arange(intervals)[:, None] + (nodes + 1) / 2).ravel()
    weights = np.tile(weights / 2, intervals) / intervals
    energies = []
    for order in range(3):
        values = _splines(intervals, places, order) * (intervals / length) ** order
        energies.append(torch.from_numpy(values.T @ (weights[:, None] * values)))
    return energies


def _splines(intervals: int, places: NDArray[np.float64], order: int) -> NDArray[np.float64]:
    """Return a derivative of the cubic B-splines of equal intervals, (place, function)."""
    spline = BSpline(np.arange(-3.0, intervals + 4), np.eye(intervals + 3), 3)
    return np.asarray(spline(places, nu=order), dtype=np.float64)
