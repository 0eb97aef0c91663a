"""No network: the values of the cells are the parameters."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from chromamol.engines.jet import Jet

if TYPE_CHECKING:
    from chromamol.engines.grid import Grid


class PixelGrid(nn.Module):
    """A value for every cell of a grid, and for a margin of cells around it.

    It is a function of the cells, not of the coordinates between them: engines that convolve can
    differentiate it, `AutodiffEngine` and `TaylorEngine` cannot.

    Parameters
    ----------
    grid : Grid
    channels : int
        Values of a cell.
    margin : int
        Cells on each side: the radius of the engine.
    """

    _origin: Tensor
    _spacing: Tensor

    def __init__(self, grid: Grid, channels: int, *, margin: int = 0) -> None:
        super().__init__()
        self._margin = margin
        self._cells = [cells + 2 * margin for cells in grid.shape]
        self.register_buffer(
            "_origin",
            torch.tensor(
                [a - margin * s for a, s in zip(grid.origin, grid.spacing, strict=True)],
                dtype=torch.float64,
            ),
        )
        self.register_buffer("_spacing", torch.tensor(grid.spacing, dtype=torch.float64))
        self.values = nn.Parameter(torch.zeros(*self._cells, channels))

    @torch.no_grad()
    def fit(self, fields: Tensor) -> None:
        """Begin with (channel, [y,] x) fields; the margin has the values of the nearest cells."""
        nearest = [
            torch.arange(-self._margin, size + self._margin).clamp(0, size - 1)
            for size in fields.shape[1:]
        ]
        self.values.copy_(fields.movedim(0, -1)[torch.meshgrid(*nearest, indexing="ij")])

    def forward(self, points: Tensor | Jet) -> Tensor:
        """Return the (points, channel) values of the cells that the points are in.

        Raises
        ------
        TypeError
            If derivatives by the coordinates are asked for.
        ValueError
            If a point is in no cell.
        """
        if isinstance(points, Jet) or points.requires_grad:
            msg = (
                "A pixel grid has no derivatives by its coordinates. Use the engine 'mollifier' or "
                "'finite-difference', or another backbone."
            )
            raise TypeError(msg)
        cell = ((points.double() - self._origin) / self._spacing).round().long()
        if (cell < 0).any() or (cell >= cell.new_tensor(self._cells)).any():
            msg = (
                f"A point is outside the {' x '.join(map(str, self._cells))} cells of the pixel "
                "grid. Give it a margin as wide as the radius of the engine."
            )
            raise ValueError(msg)
        found: Tensor = self.values[tuple(cell.unbind(dim=-1))]
        return found
