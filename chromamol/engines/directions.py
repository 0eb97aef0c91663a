"""Partial derivatives as sums of derivatives along a few directions."""

from __future__ import annotations

from itertools import product
from math import factorial, gcd, pi, prod, sqrt
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from chromamol.mollifiers.names import Term

    Vectors = NDArray[np.float64]

_TOLERANCE = 1e-10


def fewest_directions(
    targets: Sequence[tuple[Term, ...]], axes: int
) -> tuple[Vectors, list[Vectors]]:
    """Return directions d, and weights w with which each target is sum_d w_d (d . grad)^m.

    Directions that can express all targets are the solution of a linear system for each; of the
    candidates, those with the fewest directions of a weight that is not zero are taken.

    Parameters
    ----------
    targets : sequence of tuple of Term
        Each a sum of partial derivatives of one order m, 1 or more.
    axes : int
        1 to 3.

    Returns
    -------
    directions : (direction, axes) float64
        Of length 1.
    weights : list of (direction,) float64
        One array for each target.

    Examples
    --------
    >>> from chromamol.mollifiers.names import parse
    >>> directions, (weights,) = fewest_directions([parse("bilaplacian", axes=2)], axes=2)
    >>> len(directions)
    3
    """
    order = max(sum(target[0].orders) for target in targets)
    solutions = []
    for directions in _candidates(order, axes):
        weights = [_weights(target, directions) for target in targets]
        solved = [of_target for of_target in weights if of_target is not None]
        if len(solved) == len(targets):
            used = np.any(np.abs(solved) > _TOLERANCE, axis=0)
            solutions.append((directions[used], [of_target[used] for of_target in solved]))
    return min(solutions, key=lambda solution: len(solution[0]))


def _weights(target: Sequence[Term], directions: Vectors) -> Vectors | None:
    """Return the weights of the directions, or None if they cannot express the target."""
    order = sum(target[0].orders)
    powers = _powers(directions, order)
    wanted = np.zeros(len(powers))
    for term in target:
        wanted[_monomials(order, directions.shape[1]).index(term.orders)] += term.factor
    weights = np.asarray(np.linalg.lstsq(powers, wanted, rcond=None)[0], dtype=np.float64)
    return weights if np.abs(powers @ weights - wanted).max() < _TOLERANCE else None


def _monomials(order: int, axes: int) -> list[tuple[int, ...]]:
    return [orders for orders in product(range(order + 1), repeat=axes) if sum(orders) == order]


def _powers(directions: Vectors, order: int) -> Vectors:
    """Return (monomial, direction): the coefficients of (d . grad)^order."""
    rows = [
        factorial(order) / prod(map(factorial, orders)) * np.prod(directions**orders, axis=1)
        for orders in _monomials(order, directions.shape[1])
    ]
    return np.stack(rows)


def _candidates(order: int, axes: int) -> Iterator[Vectors]:
    """Yield sets of directions; the last of them can express every derivative of the order."""
    if axes == 1:
        yield np.ones((1, 1))
    elif axes == 2:
        for count in range(1, order + 2):
            for shift in (0.0, 0.5):
                angles = (np.arange(count) + shift) * pi / count
                yield np.stack([np.sin(angles), np.cos(angles)], axis=1)
    else:
        yield _icosahedron()
        yield from _lattice(order)


def _icosahedron() -> Vectors:
    # Its six axes express the bilaplacian: the vertices are a spherical 5-design.
    golden = (1 + sqrt(5)) / 2
    axes = [np.roll((0.0, 1.0, sign * golden), turn) for turn in range(3) for sign in (-1, 1)]
    return np.array(axes) / sqrt(1 + golden**2)


def _lattice(order: int) -> Iterator[Vectors]:
    """Yield ever more lattice directions, short ones first, with independent powers."""
    half = [steps for steps in product(range(-2, 3), repeat=3) if steps > (0, 0, 0)]
    short_first = sorted(half, key=lambda steps: np.dot(steps, steps))
    directions = np.empty((0, 3))
    for steps in short_first:
        if gcd(*steps) > 1:
            continue
        more = np.vstack([directions, np.array(steps) / np.linalg.norm(steps)])
        if np.linalg.matrix_rank(_powers(more, order)) == len(more):
            directions = more
            yield directions
