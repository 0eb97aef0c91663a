"""Linear equations for a field, whose noise is correlated."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np
    from numpy.polynomial import Polynomial
    from numpy.typing import NDArray

    from chromamol.inference.domain import Operator


@dataclass(frozen=True)
class Rows:
    """Linear equations for a field with correlated noise.

    Attributes
    ----------
    factor, weight, target : (y, x) tensor
        weight * blur(factor * field) = target; zero outside the domain.
    blur : callable
        The point spread, a symmetric operator.
    blur_symbol : (y, x // 2 + 1) array
        The same for each wave.
    precision : callable
        Inverse covariance W2 of the noise of the rows.
    variance : Polynomial
        v, the variance of that noise as a function of k2.
    draw_noise : callable
        Draws such noise, (count, y, x).
    outline_sd : (y, x) tensor
        Standard deviation of what an outline that is not known exactly adds to each row.
    """

    factor: torch.Tensor
    weight: torch.Tensor
    target: torch.Tensor
    blur: Operator
    blur_symbol: NDArray[np.float64]
    precision: Operator
    variance: Polynomial
    draw_noise: Callable[[int, torch.Generator], torch.Tensor]
    outline_sd: torch.Tensor

    def draw_errors(
        self, count: int, noise_scale: float, generator: torch.Generator
    ) -> torch.Tensor:
        """Draw what is wrong with the rows, (count, y, x): scaled noise, and the outline."""
        shape = (count, *self.outline_sd.shape)
        white = torch.randn(shape, generator=generator, dtype=torch.float64)
        of_outline = self.weight * self.outline_sd * white.to(self.outline_sd.device)
        return noise_scale * self.draw_noise(count, generator) + of_outline

    def forward(self, field: torch.Tensor) -> torch.Tensor:
        """Return what the rows show of a field."""
        return self.weight * self.blur(self.factor * field)

    def backward(self, rows: torch.Tensor) -> torch.Tensor:
        """Return the transpose of `forward` of W2 rows."""
        return self.factor * self.blur(self.weight * self.precision(rows))
