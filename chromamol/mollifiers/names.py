"""Names of derivatives: "" (none), "x", "xxy", "laplacian", "bilaplacian"."""

from __future__ import annotations

from typing import NamedTuple

HIGHEST_ORDER = 4
_AXES = "zyx"


class Term(NamedTuple):
    """One partial derivative of a sum of them.

    Attributes
    ----------
    factor : float
    orders : tuple of int
        Order along each axis of the grid; the last axis is x.
    """

    factor: float
    orders: tuple[int, ...]


def parse(name: str, axes: int) -> tuple[Term, ...]:
    """Return the partial derivatives that a name stands for.

    Parameters
    ----------
    name : str
        Letters of the axes in any order, one for each differentiation ("" for the field itself,
        "xxy" for the third derivative d^3 / dx^2 dy), "laplacian", or "bilaplacian".
    axes : int
        Axes of the grid, 1 to 3; the last is x, the one before it y, then z.

    Returns
    -------
    tuple of Term
        Their sum is the derivative.

    Raises
    ------
    ValueError
        If the name is not one of a derivative of order 0 to 4 on such a grid.
    """
    letters = _AXES[-axes:]
    second = [tuple(2 * (axis == other) for other in range(axes)) for axis in range(axes)]
    if name == "laplacian":
        return tuple(Term(1.0, orders) for orders in second)
    if name == "bilaplacian":
        pairs = [(one, other) for i, one in enumerate(second) for other in second[i:]]
        return tuple(
            Term(1.0 if one == other else 2.0, tuple(map(sum, zip(one, other, strict=True))))
            for one, other in pairs
        )
    unknown = sorted(set(name) - set(letters))
    if unknown or not isinstance(name, str):
        msg = (
            f"There is no derivative '{name}' on a grid with the axes {', '.join(letters)}. "
            "Name it by its axes ('x', 'xxy'), or 'laplacian', 'bilaplacian', or '' for the "
            "field itself."
        )
        raise ValueError(msg)
    if len(name) > HIGHEST_ORDER:
        msg = (
            f"The derivative '{name}' has the order {len(name)}; derivatives of order 0 to "
            f"{HIGHEST_ORDER} are supported."
        )
        raise ValueError(msg)
    return (Term(1.0, tuple(name.count(letter) for letter in letters)),)
