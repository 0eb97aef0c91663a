"""How condensed chromatin is, by the measures of the field; none depends on the gain."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
from scipy import ndimage

from chromamol.images.smoothing import FWHM_TO_SD, smooth_inside
from chromamol.results.domains import resolution_nm

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Field = NDArray[np.float64]
    Mask = NDArray[np.bool_]

# Of the confocal images of 50 nm that the measure was made for, reduced by 4.
_CCP_PIXEL_NM = 200.0
_CCP_THRESHOLD = 0.12
_CCP_RIM_PX = 2
_CCP_FEWEST_PX = 50  # 2 um2: a share of fewer pixels says nothing
# Of the radius of the nucleus: domains that come so close to the envelope are at the lamina.
_AT_THE_RIM = 0.05


def chromatin_condensation_parameter(
    yx_density: Field, yx_whole: Mask, yx_spacing_nm: tuple[float, float]
) -> float:
    """Return the density of edges in a nucleus, in per cent.

    Irianto, Lee and Knight, Med. Eng. Phys. 36, 412 (2014), with the pixel size, the threshold and
    the rim of Heo et al., eLife 5, e18207 (2016): the nucleus, alone and scaled to its maximum, in
    pixels of 200 nm; edges are where the gradient of Sobel (kernel over 8) exceeds 0.12 and is
    largest along its direction; those of the outermost two pixels are that of the nucleus itself.

    Parameters
    ----------
    yx_density : (y, x) float64
        Any unit, background subtracted; NaN counts as none.
    yx_whole : (y, x) bool
        The nucleus, with its holes.
    yx_spacing_nm : (float, float)
        Pixel size, nm.

    Returns
    -------
    float
        0 to 100; NaN where fewer than 50 of these pixels are left, or the image has larger ones.
    """
    if max(yx_spacing_nm) > _CCP_PIXEL_NM:
        return float("nan")
    alone = np.where(yx_whole, np.nan_to_num(yx_density), 0.0)
    coarse = np.pad(_resampled(alone, yx_spacing_nm), 1)
    inside = np.pad(_resampled(yx_whole.astype(np.float64), yx_spacing_nm), 1) >= 0.5
    interior = ndimage.binary_erosion(inside, iterations=_CCP_RIM_PX)
    if np.count_nonzero(interior) < _CCP_FEWEST_PX or coarse.max() <= 0:
        return float("nan")
    scaled = np.clip(coarse / coarse.max(), 0, 1)
    slope_y, slope_x = (ndimage.sobel(scaled, axis) / 8 for axis in (0, 1))
    return float(100 * _edges(slope_y, slope_x)[interior].mean())


def _resampled(yx_values: Field, yx_spacing_nm: tuple[float, float]) -> Field:
    """Average over the area of square pixels of 200 nm, four of which meet in the middle."""
    rows, columns = (
        _shares(count, side) for count, side in zip(yx_values.shape, yx_spacing_nm, strict=True)
    )
    averaged: Field = rows @ yx_values @ columns.T
    return averaged


def _shares(count: int, side_nm: float) -> Field:
    """Return the share of each coarse pixel that each fine one covers, along an axis."""
    half = math.ceil(count * side_nm / (2 * _CCP_PIXEL_NM))
    coarse_nm = np.arange(-half, half + 1)[:, np.newaxis] * _CCP_PIXEL_NM
    fine_nm = (np.arange(count + 1) - count / 2) * side_nm
    begin_nm = np.maximum(coarse_nm[:-1], fine_nm[:-1])
    end_nm = np.minimum(coarse_nm[1:], fine_nm[1:])
    shares: Field = np.maximum(end_nm - begin_nm, 0) / _CCP_PIXEL_NM
    return shares


def _edges(slope_y: Field, slope_x: Field) -> Mask:
    """Find where the slope is above the threshold, and largest along its direction."""
    steep = slope_y**2 + slope_x**2
    largest = np.zeros(steep.shape, np.bool_)
    for axis, along, across in ((0, slope_y, slope_x), (1, slope_x, slope_y)):
        before, after = np.roll(steep, 1, axis), np.roll(steep, -1, axis)
        largest |= (np.abs(along) >= np.abs(across)) & (before <= steep) & (steep > after)
    return largest & (steep > _CCP_THRESHOLD**2)


def bright_over_others(
    yx_density: Field, yx_mask: Mask, yx_spacing_nm: tuple[float, float]
) -> float:
    """Return the content of the bright regions of a nucleus over that of the others (HC/EC).

    Venkatachalapathy, Jokhun and Shivashankar, Mol. Biol. Cell 31, 803 (2020): bright is what is
    one standard deviation and more above the mean. Here of the density smoothed to the resolution:
    of few counts, single pixels are noise.

    Parameters
    ----------
    yx_density : (y, x) float64
        Any unit, background subtracted; values outside the mask are ignored and may be NaN.
    yx_mask : (y, x) bool
        The nucleus without its holes.
    yx_spacing_nm : (float, float)
        Pixel size, nm.

    Returns
    -------
    float
        NaN where nothing is left.
    """
    sd_nm = resolution_nm(yx_spacing_nm) * FWHM_TO_SD
    values = smooth_inside(yx_density, yx_mask, sd_nm, yx_spacing_nm)[yx_mask]
    bright = values >= values.mean() + values.std()
    others = float(values[~bright].sum())
    return float(values[bright].sum()) / others if others > 0 else float("nan")


def lamina_layer_nm(
    yx_domains: NDArray[np.int32],
    yx_distance_nm: Field,
    yx_whole: Mask,
    perimeter_nm: float,
    yx_spacing_nm: tuple[float, float],
) -> float:
    """Return the mean thickness of the condensed layer along the nuclear envelope.

    The area of the domains at the rim, those that come as close to it as 5 % of the radius of the
    nucleus (or one pixel, where that is more), over the length of the rim: Heo et al., Nat. Biomed.
    Eng. 7, 177 (2023), and Kim et al., bioRxiv 2025.07.18.665612, for clusters of localisations.

    Parameters
    ----------
    yx_domains : (y, x) int32
        Numbers of the domains, 0 outside of them.
    yx_distance_nm : (y, x) float64
        Distance to the nearest pixel outside the nucleus, holes filled, nm.
    yx_whole : (y, x) bool
        The nucleus, with its holes.
    perimeter_nm : float
        Length of its rim, nm; NaN without one.
    yx_spacing_nm : (float, float)
        Pixel size, nm.
    """
    pixel_nm2 = math.prod(yx_spacing_nm)
    radius_nm = math.sqrt(np.count_nonzero(yx_whole) * pixel_nm2 / math.pi)
    close_nm = max(_AT_THE_RIM * radius_nm, *yx_spacing_nm)  # no distance is below one pixel
    at_the_rim = np.unique(yx_domains[yx_distance_nm <= close_nm])
    counts = np.bincount(yx_domains.ravel())
    return float(counts[at_the_rim[at_the_rim > 0]].sum() * pixel_nm2 / perimeter_nm)
