"""From positions to a picture: counts in pixels, or a Gaussian for each localisation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import ndimage

from chromamol.errors import InputError
from chromamol.images.localisations.margin import MARGIN_NM, thins_out

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from chromamol.images.localisations.table import Localisations

# Widths are grouped so that two of a group differ by at most 10 %.
_WIDTHS_PER_DECADE = 25
_CHUNK_ROWS = 1_000_000
# 330 um wide at 20 nm; counting takes 6 bytes for each.
_MOST_PIXELS = 2**28


@dataclass(frozen=True)
class PixelGrid:
    """The pixels of a rendered table, aligned so that 0 nm is an edge of pixels.

    Attributes
    ----------
    yx_first : (int, int)
        Number of the first pixel along y and x; its edge lies at that many pixels from 0 nm.
    yx_shape : (int, int)
    pixel_nm : float
    """

    yx_first: tuple[int, int]
    yx_shape: tuple[int, int]
    pixel_nm: float


def grid_around(
    name: str, tables: Sequence[Localisations], pixel_nm: float
) -> tuple[PixelGrid, tuple[str, ...]]:
    """Lay pixels over all localisations of some tables.

    Towards a side where they thin out, as at the border of a whole nucleus, empty pixels are added;
    where the field was cut, the picture ends with it.

    Parameters
    ----------
    name : str
        Name of the file, for the message.
    tables : sequence of Localisations
        Each with at least one row.
    pixel_nm : float

    Returns
    -------
    grid : PixelGrid
    notes : tuple of str
        Where pixels were added, in a sentence.

    Raises
    ------
    InputError
        If there would be more pixels than can be analysed.
    """
    yx_nm = [
        getattr(tables[0], axis)
        if len(tables) == 1
        else np.concatenate([getattr(table, axis) for table in tables])
        for axis in ("y_nm", "x_nm")
    ]
    first, shape, wider = [], [], []
    for number, sides in enumerate((("top", "bottom"), ("left", "right"))):
        positions_nm, along_nm = yx_nm[number], yx_nm[1 - number]
        low, high = positions_nm.min(), positions_nm.max()
        if thins_out(positions_nm - low, along_nm):
            low -= MARGIN_NM
            wider.append(sides[0])
        if thins_out(high - positions_nm, along_nm):
            high += MARGIN_NM
            wider.append(sides[1])
        first.append(int(np.floor(low / pixel_nm)))
        shape.append(int(np.floor(high / pixel_nm)) - first[-1] + 1)
    if shape[0] * shape[1] * len(tables) > _MOST_PIXELS:
        msg = (
            f"{name} would fill {shape[0]} x {shape[1]} pixels of {pixel_nm:g} nm; at most "
            f"{_MOST_PIXELS / 1e6:.0f} million, of all channels, are analysed. Give a larger "
            f"pixel, for example --pixel-size-nm {2 * pixel_nm:g}, or crop the table."
        )
        raise InputError(msg)
    y_um, x_um = (number * pixel_nm / 1e3 for number in first)
    notes: tuple[str, ...] = (
        f"The picture begins at y = {y_um:g} µm, x = {x_um:g} µm of the table.",
    )
    if wider:
        notes += (
            f"The localisations thin out towards {', '.join(wider)}: the picture goes on for "
            f"{MARGIN_NM / 1e3:g} µm there, and nuclei at these sides count as whole.",
        )
    return PixelGrid((first[0], first[1]), (shape[0], shape[1]), pixel_nm), notes


def count(table: Localisations, grid: PixelGrid) -> NDArray[np.unsignedinteger[Any]]:
    """Count the localisations in each pixel.

    Returns
    -------
    (y, x) uint16 or uint32
    """
    flat = np.zeros(grid.yx_shape[0] * grid.yx_shape[1], dtype=np.uint32)
    for start in range(0, len(table), _CHUNK_ROWS):
        part = slice(start, start + _CHUNK_ROWS)
        y, x = (
            np.floor(values[part] / grid.pixel_nm).astype(np.int64) - first
            for values, first in zip((table.y_nm, table.x_nm), grid.yx_first, strict=True)
        )
        pixels, numbers = np.unique(y * grid.yx_shape[1] + x, return_counts=True)
        flat[pixels] += numbers.astype(np.uint32)
    counts = flat.reshape(grid.yx_shape)
    return counts.astype(np.uint16) if counts.max() < 2**16 else counts


def draw(table: Localisations, grid: PixelGrid) -> NDArray[np.float32]:
    """Draw a Gaussian of unit volume, as wide as its precision, for each localisation.

    What reaches beyond the pixels is cut off.

    Localisations whose precision differs by at most 10 % are counted together and blurred at once.

    Parameters
    ----------
    table : Localisations
        With precisions.
    grid : PixelGrid

    Returns
    -------
    (y, x) float32
    """
    assert table.precision_nm is not None  # noqa: S101 (the caller's check)
    group = np.round(_WIDTHS_PER_DECADE * np.log10(table.precision_nm)).astype(np.int64)
    drawn = np.zeros(grid.yx_shape, dtype=np.float32)
    for number in np.unique(group):
        of_group = table.where(group == number)
        width_px = 10 ** (number / _WIDTHS_PER_DECADE) / grid.pixel_nm
        drawn += ndimage.gaussian_filter(
            count(of_group, grid).astype(np.float32), width_px, mode="constant"
        )
    return drawn
