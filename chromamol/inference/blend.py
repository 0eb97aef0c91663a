r"""A smooth map, a map with edges, or their average where the image does not decide.

Both explain the rows. A mean of the two, w of it that with edges, predicts better than either
unless one is better by more than they differ: its misfit is about a parabola of w, its degrees of
freedom a line. The w of the best generalised cross-validation is taken, as the strength of each
prior is (model averaging; Hansen, Econometrica 75, 1175, 2007).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from chromamol.inference.regression import cross_validation

if TYPE_CHECKING:
    from collections.abc import Sequence

    import torch

    from chromamol.inference.gauss_newton import Solution

# Shares that are tried; a map of a smaller or larger share than these is one of the two.
_SHARES = np.linspace(0, 1, 101)
_LEAST, _MOST = 0.05, 0.95


@dataclass(frozen=True)
class Blend:
    """One solution, or the average of a smooth one and one with edges, on the same bins.

    Attributes
    ----------
    solutions : tuple of Solution
        One, or the smooth one and that with edges.
    edge_share : float
        w, the share of the map with edges, 0 to 1.
    """

    solutions: tuple[Solution, ...]
    edge_share: float

    @classmethod
    def of(cls, solutions: Sequence[Solution]) -> Blend:
        """Weigh a smooth solution and one with edges; or take the one that there is.

        Parameters
        ----------
        solutions : sequence of Solution
            One or two, the smooth one first. One that did not converge counts only if no other
            did.
        """
        found = tuple(each for each in solutions if each.converged) or tuple(solutions[:1])
        if len(found) == 1:
            return cls(found, float(found[0].fit.has_edges))
        smooth, edges = found
        share = edge_share(smooth, edges)
        if share < _LEAST:
            return cls((smooth,), 0.0)
        if share > _MOST:
            return cls((edges,), 1.0)
        return cls(found, share)

    @property
    def converged(self) -> bool:
        """Whether the solver converged."""
        return all(solution.converged for solution in self.solutions)

    @property
    def leading(self) -> Solution:
        """The solution of the larger share."""
        return self.solutions[-1] if self.edge_share > 0.5 else self.solutions[0]

    @property
    def field(self) -> torch.Tensor:
        """The field of the map, (y, x) of the box."""
        return self._average([solution.fit.field for solution in self.solutions])

    @property
    def residual(self) -> torch.Tensor:
        """What the map leaves unexplained, in units of the expected noise, (y, x)."""
        return self._average(
            [solution.regression.residual(solution.fit) for solution in self.solutions]
        )

    def _average(self, fields: list[torch.Tensor]) -> torch.Tensor:
        if len(fields) == 1:
            return fields[0]
        smooth, edges = fields
        return (1 - self.edge_share) * smooth + self.edge_share * edges


def edge_share(smooth: Solution, edges: Solution) -> float:
    """Return the share of the map with edges in the average that predicts best, 0 to 1."""
    product = smooth.regression.product_of_misfits(smooth.fit, edges.regression, edges.fit)
    w = _SHARES
    misfit = (1 - w) ** 2 * smooth.fit.misfit + w**2 * edges.fit.misfit + 2 * w * (1 - w) * product
    freedom = (1 - w) * smooth.fit.degrees_of_freedom + w * edges.fit.degrees_of_freedom
    n_rows = smooth.regression.n_rows
    scores = [cross_validation(*each, n_rows) for each in zip(misfit, freedom, strict=True)]
    return float(w[int(np.argmin(scores))])
