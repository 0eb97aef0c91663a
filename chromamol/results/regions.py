"""Numbers of any region of pixels."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


def centroid_um(
    inside: NDArray[np.bool_], window: tuple[slice, slice], yx_spacing_nm: tuple[float, float]
) -> tuple[float, float]:
    """Mean position of the pixel centres, um from the image's top left corner."""
    y, x = (
        float(indices.mean() + frame.start + 0.5) * step / 1e3
        for indices, frame, step in zip(np.nonzero(inside), window, yx_spacing_nm, strict=True)
    )
    return y, x


def pixel_um2(yx_spacing_nm: tuple[float, float]) -> float:
    """Area of a pixel, um2."""
    return math.prod(yx_spacing_nm) / 1e6


def mean(values: NDArray[np.float64]) -> float:
    """Mean, or NaN of nothing."""
    return float(values.mean()) if values.size else float("nan")


def ratio(value: float, of: float) -> float:
    """Ratio, or NaN of nothing."""
    return float(value / of) if of else float("nan")


def percentiles(values: NDArray[Any], *levels: float) -> list[float]:
    """Percentiles, or NaN of nothing."""
    if not values.size:
        return [float("nan")] * len(levels)
    return [float(value) for value in np.percentile(values, levels)]
