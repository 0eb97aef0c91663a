"""What every reader returns, and the sizes that hold for all formats."""

from __future__ import annotations

import math
from dataclasses import dataclass
from math import prod
from typing import TYPE_CHECKING

from chromamol.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from chromamol.images.image import Planes

MIN_SIDE_PX = 8
MAX_VALUES = 2**30
MAX_CHANNELS = 32
MAX_COMPRESSION = 1_000
HARMLESS_BYTES = 64 * 2**20


@dataclass(frozen=True)
class Source:
    """The content of a file or store, before its values are judged.

    Attributes
    ----------
    cyx : (channel, y, x) array
        Values as stored, in native byte order; they may be decoded when they are asked for.
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
    repeated_share : float
        Share of localisations that are another of the same molecule; NaN where none are known to
        be.
    """

    cyx: Planes
    channel_names: tuple[str, ...]
    yx_spacing_nm: tuple[float, float] | None
    notes: tuple[str, ...] = ()
    counts: bool = False
    psf_nm: float | None = None
    repeated_share: float = math.nan


def check_size(name: str, axes: str, shape: Sequence[int], itemsize: int, stored: int) -> None:
    """Refuse an image that is too small to be analysed, or whose header promises what cannot be.

    Called before any pixel is read, so that a hostile header costs no memory.

    Parameters
    ----------
    name : str
        Name of the file, for the message.
    axes : str
        One capital letter for each axis, with one Y and one X.
    shape : sequence of int
        Length of each axis.
    itemsize : int
        Bytes for each value.
    stored : int
        Bytes that the file or store really has.

    Raises
    ------
    InputError
    """
    sizes = dict(zip(axes, shape, strict=True))
    n_channels = sizes.get("C", 1) * sizes.get("S", 1)
    if n_channels > MAX_CHANNELS:
        msg = (
            f"{name} declares {n_channels} channels; at most {MAX_CHANNELS} are read. "
            "If they are planes or time points, say so: --axes ZYX or --axes TYX."
        )
        raise InputError(msg)
    if min(sizes["Y"], sizes["X"]) < MIN_SIDE_PX:
        msg = (
            f"{name} is {sizes['Y']} x {sizes['X']} pixels (y, x): too small to be analysed. "
            f"At least {MIN_SIDE_PX} x {MIN_SIDE_PX} are needed."
        )
        raise InputError(msg)
    chosen = n_channels * sizes["Y"] * sizes["X"]
    too_large = chosen > MAX_VALUES
    if too_large or prod(shape) * itemsize > max(HARMLESS_BYTES, MAX_COMPRESSION * stored):
        limit = (
            f"at most {MAX_VALUES / 1e6:.0f} million pixels and channels are read: crop the image "
            "to the nuclei"
            if too_large
            else f"that is more than {MAX_COMPRESSION} times its size, so it is damaged or empty"
        )
        msg = (
            f"{name} declares {' x '.join(str(n) for n in shape)} values "
            f"and holds {stored} bytes; {limit}."
        )
        raise InputError(msg)
