"""The weak form for one mark: a linear inverse problem with a bending prior."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from numpy.polynomial import Polynomial

from chromamol.inference.regression import EXACT, Regression, Rows, smoothing_walk

if TYPE_CHECKING:
    from chromamol.equations.mark_turnover import MarkTurnover
    from chromamol.inference.domain import Domain
    from chromamol.inference.regression import Fit
    from chromamol.progress import Progress


def fit_turnover(
    mark: torch.Tensor,
    noise_sd: float,
    equation: MarkTurnover,
    domain: Domain,
    *,
    weight: torch.Tensor,
    progress: Progress,
) -> tuple[Fit, Regression]:
    """Infer the deposition s / gamma of a mark, in the unit of the mark.

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
    progress : Progress
        Told of every step; may cancel.
    """
    symbol = equation.symbol(Polynomial([0.0, 1.0]), domain.stencil_nm2)
    variance = (noise_sd * symbol) ** 2

    def forward(field: torch.Tensor) -> torch.Tensor:
        shown: torch.Tensor = equation.deposition(field, domain.minus_laplacian, domain.stencil_nm2)
        return shown

    def draw_noise(count: int, generator: torch.Generator) -> torch.Tensor:
        shape = (count, *mark.shape)
        drawn = torch.randn(shape, generator=generator, dtype=torch.float64)
        return forward(noise_sd * drawn.to(mark.device) * domain.inside)

    rows = Rows(
        weight * domain.inside,
        weight * forward(mark),
        domain.inverse(variance.trim()),
        variance,
        draw_noise,
    )
    regression = Regression(rows, domain)
    start = torch.full_like(mark, float(mark[domain.inside].mean()))
    rough = regression.walk(smoothing_walk(domain), start, progress)
    return regression.solve(rough.smoothing_nm, rough.rate, EXACT), regression
