"""What smoothing inside a mask leaves of white noise."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
from scipy import ndimage

if TYPE_CHECKING:
    from numpy.typing import NDArray


def smoothed_noise_sd(
    yx_mask: NDArray[np.bool_], sd_nm: float, spacing_nm: tuple[float, float]
) -> NDArray[np.float64]:
    """Return the standard deviation that `smooth_inside` leaves of white noise of unit sd.

    The weights of a Gaussian, squared, are a Gaussian narrower by sqrt(2).

    Parameters
    ----------
    yx_mask : (y, x) bool
    sd_nm : float
        Of the Gaussian, nm; of half a pixel or more, below which sums are no integrals.
    spacing_nm : (float, float)
        Pixel size, nm.

    Returns
    -------
    (y, x) float64
        Between 0 and 1; NaN outside the mask.
    """
    sigma = [sd_nm / side for side in spacing_nm]
    weight, variance = yx_mask.astype(np.float64), yx_mask.astype(np.float64)
    ndimage.gaussian_filter(weight, sigma, output=weight, mode="constant")
    narrow = [s / math.sqrt(2) for s in sigma]
    ndimage.gaussian_filter(variance, narrow, output=variance, mode="constant")
    weight *= weight
    weight *= 4 * math.pi * math.prod(sigma)
    left = np.full(yx_mask.shape, np.nan)
    np.divide(variance, weight, out=left, where=yx_mask)
    np.minimum(left, 1.0, out=left)
    np.sqrt(left, out=left)
    return left
