"""What the image of each nucleus is worth: measured on the pixels, before any fit."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from scipy import ndimage

from chromamol.images.composition import block_means_outside
from chromamol.images.noise import estimate_noise, saturated_share
from chromamol.images.nuclei import windows
from chromamol.inference import findings as say

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from chromamol.images.composition import Composition
    from chromamol.images.nuclei import Nuclei
    from chromamol.inference.rate_map import Finding

    Field = NDArray[np.float64]
    Mask = NDArray[np.bool_]

_UNKNOWN = float("nan")
# Fewer blocks of background have no spread to speak of.
_FEWEST_BLOCKS = 20
# A background that is off by a fifth of the mean density is off by 40 % of that of loose chromatin,
# which is half as dense.
_LOWEST_SIGNAL = 5.0
# Two localisations for each size of a domain (100 nm) along y and along x: the sampling theorem.
_FEWEST_PER_UM2 = 400.0
# Smoothing for the detail, px: what is finer is noise, or below the resolution.
_SMOOTHING_PX = 2.0
# The outline of a nucleus is no detail of it: pixels so many smoothing lengths inside count.
_INSIDE = 4.0
# Structure has to exceed what the noise gives by so much of it to be measured.
_CLEAR = 0.5
_FEWEST_OTHERS = 3
# The squares of blur and of detail add up: a blur 1.7 times as wide as the detail of the others.
_BLURRED = 2.0


@dataclass(frozen=True)
class Quality:
    """Of one nucleus; the channel that is worst counts. NaN where unknown.

    Attributes
    ----------
    saturated_share : float
        Share of the pixels that are cut off at the largest value, 0 to 1.
    signal_over_background_spread : float
        Mean above background over half of the span of 68 % of the background.
    localisations_per_um2 : float
        Where the image counts localisations.
    detail_nm : float
        Size of the finest detail, nm: see `detail_nm`.
    detail_over_others : float
        `detail_nm` over the median of the other nuclei.
    repeated_share : float
        Share of the localisations of the whole image that are another of the same molecule.
    """

    saturated_share: float = _UNKNOWN
    signal_over_background_spread: float = _UNKNOWN
    localisations_per_um2: float = _UNKNOWN
    detail_nm: float = _UNKNOWN
    detail_over_others: float = _UNKNOWN
    repeated_share: float = _UNKNOWN

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What is wrong, in sentences. Comparisons with NaN are never true."""
        found = []
        if self.signal_over_background_spread < _LOWEST_SIGNAL:
            found.append(say.low_signal(self.signal_over_background_spread))
        if self.localisations_per_um2 < _FEWEST_PER_UM2:
            found.append(say.few_localisations(self.localisations_per_um2, _FEWEST_PER_UM2))
        if self.detail_over_others > _BLURRED:
            found.append(say.out_of_focus(self.detail_nm, self.detail_over_others))
        if self.repeated_share > 0:
            found.append(say.blinking(self.repeated_share))
        return tuple(found)


def measure_quality(
    nuclei: Nuclei, composition: Composition, yx_spacing_nm: tuple[float, float]
) -> tuple[Quality, ...]:
    """Measure the quality of every nucleus.

    Parameters
    ----------
    nuclei : Nuclei
    composition : Composition
        Of the image and the nuclei.
    yx_spacing_nm : (float, float)
        Pixel size along y and x, nm.

    Returns
    -------
    tuple of Quality
        In the order of the labels.
    """
    image, chromatin, outside = composition.image, nuclei.chromatin, nuclei.labels > 0
    spreads = {
        role: _spread(image.cyx[number], outside) / composition.gains[role]
        for role, number in composition.roles.items()
    }
    measured = []
    for label, window in enumerate(windows(nuclei.labels), start=1):
        inside = chromatin[window] == label
        area_um2 = np.count_nonzero(inside) * math.prod(yx_spacing_nm) / 1e6
        per_channel = []
        for role, number in composition.roles.items():
            density = composition.density(role, window)
            raw = np.asarray(image.cyx[(number, *window)])[inside]
            per_channel.append(
                Quality(
                    0.0 if image.counts else _saturated(raw),
                    float(density[inside].mean()) / spreads[role],
                    float(raw.sum()) / area_um2 if image.counts else _UNKNOWN,
                    detail_nm(density, inside, yx_spacing_nm),
                )
            )
        measured.append(replace(_worst(per_channel), repeated_share=image.repeated_share))
    return _compared(measured)


def detail_nm(yx_density: Field, yx_inside: Mask, yx_spacing_nm: tuple[float, float]) -> float:
    """Measure the size of the finest detail of a nucleus.

    It depends neither on brightness nor on contrast. Smoothing with a Gaussian of standard
    deviation s leaves of white noise of variance v in pixels of area a the variance
    u = v a / (4 pi s^2), of its slope u / s^2, and of its Laplacian 2 u / s^4.

    Parameters
    ----------
    yx_density : (y, x) float64
        Any unit.
    yx_inside : (y, x) bool
    yx_spacing_nm : (float, float)

    Returns
    -------
    float
        Root mean square slope over root mean square Laplacian of the density, smoothed over two
        pixels, nm; NaN where noise hides it.
    """
    width_nm = _SMOOTHING_PX * max(yx_spacing_nm)
    deep_nm = ndimage.distance_transform_edt(yx_inside, sampling=yx_spacing_nm)
    deep = deep_nm > _INSIDE * width_nm
    if not deep.any():
        return _UNKNOWN
    filled = np.where(yx_inside, yx_density, yx_density[yx_inside].mean())
    smooth = ndimage.gaussian_filter(filled, [width_nm / side for side in yx_spacing_nm])
    slopes = np.gradient(smooth, *yx_spacing_nm)
    laplacian = sum(
        np.gradient(slope, side, axis=axis)
        for axis, (slope, side) in enumerate(zip(slopes, yx_spacing_nm, strict=True))
    )
    noise = estimate_noise(yx_density, yx_inside).sd ** 2 * math.prod(yx_spacing_nm)
    noise_slope2 = noise / (4 * math.pi * width_nm**4)
    noise_laplacian2 = 2 * noise_slope2 / width_nm**2
    slope2 = float(sum(slope[deep] ** 2 for slope in slopes).mean())
    laplacian2 = float((laplacian[deep] ** 2).mean())
    clear = 1 + _CLEAR
    if slope2 <= clear * noise_slope2 or laplacian2 <= clear * noise_laplacian2:
        return _UNKNOWN
    return math.sqrt((slope2 - noise_slope2) / (laplacian2 - noise_laplacian2))


def _spread(yx_intensity: NDArray[np.generic], yx_nuclei: Mask) -> float:
    """Return half of the span that holds 68 % of the background; NaN where too little is seen."""
    means = block_means_outside(yx_intensity, yx_nuclei)
    if len(means) < _FEWEST_BLOCKS:
        return _UNKNOWN
    low, high = np.percentile(means, (16, 84))
    return float(high - low) / 2 or _UNKNOWN


def _saturated(values: NDArray[np.generic]) -> float:
    """Return the share of pixels at the end of the range of the file, or piled up below it."""
    if values.dtype.kind in "iu" and values.max() == np.iinfo(values.dtype.str).max:
        return float((values == values.max()).mean())
    return saturated_share(values.astype(np.float64))


def _worst(channels: list[Quality]) -> Quality:
    """Return the worst value of the channels; NaN where it is unknown for all."""

    def known(name: str) -> list[float]:
        values = [getattr(channel, name) for channel in channels]
        return [value for value in values if not math.isnan(value)] or [_UNKNOWN]

    return Quality(
        max(known("saturated_share")),
        min(known("signal_over_background_spread")),
        min(known("localisations_per_um2")),
        max(known("detail_nm")),
    )


def _compared(measured: list[Quality]) -> tuple[Quality, ...]:
    """Compare the detail of each nucleus with that of the others."""
    compared = []
    for number, quality in enumerate(measured):
        others = [one.detail_nm for one in measured[:number] + measured[number + 1 :]]
        others = [other for other in others if not math.isnan(other)]
        if len(others) >= _FEWEST_OTHERS:
            ratio = quality.detail_nm / float(np.median(others))
            quality = replace(quality, detail_over_others=ratio)  # noqa: PLW2901
        compared.append(quality)
    return tuple(compared)
