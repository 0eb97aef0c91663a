"""The shape of a nucleus."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import ndimage
from skimage.measure import regionprops

if TYPE_CHECKING:
    from numpy.typing import NDArray

_UNKNOWN = float("nan")


@dataclass(frozen=True)
class Shape:
    """Of an outline; the names are those of the columns. NaN where unknown.

    Attributes
    ----------
    perimeter_um : float
        By the formula of Crofton, um.
    circularity : float
        4 pi area / perimeter^2: 1 for a disc.
    eccentricity : float
        Of the ellipse with the same second moments, 0 (disc) to 1.
    solidity : float
        Area over that of the convex hull, 0 to 1.
    major_axis_um, minor_axis_um : float
        Whole axes of that ellipse, um.
    """

    perimeter_um: float = _UNKNOWN
    circularity: float = _UNKNOWN
    eccentricity: float = _UNKNOWN
    solidity: float = _UNKNOWN
    major_axis_um: float = _UNKNOWN
    minor_axis_um: float = _UNKNOWN


def shape_of(yx_inside: NDArray[np.bool_], yx_spacing_nm: tuple[float, float]) -> Shape:
    """Measure the outline of a region.

    Parameters
    ----------
    yx_inside : (y, x) bool
        Holes are filled. Outside of the array there is none of it.
    yx_spacing_nm : (float, float)
        Pixel size, nm; pixels that are not square are made so, as small as their shorter side.

    Returns
    -------
    Shape
        Unknown where that leaves nothing of the region, as of one that is thinner than such a pixel
        is long.
    """
    side_nm = min(yx_spacing_nm)
    filled = ndimage.binary_fill_holes(np.pad(yx_inside, 2))
    if not math.isclose(*yx_spacing_nm, rel_tol=1e-3):
        zoom = [side / side_nm for side in yx_spacing_nm]
        fraction = ndimage.zoom(
            filled.astype(np.float32), zoom, order=1, mode="grid-constant", grid_mode=True
        )
        # Half of the longer side: else the steps of the longer pixels count as length.
        filled = ndimage.gaussian_filter(fraction, max(zoom) / 2) >= 0.5
    if not filled.any():
        return Shape()
    (region,) = regionprops(filled.astype(np.uint8), spacing=(side_nm / 1e3, side_nm / 1e3))
    perimeter_um = float(region.perimeter_crofton)
    return Shape(
        perimeter_um,
        4 * math.pi * float(region.area) / perimeter_um**2,
        float(region.eccentricity),
        float(region.solidity),
        float(region.axis_major_length),
        float(region.axis_minor_length),
    )
