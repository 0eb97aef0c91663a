"""How the colours of a map are stretched, and where they fade, in figure, window and report."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import ndimage

if TYPE_CHECKING:
    from numpy.typing import NDArray

# At least this percentage of the pixels lies within the limits.
SHARE_IN_COLOURS = 98.0
# Limit of the colours of a ratio, and the tick between it and 1.
RATIO_TICKS = {
    1.1: 1.05,
    1.25: 1.1,
    1.5: 1.2,
    2.0: 1.4,
    2.5: 1.6,
    3.0: 1.7,
    4.0: 2.0,
    6.0: 2.5,
    8.0: 3.0,
    16.0: 4.0,
    64.0: 8.0,
}
_LEAST_RESIDUAL = 3.0
_COMPACTION_PERCENT = (0.5, 99.5)
_DEPOSITION_WIDTHS = (0.1, 0.25, 0.5, 1.0, 2.0, 4.0, 8.0)


def ratio_limit(ratio: NDArray[np.floating]) -> float:
    """Choose the limit L of the colours of a ratio, which go from 1/L to L.

    Parameters
    ----------
    ratio : float array
        The rates over the one that is white; NaN is left out, what is not positive counts as tiny.

    Returns
    -------
    float
        A key of `RATIO_TICKS`.
    """
    finite = ratio[np.isfinite(ratio)].astype(np.float64)
    log2_ratio = np.abs(np.log2(np.maximum(finite, np.finfo(np.float64).tiny)))
    needed = 2 ** min(float(np.percentile(log2_ratio, SHARE_IN_COLOURS)), 1e3)
    return next((limit for limit in RATIO_TICKS if limit >= needed), max(RATIO_TICKS))


def deposition_width(deposition: NDArray[np.floating]) -> float:
    """Choose the width w of the colours of a deposition, which go from 1 - w to 1 + w.

    Parameters
    ----------
    deposition : float array
        May be zero and below; NaN is left out.
    """
    finite = deposition[np.isfinite(deposition)].astype(np.float64)
    needed = np.percentile(np.abs(finite - 1), SHARE_IN_COLOURS)
    return next((one for one in _DEPOSITION_WIDTHS if one >= needed), _DEPOSITION_WIDTHS[-1])


def compaction_limits(compaction: NDArray[np.floating]) -> tuple[float, float]:
    """Choose the limits of the colours of compaction, which hold 99 % of the pixels.

    Parameters
    ----------
    compaction : float array
        NaN is left out.
    """
    low, high = np.percentile(compaction[np.isfinite(compaction)], _COMPACTION_PERCENT)
    return float(low), float(high)


def residual_limit(residual: NDArray[np.floating]) -> float:
    """Choose the limit L of the colours of a residual, which go from -L to L: 3 or more, whole.

    Parameters
    ----------
    residual : float array
        In units of its expected noise; NaN is left out.
    """
    finite = residual[np.isfinite(residual)]
    spread = float(np.percentile(np.abs(finite), SHARE_IN_COLOURS))
    return max(_LEAST_RESIDUAL, float(math.ceil(spread)))


def uncertainty_over_differences(
    yx_labels: NDArray[np.int32], yx_rate: NDArray[Any], yx_rate_sd: NDArray[Any]
) -> NDArray[np.float32]:
    """Return the standard deviation of the rate over the spread of the rate in its nucleus.

    1: the uncertainty of a pixel is as large as the differences in the map.

    Parameters
    ----------
    yx_labels : (y, x) int32
        Nuclei, 0 in their holes.
    yx_rate, yx_rate_sd : (y, x) float

    Returns
    -------
    (y, x) float32
        NaN where the rate or its uncertainty is unknown, and where the rate is the same everywhere.
    """
    ratio = np.full(yx_labels.shape, np.nan, np.float32)
    for label, window in enumerate(ndimage.find_objects(yx_labels), start=1):
        if window is None:
            continue
        rate, rate_sd = yx_rate[window], yx_rate_sd[window]
        known = (yx_labels[window] == label) & np.isfinite(rate) & np.isfinite(rate_sd)
        spread = float(np.std(rate[known], dtype=np.float64)) if known.any() else 0.0
        if spread > 0:
            ratio[window][known] = rate_sd[known] / spread
    return ratio


def opacity(uncertainty: NDArray[np.floating]) -> NDArray[np.float64]:
    """Return the opacity of a map, 0 to 1; 1 where the uncertainty is unknown.

    1 / (1 + u^2) = V / (V + sd^2): the share of the variance of the map that is not error, half
    where the uncertainty is as large as the differences.

    Parameters
    ----------
    uncertainty : float array
        u, from `uncertainty_over_differences`.
    """
    return 1 / (1 + np.nan_to_num(uncertainty.astype(np.float64)) ** 2)
