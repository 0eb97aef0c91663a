"""The weak form for one mark: s / gamma = u - ell^2 lap u, over the mean of the mark.

Linear, and not held above zero: a mark with domains sharper than ell allows has depositions below
zero between them, and that is to be seen.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from numpy.polynomial import Polynomial

from chromamol.inference.regression import LEAST_SLOPE, Regression
from chromamol.inference.rows import Rows

if TYPE_CHECKING:
    from chromamol.equations.mark_turnover import MarkTurnover
    from chromamol.inference.domain import Domain
    from chromamol.inference.point_spread import PointSpread
    from chromamol.inference.preconditioner import Preconditioner


class TurnoverWeakForm:
    """One mark of one domain, and its equation; a `gauss_newton.Problem`.

    Parameters
    ----------
    mark : (y, x) tensor
        Density, zero outside the domain.
    noise_sd : float
        Of its white noise.
    equation : MarkTurnover
    domain : Domain
    weight : (y, x) tensor
        Between 0 and 1: how far a pixel is to be used.
    point_spread : PointSpread
    """

    def __init__(
        self,
        mark: torch.Tensor,
        noise_sd: float,
        equation: MarkTurnover,
        domain: Domain,
        *,
        weight: torch.Tensor,
        point_spread: PointSpread,
    ) -> None:
        mean = float(mark[domain.inside].sum() / domain.root_share[domain.inside].sum())
        self._noise_sd = noise_sd / mean
        self._equation = equation
        self.reaction_length_nm = equation.reaction_length_nm
        self.domain = domain
        self.positive = False
        self.uniform = 1.0
        self._weight = weight
        self._blur = point_spread
        symbol = equation.symbol(Polynomial([0.0, 1.0]), domain.stencil_nm2)
        self._variance = ((self._noise_sd * symbol) ** 2).trim()
        self._precision = domain.inverse(self._variance, single=True)
        self._mark = mark / mean
        self._measured = self._forward(self._mark)
        self._preconditioner: Preconditioner | None = None

    def linearise(self, field: torch.Tensor) -> Regression:
        """Return the regression for the deposition over the mean of the mark."""
        rows = Rows(
            self.domain.root_share,
            self._weight,
            self._weight * self._measured,
            self._blur.apply,
            self._blur.symbol,
            self._precision,
            self._variance,
            self._draw_noise,
            # The balance of a cell at the rim, from the map: a Laplacian of the data is noise.
            self.domain.outline_sd * (self.domain.root_share * field - self._mark).abs(),
        )
        least_slope = LEAST_SLOPE / self.reaction_length_nm
        regression = Regression(rows, self.domain, least_slope, self._preconditioner)
        self._preconditioner = regression.preconditioner
        return regression

    def unexplained(self, field: torch.Tensor) -> torch.Tensor:
        """Return what the map leaves of the mark, in units of its noise and about as white."""
        symbol = self._equation.symbol(Polynomial([0.0, 1.0]), self.domain.stencil_nm2)
        left = self._measured - self._blur.apply(self.domain.root_share * field)
        return self.domain.inverse(symbol.trim())(left) / self._noise_sd

    def _forward(self, field: torch.Tensor) -> torch.Tensor:
        shown: torch.Tensor = self._equation.deposition(
            field, self.domain.minus_laplacian, self.domain.stencil_nm2
        )
        return shown

    def _draw_noise(self, count: int, generator: torch.Generator) -> torch.Tensor:
        inside = self.domain.inside
        shape = (count, *inside.shape)
        drawn = torch.randn(shape, generator=generator, dtype=torch.float64).to(inside.device)
        return self._forward(self._noise_sd * drawn * inside)
