"""Holes: nucleoli and other bodies inside a nucleus in which there is hardly any chromatin.

The model knows chromatin only, through whose edge nothing flows, so that such a body is left out
of what the inference gets.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from scipy import ndimage

from chromamol.images.noise import estimate_noise
from chromamol.images.nuclei import windows
from chromamol.images.smoothing import smooth_inside

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from chromamol.images.composition import Composition
    from chromamol.images.nuclei import Nuclei

# Half-way between nothing and the loosest chromatin: in simulations of the model the density
# between domains stays above 0.6 of the median.
_EMPTY = 0.3
# The edge of a blurred body is where its surroundings have fallen to half.
_EDGE = 0.5
# Standard deviation of the averaging in diameters of the smallest body: averaged, the middle of an
# empty one is filled to exp(-2) = 0.14.
_AVERAGED = 0.25
# A body is averaged over so many pixels or more, and so at least four times as wide.
_FEWEST_PIXELS = 2.0
# Share of the smallest disc that a body has to fill.
_SMALLEST = 0.5
# Noise of the average over the median: chromatin at 0.6 is then four deviations from `_EMPTY`.
_QUIET = 0.1
_CROSS, _SQUARE = ndimage.generate_binary_structure(2, 1), np.ones((3, 3), dtype=bool)


def with_holes(
    nuclei: Nuclei,
    composition: Composition,
    yx_spacing_nm: tuple[float, float],
    min_diameter_nm: float,
) -> Nuclei:
    """Find the bodies without chromatin in every nucleus, and add them to its holes.

    Parameters
    ----------
    nuclei : Nuclei
        The holes that they have are kept.
    composition : Composition
        Of the image and the nuclei.
    yx_spacing_nm : (float, float)
        Pixel size along y and x, nm.
    min_diameter_nm : float
        Narrower bodies are none; 0: none are sought.

    Returns
    -------
    Nuclei
        With a note on its holes.
    """
    found = np.zeros(nuclei.labels.shape, dtype=bool)
    given = np.zeros_like(found) if nuclei.yx_holes is None else nuclei.yx_holes
    if min_diameter_nm:
        chromatin = nuclei.chromatin
        for label, window in enumerate(windows(nuclei.labels), start=1):
            inside = chromatin[window] == label
            channels = [composition.density(role, window) for role in composition.roles]
            found[window] |= empty_bodies(channels, inside, yx_spacing_nm, min_diameter_nm)
    notes = _note(given, "in the outlines that were given", yx_spacing_nm) + _note(
        found, "with hardly any chromatin (nucleoli, speckles)", yx_spacing_nm
    )
    return replace(nuclei, yx_holes=given | found, notes=nuclei.notes + notes)


def empty_bodies(
    yx_channels: Iterable[NDArray[np.float64]],
    yx_inside: NDArray[np.bool_],
    yx_spacing_nm: tuple[float, float],
    min_diameter_nm: float,
) -> NDArray[np.bool_]:
    """Find where a nucleus has hardly any chromatin in any channel.

    The mean of the channels, each over its own mean, is averaged with a Gaussian of a quarter of
    the smallest diameter; of more where single pixels are noisy (few counts) or coarse, and the
    smallest diameter grows with it. A body is where the average is below 0.3 of the median in a
    disc as wide as the Gaussian, as it is in the middle of an empty disc of that diameter. It
    reaches as far as the density, averaged no more than its noise asks for, is below half of the
    median, and a pixel further. One that reaches the outline of the nucleus is none.

    Parameters
    ----------
    yx_channels : one or more (y, x) float64
        Above background, any units.
    yx_inside : (y, x) bool
        The nucleus, of one pixel or more.
    yx_spacing_nm : (float, float)
        Pixel size along y and x, nm.
    min_diameter_nm : float

    Returns
    -------
    (y, x) bool
        Pixels of the nucleus.
    """
    none = np.zeros_like(yx_inside)
    means = [(channel, float(channel[yx_inside].mean())) for channel in yx_channels]
    relative = [channel / mean for channel, mean in means if mean > 0]
    if not relative:
        return none
    chromatin = np.mean(relative, axis=0)
    noise = estimate_noise(chromatin, yx_inside).sd
    quiet_nm = noise / _QUIET * math.sqrt(math.prod(yx_spacing_nm) / (4 * math.pi))
    fine_nm = max(quiet_nm, *yx_spacing_nm)
    width_nm = max(fine_nm, _FEWEST_PIXELS * max(yx_spacing_nm), _AVERAGED * min_diameter_nm)
    radius_nm = width_nm / (2 * _AVERAGED)
    smallest_px = math.pi * radius_nm**2 / math.prod(yx_spacing_nm)
    if smallest_px > np.count_nonzero(yx_inside) / 2:
        return none
    fine, average = (
        smooth_inside(chromatin, yx_inside, each_nm, yx_spacing_nm)
        for each_nm in (fine_nm, width_nm)
    )
    median = float(np.median(average[yx_inside]))
    # Outside the nucleus the averages are NaN, which is not below anything.
    depth_nm = ndimage.distance_transform_edt(average < _EMPTY * median, sampling=yx_spacing_nm)
    middle: NDArray[np.bool_] = depth_nm > width_nm
    if not middle.any():
        return none
    reach_nm = ndimage.distance_transform_edt(~middle, sampling=yx_spacing_nm)
    hollow = (average < _EDGE * median) | (fine < _EDGE * median)
    bodies, _ = ndimage.label(hollow & (reach_nm <= radius_nm))
    large = np.bincount(bodies.ravel()) > _SMALLEST * smallest_px
    large[0] = False
    # Empty pixels that are left are what the solver fails on; a hole too wide costs little.
    wide = ndimage.grey_dilation(np.where(large[bodies], bodies, 0), footprint=_CROSS)
    # What reaches the outline is no hole, but a part of the outline that is too wide.
    beyond = ~np.pad(yx_inside, 1, mode="edge")
    open_bodies = np.unique(wide[ndimage.binary_dilation(beyond, _SQUARE)[1:-1, 1:-1]])
    holes: NDArray[np.bool_] = (wide > 0) & ~np.isin(wide, open_bodies[open_bodies > 0])
    return holes & yx_inside


def _note(
    holes: NDArray[np.bool_], which: str, yx_spacing_nm: tuple[float, float]
) -> tuple[str, ...]:
    """Say how many holes there are, how large, and what they mean for the numbers."""
    _, count = ndimage.label(holes, np.ones((3, 3)))
    if not count:
        return ()
    area_um2 = np.count_nonzero(holes) * math.prod(yx_spacing_nm) / 1e6
    size = (
        f"1 hole of {area_um2:.2g} µm²"
        if count == 1
        else f"{count} holes of {area_um2:.2g} µm² together"
    )
    return (
        f"{size} {which}, left out of the maps. Areas of nuclei and distances to the rim are "
        "those of the whole nucleus.",
    )
