"""What all networks do first: bring coordinates to a common scale, and to waves."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

if TYPE_CHECKING:
    from chromamol.engines.grid import Grid


class Normalise(nn.Module):
    """Coordinates over half the longest side of the grid, from its centre.

    One scale for all axes, so that a direction stays a direction.

    Parameters
    ----------
    grid : Grid
    """

    centre: Tensor

    def __init__(self, grid: Grid) -> None:
        super().__init__()
        sides = [side * (cells - 1) for side, cells in zip(grid.spacing, grid.shape, strict=True)]
        centre = [start + side / 2 for start, side in zip(grid.origin, sides, strict=True)]
        self.register_buffer("centre", torch.tensor(centre))
        self.half_side = max(*sides, *grid.spacing) / 2

    def forward(self, points: Tensor) -> Tensor:
        """Return (points, axes) without a unit."""
        return (points - self.centre) / self.half_side


class FourierFeatures(nn.Module):
    r"""Random waves, :math:`\cos(B x), \sin(B x)` with Gaussian B that is not trained.

    Tancik et al., Fourier features let networks learn high frequency functions in low dimensional
    domains, NeurIPS 2020.

    Parameters
    ----------
    axes : int
    features : int
        Even; half of them are cosines.
    wave_number : float
        Standard deviation of B, radians per normalised length.
    """

    waves: Tensor

    def __init__(self, axes: int, features: int, wave_number: float) -> None:
        super().__init__()
        self.register_buffer("waves", wave_number * torch.randn(axes, features // 2))

    def forward(self, points: Tensor) -> Tensor:
        """Return (points, features)."""
        phases = points @ self.waves
        return torch.cat([torch.cos(phases), torch.sin(phases)], dim=-1)
