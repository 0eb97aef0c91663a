"""What the values of an image may be."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from chromamol.errors import InputError, NoImage

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from chromamol.images.image import Planes

_BAND_ROWS = 2_048
# Noise leaves no two neighbours in a hundred of an image alike; saturation leaves some.
_OF_LABELS = 0.9


def check_intensities(
    name: str, cyx: Planes, channel_names: tuple[str, ...], *, counts: bool = False
) -> tuple[str, ...]:
    """Refuse values that are no intensities, and return notes on channels that are doubtful.

    Parameters
    ----------
    name : str
        Name of the file, for messages.
    cyx : (channel, y, x) array
    channel_names : tuple of str
    counts : bool
        Whether the values are numbers of localisations, of which there may be 0 and 1 only.

    Raises
    ------
    NoImage
        If the values are those of a mask, or no numbers.
    InputError
        If they are not finite, or all the same.
    """
    if cyx.dtype.kind not in "iuf":
        held = "only true and false: a mask" if cyx.dtype.kind == "b" else f"{cyx.dtype} values"
        msg = (
            f"{name} holds {held}; an image has integer or floating-point intensities. "
            "A mask of the nuclei is given with --nuclei."
        )
        raise NoImage(msg)
    n_bad, constant, two_valued, patches = 0, [], [], []
    for number in range(cyx.shape[0]):
        extremes: list[Any] = []
        alike: list[float] = []
        for top in range(0, cyx.shape[1], _BAND_ROWS):  # a large image is never whole in memory
            band = np.asarray(cyx[number, top : top + _BAND_ROWS])
            n_bad += band.size - int(np.isfinite(band).sum()) if band.dtype.kind == "f" else 0
            extremes += [band.min(), band.max()]
            alike.append(_share_in_patches(band))
        if min(extremes) == max(extremes):
            constant.append(number)
        elif not counts and _holds_only(cyx, number, min(extremes), max(extremes)):
            two_valued.append(number)
        elif not counts and cyx.dtype.kind in "iu" and max(alike) > _OF_LABELS:
            patches.append(number)
    if n_bad:
        msg = (
            f"{name} holds {n_bad} value{'s' * (n_bad > 1)} that {'are' if n_bad > 1 else 'is'} "
            "NaN or infinite. Crop the image, or replace them with the background."
        )
        raise InputError(msg)
    if len(constant) == cyx.shape[0]:
        value = cyx[0, 0, 0]
        held = "all zeros" if value == 0 else f"the same value ({value}) everywhere"
        msg = f"{name} holds {held}: there is no image in it. Check how it was exported."
        raise InputError(msg)
    if two_valued and len(two_valued) + len(constant) == cyx.shape[0]:
        msg = (
            f"{name} holds two values only: it looks like a mask. Give the image, and the mask of "
            "its nuclei with --nuclei; in a batch, in the column nuclei of the sample sheet."
        )
        raise NoImage(msg)
    odd = tuple(
        f"WARNING: channel {c} looks like a label image or a mask: neighbouring pixels have the "
        "same value. Labels of nuclei are given with --nuclei."
        for c in sorted({*two_valued, *patches})
    )
    return odd + tuple(
        f"Channel {c}{f' ({channel_names[c]})' if channel_names[c] else ''} has the same value "
        "everywhere."
        for c in constant
    )


def looks_like_labels(yx: NDArray[np.generic]) -> bool:
    """Tell whether an image is a mask or a label image: two values, or neighbours that are alike.

    Parameters
    ----------
    yx : (y, x) array
    """
    if yx.dtype.kind == "b":
        return True
    if yx.dtype.kind not in "iu":
        return False
    low, high = yx.min(), yx.max()
    if low == high:
        return False
    return bool(((yx == low) | (yx == high)).all()) or _share_in_patches(yx) > _OF_LABELS


def _holds_only(cyx: Planes, number: int, low: float, high: float) -> bool:
    """Whether a channel has no values but two."""
    for top in range(0, cyx.shape[1], _BAND_ROWS):
        band = np.asarray(cyx[number, top : top + _BAND_ROWS])
        if not ((band == low) | (band == high)).all():
            return False
    return True


def _share_in_patches(band: NDArray[np.generic]) -> float:
    """Return the share of the brighter pixels that equal their right neighbour."""
    left, right = band[:, :-1], band[:, 1:]
    bright = left > band.min()
    return float((left == right)[bright].mean()) if bright.any() else 0.0
