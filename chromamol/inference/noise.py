"""The noise of a channel, estimated from the image itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy import ndimage

if TYPE_CHECKING:
    from numpy.typing import NDArray

# Vanishes on every field that is linear along y or along x (Immerkaer, Comput. Vis. Image
# Underst. 64, 300, 1996).
_PATTERN = np.outer([1.0, -2.0, 1.0], [1.0, -2.0, 1.0])
_MAD_TO_SD = 1.4826


def white_noise_sd(yx_field: NDArray[np.float64], yx_mask: NDArray[np.bool_]) -> float:
    """Estimate the standard deviation of white noise on a smooth field.

    The median size of the response to the pattern [1 -2 1] x [1 -2 1], over the pixels whose
    neighbours are all in the mask; robust against edges of the field.

    Parameters
    ----------
    yx_field : (y, x) float64
        Any unit; ignored outside the mask.
    yx_mask : (y, x) bool

    Returns
    -------
    float
        In the unit of the field; 0 where the mask is too small to tell.
    """
    inside = ndimage.binary_erosion(yx_mask, np.ones((3, 3)))
    if not inside.any():
        return 0.0
    response = ndimage.convolve(np.where(yx_mask, yx_field, 0.0), _PATTERN)[inside]
    return float(_MAD_TO_SD * np.median(np.abs(response)) / np.sqrt((_PATTERN**2).sum()))
