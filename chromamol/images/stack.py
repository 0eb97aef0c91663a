"""Which axis is what, and which part of a stack is analysed: as the file or the user says."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import ndimage

from chromamol.errors import InputError, NoImage
from chromamol.images.sim_frames import FEWEST_FRAMES, MOST_FRAMES, find_layout
from chromamol.images.source import check_size

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from chromamol.settings import Settings

# The part of a page in which patterns are sought.
_WINDOW_PX, _SMALLEST_WINDOW_PX, _OVERVIEW_PX = 384, 16, 1_024
_UNNAMED = frozenset("IQ?")
_NAMES = {"T": "time points", "Z": "planes (z)", "C": "channels"}


class UndecidedStack(InputError):
    """A stack of which the user has to choose a part.

    Attributes
    ----------
    sizes : mapping of str to int
        Length of each axis by its letter.
    """

    def __init__(self, message: str, sizes: Mapping[str, int]) -> None:
        super().__init__(message)
        self.sizes = sizes


@dataclass(frozen=True)
class Choice:
    """The part of a stored array that is analysed.

    Attributes
    ----------
    axes : str
        A letter for each axis, as the file or the user named them.
    fixed : mapping of str to int
        The chosen index along z and t.
    averaged : str
        "Z" where the planes are averaged, otherwise "".
    notes : tuple of str
        What was chosen, in sentences.
    """

    axes: str
    fixed: Mapping[str, int]
    averaged: str
    notes: tuple[str, ...]


@dataclass(frozen=True)
class Declared:
    """What the header of a file says of its pixels.

    Attributes
    ----------
    axes : str
        One capital letter for each axis, as tifffile writes them; I, Q and ? are unnamed.
    shape : tuple of int
        Length of each axis.
    itemsize : int
        Bytes for each value.
    stored : int
        Bytes that the file or store really has.
    """

    axes: str
    shape: tuple[int, ...]
    itemsize: int
    stored: int


def choose(name: str, declared: Declared, settings: Settings, pixels: Callable[[], Any]) -> Choice:
    """Find the 2-D image with channels in a stored array.

    Parameters
    ----------
    name : str
        Name of the file, for messages.
    declared : Declared
    settings : Settings
        `axes`, `z_plane`, `time_point`.
    pixels : function
        Returns the stored array, once its header is known to be sound.

    Raises
    ------
    UndecidedStack
        If z or t is longer than 1 and no part of it was chosen.
    InputError
        If axes are unnamed or the given ones do not fit; if a choice is out of range, or asks for
        an axis that the image does not have; if the image is too small or cannot be as large as it
        says.
    NoImage
        If the pages are raw frames of SIM, whatever they are called.
    """
    axes, shape = declared.axes, declared.shape
    notes = []
    if settings.axes is not None and _long(axes, shape) != settings.axes:
        named = _long(axes, shape)
        says = "does not name its pages" if set(named) & _UNNAMED else f"names its axes {named}"
        notes.append(f"The file {says}; {settings.axes} was given and is used.")
        axes = _renamed(name, axes, shape, settings.axes)
    sizes = dict(zip(axes, shape, strict=True))
    if len(sizes) != len(axes) or not {"Y", "X"} <= set(sizes):
        msg = f"{name} has the axes {axes}; an image needs one y and one x axis."
        raise InputError(msg)
    check_size(name, axes, shape, declared.itemsize, declared.stored)
    if len(_long(axes, shape)) == 3:
        _refuse_sim_frames(name, axes, shape, pixels)
    for axis, size in sizes.items():
        if axis not in "TZCSYX" and size > 1:
            raise InputError(_unnamed(name, axis, size, len(_long(axes, shape))))
    _check_chosen(name, sizes, settings)
    fixed: dict[str, int] = {}
    averaged = ""
    if sizes.get("T", 1) > 1 and settings.time_point is not None:
        fixed["T"] = settings.time_point
        notes.append(f"Time point {settings.time_point} of {sizes['T']} was read.")
    if sizes.get("Z", 1) > 1 and settings.z_plane == "mean":
        averaged = "Z"
        notes.append(f"The mean of {sizes['Z']} planes (z) was read.")
    elif sizes.get("Z", 1) > 1 and settings.z_plane is not None:
        fixed["Z"] = int(settings.z_plane)
        notes.append(f"Plane {settings.z_plane} of {sizes['Z']} (z, counted from 0) was read.")
    return Choice(axes, fixed, averaged, tuple(notes))


def _long(axes: str, shape: Sequence[int]) -> str:
    """Return the letters of the axes that are longer than 1."""
    return "".join(axis for axis, size in zip(axes, shape, strict=True) if size > 1)


def _refuse_sim_frames(
    name: str, axes: str, shape: Sequence[int], pixels: Callable[[], Any]
) -> None:
    """Refuse pages that are raw frames of structured illumination.

    A part of each page is looked at, where the first page is brightest.
    """
    pages, height, width = (position for position, size in enumerate(shape) if size > 1)
    sizes = [shape[height], shape[width]]
    if shape[pages] < FEWEST_FRAMES or min(sizes) < _SMALLEST_WINDOW_PX:
        return
    index: list[Any] = [0] * len(axes)
    index[height] = index[width] = slice(None)
    step = -(-max(sizes) // _OVERVIEW_PX)
    overview = np.asarray(pixels()[tuple(index)])[::step, ::step].astype(np.float64)
    width_px = max(1, _WINDOW_PX // step)
    brightness = ndimage.uniform_filter(np.nan_to_num(overview), width_px, mode="constant")
    peak = step * np.array(np.unravel_index(brightness.argmax(), overview.shape))
    for position, middle, size in zip((height, width), peak, sizes, strict=True):
        start = max(0, min(int(middle) - _WINDOW_PX // 2, size - _WINDOW_PX))
        index[position] = slice(start, start + _WINDOW_PX)
    index[pages] = slice(MOST_FRAMES)
    found = find_layout(np.asarray(pixels()[tuple(index)]), shape[pages])
    if found:
        msg = (
            f"{name} holds raw frames of structured illumination (SIM: {found[0]} angles x "
            f"{found[1]} phases), not an image. Reconstruct it in the microscope's software or "
            "with fairSIM first, and give the reconstructed image."
        )
        raise NoImage(msg)


def _renamed(name: str, axes: str, shape: Sequence[int], given: str) -> str:
    """Give the axes that are longer than 1 the user's names."""
    long = [position for position, size in enumerate(shape) if size > 1]
    if len(given) != len(long):
        sizes = " x ".join(str(shape[position]) for position in long)
        msg = (
            f"{name} has {len(long)} axes of {sizes} values; --axes {given} names {len(given)}. "
            f"Give a letter for each, out of T, Z, C, Y, X, for example: "
            f"--axes {'TZCYX'[-len(long) :]}"
        )
        raise InputError(msg)
    names = dict(zip(long, given, strict=True))
    # Axes of length 1 get letters that mean nothing.
    return "".join(names.get(position, "abcdefgh"[position]) for position in range(len(axes)))


def _unnamed(name: str, axis: str, size: int, n_long: int) -> str:
    """Say that an axis has no name, and how to give it one."""
    what = f"{size} pages" if axis in _UNNAMED else f"an axis {axis} of length {size}"
    example = "CYX" if n_long <= 3 else "ZCYX"
    return (
        f"{name} holds {what} and does not say whether they are channels, planes or time points. "
        f"Name the axes, for example --axes {example} (C: channels, Z: planes, T: time points)."
    )


def _check_chosen(name: str, sizes: Mapping[str, int], settings: Settings) -> None:
    """Refuse a choice that cannot be, and a stack without one."""
    for axis, option, chosen in (
        ("Z", "--z-plane", settings.z_plane),
        ("T", "--time-point", settings.time_point),
    ):
        size = sizes.get(axis, 1)
        if chosen is not None and size == 1:
            msg = f"{name} has no {_NAMES[axis]}: leave {option} {chosen} out."
            raise InputError(msg)
        if isinstance(chosen, int) and chosen >= size:
            msg = (
                f"{name}: there is no {option} {chosen}; the image has {size} {_NAMES[axis]}, 0 to "
                f"{size - 1}."
            )
            raise InputError(msg)
    open_axes = [
        axis
        for axis, chosen in (("T", settings.time_point), ("Z", settings.z_plane))
        if sizes.get(axis, 1) > 1 and chosen is None
    ]
    if not open_axes:
        return
    counts = {
        "Z": f"a z-stack of {sizes.get('Z', 1)} planes",
        "T": f"{sizes.get('T', 1)} time points",
    }
    held = " and ".join(counts[axis] for axis in open_axes)
    ways = {
        "Z": f"one plane with --z-plane N (0 to {sizes.get('Z', 1) - 1}), or the mean of all with "
        "--z-plane mean",
        "T": f"a time point with --time-point N (0 to {sizes.get('T', 1) - 1})",
    }
    msg = (
        f"{name} holds {held}, and one image is analysed at a time. "
        f"Choose {'; and '.join(ways[axis] for axis in open_axes)}."
    )
    raise UndecidedStack(msg, sizes)
