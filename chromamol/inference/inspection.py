"""What an image shows before any fit: parts in which a rate has no meaning, or is not the model's.

Channels are averaged over a third of the reaction-diffusion length, the scale that the model has
to see; noise is what that average leaves of white noise.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import ndimage

from chromamol.images.smoothing import smooth_inside, smoothed_noise_sd

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    Field = NDArray[np.float64]
    Mask = NDArray[np.bool_]

_AVERAGED_OVER_ELL = 1 / 6
# Euchromatin is none where it is below this share of its mean by so many deviations of its noise.
_NO_EUCHROMATIN, _NOISE_SDS = 0.1, 3.0
# The average of such a region spreads so many averaging lengths into it.
_SPREAD = 1.5
# A body is excluded where the density is below this share of the nucleus' median.
_EXCLUDED = 0.5
_SMALLEST_BODY_NM2 = 0.05e6
_FEWEST_PIXELS = 64
# A channel varies where its variance exceeds that of its noise by three standard deviations.
_SIGNIFICANT = 3.0
_RELATIVE_ROUNDING = 1e-6


@dataclass(frozen=True)
class Bodies:
    """Regions of the nucleus that chromatin hardly enters.

    Attributes
    ----------
    labels : (y, x) int32
        0 elsewhere, 1..count in the bodies.
    count : int
    share : float
        Of the nucleus' area, 0 to 1.
    """

    labels: NDArray[np.int32]
    count: int
    share: float


@dataclass(frozen=True)
class Pieces:
    """The connected parts of a mask.

    Attributes
    ----------
    count : int
        Pieces that are large enough.
    too_small : int
        Pieces of fewer than 64 pixels.
    kept : (y, x) bool
        The mask without the pieces that are too small.
    """

    count: int
    too_small: int
    kept: NDArray[np.bool_]


def undefined_rate(
    yx_euchromatin: Field,
    noise_sd: float,
    yx_mask: Mask,
    spacing_nm: tuple[float, float],
    ell_nm: float,
) -> Mask:
    """Find where there is no euchromatin, so that lambda, a ratio to it, is undefined.

    There the average over a Gaussian with a standard deviation of ell / 6 is below 10 % of the
    mean of the nucleus, by three standard deviations of its noise. Such regions are widened by
    what the average blurs.

    Parameters
    ----------
    yx_euchromatin : (y, x) float64
        Any unit; values outside the mask are ignored and may be NaN.
    noise_sd : float
        Of its white noise, in its unit.
    yx_mask : (y, x) bool
    spacing_nm : (float, float)
        Pixel size, nm.
    ell_nm : float
        Reaction-diffusion length, nm.

    Returns
    -------
    (y, x) bool
        Pixels of the mask to be left out of the map.
    """
    sd_nm = _AVERAGED_OVER_ELL * ell_nm
    average = smooth_inside(yx_euchromatin, yx_mask, sd_nm, spacing_nm)
    noise = noise_sd * smoothed_noise_sd(yx_mask, sd_nm, spacing_nm)
    most = average + _NOISE_SDS * noise
    # Outside the mask both sides are NaN, which is no "below".
    core: Mask = most < _NO_EUCHROMATIN * yx_euchromatin[yx_mask].mean()
    if not core.any():
        return core
    distance_nm = ndimage.distance_transform_edt(~core, sampling=spacing_nm)
    undefined: Mask = yx_mask & (distance_nm <= _SPREAD * sd_nm)
    return undefined


def excluded_bodies(
    channels: Iterable[tuple[Field, float]],
    yx_mask: Mask,
    spacing_nm: tuple[float, float],
    ell_nm: float,
) -> Bodies:
    """Find nucleoli, speckles and other regions without chromatin that were left in the mask.

    The sum of the channels, each over its mean in the nucleus, is averaged over ell / 3. A body
    is a connected region of more than 0.05 um2 in which that is below half of its median, by three
    standard deviations of its noise: between domains, simulations of the model stay above 0.6.

    Parameters
    ----------
    channels : one or more of ((y, x) float64, float)
        Density above background, any unit, and the standard deviation of its white noise; values
        outside the mask are ignored and may be NaN.
    yx_mask : (y, x) bool
    spacing_nm : (float, float)
        Pixel size, nm.
    ell_nm : float
        Reaction-diffusion length, nm.
    """
    relative = [(yx / yx[yx_mask].mean(), sd / yx[yx_mask].mean()) for yx, sd in channels]
    sd_nm = _AVERAGED_OVER_ELL * ell_nm
    average = smooth_inside(np.sum([yx for yx, _ in relative], axis=0), yx_mask, sd_nm, spacing_nm)
    noise_sd = float(np.linalg.norm([sd for _, sd in relative]))
    noise = noise_sd * smoothed_noise_sd(yx_mask, sd_nm, spacing_nm)
    most = average + _NOISE_SDS * noise
    regions, _ = ndimage.label(most < _EXCLUDED * np.median(average[yx_mask]))
    areas_nm2 = np.bincount(regions.ravel()) * math.prod(spacing_nm)
    keep = areas_nm2 > _SMALLEST_BODY_NM2
    keep[0] = False
    labels = np.where(keep, np.cumsum(keep), 0).astype(np.int32)[regions]
    share = np.count_nonzero(labels) / np.count_nonzero(yx_mask)
    return Bodies(labels, int(keep.sum()), share)


def mask_pieces(yx_mask: Mask) -> Pieces:
    """Count the connected parts of a mask; pixels that touch at a corner only are not connected.

    Holes do not matter: no chromatin flows through their edge, as through the mask's.
    """
    regions, _ = ndimage.label(yx_mask)
    sizes = np.bincount(regions.ravel())
    sizes[0] = 0
    large = sizes >= _FEWEST_PIXELS
    return Pieces(
        count=int(large.sum()),
        too_small=int(((sizes > 0) & ~large).sum()),
        kept=large[regions],
    )
