"""Chromatin domains: where the density is condensed."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from scipy import ndimage
from skimage.filters import threshold_otsu

from chromamol.images.noise import estimate_noise
from chromamol.images.smoothing import FWHM_TO_SD, smooth_inside, smoothed_noise_sd
from chromamol.settings import Role

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from chromamol.analysis import Analysis
    from chromamol.images.composition import Composition


_CLEAR_SDS, _MOST_NOISE = 3.0, 0.5


@dataclass(frozen=True)
class Domains:
    """The domains of one nucleus.

    Attributes
    ----------
    labels : (y, x) int32
        0 outside the domains, 1..count inside, from top to bottom.
    count : int
        Number of domains.
    threshold : float
        The midpoint of the two populations, in the density's unit; NaN where there are none.
    hidden : bool
        Whether noise hides them: how many there are is unknown then, not zero.
    """

    labels: NDArray[np.int32]
    count: int
    threshold: float
    hidden: bool = False


def domain_density(
    composition: Composition, window: tuple[slice, slice], mask: NDArray[np.bool_]
) -> NDArray[np.float64]:
    """Return the density in which domains are sought.

    Heterochromatin where there is such a channel; total minus euchromatin where those are
    given (uncalibrated: each over its mean in the nucleus, euchromatin being half of the
    total); otherwise the one channel there is.

    Parameters
    ----------
    composition : Composition
        Of the whole image.
    window : (slice, slice)
        Rows and columns of the nucleus.
    mask : (y, x) bool
        The nucleus, in the window.

    Returns
    -------
    (y, x) float64
        Of the window's shape; the unit of the composition, or none (uncalibrated difference).
    """
    roles = composition.roles
    if Role.HETEROCHROMATIN in roles:
        return composition.density(Role.HETEROCHROMATIN, window)
    if Role.TOTAL in roles and Role.EUCHROMATIN in roles:
        total, euchromatin = (
            composition.density(role, window) for role in (Role.TOTAL, Role.EUCHROMATIN)
        )
        if not composition.calibrated:
            total = total / float(total[mask].mean())
            euchromatin = euchromatin / (2 * float(euchromatin[mask].mean()))
        return total - euchromatin
    return composition.density(next(iter(roles)), window)


def resolution_nm(yx_spacing_nm: tuple[float, float]) -> float:
    """Return what counts as the resolution: 3 pixels or 60 nm, whichever is larger."""
    return max(3 * max(yx_spacing_nm), 60.0)


def find_domains(
    yx_density: NDArray[np.float64],
    mask: NDArray[np.bool_],
    yx_spacing_nm: tuple[float, float],
) -> Domains:
    """Find the connected regions above the midpoint of the density's two populations.

    The density is smoothed inside the mask by a Gaussian whose full width at half maximum is
    the resolution; Otsu's threshold parts its values in two classes, and the midpoint of their
    means is the border of a domain. Regions smaller than a disc as wide as the resolution are
    dropped. Pixels that touch at a corner are connected.

    Parameters
    ----------
    yx_density : (y, x) float64
        Values outside the mask are ignored and may be NaN.
    mask : (y, x) bool
        The nucleus.
    yx_spacing_nm : (float, float)
        Pixel size, nm.

    Returns
    -------
    Domains
        Hidden where the two populations are less than three standard deviations of the noise apart
        (noise alone gives 1.6), or it exceeds half of the mean.
    """
    sd_nm = resolution_nm(yx_spacing_nm) * FWHM_TO_SD
    smooth = smooth_inside(yx_density, mask, sd_nm, yx_spacing_nm)
    values = smooth[mask]
    none = Domains(np.zeros(mask.shape, np.int32), 0, float("nan"))
    if values.size == 0 or np.ptp(values) <= 1e-9 * np.abs(values).max():
        return none
    upper = values > threshold_otsu(values)
    condensed, dilute = float(values[upper].mean()), float(values[~upper].mean())
    white_sd = estimate_noise(np.where(mask, yx_density, 0.0), mask).sd
    noise = white_sd * np.median(smoothed_noise_sd(mask, sd_nm, yx_spacing_nm)[mask])
    if condensed - dilute < _CLEAR_SDS * noise or noise > _MOST_NOISE * abs(values.mean()):
        return replace(none, hidden=True)
    midpoint = (condensed + dilute) / 2
    regions, count = ndimage.label((smooth > midpoint) & mask, structure=np.ones((3, 3)))
    areas_nm2 = np.bincount(regions.ravel(), minlength=count + 1) * math.prod(yx_spacing_nm)
    keep = areas_nm2 >= math.pi / 4 * resolution_nm(yx_spacing_nm) ** 2
    keep[0] = False
    numbers = np.where(keep, np.cumsum(keep), 0).astype(np.int32)
    return Domains(numbers[regions], int(keep.sum()), midpoint)


def numbered_in_image(
    shape: tuple[int, int], found: Iterable[tuple[tuple[slice, slice], Domains]]
) -> NDArray[np.int32]:
    """Give the domains of all nuclei of an image numbers from 1, one nucleus after the other.

    Parameters
    ----------
    shape : (int, int)
        Of the image.
    found : iterable of ((slice, slice), Domains)
        The window of each nucleus and its domains.

    Returns
    -------
    (y, x) int32
        0 outside the domains.
    """
    labels, count = np.zeros(shape, np.int32), 0
    for window, domains in found:
        inside = domains.labels > 0
        labels[window][inside] = domains.labels[inside] + count
        count += domains.count
    return labels


def domain_labels(analysis: Analysis) -> NDArray[np.int32]:
    """Find the domains of all nuclei, with the numbers of the rows of domains.csv; (y, x) int32."""
    found = []
    for nucleus in analysis.per_nucleus:
        mask = nucleus.rate_map.mask
        density = domain_density(analysis.composition, nucleus.window, mask)
        found.append((nucleus.window, find_domains(density, mask, analysis.yx_spacing_nm)))
    return numbered_in_image(analysis.nuclei.labels.shape, found)
