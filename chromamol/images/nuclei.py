"""Nuclei: found in the image, or read from the user's mask."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import ndimage

from chromamol.errors import InputError
from chromamol.images.outline import bodies, half_height_levels, onto_image, smooth, split_touching

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from chromamol.images.mask import Mask
    from chromamol.settings import Settings


# Pixels kept around a nucleus: enough to tell its own edge from the border of the image.
_MARGIN_PX = 1


_LARGEST_UM2 = 1_500.0
# Each step takes half of the counts to stand out equally clearly.
_WIDENINGS = (1.0, 1.5, 2.0)


@dataclass(frozen=True)
class Nuclei:
    """The nuclei of one image.

    Attributes
    ----------
    labels : (y, x) int32
        0 is background, 1..n the nuclei, without gaps; whole, with what lies in their holes.
    touches_border : tuple of bool
        For label i + 1: whether the image border cuts the nucleus.
    notes : tuple of str
        Where the outlines come from, and what was dropped, in sentences.
    yx_holes : (y, x) bool, optional
        Pixels of nuclei that hold no chromatin (nucleoli): no part of any map. Default: none.
    """

    labels: NDArray[np.int32]
    touches_border: tuple[bool, ...]
    notes: tuple[str, ...] = ()
    yx_holes: NDArray[np.bool_] | None = None

    @property
    def chromatin(self) -> NDArray[np.int32]:
        """The labels, 0 in the holes: the pixels that are analysed."""
        if self.yx_holes is None:
            return self.labels
        return np.where(self.yx_holes, np.int32(0), self.labels)


def find_nuclei(
    yx_intensity: NDArray[np.generic], yx_spacing_nm: tuple[float, float], settings: Settings
) -> Nuclei:
    """Outline the nuclei in an image of chromatin.

    Smoothed over `settings.nucleus_smoothing_nm`; every object is outlined at half its height above
    the background, its holes (nucleoli) filled; touching nuclei are split at necks; objects
    under `settings.nucleus_min_area_um2` are dropped. Where noise hides everything, as in a
    histogram of few localisations, more smoothing is tried.

    Parameters
    ----------
    yx_intensity : (y, x) array
        Brightness of the chromatin, any unit, finite.
    yx_spacing_nm : (float, float)
        Pixel size along y and x, nm.
    settings : Settings

    Returns
    -------
    Nuclei

    Raises
    ------
    InputError
        If there is no nucleus; says what the largest object is.
    """
    min_area_um2 = settings.nucleus_min_area_um2
    notes: tuple[str, ...] = ()
    for widening in _WIDENINGS:
        width_nm = widening * settings.nucleus_smoothing_nm
        smoothed = smooth(yx_intensity, yx_spacing_nm, width_nm)
        levels = half_height_levels(smoothed, width_nm)
        if levels is not None:
            break
        notes = (
            f"The image is too noisy to outline nuclei smoothed over {width_nm:g} nm; it was "
            "smoothed more for that.",
        )
    else:
        raise InputError(_no_nucleus("nothing in it is brighter than its noise", settings))
    coarse, largest_um2 = bodies(smoothed, levels, min_area_um2)
    parts = split_touching(coarse, smoothed, min_area_um2) if coarse.any() else coarse
    labels = onto_image(parts, smoothed, levels, yx_intensity, width_nm)
    areas_um2 = np.bincount(labels.ravel()) * float(np.prod(yx_spacing_nm)) / 1e6
    labels[areas_um2[labels] < min_area_um2] = 0
    if coarse.any():
        largest_um2 = float(areas_um2[1:].max(initial=0.0))
    if not labels.any():
        raise InputError(_no_nucleus(f"the largest object has {largest_um2:.1f} µm²", settings))
    widest_um2 = areas_um2[np.unique(labels)[1:]].max()
    if widest_um2 > _LARGEST_UM2:
        notes += (
            f"WARNING: a nucleus has {widest_um2:.3g} µm², more than that of almost any cell. Is "
            "the pixel size right?",
        )
    return label_nuclei(labels, notes)


def nuclei_from_file(path: Path, yx_intensity: NDArray[np.generic]) -> Nuclei:
    """Read the nuclei from the user's mask (each connected region one nucleus) or label image.

    Parameters
    ----------
    path : Path
        TIFF or OME-Zarr, two-valued (0/255, 0/1, bool) or with a whole number for each nucleus.
    yx_intensity : (y, x) array
        Brightness of the chromatin in the image that the mask belongs to, to recognise one that is
        inverted.

    Returns
    -------
    Nuclei

    Raises
    ------
    InputError
        If the mask cannot be read, has another shape, is empty, inverted, in colour, or looks like
        an image instead of a mask.
    """
    from chromamol.images.mask import read_mask

    return nuclei_from_mask(read_mask(path), yx_intensity)


def nuclei_from_mask(mask: Mask, yx_intensity: NDArray[np.generic]) -> Nuclei:
    """Take the nuclei from a mask or a label image; see `nuclei_from_file`."""
    from chromamol.images.mask import check_against_image, labels_of

    labels, notes = labels_of(mask, yx_intensity.shape)
    notes += check_against_image(mask.name, labels > 0, yx_intensity)
    return label_nuclei(labels, notes)


def label_nuclei(labels: NDArray[np.integer], notes: tuple[str, ...]) -> Nuclei:
    """Make nuclei of a label image: numbered without gaps, flagged where its border cuts them.

    Background that a nucleus encloses is a hole of it.

    Parameters
    ----------
    labels : (y, x) integer array
        0 is background; numbers of the order of the number of nuclei.
    notes : tuple of str
        What to say about them.
    """
    present = np.bincount(labels.ravel()) > 0
    present[0] = False
    numbered = np.where(present, np.cumsum(present), 0).astype(np.int32)[labels]
    rim = (numbered[0], numbered[-1], numbered[:, 0], numbered[:, -1])
    cut = set(np.unique(np.concatenate(rim)))
    touches = tuple(label in cut for label in range(1, int(numbered.max()) + 1))
    holes = np.zeros(numbered.shape, dtype=bool)
    for label, window in enumerate(windows(numbered), start=1):
        whole = ndimage.binary_fill_holes(numbered[window] == label)
        enclosed = whole & (numbered[window] == 0)
        holes[window] |= enclosed
        numbered[window][enclosed] = label
    return Nuclei(numbered, touches, notes, holes)


def windows(labels: NDArray[np.int32]) -> list[tuple[slice, slice]]:
    """Return the rows and columns of each nucleus, with a pixel around it where there is one.

    Parameters
    ----------
    labels : (y, x) int32
        Nuclei 1..n without gaps.
    """
    height, width = labels.shape
    return [
        (
            slice(max(rows.start - _MARGIN_PX, 0), min(rows.stop + _MARGIN_PX, height)),
            slice(max(columns.start - _MARGIN_PX, 0), min(columns.stop + _MARGIN_PX, width)),
        )
        for rows, columns in ndimage.find_objects(labels)
    ]


def _no_nucleus(found: str, settings: Settings) -> str:
    """Say that there is no nucleus, and what to do about it."""
    return (
        f"No nucleus was found: {found} (nucleus_smoothing_nm is "
        f"{settings.nucleus_smoothing_nm:g}, nucleus_min_area_um2 {settings.nucleus_min_area_um2:g}"
        "). Check the pixel size, change these settings, or give the outlines with --nuclei "
        "mask.tif; an image that lies wholly inside a nucleus needs such a mask, all white."
    )
