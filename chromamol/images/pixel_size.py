"""Pixel sizes: the units that files use, what can be one, and which one holds."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from chromamol.errors import InputError

if TYPE_CHECKING:
    from chromamol.images.image import Image
    from chromamol.settings import Settings

SMALLEST_NM = 1.0
LARGEST_NM = 10_000.0
_PLACEHOLDER_NM = 1_000.0

Spacing = tuple[float, float]

_NM_PER_UNIT = {
    "pm": 1e-3,
    "picometer": 1e-3,
    "å": 0.1,
    "angstrom": 0.1,
    "nm": 1.0,
    "nanometer": 1.0,
    "nanometre": 1.0,
    "um": 1e3,
    "micron": 1e3,
    "microns": 1e3,
    "micrometer": 1e3,
    "micrometre": 1e3,
    "mm": 1e6,
    "millimeter": 1e6,
    "millimetre": 1e6,
    "cm": 1e7,
    "centimeter": 1e7,
    "inch": 2.54e7,
    "in": 2.54e7,
    "m": 1e9,
    "meter": 1e9,
    "metre": 1e9,
}


def nm_per_unit(unit: str | None) -> float | None:
    """Length of a unit, nm; None where the unit is none of length.

    Parameters
    ----------
    unit : str or None
        As files write it: "µm", "micron", "micrometer", "nm", also with the micro sign escaped
        as ImageJ does.
    """
    if unit is None:
        return None
    plain = unit.strip().replace("\\u00B5", "u").replace("\\u00b5", "u")
    plain = plain.replace("\u00b5", "u").replace("\u03bc", "u")
    return _NM_PER_UNIT.get(plain.lower())


def believe(y_nm: float, x_nm: float, stated: str) -> tuple[Spacing | None, tuple[str, ...]]:
    """Accept a pixel size that a microscope can have, or say why it is none.

    Parameters
    ----------
    y_nm, x_nm : float
        What the file states, nm; may be anything.
    stated : str
        How the file states it, the subject and verb of the note ("The OME metadata states ...").

    Returns
    -------
    spacing : (float, float) or None
        (y, x), nm.
    notes : tuple of str
        One sentence where the size is not believed, or is one that stands for none.
    """
    if (y_nm, x_nm) == (_PLACEHOLDER_NM, _PLACEHOLDER_NM):
        return (y_nm, x_nm), (
            f"{stated}: many programs write 1 µm where they know no pixel size. Check it, and "
            "give the right one with --pixel-size-nm.",
        )
    if all(math.isfinite(v) and SMALLEST_NM <= v <= LARGEST_NM for v in (y_nm, x_nm)):
        return (y_nm, x_nm), ()
    return None, (
        f"{stated}, which cannot be the pixel size of a microscope image "
        f"({SMALLEST_NM:g} to {LARGEST_NM:g} nm); it was ignored.",
    )


def settle_spacing(image: Image, settings: Settings) -> Spacing:
    """Pixel size of an image: the setting where given, otherwise the file's.

    Parameters
    ----------
    image : Image
    settings : Settings
        `pixel_size_nm` is the size of a square pixel, nm.

    Returns
    -------
    (float, float)
        Pixel size along y and x, nm.

    Raises
    ------
    InputError
        If neither the setting nor the file gives one.
    """
    if settings.pixel_size_nm is not None:
        return settings.pixel_size_nm, settings.pixel_size_nm
    if image.yx_spacing_nm is None:
        msg = (
            f"{image.path.name} states no pixel size. Look it up in the microscope's software and "
            "give it in nm, as in --pixel-size-nm 20."
        )
        raise InputError(" ".join((msg, *(n for n in image.notes if "pixel size" in n))))
    return image.yx_spacing_nm
