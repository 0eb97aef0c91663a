"""What lies over a rate map so that nobody reads from it what it does not say."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from napari.utils.colormaps import Colormap

from chromamol.results.colours import opacity
from chromamol.results.in_words import is_doubted

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from chromamol.results.result import Result

# Of the part of the image that nuclei fill.
_STRIPES, _STRIPE_SHARE = 20, 0.16
_FADED = (0.62, 0.62, 0.62)
_DOUBT = (0.66, 0.2, 0.0)


def fade_colours() -> Colormap:
    """Colours from clear to grey for values from 0 to twice the threshold.

    They cover what is left of the map at its opacity: half of it at the threshold.
    """
    covered = 1 - opacity(2 * np.linspace(0, 1, 129))
    grey = np.tile(_FADED, (covered.size, 1))
    return Colormap(np.column_stack([grey, covered]), name="fade")


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
