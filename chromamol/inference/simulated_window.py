"""Which part of a nucleus is simulated to check the model."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
from scipy import ndimage

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Field = NDArray[np.float64]
    Mask = NDArray[np.bool_]
    Window = tuple[slice, slice]

# In bins.
_NARROWEST_STRIP = 40


def depth_nm(yx_mask: Mask, spacing_nm: tuple[float, float]) -> Field:
    """Return the distance to the edge of a mask, nm; NaN in a mask without an edge.

    The image border is no edge: there the nucleus is cut.
    """
    if yx_mask.all():
        return np.full(yx_mask.shape, np.nan)
    yx_depth_nm: Field = ndimage.distance_transform_edt(yx_mask, sampling=spacing_nm)
    return yx_depth_nm


def simulated_window(
    yx_depth_nm: Field, yx_mask: Mask, spacing_nm: tuple[float, float], most_bins: int
) -> Window:
    """Return the part that is simulated: everything, a strip up to the rim, or the middle.

    The strip runs from the deepest point along y or x, whichever way the rim is nearest; in a
    nucleus so large that it would be too narrow, it starts nearer to the rim. The middle is taken
    where no rim is in view.

    Parameters
    ----------
    yx_depth_nm : (y, x) float64
        Distance to the rim, nm.
    yx_mask : (y, x) bool
    spacing_nm : (float, float)
        Size of a bin, nm.
    most_bins : int
        About so many bins of the mask are in the window at most.
    """
    if np.count_nonzero(yx_mask) <= most_bins:
        return slice(None), slice(None)
    if yx_mask.all():
        side = math.isqrt(most_bins)
        return _around(yx_mask.shape[0] // 2, side), _around(yx_mask.shape[1] // 2, side)
    centre = np.unravel_index(int(np.argmax(yx_depth_nm)), yx_mask.shape)
    ways = []
    for axis, side_nm in enumerate(spacing_nm):
        line = np.moveaxis(yx_mask, axis, 0)[:, centre[1 - axis]]
        for step in (-1, 1):
            ahead = line[centre[axis] :: step]
            length = ahead.size if ahead.all() else int(np.argmin(ahead))
            ways.append((bool(ahead.all()), length * side_nm, axis, step, length))
    _, _, axis, step, length = min(ways)
    kept = min(length, most_bins // _NARROWEST_STRIP)
    start = int(centre[axis]) + step * (length - kept)
    along = slice(start, None) if step > 0 else slice(0, start + 1)
    across = _around(int(centre[1 - axis]), most_bins // kept)
    return (along, across) if axis == 0 else (across, along)


def _around(middle: int, width: int) -> slice:
    return slice(max(middle - width // 2, 0), middle + (width + 1) // 2)
