"""The reaction-diffusion length from the image: the profile of the score over ell."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import stats

if TYPE_CHECKING:
    from collections.abc import Callable

ASSUMED_NM = 140.0
_RATIO = 2**0.5
_MOST = 9
# 95 % of chi-square with one degree of freedom.
_DROP = float(stats.chi2.ppf(0.95, 1))
# A wider interval (high / low) than this does not identify ell.
_SHARP = 1.5


@dataclass(frozen=True)
class ReactionLength:
    """A fitted ell, its 95 % interval, and whether the image identifies it (nm)."""

    best_nm: float
    low_nm: float
    high_nm: float
    sharp: bool


def profile_reaction_length(
    score: Callable[[float], tuple[float, int]], smallest_nm: float
) -> ReactionLength:
    """Walk ell from the assumed length downhill to the minimum of the score.

    -2 log likelihood is n log(score) for n rows of white noise; a parabola in log ell through
    the minimum gives the interval.

    Parameters
    ----------
    score : callable
        ell (nm) -> cross-validation score in units of the expected noise, number of rows.
    smallest_nm : float
        The image does not resolve lengths below this one.
    """
    tried: dict[int, float] = {}

    def deviance(step: int) -> float:
        if step not in tried:
            value, rows = score(ASSUMED_NM * _RATIO**step)
            tried[step] = rows * float(np.log(value))
        return tried[step]

    best = 0
    if not np.isfinite(deviance(best)):
        return ReactionLength(ASSUMED_NM, 0.0, np.inf, sharp=False)
    for _ in range(_MOST):
        below, above = best - 1, best + 1
        too_small = ASSUMED_NM * _RATIO**below < smallest_nm
        left = np.inf if too_small else deviance(below)
        right = deviance(above)
        if min(left, right) >= deviance(best):
            break
        best = below if left < right else above
        if len(tried) >= _MOST:
            break
    around = [step for step in (best - 1, best, best + 1) if step in tried]
    curve = [tried[step] for step in around]
    if len(around) < 3 or not np.isfinite(curve).all() or min(tried.values()) != tried[best]:
        at = ASSUMED_NM * _RATIO**best
        return ReactionLength(at, 0.0, np.inf, sharp=False)
    bend, slope, _ = np.polyfit(around, curve, 2)
    if bend <= 0:
        return ReactionLength(ASSUMED_NM * _RATIO**best, 0.0, np.inf, sharp=False)
    centre = -slope / (2 * bend)
    half = np.sqrt(_DROP / bend)
    best_nm, low_nm, high_nm = (
        float(ASSUMED_NM * _RATIO**step) for step in (centre, centre - half, centre + half)
    )
    return ReactionLength(best_nm, low_nm, high_nm, sharp=high_nm < _SHARP * low_nm)
