"""What lies over a rate map so that nobody reads from it what it does not say."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from napari.utils.colormaps import Colormap

from chromamol.results.in_words import is_doubted

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from chromamol.results.result import Result

# Of the part of the image that nuclei fill.
_STRIPES, _STRIPE_SHARE = 20, 0.16
_FADED = (0.62, 0.62, 0.62)
_DOUBT = (0.66, 0.2, 0.0)


def uncertainty_over_differences(result: Result) -> NDArray[np.float32] | None:
    """Return the standard deviation of the rate over the spread of the rate in its nucleus.

    Returns
    -------
    (y, x) float32 or None
        1: the uncertainty of a pixel is as large as the differences in the map. NaN outside the
        nuclei; None if there is none anywhere.
    """
    rate, rate_sd = result.maps["rate"], result.maps["rate_sd"]
    ratio = np.full(rate.shape, np.nan, np.float32)
    for nucleus in result.record.nuclei:
        known = (result.labels == nucleus.label) & np.isfinite(rate) & np.isfinite(rate_sd)
        spread = float(np.std(rate[known], dtype=np.float64)) if known.any() else 0.0
        if spread > 0:
            ratio[known] = rate_sd[known] / spread
    return ratio if np.isfinite(ratio).any() else None


def fade_colours() -> Colormap:
    """Colours from clear to grey for values from 0 to twice the threshold.

    The opacity is u^2 / (1 + u^2), with u the value over the threshold: at the threshold, half of
    the map shines through. It is the share of the variance of the map that is error.
    """
    u = 2 * np.linspace(0, 1, 129)
    opacity = u**2 / (1 + u**2)
    return Colormap(np.column_stack([np.tile(_FADED, (u.size, 1)), opacity]), name="fade")


def doubted_stripes(result: Result) -> NDArray[np.uint8] | None:
    """Return slanted stripes over the nuclei whose map must not be believed.

    Returns
    -------
    (y, x) uint8 or None
        1 on a stripe; None if no nucleus is doubted.
    """
    doubted = [nucleus.label for nucleus in result.record.nuclei if is_doubted(nucleus)]
    inside = np.isin(result.labels, doubted) if doubted else np.zeros((1, 1), bool)
    if not inside.any():
        return None
    rows, columns = (np.flatnonzero(inside.any(axis=axis)) for axis in (1, 0))
    y_nm, x_nm = (
        step * np.arange(size)
        for step, size in zip(result.yx_spacing_nm, inside.shape, strict=True)
    )
    period_nm = max(np.ptp(y_nm[rows]) + np.ptp(x_nm[columns]), 1.0) / _STRIPES
    phase = (y_nm[:, None] + x_nm[None, :]) / period_nm % 1
    return (inside & (phase < _STRIPE_SHARE)).astype(np.uint8)


def doubt_colours() -> Colormap:
    """Clear for 0, dark red for 1."""
    return Colormap([(*_DOUBT, 0.0), (*_DOUBT, 1.0)], name="doubt")
