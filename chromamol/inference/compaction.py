"""The relative compaction map: smoothed density over its mean. Measured, never inferred."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy import ndimage

from chromamol.inference.domain_spacing import domain_spacing_nm

if TYPE_CHECKING:
    from numpy.typing import NDArray

# Below one spacing the map would show single domains.
_SPACINGS = 1.25
# Where no spacing is found: that of typical domains (design scale 188 nm) times the factor.
_FALLBACK_NM = 235.0
FWHM_TO_SD = float(1 / np.sqrt(8 * np.log(2)))
_FEWEST_PIXELS_A_PERIOD = 3


def compaction_map(
    yx_density: NDArray[np.float64],
    yx_mask: NDArray[np.bool_],
    spacing_nm: tuple[float, float],
) -> tuple[NDArray[np.float64], float, bool]:
    """Smooth a density inside the mask and divide it by its mean.

    Parameters
    ----------
    yx_density : (y, x) float64
        Any unit: the map does not depend on the gain.
    yx_mask : (y, x) bool
    spacing_nm : (float, float)

    Returns
    -------
    compaction : (y, x) float64
        1 on average; NaN outside the mask.
    smoothing_nm : float
        Full width at half maximum of the Gaussian.
    measured : bool
        Whether it comes from the domain spacing of this nucleus.
    """
    period_nm = domain_spacing_nm(
        yx_density, yx_mask, spacing_nm, _FEWEST_PIXELS_A_PERIOD * max(spacing_nm)
    )
    measured = bool(np.isfinite(period_nm))
    smoothing_nm = _SPACINGS * period_nm if measured else _FALLBACK_NM
    smooth = smooth_inside(yx_density, yx_mask, smoothing_nm * FWHM_TO_SD, spacing_nm)
    return smooth / yx_density[yx_mask].mean(), float(smoothing_nm), measured


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
