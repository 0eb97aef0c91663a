"""Image pyramids for OME-Zarr: each level half as fine as the one before."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

_COARSEST_PX = 256


def pyramid(
    array: NDArray[np.generic], how: Literal["mean", "nearest"]
) -> list[NDArray[np.generic]]:
    """Halve y and x until both are at most 256 pixels.

    Parameters
    ----------
    array : (..., y, x) array
    how : {"mean", "nearest"}
        mean: the average of 2 x 2 pixels, NaN left out. nearest: the upper left one of them,
        for label images.

    Returns
    -------
    list of (..., y, x) arrays
        The array itself first; all of its type.
    """
    levels = [array]
    while max(levels[-1].shape[-2:]) > _COARSEST_PX:
        levels.append(halved(levels[-1]) if how == "mean" else levels[-1][..., ::2, ::2])
    return levels


def level_shapes(shape: tuple[int, ...]) -> list[tuple[int, ...]]:
    """Return the shapes (..., y, x) of all levels of a pyramid, the image's own first."""
    shapes = [shape]
    while max(shapes[-1][-2:]) > _COARSEST_PX:
        *others, height, width = shapes[-1]
        shapes.append((*others, -(-height // 2), -(-width // 2)))
    return shapes


def halved(array: NDArray[Any]) -> NDArray[Any]:
    """Average 2 x 2 pixels (NaN left out); an odd last row or column stands for two."""
    even = [(0, 0)] * (array.ndim - 2) + [(0, size % 2) for size in array.shape[-2:]]
    blocks = np.pad(array, even, mode="edge")
    shape = (*blocks.shape[:-2], blocks.shape[-2] // 2, 2, blocks.shape[-1] // 2, 2)
    blocks = blocks.reshape(shape)
    if np.issubdtype(array.dtype, np.integer):
        rounded: NDArray[Any] = np.rint(blocks.mean(axis=(-3, -1)))
        return rounded.astype(array.dtype)
    count = np.isfinite(blocks).sum(axis=(-3, -1))
    total = np.nansum(blocks, axis=(-3, -1), dtype=np.float64)
    average: NDArray[Any] = np.where(count > 0, total / np.maximum(count, 1), np.nan)
    return average.astype(array.dtype)
