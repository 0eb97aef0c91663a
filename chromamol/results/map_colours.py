"""A stored map in the colours of the program: between which values, and what they mean."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import matplotlib as mpl
import numpy as np

from chromamol.errors import CallError
from chromamol.inference.rate_map import Quantity, Scale
from chromamol.results.bars import (
    UNCERTAINTY,
    Bar,
    compaction_bar,
    deposition_bar_between,
    ratio_bar,
    ratio_bar_between,
    residual_bar,
)
from chromamol.results.colours import (
    RATIO_TICKS,
    compaction_limits,
    deposition_width,
    ratio_limit,
    residual_limit,
)
from chromamol.results.naming import neutral_rate, with_unit

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from chromamol.analysis import MapName
    from chromamol.results.record import Record

# Of pixels without a value: none of the colours is a light grey.
NO_VALUE = (189, 189, 189)
_RATE_SD_PERCENT = 99.5
_ROWS = 256

Limits = tuple[float, float]


@dataclass(frozen=True)
class MapColours:
    """Colours for the values of a map.

    Attributes
    ----------
    bar : Bar
        Of the values, or of the logarithm of their ratio to `neutral`.
    neutral : float or None
        The rate that is white on a logarithmic scale; None: the scale is linear.
    limits : (float, float)
        The values that have the colours of the ends; what is beyond has them, too.
    """

    bar: Bar
    neutral: float | None
    limits: Limits

    @property
    def words(self) -> str:
        """What the colours say, in a sentence."""
        low, high = self.limits
        scale = "linear" if self.neutral is None else "logarithmic"
        return (
            f"Colours: {self.bar.label}, {scale} from {low:g} to {high:g}, values beyond have the "
            "colours of the ends; grey has no value."
        )

    def rgb(self, yx_map: NDArray[np.floating]) -> NDArray[np.uint8]:
        """Return the colours of a map, (y, x, 3) uint8."""
        cmap = mpl.colormaps[self.bar.cmap] if isinstance(self.bar.cmap, str) else self.bar.cmap
        rgb = np.full((*yx_map.shape, 3), NO_VALUE, np.uint8)
        for start in range(0, len(yx_map), _ROWS):  # large maps have no room to spare
            part = yx_map[start : start + _ROWS]
            known = np.isfinite(part)
            values = part[known].astype(np.float64)
            if self.neutral is not None:
                values = np.log2(np.maximum(values / self.neutral, np.finfo(np.float64).tiny))
            rgb[start : start + _ROWS][known] = cmap(self.bar.norm(values), bytes=True)[:, :3]
        return rgb


def kind_of(record: Record, name: MapName) -> str:
    """Say what a map shows; maps of one kind have the same colours for the same values."""
    if name == "compaction":
        return "compaction"
    first = record.nuclei[0]
    kind = first.naming.name_and_unit
    if Scale[first.scale] is Scale.ABSOLUTE:
        kind += f", white at {neutral_rate(Scale.ABSOLUTE, record.settings):g}"
    return {"rate": "", "rate_sd": "standard deviation of the ", "residual": "misfit of the "}[
        name
    ] + kind


def limits_of(record: Record, name: MapName, yx_map: NDArray[Any]) -> Limits:
    """Choose limits for a map, as the figure does; of `rate_sd`, which it shows over the rate, own.

    Parameters
    ----------
    record : Record
        Of its result.
    name : str
    yx_map : (y, x) float
        With a value somewhere.
    """
    values = yx_map[np.isfinite(yx_map)].astype(np.float64)
    if name == "rate" and record.nuclei[0].quantity is Quantity.DEPOSITION:
        width = deposition_width(values)
        return 1 - width, 1 + width
    if name == "rate":
        neutral = neutral_rate(Scale[record.nuclei[0].scale], record.settings)
        limit = ratio_limit(values / neutral)
        return neutral / limit, neutral * limit
    if name == "residual":
        limit = residual_limit(values)
        return -limit, limit
    low, high = (
        (0.0, float(np.percentile(values, _RATE_SD_PERCENT)))
        if name == "rate_sd"
        else compaction_limits(values)
    )
    return (low, high) if high > low else (low - 0.5, low + 0.5)


def common(limits: Iterable[Limits]) -> Limits:
    """Return limits that hold all others."""
    lows, highs = zip(*limits, strict=True)
    return min(lows), max(highs)


def colours_of(record: Record, name: MapName, limits: Limits) -> MapColours:
    """Return the colours of a map between two values.

    Parameters
    ----------
    record : Record
        Of its result.
    name : str
    limits : (float, float)
        In the unit of the map.

    Raises
    ------
    CallError
        If they do not fit: not finite, not rising, or not positive on a logarithmic scale.
    """
    low, high = limits
    first = record.nuclei[0]
    is_ratio = name == "rate" and first.quantity is not Quantity.DEPOSITION
    if not (
        math.isfinite(low) and math.isfinite(high) and low < high and (low > 0 or not is_ratio)
    ):
        more = ", more than 0 as the scale is logarithmic" if is_ratio else ""
        msg = f"The colours need two values, the lower one first{more}; found: {low:g} {high:g}."
        raise CallError(msg)
    if is_ratio:
        neutral = neutral_rate(Scale[first.scale], record.settings)
        known = [one for one in RATIO_TICKS if np.allclose(limits, (neutral / one, neutral * one))]
        bar = (
            ratio_bar(first.naming, neutral, known[0])
            if known
            else ratio_bar_between(first.naming, neutral, low, high)
        )
        return MapColours(bar, neutral, limits)
    bars = {
        "rate": lambda: deposition_bar_between(first.naming, low, high),
        "rate_sd": lambda: Bar(UNCERTAINTY, low, high, _sd_label(record)),
        "residual": lambda: residual_bar(low, high),
        "compaction": lambda: compaction_bar(low, high),
    }
    return MapColours(bars[name](), None, limits)


def _sd_label(record: Record) -> str:
    """Name the standard deviation of a rate."""
    naming = record.nuclei[0].naming
    return with_unit(f"standard deviation of: {naming.axis}", naming.unit)
