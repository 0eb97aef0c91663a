"""One number from the image: the profile of the score over it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from scipy import optimize, stats

if TYPE_CHECKING:
    from collections.abc import Callable

# 95 % of chi-square with one degree of freedom.
_DROP = float(stats.chi2.ppf(0.95, 1))
# The minimum and the ends of the interval are found to these shares of a step.
_TOLERANCE, _END_TOLERANCE = 0.006, 0.03


@dataclass(frozen=True)
class Profile:
    """The best value of a number, and its 95 % interval; infinite where there is no end."""

    best: float
    low: float
    high: float
    deviance: float

    @property
    def known(self) -> bool:
        """Whether the interval ends on both sides."""
        return bool(np.isfinite(self.low) and np.isfinite(self.high))

    def shifted(self, by: float) -> Profile:
        """Return the profile of the number plus a constant."""
        return replace(self, best=self.best + by, low=self.low + by, high=self.high + by)

    @property
    def sd(self) -> float:
        """Standard deviation of the number, if it is Gaussian."""
        return float((self.high - self.low) / (2 * stats.norm.ppf(0.975)))


def profile(
    deviance: Callable[[float], float], start: float, step: float, limits: tuple[float, float]
) -> Profile:
    """Walk from a start downhill in steps, then close in on the minimum and on the interval.

    Parameters
    ----------
    deviance : callable
        -2 log likelihood at a value; infinite where there is none.
    start, step : float
    limits : (float, float)
        Values beyond these are not looked at.

    Returns
    -------
    Profile
        Unbounded if the minimum lies at a limit, or the deviance is infinite around it.
    """
    lowest, highest = limits
    known: dict[float, float] = {}

    def look(value: float) -> float:
        key = round(value / step, 6)
        if key not in known:
            known[key] = deviance(value)
        return known[key]

    centre = min(max(start, lowest), highest)
    while True:
        around = (max(centre - step, lowest), centre, min(centre + step, highest))
        better = min(around, key=look)
        if better == centre or not np.isfinite(look(better)):
            break
        centre = better
    if centre in limits or not np.isfinite(look(centre)):
        return Profile(centre, -np.inf, np.inf, look(centre))
    optimize.minimize_scalar(
        lambda value: min(look(value), look(centre) + 1e6),
        bounds=(around[0], around[2]),
        method="bounded",
        options={"xatol": _TOLERANCE * step},
    )
    best = step * min(known, key=lambda key: known[key])
    least = look(best)

    def excess(value: float) -> float:
        return min(look(value) - least - _DROP, 1e3)

    ends = []
    for limit, sign in ((lowest, -1), (highest, 1)):
        inner, reach = best, _END_TOLERANCE * step
        outer = best + sign * reach
        while excess(outer) < 0 and sign * outer < sign * limit:
            inner, reach = outer, 2 * reach
            outer = sign * min(sign * (best + sign * reach), sign * limit)
        if excess(outer) < 0:
            ends.append(sign * np.inf)
        else:
            xtol = _END_TOLERANCE * step / 2
            ends.append(float(optimize.brentq(excess, inner, outer, xtol=xtol)))
    return Profile(best, ends[0], ends[1], least)
