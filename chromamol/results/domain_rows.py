"""The domains of a nucleus in numbers."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
from scipy import ndimage

from chromamol.results.domains import resolution_nm
from chromamol.results.regions import centroid_um, mean, pixel_um2, ratio

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from chromamol.results.nucleus_pixels import NucleusPixels

    Window = tuple[slice, slice]


def domain_rows(pixels: NucleusPixels) -> Iterator[dict[str, object]]:
    """Measure the domains of one nucleus, one after the other.

    Parameters
    ----------
    pixels : NucleusPixels

    Yields
    ------
    dict
        By the names of the columns of domains.csv.
    """
    rate_map, spacing = pixels.rate_map, pixels.yx_spacing_nm
    labels, density = pixels.domains.labels, pixels.density
    nuclear_mean = density[pixels.mask].mean()
    for number, box in enumerate(ndimage.find_objects(labels), start=1):
        inside = labels[box] == number
        y_um, x_um = centroid_um(inside, _shift(box, pixels.window), spacing)
        area_um2 = inside.sum() * pixel_um2(spacing)
        rate_mean, rate_mean_sd = rate_map.mean_over(labels == number)
        yield {
            "domain": number,
            "area_um2": area_um2,
            "equivalent_diameter_nm": 2e3 * math.sqrt(area_um2 / math.pi),
            "radius_of_gyration_nm": _radius_of_gyration_nm(inside, spacing),
            "centroid_y_um": y_um,
            "centroid_x_um": x_um,
            "density_over_nuclear_mean": ratio(density[box][inside].mean(), nuclear_mean),
            "distance_to_rim_nm": pixels.distance_nm[box][inside].mean(),
            "rate_mean": rate_mean,
            "rate_mean_sd": rate_mean_sd,
            "rate_around_mean": _rate_around(pixels, number, box),
        }


def _radius_of_gyration_nm(
    yx_inside: NDArray[np.bool_], yx_spacing_nm: tuple[float, float]
) -> float:
    """Return the root mean square distance to the centre; pixels are squares, not points."""
    nm2 = sum(
        (indices.var() + 1 / 12) * side**2
        for indices, side in zip(np.nonzero(yx_inside), yx_spacing_nm, strict=True)
    )
    return math.sqrt(nm2)


def _rate_around(pixels: NucleusPixels, number: int, box: Window) -> float:
    """Average the rate in a shell of one resolution around a domain, other domains left out."""
    width_nm = resolution_nm(pixels.yx_spacing_nm)
    rows, columns = (
        slice(max(part.start - margin, 0), part.stop + margin)
        for part, margin in zip(
            box, (math.ceil(width_nm / side) for side in pixels.yx_spacing_nm), strict=True
        )
    )
    labels, rate = pixels.domains.labels[rows, columns], pixels.rate_map.rate[rows, columns]
    distance_nm = ndimage.distance_transform_edt(labels != number, sampling=pixels.yx_spacing_nm)
    around = (labels == 0) & (distance_nm <= width_nm) & pixels.mask[rows, columns]
    return mean(rate[around & np.isfinite(rate)])


def _shift(box: Window, window: Window) -> Window:
    """Move a box from the window's frame to the image's."""
    rows, columns = (
        slice(part.start + frame.start, part.stop + frame.start)
        for part, frame in zip(box, window, strict=True)
    )
    return rows, columns
