"""The relative compaction map: smoothed density over its mean. Measured, never inferred."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np

from chromamol.images.smoothing import FWHM_TO_SD, smooth_inside
from chromamol.inference.domain_spacing import domain_spacing_nm

if TYPE_CHECKING:
    from numpy.typing import NDArray

# Below one spacing the map would show single domains.
_SPACINGS = 1.25
# Where no spacing is found: that of typical domains (design scale 188 nm) times the factor.
_FALLBACK_NM = 235.0
_FEWEST_PIXELS_A_PERIOD = 3
# Noise of the map: at twice that, half of the nucleus of a few counts looks condensed.
_QUIET = 0.2
# Standard deviation of the Gaussian over the width of the nucleus: wider, the map is 1 everywhere.
_WIDEST = 0.25

SmoothedFor = Literal["domains", "usual", "noise"]


def compaction_map(
    yx_density: NDArray[np.float64],
    yx_mask: NDArray[np.bool_],
    spacing_nm: tuple[float, float],
    noise_sd: float,
) -> tuple[NDArray[np.float64], float, SmoothedFor]:
    """Smooth a density inside the mask and divide it by its mean.

    Smoothed over 1.25 times the spacing of the domains, or 235 nm where none is found; over more
    where the noise would be more than 20 % of the mean (few counts).

    Parameters
    ----------
    yx_density : (y, x) float64
        Any unit: the map does not depend on the gain.
    yx_mask : (y, x) bool
    spacing_nm : (float, float)
    noise_sd : float
        Of the white noise, in the unit of the density.

    Returns
    -------
    compaction : (y, x) float64
        1 on average; NaN outside the mask.
    smoothing_nm : float
        Full width at half maximum of the Gaussian.
    smoothed_for : {"domains", "usual", "noise"}
        What it comes from: the domain spacing of this nucleus, the usual one, or its noise.
    """
    period_nm = domain_spacing_nm(
        yx_density, yx_mask, spacing_nm, _FEWEST_PIXELS_A_PERIOD * max(spacing_nm)
    )
    measured = bool(np.isfinite(period_nm))
    smoothing_nm = float(_SPACINGS * period_nm if measured else _FALLBACK_NM)
    smoothed_for: SmoothedFor = "domains" if measured else "usual"
    mean = float(yx_density[yx_mask].mean())
    # A Gaussian of standard deviation s leaves of white noise in pixels of area a the share
    # sqrt(a / (4 pi s^2)).
    pixel_nm2 = float(np.prod(spacing_nm))
    quiet_sd_nm = noise_sd / (_QUIET * mean) * np.sqrt(pixel_nm2 / (4 * np.pi))
    widest_sd_nm = _WIDEST * np.sqrt(np.count_nonzero(yx_mask) * pixel_nm2)
    quiet_sd_nm = min(quiet_sd_nm, widest_sd_nm)
    if quiet_sd_nm > smoothing_nm * FWHM_TO_SD:
        smoothing_nm, smoothed_for = float(quiet_sd_nm / FWHM_TO_SD), "noise"
    smooth = smooth_inside(yx_density, yx_mask, smoothing_nm * FWHM_TO_SD, spacing_nm)
    return smooth / mean, smoothing_nm, smoothed_for
