"""What every reader returns, and the rules that hold for all formats: 2-D, with channels."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from typing import TYPE_CHECKING

import numpy as np

from chromamol.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

MIN_SIDE_PX = 8
MAX_VALUES = 2**29
MAX_CHANNELS = 32
MAX_COMPRESSION = 1_000
HARMLESS_BYTES = 64 * 2**20


@dataclass(frozen=True)
class Source:
    """The content of a file or store, before its values are judged.

    Attributes
    ----------
    cyx : (channel, y, x) array
        Values as stored, in native byte order.
    channel_names : tuple of str
        One for each channel; "" where there is none.
    yx_spacing_nm : (float, float) or None
        Pixel size along y and x, nm, where one is stated that can be one.
    notes : tuple of str
        What was ignored or assumed, in sentences.
    counts : bool
        Whether the values are numbers of localisations.
    psf_nm : float or None
        Full width at half maximum of the blur, nm, where the file tells.
    """

    cyx: NDArray[np.generic]
    channel_names: tuple[str, ...]
    yx_spacing_nm: tuple[float, float] | None
    notes: tuple[str, ...] = ()
    counts: bool = False
    psf_nm: float | None = None


def check_declared(name: str, axes: str, shape: Sequence[int], itemsize: int, stored: int) -> None:
    """Refuse an image that is not 2-D, or whose header promises what cannot be.

    Called before any pixel is read, so that a hostile header costs no memory.

    Parameters
    ----------
    name : str
        Name of the file, for the message.
    axes : str
        One capital letter for each axis, as tifffile writes them.
    shape : sequence of int
        Length of each axis.
    itemsize : int
        Bytes for each value.
    stored : int
        Bytes that the file or store really has.

    Raises
    ------
    InputError
        If an axis other than y, x and channel is longer than 1, if the image is too small to be
        analysed, or too large to be true.
    """
    sizes = dict(zip(axes, shape, strict=True))
    if len(sizes) != len(axes) or not {"Y", "X"} <= set(sizes):
        msg = f"{name} has the axes {axes}; an image needs one y and one x axis."
        raise InputError(msg)
    for axis, size in sizes.items():
        if axis not in "CSYX" and size > 1:
            msg = f"{name} {_axis_sentence(axis, size)}"
            raise InputError(msg)
    n_channels = sizes.get("C", 1) * sizes.get("S", 1)
    if n_channels > MAX_CHANNELS:
        msg = (
            f"{name} declares {n_channels} channels; at most {MAX_CHANNELS} are read. "
            "If they are planes or time points, choose one and save it as OME-TIFF."
        )
        raise InputError(msg)
    if min(sizes["Y"], sizes["X"]) < MIN_SIDE_PX:
        msg = (
            f"{name} is {sizes['Y']} x {sizes['X']} pixels (y, x): too small to be analysed. "
            f"At least {MIN_SIDE_PX} x {MIN_SIDE_PX} are needed."
        )
        raise InputError(msg)
    values = prod(shape)
    too_large = values > MAX_VALUES
    if too_large or values * itemsize > max(HARMLESS_BYTES, MAX_COMPRESSION * stored):
        limit = (
            f"at most {MAX_VALUES / 1e6:.0f} million values are read: crop the image to the nuclei"
            if too_large
            else f"that is more than {MAX_COMPRESSION} times its size, so it is damaged or empty"
        )
        msg = (
            f"{name} declares {' x '.join(str(n) for n in shape)} values "
            f"and holds {stored} bytes; {limit}."
        )
        raise InputError(msg)


def _axis_sentence(axis: str, size: int) -> str:
    """Say what a third axis is, and what to do about it."""
    if axis in "IQ":
        return (
            f"holds {size} pages and does not say whether they are channels, planes or time "
            "points. Save it as OME-TIFF, or in Fiji as a hyperstack with a channel axis."
        )
    held = {"Z": f"a z-stack of {size} planes", "T": f"{size} time points"}
    return (
        f"holds {held.get(axis, f'an axis {axis} of length {size}')}; images are 2-D for now. "
        "Choose one plane (in Fiji: Image > Duplicate) and save it as TIFF."
    )


def to_cyx(array: NDArray[np.generic], axes: str) -> NDArray[np.generic]:
    """Order the axes as (channel, y, x), without the axes of length 1.

    Parameters
    ----------
    array : array
        Values, one axis for each letter of `axes`; checked by `check_declared`.
    axes : str
        Letters of the axes; "C" and "S" (samples of a pixel) become the channel axis.

    Returns
    -------
    (channel, y, x) array
        Contiguous, in native byte order.
    """
    order = [axes.index(axis) for axis in "CSYX" if axis in axes]
    others = [i for i in range(len(axes)) if i not in order]
    ordered = array.transpose(others + order)
    cyx = ordered.reshape(-1, *ordered.shape[-2:])
    return np.ascontiguousarray(cyx, dtype=cyx.dtype.newbyteorder("="))
