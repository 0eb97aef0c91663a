"""The user's mask or label image of the nuclei, and what can be wrong with it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from skimage.measure import label as connected

from chromamol.errors import InputError
from chromamol.images.formats import read_source

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

_SPECK = 0.01
_MIN_PIXELS = 16


@dataclass(frozen=True)
class Mask:
    """A mask or a label image as the user made it; nothing about it is checked.

    Attributes
    ----------
    name : str
        For messages.
    yx_values : (y, x) array
        0 outside; one value inside, or a whole number for each nucleus.
    """

    name: str
    yx_values: NDArray[Any]


def read_mask(path: Path) -> Mask:
    """Read a mask or a label image.

    Raises
    ------
    InputError
        If it cannot be read, or has several channels.
    """
    cyx = read_source(path).cyx
    if cyx.shape[0] > 1:
        msg = f"The mask {path.name} has {cyx.shape[0]} channels. Save one channel with the nuclei."
        raise InputError(msg)
    return Mask(path.name, cyx[0])


def labels_of(
    mask: Mask, image_shape_yx: tuple[int, ...]
) -> tuple[NDArray[np.int64], tuple[str, ...]]:
    """Turn a mask or a label image into labels.

    Parameters
    ----------
    mask : Mask
    image_shape_yx : (int, int)
        The shape that it must have.

    Returns
    -------
    labels : (y, x) int64
        0 is background. Of a mask, every connected region has its own number.
    notes : tuple of str
        What was dropped.

    Raises
    ------
    InputError
        If it has another shape, is empty or no mask.
    """
    values = mask.yx_values
    if values.shape != tuple(image_shape_yx):
        turned = values.shape[::-1] == tuple(image_shape_yx)
        msg = (
            f"The mask {mask.name} has {values.shape[0]} x {values.shape[1]} pixels (y, x), the "
            f"image {image_shape_yx[0]} x {image_shape_yx[1]}: they must be equal. "
            + ("The axes are exchanged." if turned else "Use the mask made from this very image.")
        )
        raise InputError(msg)
    labels = _whole_numbers(mask.name, values)
    distinct = np.unique(labels)
    if distinct[-1] == 0:
        msg = f"The mask {mask.name} is empty: mark the nuclei with values above 0."
        raise InputError(msg)
    if len(distinct) > 1 and distinct[0] != 0:
        msg = (
            f"The mask {mask.name} has the values {distinct[0]} to {distinct[-1]} and no 0. "
            "The background must be 0 (some programs save it as 1: subtract 1)."
        )
        raise InputError(msg)
    if len(distinct) <= 2:
        labels = np.asarray(connected(labels > 0, connectivity=2), dtype=np.int64)
    else:
        labels = np.searchsorted(distinct, labels)
        _check_are_labels(mask.name, labels, len(distinct) - 1)
    return _without_specks(labels)


def _whole_numbers(name: str, values: NDArray[np.generic]) -> NDArray[np.int64]:
    """Return the labels as integers; floats that are none are refused."""
    numbers = np.nan_to_num(values.astype(np.float64), nan=-1.0, posinf=-1.0, neginf=-1.0)
    if values.dtype.kind not in "biuf" or numbers.min() < 0 or (numbers % 1).any():
        msg = (
            f"The mask {name} holds negative, fractional or missing values ({values.dtype}). "
            "A mask is 0 outside and 1 or 255 inside; a label image has a whole number per nucleus."
        )
        raise InputError(msg)
    return numbers.astype(np.int64)


def _check_are_labels(name: str, labels: NDArray[np.int64], n_labels: int) -> None:
    """Refuse grey values: labels come in few pieces, an image's values in many."""
    n_pieces = int(connected(labels, background=0, connectivity=2, return_num=True)[1])
    if n_pieces > 3 * n_labels + 10:
        msg = (
            f"The mask {name} has {n_labels} values above 0 in {n_pieces} pieces: that is an image "
            "with grey values, not a mask. Threshold it, and save 0 outside and 255 inside."
        )
        raise InputError(msg)


def _without_specks(labels: NDArray[np.int64]) -> tuple[NDArray[np.int64], tuple[str, ...]]:
    """Drop regions that are no nuclei: under 1 % of the largest, or under 16 pixels."""
    areas = np.bincount(labels.ravel())
    areas[0] = 0
    speck = (areas > 0) & (areas < max(_MIN_PIXELS, _SPECK * areas.max()))
    if not speck.any():
        return labels, ()
    kept = np.where(speck[labels], 0, labels)
    n_specks = int(speck.sum())
    what = "1 speck" if n_specks == 1 else f"{n_specks} specks"
    return kept, (f"{what} of the mask, of at most {areas[speck].max()} pixels, dropped.",)


def check_against_image(
    name: str, inside: NDArray[np.bool_], yx_intensity: NDArray[np.generic]
) -> tuple[str, ...]:
    """Refuse an inverted mask; note one that does not lie on the bright part of the image.

    Parameters
    ----------
    name : str
        Name of the mask, for the message.
    inside : (y, x) bool
    yx_intensity : (y, x) array
        Brightness of the chromatin.

    Raises
    ------
    InputError
        If the mask holds most of the image's border, and is darker inside than outside.
    """
    if inside.all():
        return ("The mask covers the whole image: it is taken as a cut-out of one nucleus.",)
    yx = yx_intensity.astype(np.float64)
    capped = np.minimum(yx, np.percentile(yx, 99))
    if capped[inside].mean() >= capped[~inside].mean():
        return ()
    rim = np.concatenate((inside[0], inside[-1], inside[:, 0], inside[:, -1]))
    if rim.mean() > 0.5:
        msg = (
            f"The mask {name} is inverted: it marks the border of the image, which is darker than "
            "the rest. Invert it (in Fiji: Edit > Invert), so that the nuclei are white."
        )
        raise InputError(msg)
    return (
        f"The image is darker inside the mask {name} than outside: "
        "check that the mask belongs to this image.",
    )
