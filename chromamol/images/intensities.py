"""What the values of an image may be."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from chromamol.errors import InputError

if TYPE_CHECKING:
    from chromamol.images.image import Planes

_BAND_ROWS = 2_048


def check_intensities(name: str, cyx: Planes, channel_names: tuple[str, ...]) -> tuple[str, ...]:
    """Refuse values that are no intensities, and return notes on channels that are empty.

    Raises
    ------
    InputError
        If the values are not numbers, not finite, or all the same.
    """
    if cyx.dtype.kind not in "iuf":
        held = "only true and false: a mask" if cyx.dtype.kind == "b" else f"{cyx.dtype} values"
        msg = (
            f"{name} holds {held}; an image has integer or floating-point intensities. "
            "A mask of the nuclei is given with --nuclei."
        )
        raise InputError(msg)
    n_bad, constant = 0, []
    for number in range(cyx.shape[0]):
        extremes = []
        for top in range(0, cyx.shape[1], _BAND_ROWS):  # a large image is never whole in memory
            band = np.asarray(cyx[number, top : top + _BAND_ROWS])
            n_bad += band.size - int(np.isfinite(band).sum()) if band.dtype.kind == "f" else 0
            extremes += [band.min(), band.max()]
        if min(extremes) == max(extremes):
            constant.append(number)
    if n_bad:
        msg = (
            f"{name} holds {n_bad} values that are NaN or infinite. Crop them away or replace "
            "them with the background, and give the nuclei with --nuclei."
        )
        raise InputError(msg)
    if len(constant) == cyx.shape[0]:
        value = cyx[0, 0, 0]
        held = "all zeros" if value == 0 else f"the same value ({value}) everywhere"
        msg = f"{name} holds {held}: there is no image in it. Check how it was exported."
        raise InputError(msg)
    return tuple(
        f"Channel {c}{f' ({channel_names[c]})' if channel_names[c] else ''} has the same value "
        "everywhere."
        for c in constant
    )
