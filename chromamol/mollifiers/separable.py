"""Derivatives on a grid as products of convolutions along its axes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torch import Tensor, nn

from chromamol.mollifiers.names import Term, parse

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from chromamol.mollifiers.axis import AxisConvolution, Boundary


class SeparableDerivatives(nn.Module):
    """Convolutions along every axis, each done once for all the derivatives that share it.

    Parameters
    ----------
    axes : sequence of AxisConvolution
        One for each axis of the grid, the last for x; one alone stands for all.
    derivatives : sequence of str
        See `chromamol.mollifiers.names`.
    """

    def __init__(self, axes: Sequence[AxisConvolution], derivatives: Sequence[str]) -> None:
        super().__init__()
        self.axes = nn.ModuleList(axes)
        self.derivatives = tuple(derivatives)

    def forward(self, field: Tensor, dimension: int, boundary: Boundary) -> dict[str, Tensor]:
        """Return every derivative of a (..., *grid) float64 field on a grid of 1 to 3 axes.

        For the boundaries see `AxisConvolution`.
        """
        terms = {name: parse(name, dimension) for name in self.derivatives}
        wanted = {term.orders for partials in terms.values() for term in partials}
        found: dict[tuple[int, ...], Tensor] = {(): field}
        for axis in range(dimension):
            convolution = self.axes[axis % len(self.axes)]
            place = axis - dimension
            grown: dict[tuple[int, ...], Tensor] = {}
            for done, partial in found.items():
                orders = sorted({want[axis] for want in wanted if want[:axis] == done})
                results = convolution(partial.movedim(place, -1), orders, boundary)
                for order, result in zip(orders, results, strict=True):
                    grown[*done, order] = result.movedim(-1, place)
            found = grown
        return {name: _combine(partials, found) for name, partials in terms.items()}


def _combine(terms: Sequence[Term], partials: Mapping[tuple[int, ...], Tensor]) -> Tensor:
    first, *rest = (term.factor * partials[term.orders] for term in terms)
    return sum(rest, start=first)
