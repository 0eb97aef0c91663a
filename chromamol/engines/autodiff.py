"""Derivatives by recursive reverse-mode automatic differentiation."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

import torch

from chromamol.engines.engine import parse_all

if TYPE_CHECKING:
    from collections.abc import Sequence

    from torch import Tensor

    from chromamol.engines.engine import Network
    from chromamol.engines.grid import Grid


class AutodiffEngine:
    """Exact derivatives, one backward pass through the network for each order.

    The standard method of physics-informed networks (Raissi, Perdikaris and Karniadakis, J.
    Comput. Phys. 378, 686, 2019). A backward pass yields the derivatives along all axes at once,
    each pass is made once for all names together, and the bilaplacian is the Laplacian of the
    Laplacian, which takes fewer passes than its partial derivatives.

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
        self._grid = grid
        self._terms = parse_all(derivatives, grid.axes)
        self._points = grid.coordinates(dtype=dtype, device=device)

    def __call__(self, network: Network) -> dict[str, Tensor]:
        """Return the derivatives of the network (see `Engine`)."""
        keep_graph = torch.is_grad_enabled()
        with torch.enable_grad():
            points = self._points.detach().requires_grad_()
            values = self._grid.field(network(points))
            channels = [_Partials(channel.flatten(), points) for channel in values[0]]
            derived = {
                name: self._grid.field(
                    torch.stack([self._derivative(name, channel) for channel in channels], dim=-1)
                )
                for name in self._terms
            }
        if keep_graph:
            return derived
        return {name: field.detach() for name, field in derived.items()}

    def _derivative(self, name: str, channel: _Partials) -> Tensor:
        if name == "laplacian":
            return channel.laplacian
        if name == "bilaplacian":
            return channel.bilaplacian
        ((_, orders),) = self._terms[name]
        return channel.of(orders)


class _Partials:
    """Partial derivatives of one function, each made once.

    Parameters
    ----------
    values : (points,) tensor
        Of the function, each of its own point only.
    points : (points, axes) tensor
    """

    def __init__(self, values: Tensor, points: Tensor) -> None:
        self._points = points
        self._known = {(0,) * points.shape[1]: values}
        self._differentiated: set[tuple[int, ...]] = set()

    def of(self, orders: tuple[int, ...]) -> Tensor:
        """Return the derivative of these orders along the axes."""
        if orders not in self._known:
            lower = [_plus(orders, axis, -1) for axis, order in enumerate(orders) if order]
            made = [below for below in lower if below in self._differentiated]
            self._differentiate((made or lower)[0])
        return self._known[orders]

    def _differentiate(self, orders: tuple[int, ...]) -> None:
        values = self.of(orders)
        self._differentiated.add(orders)
        gradient = torch.zeros_like(self._points)
        if values.requires_grad:
            # A point's value depends on that point only: the gradient of the sum is all of theirs.
            (gradient,) = torch.autograd.grad(
                values.sum(),
                self._points,
                create_graph=True,
                allow_unused=True,
                materialize_grads=True,
            )
        for axis, partial in enumerate(gradient.unbind(dim=-1)):
            self._known.setdefault(_plus(orders, axis, 1), partial)

    @cached_property
    def laplacian(self) -> Tensor:
        """The sum of the second partial derivatives."""
        axes = self._points.shape[1]
        return torch.stack([self.of(_plus((0,) * axes, axis, 2)) for axis in range(axes)]).sum(
            dim=0
        )

    @cached_property
    def bilaplacian(self) -> Tensor:
        """The Laplacian of the Laplacian."""
        return _Partials(self.laplacian, self._points).laplacian


def _plus(orders: tuple[int, ...], axis: int, more: int) -> tuple[int, ...]:
    return tuple(order + more * (axis == other) for other, order in enumerate(orders))
