"""What every derivative engine does."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Protocol

from torch import Tensor

from chromamol.mollifiers.names import parse

if TYPE_CHECKING:
    from chromamol.mollifiers.names import Term

Network = Callable[[Tensor], Tensor]
"""Any function of coordinates: (points, axes) -> (points, channel)."""


class Engine(Protocol):
    """Derivatives of a network at the cells of a grid.

    An engine is made once for a grid and a choice of derivatives, and then called in every step
    of the training.
    """

    def __call__(self, network: Network) -> dict[str, Tensor]:
        """Return the derivatives of the network's output with respect to its coordinates.

        Parameters
        ----------
        network : callable
            (points, axes) coordinates -> (points, channel), each point by itself.

        Returns
        -------
        dict of str to (1, channel, *grid)
            For each name (`chromamol.mollifiers.names`), in the order in which they were asked
            for. Gradients flow to the network's parameters.
        """
        ...


def parse_all(derivatives: Sequence[str], axes: int) -> dict[str, tuple[Term, ...]]:
    """Return the partial derivatives that each name stands for.

    Parameters
    ----------
    derivatives : sequence of str
    axes : int
        Axes of the grid.

    Raises
    ------
    ValueError
        If there is no name, or one that the grid does not have.
    """
    if isinstance(derivatives, str) or not derivatives:
        msg = (
            f'Give a sequence of derivatives, such as ("", "x", "laplacian"), not {derivatives!r}.'
        )
        raise ValueError(msg)
    return {name: parse(name, axes) for name in derivatives}
