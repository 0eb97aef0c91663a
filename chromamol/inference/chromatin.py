r"""The weak form for two channels: Gauss-Newton on errors in variables.

With K = rate + ell^2 (-lap + delta^2 lap lap) and N = 1 + chi ell^2 lap / 2, the steady e-form of
the phase field is K e = N h. Every channel sees P e / N of it plus white noise, with P = N for
euchromatin e, K for heterochromatin h and N + K for the total h + e. Two channels leave, for an
unknown e, one row for each pixel,

    P_2 y_1 - P_1 y_2 = 0    with noise of variance   P_2^2 sd_1^2 + P_1^2 sd_2^2,

linear in the rate with the factor e. Sweeps alternate between the rate, from these rows with e
held at its estimate, and e, from both channels with the rate held. The residual always holds
the data as measured and the factor always the estimate, so that the noise of the data does not
pull the rate down (errors in variables; Fuller, Measurement Error Models, 1987).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from numpy.polynomial import Polynomial

from chromamol.inference.conjugate_gradients import conjugate_gradients
from chromamol.inference.regression import (
    EXACT,
    ROUGH,
    Fit,
    Regression,
    Rows,
    smoothing_walk,
    smoothings_around,
)

if TYPE_CHECKING:
    from chromamol.equations.chromatin_phase_field import ChromatinPhaseField
    from chromamol.inference.domain import Domain
    from chromamol.progress import Progress

_MOST_SWEEPS = 8
# The smoothing is chosen again from this sweep on, the density having come near.
_CHOOSING_SWEEP = 1
_K2 = Polynomial([0.0, 1.0])
# The rate may change by this much, relatively, in the last sweep.
_SETTLED = 2e-3
_STILL_ACCEPTABLE = 2e-2
_DENSITY_TOLERANCE = 1e-4


@dataclass(frozen=True)
class Observation:
    """One channel on the box of the domain.

    Attributes
    ----------
    values : (y, x) tensor
        Volume fractions, zero outside the domain.
    has_euchromatin, has_heterochromatin : bool
        What the channel shows: one of them, or both (the total).
    noise_sd : float
        Standard deviation of the white noise of `values`.
    """

    values: torch.Tensor
    has_euchromatin: bool
    has_heterochromatin: bool
    noise_sd: float


@dataclass(frozen=True)
class ChromatinFit:
    """The rate map on the box, and the problem it came from (for its uncertainty)."""

    fit: Fit
    regression: Regression
    converged: bool


class ChromatinWeakForm:
    """Two channels of one domain, and the equation between them.

    Parameters
    ----------
    first, second : Observation
        `second` is not the one that alone shows heterochromatin, unless `first` is the total.
    equation : ChromatinPhaseField
        Lengths and energies.
    domain : Domain
        Where it holds.
    weight : (y, x) tensor
        Between 0 and 1: how far a row is to be used (0 near a cut).
    """

    def __init__(
        self,
        first: Observation,
        second: Observation,
        equation: ChromatinPhaseField,
        domain: Domain,
        weight: torch.Tensor,
    ) -> None:
        self._channels = (first, second)
        self._equation = equation
        self._domain = domain
        self._weight = weight
        inside = domain.inside
        self._euchromatin, heterochromatin = _species(first, second)
        self._mean_rate = float(heterochromatin[inside].mean() / self._euchromatin[inside].mean())
        self._variance = self._row_variance()
        self._precision = domain.inverse(self._variance)

    def solve(self, progress: Progress, *, start: Fit | None = None) -> ChromatinFit:
        """Sweep until the rate settles.

        Parameters
        ----------
        progress : Progress
            Told of every step; may cancel.
        start : Fit, optional
            A first guess, such as the solution for a similar equation.

        Raises
        ------
        chromamol.errors.Cancelled
            If `progress` asked to stop.
        """
        uniform = torch.full_like(self._euchromatin, self._mean_rate)
        density = self._precondition(self._right(uniform))
        if start is None:
            start = Regression(self._rows(uniform, density), self._domain).walk(
                smoothing_walk(self._domain), uniform, progress
            )
        rate, smoothing_nm = start.rate, start.smoothing_nm
        density = self._estimate_density(rate, density)
        for sweep in range(_MOST_SWEEPS):
            progress.advance()
            regression = Regression(self._rows(rate, density), self._domain)
            if sweep >= _CHOOSING_SWEEP:
                around = smoothings_around(smoothing_nm)
                smoothing_nm = regression.walk(around, rate, progress).smoothing_nm
            tolerance = ROUGH if sweep < _CHOOSING_SWEEP else EXACT
            fit = regression.solve(smoothing_nm, rate, tolerance)
            inside = self._domain.inside
            change = float((fit.rate - rate)[inside].norm() / fit.rate[inside].norm())
            rate = fit.rate
            if not fit.converged or (sweep >= _CHOOSING_SWEEP and change < _SETTLED):
                break
            density = self._estimate_density(rate, density)
        return ChromatinFit(fit, regression, fit.converged and change < _STILL_ACCEPTABLE)

    def _projections(self) -> tuple[Polynomial, Polynomial]:
        """Return P of both channels as polynomials of k2, for a uniform rate."""
        transport = self._equation.transport_symbol(_K2, self._domain.stencil_nm2)
        mixing = self._equation.mixing_symbol(_K2)
        first, second = (
            float(channel.has_euchromatin) * mixing
            + float(channel.has_heterochromatin) * (self._mean_rate + transport)
            for channel in self._channels
        )
        return first, second

    def _row_variance(self) -> Polynomial:
        """Return the variance of a row as a polynomial of k2, for a uniform rate."""
        p_first, p_second = self._projections()
        first, second = self._channels
        variance: Polynomial = p_second**2 * first.noise_sd**2 + p_first**2 * second.noise_sd**2
        return variance.trim()

    def _draw_noise(self, count: int, generator: torch.Generator) -> torch.Tensor:
        """Draw the noise of the rows: that of both channels, seen through the equation."""
        first, second = self._channels
        inside = self._domain.inside
        uniform = self._mean_rate * inside

        def draw(channel: Observation) -> torch.Tensor:
            shape = (count, *inside.shape)
            drawn = torch.randn(shape, generator=generator, dtype=torch.float64)
            return channel.noise_sd * drawn.to(inside.device) * inside

        return self._project(second, uniform, draw(first)) - self._project(
            first, uniform, draw(second)
        )

    def _rows(self, rate: torch.Tensor, density: torch.Tensor) -> Rows:
        """Linearise about the current rate and density."""
        first, _ = self._channels
        heterochromatin = first.values - first.has_euchromatin * self._euchromatin
        target = (
            self._mix(heterochromatin)
            - self._transport(self._euchromatin)
            - rate * (self._euchromatin - density)
        )
        return Rows(
            self._weight * density,
            self._weight * target,
            self._precision,
            self._variance,
            self._draw_noise,
        )

    def _transport(self, field: torch.Tensor) -> torch.Tensor:
        """Return ell^2 (-lap + delta^2 lap lap) field."""
        moved: torch.Tensor = self._equation.transport(
            field, self._domain.minus_laplacian, self._domain.stencil_nm2
        )
        return moved

    def _mix(self, field: torch.Tensor) -> torch.Tensor:
        """Return (1 + chi ell^2 lap / 2) field."""
        mixed: torch.Tensor = self._equation.mix(field, self._domain.minus_laplacian)
        return mixed

    def _project(
        self, channel: Observation, rate: torch.Tensor, field: torch.Tensor
    ) -> torch.Tensor:
        """Return P field: what the channel shows of a density, times N."""
        shown = torch.zeros_like(field)
        if channel.has_euchromatin:
            shown = shown + self._mix(field)
        if channel.has_heterochromatin:
            shown = shown + rate * field + self._transport(field)
        return shown

    def _right(self, rate: torch.Tensor) -> torch.Tensor:
        """Right-hand side of the normal equation of the density."""
        total = torch.zeros_like(rate)
        for channel in self._channels:
            total += self._project(channel, rate, self._mix(channel.values)) / channel.noise_sd**2
        return total

    def _precondition(self, field: torch.Tensor) -> torch.Tensor:
        """Solve the normal equation of the density for a uniform rate."""
        first, second = self._channels
        scale = (first.noise_sd * second.noise_sd) ** 2
        return scale * self._precision(field)

    def _estimate_density(self, rate: torch.Tensor, start: torch.Tensor) -> torch.Tensor:
        """Estimate the euchromatin from both channels, the rate being known."""
        rate = rate * self._domain.inside

        def normal(field: torch.Tensor) -> torch.Tensor:
            total = torch.zeros_like(field)
            for channel in self._channels:
                shown = self._project(channel, rate, field)
                total += self._project(channel, rate, shown) / channel.noise_sd**2
            return total

        density, _ = conjugate_gradients(
            normal, self._right(rate), self._precondition, start, tolerance=_DENSITY_TOLERANCE
        )
        return density


def _species(first: Observation, second: Observation) -> tuple[torch.Tensor, torch.Tensor]:
    """Return euchromatin and heterochromatin as the two channels show them."""
    if not second.has_euchromatin:  # total and heterochromatin
        return first.values - second.values, second.values
    return second.values, first.values - first.has_euchromatin * second.values
