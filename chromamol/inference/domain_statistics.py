"""The statistics by which an image and a simulation of it compare."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from skimage.filters import threshold_otsu

from chromamol.images.smoothing import FWHM_TO_SD, smooth_inside
from chromamol.inference.domain_spacing import domain_spacing_nm

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Field = NDArray[np.float64]
    Mask = NDArray[np.bool_]

_RESOLUTION_NM = 60.0
_SHELLS = 4
# Of an even density, over its mean.
_EVEN = 1e-9


@dataclass(frozen=True)
class DomainStatistics:
    """Numbers of one pair of channels.

    Attributes
    ----------
    numbers : dict of (str, str) to float
        By name, in words, and unit; NaN where there is nothing to measure.
    plateau : float
        Mean of h in the condensed regions, as seen at the resolution.
    radial : (4,) float64
        h / (h + e) in shells of equal area, from the rim to the centre; NaN without a rim.
    """

    numbers: dict[tuple[str, str], float]
    plateau: float
    radial: Field


def domain_statistics(
    yx_heterochromatin: Field,
    yx_euchromatin: Field,
    yx_mask: Mask,
    yx_depth_nm: Field,
    spacing_nm: tuple[float, float],
) -> DomainStatistics:
    """Measure domains, contents and radial profile of a nucleus.

    Heterochromatin is averaged over the resolution (a Gaussian with a full width at half maximum
    of 60 nm, or 3 pixels); condensed is what lies above the midpoint of its two populations,
    parted by Otsu's threshold.

    Parameters
    ----------
    yx_heterochromatin, yx_euchromatin : (y, x) float64
        Volume fractions; values outside the mask are ignored and may be NaN.
    yx_mask : (y, x) bool
    yx_depth_nm : (y, x) float64
        Distance to the rim, nm; NaN where there is none.
    spacing_nm : (float, float)
        Pixel size, nm.
    """
    resolution_nm = max(_RESOLUTION_NM, 3 * max(spacing_nm))
    h, e = yx_heterochromatin[yx_mask], yx_euchromatin[yx_mask]
    smooth = smooth_inside(yx_heterochromatin, yx_mask, FWHM_TO_SD * resolution_nm, spacing_nm)
    values = smooth[yx_mask]
    mean = float(values.mean())
    condensed, dilute, border = mean, mean, np.inf
    if np.ptp(values) > _EVEN * abs(mean):
        upper = values > threshold_otsu(values)
        condensed, dilute = float(values[upper].mean()), float(values[~upper].mean())
        border = (condensed + dilute) / 2
    domains = yx_mask & (smooth > border)
    radial = _radial_profile(yx_depth_nm[yx_mask], h, e)
    numbers = {
        ("spacing of the domains", "nm"): domain_spacing_nm(
            yx_heterochromatin, yx_mask, spacing_nm, resolution_nm
        ),
        ("width of the domains", "nm"): _mean_chord_nm(domains, spacing_nm),
        ("condensed share of the area", ""): float(domains[yx_mask].mean()),
        ("contrast of the domains", ""): (condensed - dilute) / mean,
        ("heterochromatin's share of chromatin", ""): float(h.sum() / (h + e).sum()),
        ("heterochromatin's share at the rim over that in the centre", ""): float(
            radial[0] / radial[-1]
        ),
    }
    return DomainStatistics(numbers, condensed, radial)


def _radial_profile(depth_nm: Field, h: Field, e: Field) -> Field:
    """Return h / (h + e) in shells of equal area, from the rim to the centre."""
    if not np.isfinite(depth_nm).all():
        return np.full(_SHELLS, np.nan)
    shells = np.array_split(np.argsort(depth_nm, kind="stable"), _SHELLS)
    return np.array([h[shell].sum() / (h + e)[shell].sum() for shell in shells])


def _mean_chord_nm(yx_regions: Mask, spacing_nm: tuple[float, float]) -> float:
    """Return the mean length of the lines along y and x inside the regions, nm; NaN for none."""
    if not yx_regions.any():
        return float("nan")
    lengths = []
    for axis, side_nm in enumerate(spacing_nm):
        starts = np.diff(yx_regions.astype(np.int8), axis=axis, prepend=0) == 1
        lengths.append(side_nm * np.count_nonzero(yx_regions) / np.count_nonzero(starts))
    return float(np.mean(lengths))
