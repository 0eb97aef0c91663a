"""Two groups compared by the means of their biological replicates."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import stats

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

FEWEST = 2


@dataclass(frozen=True)
class Test:
    """A test of the means of replicates.

    Attributes
    ----------
    name : str
        "Student's t", "Welch's t", "paired t".
    difference : float
        Second group less the first.
    standard_error : float
    degrees_of_freedom : float
    p : float
        Two-sided.
    """

    name: str
    difference: float
    standard_error: float
    degrees_of_freedom: float
    p: float


def compare_replicates(first: ArrayLike, second: ArrayLike, *, paired: bool = False) -> Test:
    """Test whether two groups have the same mean, from one number for each replicate.

    Student's t-test where the groups have equally many replicates: it keeps its level then although
    their variances differ (Posten, Statistics, 1978), while Welch's is too shy for three
    replicates. Else Welch's, with the degrees of freedom of Satterthwaite (Biometrics Bull. 2, 110,
    1946). Paired: the t-test of the differences.

    Parameters
    ----------
    first, second : (n,) array
        At least two each; paired, equally many in the same order.
    paired : bool

    Raises
    ------
    ValueError
        If there are fewer than two replicates in a group.
    """
    a, b = np.asarray(first, np.float64), np.asarray(second, np.float64)
    if min(a.size, b.size) < FEWEST:
        msg = f"A test needs two replicates in each group, not {a.size} and {b.size}."
        raise ValueError(msg)
    if paired:
        name, change = "paired t", b - a
        difference, freedom = float(change.mean()), change.size - 1.0
        error = float(change.std(ddof=1) / np.sqrt(change.size))
    else:
        difference = float(b.mean() - a.mean())
        parts = np.array([a.var(ddof=1) / a.size, b.var(ddof=1) / b.size])
        error = float(np.sqrt(parts.sum()))
        if a.size == b.size:
            name, freedom = "Student's t", 2.0 * (a.size - 1)
        else:
            name = "Welch's t"
            shares = (parts**2 / [a.size - 1, b.size - 1]).sum()
            freedom = float(parts.sum() ** 2 / shares) if shares else a.size + b.size - 2.0
    if not error:
        return Test(name, difference, error, freedom, 1.0 if not difference else 0.0)
    p = float(2 * stats.t.sf(abs(difference) / error, freedom))
    return Test(name, difference, error, freedom, p)
