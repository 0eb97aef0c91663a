"""Derivatives by convolution with a mollifier's."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from chromamol.mollifiers.layer import MollifierLayer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from torch import Tensor

    from chromamol.engines.engine import Network
    from chromamol.engines.grid import Grid


class MollifierEngine:
    """Derivatives of the mollified network: `MollifierLayer` with the boundary "extend".

    The network is evaluated once, on the grid and `radius` cells beyond it on each side.

    Parameters
    ----------
    grid : Grid
    derivatives : sequence of str
        Names of the derivatives (`chromamol.mollifiers.names`).
    radius : int or sequence of int
        Half width of the kernel in cells, one for all axes or one for each; see
        `suitable_radius`.
    dtype : torch.dtype
    device : torch.device or str

    Raises
    ------
    ValueError
        If a derivative is not one of those of the grid, or the radius too small for it.
    """

    def __init__(
        self,
        grid: Grid,
        derivatives: Sequence[str],
        radius: int | Sequence[int],
        *,
        dtype: torch.dtype = torch.float32,
        device: torch.device | str = "cpu",
    ) -> None:
        self._grid, self._radius = grid, radius
        self._layer = MollifierLayer(grid.spacing, radius, derivatives).to(device)
        self._points = grid.coordinates(radius, dtype=dtype, device=device)

    def __call__(self, network: Network) -> dict[str, Tensor]:
        """Return the derivatives of the network (see `Engine`)."""
        field = self._grid.field(network(self._points), self._radius)
        derived: dict[str, Tensor] = self._layer(field)
        return derived
