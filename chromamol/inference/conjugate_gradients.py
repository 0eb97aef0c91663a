"""Preconditioned conjugate gradients for symmetric systems of fields, real or complex."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from chromamol.inference.domain import Operator


def conjugate_gradients(
    matrix: Operator,
    right: torch.Tensor,
    preconditioner: Operator,
    start: torch.Tensor,
    *,
    tolerance: float,
    max_steps: int = 500,
) -> tuple[torch.Tensor, bool]:
    """Solve `matrix` x = `right` (Hestenes and Stiefel, J. Res. NBS 49, 409, 1952).

    Complex systems are symmetric, not Hermitian, and no product is conjugated (COCG; van der
    Vorst and Melissen, IEEE Trans. Magn. 26, 706, 1990).

    Parameters
    ----------
    matrix, preconditioner : callable
        Symmetric operators on fields (..., y, x); leading axes are separate systems.
    right, start : (..., y, x) tensor
        Right-hand side and first guess.
    tolerance : float
        Stop when the residual's norm, in the metric of the preconditioner, has fallen to this
        share of that of `right`, in every system.
    max_steps : int
        Give up after so many steps.

    Returns
    -------
    solution : (..., y, x) tensor
    converged : bool
    """
    solution = start.clone()
    residual = right - matrix(solution)
    searched = preconditioner(residual)
    direction = searched
    energy = _inner(residual, searched)
    goal = tolerance**2 * _inner(right, preconditioner(right)).abs()
    for _ in range(max_steps):
        if bool((energy.abs() <= goal).all()):
            return solution, True
        product = matrix(direction)
        step = _ratio(energy, _inner(direction, product))
        solution = solution + step * direction
        residual = residual - step * product
        searched = preconditioner(residual)
        previous, energy = energy, _inner(residual, searched)
        direction = searched + _ratio(energy, previous) * direction
    return solution, bool((energy.abs() <= goal).all())


def _inner(left: torch.Tensor, right: torch.Tensor) -> torch.Tensor:
    """Inner product over the grid, kept as (..., 1, 1)."""
    return (left * right).sum(dim=(-2, -1), keepdim=True)


def _ratio(of: torch.Tensor, to: torch.Tensor) -> torch.Tensor:
    """Divide, giving zero for a system that is solved exactly already."""
    return torch.where(to == 0, torch.zeros_like(of), of / to)
