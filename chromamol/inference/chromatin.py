r"""The weak form for two channels: Gauss-Newton on errors in variables.

With K = rate + ell^2 (-lap + delta^2 lap lap) and N = 1 + chi ell^2 lap / 2, the steady e-form of
the phase field is K e = N h. Every channel sees P e / N of it, blurred by the microscope, plus
white noise, with P = N for euchromatin e, K for heterochromatin h and N + K for the total h + e.
Two channels leave, for an unknown e, one row for each pixel,

    P_2 y_1 - P_1 y_2 = 0    with noise of variance   P_2^2 sd_1^2 + P_1^2 sd_2^2,

in which the rate stands with the factor e. Sweeps alternate between the logarithm of the rate,
from these rows with e held at its estimate, and e, from both channels with the rate held. The
residual always holds the data as measured and the factor always the estimate, so that the noise
of the data does not pull the rate down (errors in variables; Fuller, Measurement Error Models,
1987).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from numpy.polynomial import Polynomial

from chromamol.inference.conjugate_gradients import conjugate_gradients
from chromamol.inference.regression import LEAST_SLOPE, Regression
from chromamol.inference.rows import Rows

if TYPE_CHECKING:
    from chromamol.equations.chromatin_phase_field import ChromatinPhaseField
    from chromamol.inference.domain import Domain
    from chromamol.inference.point_spread import PointSpread
    from chromamol.inference.preconditioner import Preconditioner

_K2 = Polynomial([0.0, 1.0])
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


class ChromatinWeakForm:
    """Two channels of one domain, and the equation between them; a `gauss_newton.Problem`.

    Parameters
    ----------
    channels : (Observation, Observation)
        The second is not the one that alone shows heterochromatin, unless the first is the total.
    equation : ChromatinPhaseField
        Lengths and energies.
    domain : Domain
        Where it holds.
    weight : (y, x) tensor
        Between 0 and 1: how far a row is to be used (0 near a cut).
    point_spread : PointSpread
        The blur of both channels.
    """

    def __init__(
        self,
        channels: tuple[Observation, Observation],
        equation: ChromatinPhaseField,
        domain: Domain,
        weight: torch.Tensor,
        point_spread: PointSpread,
    ) -> None:
        first, second = self._channels = channels
        self._equation = equation
        self.reaction_length_nm = equation.reaction_length_nm
        self.domain = domain
        self.positive = True
        self._weight = weight
        self._blur = point_spread
        inside = domain.inside
        self._euchromatin, heterochromatin = species(first, second)
        self.uniform = float(heterochromatin[inside].mean() / self._euchromatin[inside].mean())
        self._variance = self._row_variance()
        self._precision = domain.inverse(self._variance, single=True)
        rate = torch.full_like(self._euchromatin, self.uniform)
        self._density = self._precondition(self._right(rate))
        self._preconditioner: Preconditioner | None = None

    def linearise(self, field: torch.Tensor) -> Regression:
        """Return the regression for the logarithm of the rate, about a current one."""
        self._density = self._estimate_density(field.exp(), self._density)
        least_slope = LEAST_SLOPE / self.reaction_length_nm
        rows = self._rows(field, self._density)
        regression = Regression(rows, self.domain, least_slope, self._preconditioner)
        self._preconditioner = regression.preconditioner
        return regression

    def unexplained(self, field: torch.Tensor) -> torch.Tensor:
        """Return what the map leaves of a channel, in units of its noise and about as white.

        Of the one whose partner holds the density down at short waves: elsewhere the estimated
        density follows the data.
        """
        first, second = self._channels
        channel = first if first.has_euchromatin else second
        rate = field.exp() * self.domain.inside
        density = self._estimate_density(field.exp(), self._density)
        shown = self._blur.apply(self._project(channel, rate, density))
        return (self._mix(channel.values) - shown) / channel.noise_sd

    def _projections(self) -> tuple[Polynomial, Polynomial]:
        """Return P of both channels as polynomials of k2, for a uniform rate."""
        transport = self._equation.transport_symbol(_K2, self.domain.stencil_nm2)
        mixing = self._equation.mixing_symbol(_K2)
        first, second = (
            float(channel.has_euchromatin) * mixing
            + float(channel.has_heterochromatin) * (self.uniform + transport)
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
        inside = self.domain.inside
        uniform = self.uniform * inside

        def draw(channel: Observation) -> torch.Tensor:
            shape = (count, *inside.shape)
            drawn = torch.randn(shape, generator=generator, dtype=torch.float64)
            return channel.noise_sd * drawn.to(inside.device) * inside

        return self._project(second, uniform, draw(first)) - self._project(
            first, uniform, draw(second)
        )

    def _rows(self, log_rate: torch.Tensor, density: torch.Tensor) -> Rows:
        """Linearise about the current logarithm of the rate, and density."""
        first, _ = self._channels
        rate = log_rate.exp()
        product = rate * density * self.domain.inside
        heterochromatin = first.values - first.has_euchromatin * self._euchromatin
        measured = (
            self._mix(heterochromatin)
            - self._transport(self._euchromatin)
            - rate * (self._euchromatin - self._blur.apply(density))
        )
        return Rows(
            product,
            self._weight,
            self._weight * (measured + self._blur.apply(product * (log_rate - 1))),
            self._blur.apply,
            self._blur.symbol,
            self._precision,
            self._variance,
            self._draw_noise,
            # What flows through a cell at the envelope balances what reacts in its true share.
            self.domain.outline_sd * (heterochromatin - product).abs(),
        )

    def _transport(self, field: torch.Tensor) -> torch.Tensor:
        """Return ell^2 (-lap + delta^2 lap lap) field."""
        moved: torch.Tensor = self._equation.transport(
            field, self.domain.minus_laplacian, self.domain.stencil_nm2
        )
        return moved

    def _mix(self, field: torch.Tensor) -> torch.Tensor:
        """Return (1 + chi ell^2 lap / 2) field."""
        mixed: torch.Tensor = self._equation.mix(field, self.domain.minus_laplacian)
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
        rate = rate * self.domain.inside
        total = torch.zeros_like(rate)
        for channel in self._channels:
            seen = self._blur.apply(self._mix(channel.values))
            total += self._project(channel, rate, seen) / channel.noise_sd**2
        return total

    def _precondition(self, field: torch.Tensor) -> torch.Tensor:
        """Solve the normal equation of the density for a uniform rate."""
        first, second = self._channels
        scale = (first.noise_sd * second.noise_sd) ** 2
        return scale * self._blur.undo(self._precision(self._blur.undo(field)))

    def _estimate_density(self, rate: torch.Tensor, start: torch.Tensor) -> torch.Tensor:
        """Estimate the euchromatin from both channels, the rate being known."""
        rate = rate * self.domain.inside

        def normal(field: torch.Tensor) -> torch.Tensor:
            total = torch.zeros_like(field)
            for channel in self._channels:
                shown = self._blur.twice(self._project(channel, rate, field))
                total += self._project(channel, rate, shown) / channel.noise_sd**2
            return total

        density, _ = conjugate_gradients(
            normal, self._right(rate), self._precondition, start, tolerance=_DENSITY_TOLERANCE
        )
        return density


def species(first: Observation, second: Observation) -> tuple[torch.Tensor, torch.Tensor]:
    """Return euchromatin and heterochromatin as two channels show them, (y, x) each."""
    if not second.has_euchromatin:  # total and heterochromatin
        return first.values - second.values, second.values
    return second.values, first.values - first.has_euchromatin * second.values
