"""Averages inside a mask, and what they leave of white noise."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
from scipy import ndimage

if TYPE_CHECKING:
    from numpy.typing import NDArray


FWHM_TO_SD = float(1 / np.sqrt(8 * np.log(2)))


def smooth_inside(
    yx_field: NDArray[np.float64],
    yx_mask: NDArray[np.bool_],
    sd_nm: float,
    spacing_nm: tuple[float, float],
) -> NDArray[np.float64]:
    """Average with a Gaussian over the pixels of the mask only; NaN outside."""
    sigma = [sd_nm / side for side in spacing_nm]
    weight, total = yx_mask.astype(np.float64), np.where(yx_mask, yx_field, 0.0)
    for field in (weight, total):  # in place: large images have no room to spare
        ndimage.gaussian_filter(field, sigma, output=field, mode="constant")
    smooth = np.full(yx_mask.shape, np.nan)
    np.divide(total, weight, out=smooth, where=yx_mask)
    return smooth


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
    weight, narrow = yx_mask.astype(np.float64), yx_mask.astype(np.float64)
    ndimage.gaussian_filter(weight, sigma, output=weight, mode="constant")
    ndimage.gaussian_filter(
        narrow, [s / math.sqrt(2) for s in sigma], output=narrow, mode="constant"
    )
    left = np.full(yx_mask.shape, np.nan)
    variance = narrow[yx_mask] / (4 * math.pi * math.prod(sigma) * weight[yx_mask] ** 2)
    left[yx_mask] = np.sqrt(np.minimum(variance, 1.0))
    return left
