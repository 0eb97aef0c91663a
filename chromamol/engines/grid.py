"""The regular grid on which an engine evaluates a network."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import isfinite
from operator import index
from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from torch import Tensor

_MOST_AXES = 3


@dataclass(frozen=True)
class Grid:
    """A regular grid of cells.

    Parameters
    ----------
    shape : sequence of int
        Cells along each of 1 to 3 axes; the last is x, the one before it y, then z.
    spacing : sequence of float
        Cell size along each axis, in the unit of length of the derivatives.
    origin : sequence of float, optional
        Coordinates of the first cell; zeros by default.

    Raises
    ------
    ValueError
        If the lengths disagree, an axis has no cell, or a number is out of its range.
    """

    shape: tuple[int, ...]
    spacing: tuple[float, ...]
    origin: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        shape = tuple(map(index, self.shape))
        spacing = tuple(map(float, self.spacing))
        origin = tuple(map(float, self.origin)) or (0.0,) * len(shape)
        if not len(shape) == len(spacing) == len(origin) or not 1 <= len(shape) <= _MOST_AXES:
            msg = (
                f"Found a shape of {len(shape)}, a spacing of {len(spacing)} and an origin of "
                f"{len(origin)} axes. Give each the same 1 to {_MOST_AXES} axes."
            )
            raise ValueError(msg)
        if min(shape) < 1:
            msg = f"Found the shape {shape}. Give one cell or more for each axis."
            raise ValueError(msg)
        if not all(isfinite(side) and side > 0 for side in spacing):
            msg = f"Found the spacing {spacing}. Give a positive, finite length for each axis."
            raise ValueError(msg)
        if not all(map(isfinite, origin)):
            msg = f"Found the origin {origin}. Give a finite coordinate for each axis."
            raise ValueError(msg)
        for name, value in (("shape", shape), ("spacing", spacing), ("origin", origin)):
            object.__setattr__(self, name, value)

    @property
    def axes(self) -> int:
        """Number of axes."""
        return len(self.shape)

    def coordinates(
        self,
        margin: int | Sequence[int] = 0,
        *,
        dtype: torch.dtype = torch.float32,
        device: torch.device | str = "cpu",
    ) -> Tensor:
        """Return the coordinates of the cells.

        Parameters
        ----------
        margin : int or sequence of int
            More cells on each side, one for all axes or one for each.
        dtype : torch.dtype
        device : torch.device or str

        Returns
        -------
        (points, axes) tensor
            Cells in the order of memory (x fastest), coordinates in the order of the axes.

        Raises
        ------
        ValueError
            If the margin does not fit.
        """
        lines = [
            start + side * torch.arange(-more, cells + more, dtype=torch.float64)
            for start, side, cells, more in zip(
                self.origin, self.spacing, self.shape, self._margins(margin), strict=True
            )
        ]
        mesh = torch.meshgrid(*lines, indexing="ij")
        return torch.stack(mesh, dim=-1).flatten(end_dim=-2).to(device=device, dtype=dtype)

    def field(self, values: Tensor, margin: int | Sequence[int] = 0) -> Tensor:
        """Lay the values of a network at the `coordinates` out on the grid.

        Parameters
        ----------
        values : (points, channel) tensor
        margin : int or sequence of int
            That of the coordinates.

        Returns
        -------
        (1, channel, *grid) tensor

        Raises
        ------
        ValueError
            If the values have another shape.
        """
        margins = self._margins(margin)
        shape = [cells + 2 * more for cells, more in zip(self.shape, margins, strict=True)]
        points = torch.Size(shape).numel()
        if values.ndim != 2 or len(values) != points:
            msg = (
                f"The network returned the shape {tuple(values.shape)} for {points} points. "
                f"Make it return (points, channel), here ({points}, 1) for one channel."
            )
            raise ValueError(msg)
        return values.T.reshape(1, -1, *shape)

    def _margins(self, margin: int | Sequence[int]) -> tuple[int, ...]:
        margins = tuple(margin) if isinstance(margin, Sequence) else (index(margin),) * self.axes
        if len(margins) != self.axes or min(margins) < 0:
            msg = (
                f"Found the margin {margin!r} for a grid of {self.axes} axes. Give a number of "
                "cells, 0 or more, for all axes or for each."
            )
            raise ValueError(msg)
        return margins
