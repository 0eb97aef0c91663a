"""Derivatives by central finite differences."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import torch

from chromamol.engines.engine import parse_all
from chromamol.mollifiers.axis import AxisConvolution
from chromamol.mollifiers.kernels import derivative_kernel, smallest_radius
from chromamol.mollifiers.separable import SeparableDerivatives

if TYPE_CHECKING:
    from collections.abc import Sequence

    from torch import Tensor

    from chromamol.engines.engine import Network
    from chromamol.engines.grid import Grid

_ACCURACY: Final = 4


class FiniteDifferenceEngine:
    """Differences of neighbouring cells, of order 4 in the spacing, summed in float64.

    These are the kernels of a mollifier of the smallest radius, which does not smooth: cheaper,
    and without defence against rounding and noise. The network is evaluated once, on the grid and
    the cells that the stencils need beyond it.

    Parameters
    ----------
    grid : Grid
    derivatives : sequence of str
        Names of the derivatives (`chromamol.mollifiers.names`).
    dtype : torch.dtype
    device : torch.device or str

    Raises
    ------
    ValueError
        If a derivative is not one of those of the grid.
    """

    def __init__(
        self,
        grid: Grid,
        derivatives: Sequence[str],
        *,
        dtype: torch.dtype = torch.float32,
        device: torch.device | str = "cpu",
    ) -> None:
        terms = parse_all(derivatives, grid.axes)
        partials = [term.orders for of_name in terms.values() for term in of_name]
        self._grid = grid
        along = [sorted({orders[axis] for orders in partials}) for axis in range(grid.axes)]
        self._margin = tuple(smallest_radius(orders[-1], _ACCURACY) for orders in along)
        convolutions = [
            AxisConvolution({order: _stencil(order, radius, side) for order in orders})
            for orders, radius, side in zip(along, self._margin, grid.spacing, strict=True)
        ]
        self._separable = SeparableDerivatives(convolutions, derivatives).to(device)
        self._points = grid.coordinates(self._margin, dtype=dtype, device=device)

    def __call__(self, network: Network) -> dict[str, Tensor]:
        """Return the derivatives of the network (see `Engine`)."""
        field = self._grid.field(network(self._points), self._margin)
        derived = self._separable(field.double(), self._grid.axes, "extend")
        return {name: values.to(field.dtype) for name, values in derived.items()}


def _stencil(
    order: int, radius: int, spacing: float
) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """Return the central differences, filled up with zeros to the radius."""
    least = smallest_radius(order, _ACCURACY)
    taps = derivative_kernel(order, least, spacing, accuracy=_ACCURACY)
    return np.pad(taps, radius - least)
