"""Whitened linear rows with a bending prior: the map, its smoothing and its uncertainty.

The rows say  factor(x) rate(x) = target(x)  up to noise whose covariance is a polynomial of the
Laplacian, v(-lap). With the precision W2 = 1 / v(-lap) the map minimises

    (factor rate - target)' W2 (factor rate - target) + alpha || lap rate ||^2

over a band of empty pixels around the data as well, so that the prior imposes nothing at the
edge of the nucleus. alpha is chosen by generalised cross-validation (Craven and Wahba, Numer.
Math. 31, 377, 1979) with degrees of freedom counted 1.4 times (Kim and Gu, J. R. Stat. Soc. B
66, 337, 2004).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch

from chromamol.inference.conjugate_gradients import conjugate_gradients
from chromamol.inference.domain import fourier_multiplier

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from numpy.polynomial import Polynomial
    from numpy.typing import NDArray

    from chromamol.inference.domain import Domain, Operator
    from chromamol.progress import Progress

_DF_WEIGHT = 1.4
# How much rougher each step of the walk is; and how far past the minimum it goes.
_WIDE_STEP, _FINE_STEP = float(np.exp(-0.25)), float(np.exp(-0.125))
_SMOOTHER_STEPS, _ROUGHER_STEPS = 2, 12
_STEPS_PAST_MINIMUM = 2
# Samples whose pixels, taken together, make the posterior's spread known to about 5 %.
_SAMPLE_PIXELS = 2_000_000
_FEWEST_SAMPLES, _MOST_SAMPLES = 6, 16
# Relative tolerance of the solves: 1e-3 already biases the choice of the smoothing.
ROUGH, EXACT = 1e-4, 1e-5


@dataclass(frozen=True)
class Rows:
    """Linear equations for the rate with correlated noise.

    Attributes
    ----------
    factor, target : (y, x) tensor
        factor * rate = target; zero outside the domain and where a row is not to be used.
    precision : callable
        Inverse covariance W2 of the noise of target - factor * rate.
    variance : Polynomial
        v, the variance of that noise as a function of k2.
    draw_noise : callable
        Draws such noise, (count, y, x).
    """

    factor: torch.Tensor
    target: torch.Tensor
    precision: Operator
    variance: Polynomial
    draw_noise: Callable[[int, torch.Generator], torch.Tensor]


@dataclass(frozen=True)
class Fit:
    """The smoothest map that explains the rows.

    Attributes
    ----------
    rate : (y, x) tensor
        On the whole box.
    smoothing_nm : float
        Length below which the map follows the prior rather than the data, nm.
    degrees_of_freedom : float
        Numbers that the map has taken from the data.
    noise_scale : float
        Noise found in the residual over noise expected.
    score : float
        Generalised cross-validation, in units of the expected noise's variance.
    converged : bool
        Whether every linear solve did.
    """

    rate: torch.Tensor
    smoothing_nm: float
    degrees_of_freedom: float
    noise_scale: float
    score: float
    converged: bool


class Regression:
    """The rows, the prior and the mean-field preconditioner of one linear problem."""

    def __init__(self, rows: Rows, domain: Domain) -> None:
        self._rows = rows
        self._domain = domain
        self._shape = tuple(rows.factor.shape)
        self._device = rows.factor.device
        self.n_rows = int((rows.factor != 0).sum())
        mean_factor2 = float((rows.factor**2).sum()) / rows.factor.numel()
        self._information: NDArray[np.float64] = mean_factor2 / rows.variance(domain.k2)
        self._multiplicity = np.full(domain.k2.shape, 2.0)
        self._multiplicity[:, 0] = 1.0
        if self._shape[1] % 2 == 0:
            self._multiplicity[:, -1] = 1.0
        self._right = rows.factor * rows.precision(rows.target)

    def walk(self, smoothings_nm: Iterable[float], start: torch.Tensor, progress: Progress) -> Fit:
        """Go from smooth to rough, stop past the best score, and return the best map roughly.

        The walk also ends where the solver no longer converges: the data then contradict the
        model so strongly that no smoothness is left.
        """
        best: Fit | None = None
        worse = 0
        rate = start
        for smoothing_nm in smoothings_nm:
            progress.advance()
            fit = self.solve(smoothing_nm, rate, ROUGH)
            rate = fit.rate
            if best is None or (fit.converged and fit.score < best.score):
                best, worse = fit, 0
            else:
                worse += 1
            if worse == _STEPS_PAST_MINIMUM or not fit.converged:
                break
        if best is None:
            msg = "There is no smoothing length to try."
            raise ValueError(msg)
        return best

    def solve(self, smoothing_nm: float, start: torch.Tensor, tolerance: float) -> Fit:
        """Return the map at one smoothing length."""
        bending = self._bending(smoothing_nm)
        rate, converged = conjugate_gradients(
            self._normal_matrix(bending),
            self._right,
            self._preconditioner(bending),
            start,
            tolerance=tolerance,
        )
        shares = self._information / (self._information + bending)
        freedom = float((self._multiplicity * shares).sum())
        rows = self._rows
        residual = rows.factor * rate - rows.target
        misfit = float((residual * rows.precision(residual)).sum()) / self.n_rows
        left = max(1 - _DF_WEIGHT * freedom / self.n_rows, 1e-3)
        noise_scale = np.sqrt(misfit / max(1 - freedom / self.n_rows, 1e-3))
        return Fit(rate, smoothing_nm, freedom, float(noise_scale), misfit / left**2, converged)

    def residual(self, fit: Fit) -> torch.Tensor:
        """Return the residual seen through the precision, in units of its expected noise.

        Long waves weigh most in it, and there the map follows the data: what is expected is the
        noise that the map leaves.
        """
        precise = self._rows.precision(self._rows.factor * fit.rate - self._rows.target)
        bending = self._bending(fit.smoothing_nm)
        left = bending / (self._information + bending)
        variance = self._rows.variance(self._domain.k2)
        expected = (self._multiplicity * left**2 / variance).sum()
        return precise / float(np.sqrt(expected / self._multiplicity.sum()))

    def posterior_samples(self, fit: Fit, generator: torch.Generator) -> torch.Tensor:
        """Draw from the posterior, centred at zero: (sample, y, x).

        Perturb-and-optimise (Papandreou and Yuille, NIPS 2010): solving for a right-hand side
        whose covariance is the normal matrix gives its inverse.
        """
        count = int(np.clip(_SAMPLE_PIXELS // self.n_rows, _FEWEST_SAMPLES, _MOST_SAMPLES))
        bending = self._bending(fit.smoothing_nm)

        white = torch.randn((count, *self._shape), generator=generator, dtype=torch.float64)
        noise = self._rows.draw_noise(count, generator)
        right = self._rows.factor * self._rows.precision(noise) + self._multiplier(
            np.sqrt(bending)
        )(white.to(self._device))
        samples, _ = conjugate_gradients(
            self._normal_matrix(bending),
            right,
            self._preconditioner(bending),
            torch.zeros_like(right),
            tolerance=1e-2,
        )
        return fit.noise_scale * samples

    def _bending(self, smoothing_nm: float) -> NDArray[np.float64]:
        """Return alpha k^4: as strong as the data, at long waves, at 1 / smoothing_nm."""
        bending: NDArray[np.float64] = (
            self._information[0, 0] * smoothing_nm**4 * self._domain.k2**2
        )
        return bending

    def _normal_matrix(self, bending: NDArray[np.float64]) -> Operator:
        prior = self._multiplier(bending)
        rows = self._rows
        return lambda rate: rows.factor * rows.precision(rows.factor * rate) + prior(rate)

    def _preconditioner(self, bending: NDArray[np.float64]) -> Operator:
        return self._multiplier(1 / (self._information + bending))

    def _multiplier(self, factors: NDArray[np.float64]) -> Operator:
        return fourier_multiplier(factors, self._shape, self._device)


def smoothing_walk(domain: Domain) -> list[float]:
    """Return smoothing lengths to try, from a sixth of the box down to a pixel, nm."""
    k2 = domain.k2
    largest = 2 * np.pi / np.sqrt(k2[k2 > 0].min()) / 6
    smallest = np.pi / np.sqrt(k2.max() / 2)
    count = max(int(np.log(smallest / largest) / np.log(_WIDE_STEP)), 1)
    return [float(largest * _WIDE_STEP**step) for step in range(count + 1)]


def smoothings_around(smoothing_nm: float) -> list[float]:
    """Return smoothing lengths to try, from a little smoother than one that was good, nm."""
    return [smoothing_nm * _FINE_STEP**step for step in range(-_SMOOTHER_STEPS, _ROUGHER_STEPS)]
