"""What the pixels of an exported map hold: the values, or grey values with a stated scale."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from chromamol.errors import CallError

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True)
class Greys:
    """How values become pixels.

    Attributes
    ----------
    bits : int
        32: floating point; 16 or 8: grey values.
    low, high : float
        Values of grey 1 and of the largest grey.
    outside : float
        Of floating point pixels without a value.
    """

    bits: int
    low: float
    high: float
    outside: float

    @property
    def largest(self) -> int:
        """The largest grey value."""
        return int(2**self.bits - 1)

    @property
    def words(self) -> str:
        """How to get the values back."""
        if self.bits == 32:
            return "" if math.isnan(self.outside) else f"Pixels without a value: {self.outside:g}."
        step = (self.high - self.low) / (self.largest - 1)
        return (
            f"Grey values: value = {self.low:g} + (grey - 1) * {step:.6g}; grey 0 has no value; "
            f"values below {self.low:g} and above {self.high:g} are cut off."
        )

    def pixels(self, yx_map: NDArray[np.floating]) -> NDArray[Any]:
        """Return the pixels of a map, (y, x) float32, uint16 or uint8."""
        known = np.isfinite(yx_map)
        if self.bits == 32:
            return np.where(known, yx_map, self.outside).astype(np.float32)
        share = (np.where(known, yx_map, self.low) - self.low) / (self.high - self.low)
        grey = 1 + np.rint(np.clip(share, 0, 1) * (self.largest - 1))
        return np.where(known, grey, 0).astype(np.uint8 if self.bits == 8 else np.uint16)


def greys_of(bits: int, limits: tuple[float, float] | None, outside: float | None) -> Greys:
    """Check what was asked for.

    Parameters
    ----------
    bits : int
        32, 16 or 8.
    limits : (float, float) or None
        Values of the darkest and the brightest grey; None for 32 bits only.
    outside : float or None
        Of floating point pixels without a value; None: NaN.

    Raises
    ------
    CallError
        If the limits do not fit.
    """
    if bits == 32:
        if limits is not None:
            msg = "A range is for grey values: add --bits 16 or --bits 8, or leave --range out."
            raise CallError(msg)
        return Greys(bits, 0.0, 1.0, math.nan if outside is None else outside)
    if outside is not None:
        msg = "In grey values, pixels without a value are 0. Leave --outside out."
        raise CallError(msg)
    if limits is None or not (all(map(math.isfinite, limits)) and limits[0] < limits[1]):
        found = "none" if limits is None else f"{limits[0]:g} {limits[1]:g}"
        msg = (
            "Grey values need the values of the darkest and the brightest one, the lower one "
            f"first, e.g. --range 0.5 2; found: {found}."
        )
        raise CallError(msg)
    return Greys(bits, *limits, math.nan)
