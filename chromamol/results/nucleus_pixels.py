"""One nucleus, its densities, domains and distances: what its rows are measured from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import ndimage

from chromamol.results.domains import domain_density, find_domains
from chromamol.settings import Role

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from chromamol.analysis import Analysis, NucleusAnalysis
    from chromamol.inference.rate_map import RateMap
    from chromamol.results.domains import Domains


@dataclass(frozen=True)
class NucleusPixels:
    """Arrays of one nucleus, all of the shape of its window.

    Attributes
    ----------
    window : (slice, slice)
        Rows and columns of the image.
    yx_spacing_nm : (float, float)
        Pixel size, nm.
    whole : (y, x) bool
        The nucleus with its holes; `rate_map.mask` is without.
    is_cut : bool
        Whether the image border cuts it.
    rate_map : RateMap
    density : (y, x) float64
        In which domains are sought.
    stain : (y, x) float64
        What a stain of DNA shows: the total density where there is one, else `density`.
    domains : Domains
    distance_nm : (y, x) float64
        Distance to the envelope, holes filled, nm; NaN where there is no envelope.
    """

    window: tuple[slice, slice]
    yx_spacing_nm: tuple[float, float]
    whole: NDArray[np.bool_]
    is_cut: bool
    rate_map: RateMap
    density: NDArray[np.float64]
    stain: NDArray[np.float64]
    domains: Domains
    distance_nm: NDArray[np.float64]

    @property
    def mask(self) -> NDArray[np.bool_]:
        """The nucleus without its holes."""
        return self.rate_map.mask


def pixels_of(analysis: Analysis, nucleus: NucleusAnalysis) -> NucleusPixels:
    """Cut one nucleus out of an analysis, and find its domains."""
    mask, window, composition = nucleus.rate_map.mask, nucleus.window, analysis.composition
    density = domain_density(composition, window, mask)
    has_total = Role.TOTAL in composition.roles
    return NucleusPixels(
        window=window,
        yx_spacing_nm=analysis.yx_spacing_nm,
        whole=analysis.nuclei.labels[window] == nucleus.label,
        is_cut=analysis.nuclei.touches_border[nucleus.label - 1],
        rate_map=nucleus.rate_map,
        density=density,
        stain=composition.density(Role.TOTAL, window) if has_total else density,
        domains=find_domains(density, mask, analysis.yx_spacing_nm),
        distance_nm=_distance_to_rim_nm(analysis, nucleus),
    )


def _distance_to_rim_nm(analysis: Analysis, nucleus: NucleusAnalysis) -> NDArray[np.float64]:
    """Distance of each pixel of the window to the envelope of the nucleus, holes filled, nm."""
    rows, columns = nucleus.window
    # One pixel more on each side, but never past the image: its border is a cut, not a rim.
    top, left = max(rows.start - 1, 0), max(columns.start - 1, 0)
    inside = analysis.nuclei.labels[top : rows.stop + 1, left : columns.stop + 1] == nucleus.label
    if inside.all():
        return np.full(nucleus.rate_map.mask.shape, np.nan)
    distance: NDArray[np.float64] = ndimage.distance_transform_edt(
        ndimage.binary_fill_holes(inside), sampling=analysis.yx_spacing_nm
    )
    height, width = nucleus.rate_map.mask.shape
    y, x = rows.start - top, columns.start - left
    return distance[y : y + height, x : x + width]
