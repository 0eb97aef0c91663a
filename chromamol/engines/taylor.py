"""Derivatives by forward Taylor mode."""

from __future__ import annotations

from math import factorial
from typing import TYPE_CHECKING, cast

import torch
from torch import Tensor

from chromamol.engines.directions import fewest_directions
from chromamol.engines.engine import parse_all
from chromamol.engines.jet import Jet

if TYPE_CHECKING:
    from collections.abc import Sequence

    from chromamol.engines.engine import Network
    from chromamol.engines.grid import Grid


class TaylorEngine:
    """Exact derivatives of any order in a single pass forward through the network.

    Truncated Taylor series along a few directions are carried through the network; derivatives
    are sums of their coefficients (Griewank, Utke and Walther, Math. Comput. 69, 1117, 2000). The
    bilaplacian takes three directions in the plane and six in space.

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
        self._grid = grid
        self._order = {name: sum(of_name[0].orders) for name, of_name in terms.items()}
        points = grid.coordinates(dtype=dtype, device=device)
        self._weights: dict[str, Tensor] = {}
        self._line = [points]
        if derived := [name for name, order in self._order.items() if order]:
            directions, weights = fewest_directions([terms[name] for name in derived], grid.axes)
            along = torch.as_tensor(directions, dtype=dtype, device=device)
            self._line.append(along[:, None, :])
            for name, of_name in zip(derived, weights, strict=True):
                # Coefficient m of a Taylor series is the derivative over m!.
                scaled = of_name * factorial(self._order[name])
                self._weights[name] = torch.as_tensor(scaled, dtype=dtype, device=device)

    def __call__(self, network: Network) -> dict[str, Tensor]:
        """Return the derivatives of the network (see `Engine`).

        Raises
        ------
        TypeError, AttributeError
            If the network uses a function that has no rule (see `Jet`).
        """
        line = Jet(self._line, max(self._order.values()))
        output = cast("Jet | Tensor", network(cast("Tensor", line)))
        coefficients = output.coefficients if isinstance(output, Jet) else (output,)
        derived = {}
        for name, order in self._order.items():
            if order >= len(coefficients):
                values = torch.zeros_like(coefficients[0])
            elif order:
                values = torch.tensordot(self._weights[name], coefficients[order], dims=1)
            else:
                values = coefficients[0]
            derived[name] = self._grid.field(values)
        return derived
