"""Colour bars: colours, limits, ticks and the words beside them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import matplotlib as mpl
import numpy as np
from matplotlib.colors import LinearSegmentedColormap, Normalize

from chromamol.results.colours import RATIO_TICKS
from chromamol.results.naming import with_unit

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from chromamol.results.naming import Naming

# Of channels, rates, compaction, uncertainties and residuals.
GREY, DIVERGING, DENSITY, UNCERTAINTY, MISFIT = "gray", "RdBu_r", "magma", "cividis", "PuOr_r"
COLOUR_MAPS = (GREY, DIVERGING, DENSITY, UNCERTAINTY, MISFIT)
_SUPERSCRIPTS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


@dataclass(frozen=True)
class Bar:
    """A colour bar: colour map, limits, what its numbers are."""

    cmap: str | LinearSegmentedColormap
    low: float
    high: float
    label: str
    ticks: Mapping[float, str] | None = None
    extend: str = "neither"

    @property
    def norm(self) -> Normalize:
        """The limits, for matplotlib."""
        return Normalize(self.low, self.high)


def ratio_bar(naming: Naming, neutral: float, limit: float) -> Bar:
    """Return the bar of a rate on a log2 scale, from 1 / `limit` to `limit` times the neutral one.

    Parameters
    ----------
    naming : Naming
    neutral : float
        The rate that is white, in its unit.
    limit : float
        A key of `RATIO_TICKS`.
    """
    ratios = (1 / limit, 1 / RATIO_TICKS[limit], 1.0, RATIO_TICKS[limit], limit)
    return _log_bar(naming, neutral, ratios, digits_below_1=2)


def ratio_bar_between(naming: Naming, neutral: float, low: float, high: float) -> Bar:
    """Return the bar of a rate on a log2 scale between two rates; what is neutral stays white.

    Parameters
    ----------
    naming : Naming
    neutral, low, high : float
        In the unit of the rate; `low` is less than `high`, and more than 0.
    """
    ends = sorted({low / neutral, high / neutral, *([1.0] if low < neutral < high else [])})
    halfway = [float(f"{math.sqrt(one * other):.2g}") for one, other in pairwise(ends)]
    return _log_bar(naming, neutral, sorted([*ends, *halfway]), digits_below_1=3)


def deposition_bar_between(naming: Naming, low: float, high: float) -> Bar:
    """Return the bar of a deposition between two of them; its mean, 1, stays white."""
    return Bar(_around(1.0, low, high), low, high, naming.axis)


def compaction_bar(low: float, high: float) -> Bar:
    """Return the bar of compaction between two limits."""
    return Bar(DENSITY, low, high, "density / nuclear mean")


def residual_bar(low: float, high: float) -> Bar:
    """Return the bar of the residual between two limits."""
    return Bar(MISFIT, low, high, "misfit / expected noise")


def _log_bar(
    naming: Naming, neutral: float, ratios: Sequence[float], *, digits_below_1: int
) -> Bar:
    """Return a bar with ticks at ratios to the neutral rate, its ends the first and the last."""
    power = math.floor(math.log10(neutral))
    middle = neutral / 10.0**power
    ticks = {
        math.log2(ratio): f"{ratio * middle:.{digits_below_1 if ratio < 1 else 3}g}"
        for ratio in ratios
    }
    unit = f"10{str(power).translate(_SUPERSCRIPTS)} {naming.unit}" if power else naming.unit
    label = with_unit(naming.axis, ", ".join(filter(None, (unit, "log scale"))))
    low, high = math.log2(ratios[0]), math.log2(ratios[-1])
    return Bar(_around(0.0, low, high), low, high, label, ticks)


def _around(middle: float, low: float, high: float) -> str | LinearSegmentedColormap:
    """Return the diverging colours between two limits, white in the middle."""
    reach = max(abs(low - middle), abs(high - middle))
    if math.isclose(middle - reach, low) and math.isclose(middle + reach, high):
        return DIVERGING
    start, stop = ((limit - middle) / (2 * reach) + 0.5 for limit in (low, high))
    part = mpl.colormaps[DIVERGING](np.linspace(start, stop, 256))
    return LinearSegmentedColormap.from_list(DIVERGING, part)
