"""The part of an image that a figure shows, thinned to what a page can resolve."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import ndimage
from skimage.measure import find_contours

if TYPE_CHECKING:
    from numpy.typing import NDArray

_MARGIN_FRACTION = 0.04
_MOST_PX = 900
_FLATTEST, _TALLEST = 0.5, 1.4


@dataclass(frozen=True)
class Frame:
    """A window of an image and the steps in which its pixels are drawn.

    Attributes
    ----------
    window : (slice, slice)
        Rows and columns of the image.
    yx_step : (int, int)
        Pixels of the image along y and x that become one pixel of the figure.
    yx_spacing_nm : (float, float)
        Pixel size of the image, nm.
    """

    window: tuple[slice, slice]
    yx_step: tuple[int, int]
    yx_spacing_nm: tuple[float, float]

    @property
    def size_um(self) -> tuple[float, float]:
        """Height and width, um."""
        height, width = (
            (part.stop - part.start) * step / 1e3
            for part, step in zip(self.window, self.yx_spacing_nm, strict=True)
        )
        return height, width

    @property
    def extent_um(self) -> tuple[float, float, float, float]:
        """Left, right, bottom and top for matplotlib, y downwards, um."""
        height, width = self.size_um
        return 0.0, width, height, 0.0

    @property
    def view_um(self) -> tuple[float, float, float, float]:
        """Left, right, bottom and top of a panel: the window, widened to a usable shape, um."""
        height, width = self.size_um
        view_width = max(width, height / _TALLEST)
        view_height = max(height, width * _FLATTEST)
        beside, below = (view_width - width) / 2, (view_height - height) / 2
        return -beside, width + beside, height + below, -below

    def mean(self, yx: NDArray[Any]) -> NDArray[np.float64]:
        """Crop an image and average its blocks, NaN left out."""
        blocks = self._crop(yx).astype(np.float64)
        (dy, dx), (height, width) = self.yx_step, blocks.shape
        pad = ((0, -height % dy), (0, -width % dx))
        blocks = np.pad(blocks, pad, constant_values=np.nan)
        blocks = blocks.reshape(blocks.shape[0] // dy, dy, blocks.shape[1] // dx, dx)
        count = np.isfinite(blocks).sum(axis=(1, 3))
        total = np.nansum(blocks, axis=(1, 3))
        return np.where(count > 0, total / np.maximum(count, 1), np.nan)

    def nearest(self, yx: NDArray[Any]) -> NDArray[Any]:
        """Crop an image and keep one pixel of each block."""
        return self._crop(yx)[:: self.yx_step[0], :: self.yx_step[1]]

    def outlines_um(self, yx_labels: NDArray[Any]) -> list[tuple[int, NDArray[np.float64]]]:
        """Trace the border of each label: its number and its (y, x) points, um."""
        labels = np.pad(self.nearest(yx_labels), 1)
        pixel_um = np.multiply(self.yx_step, self.yx_spacing_nm) / 1e3
        height, width = self.size_um
        outlines = []
        for number, box in enumerate(ndimage.find_objects(labels), start=1):
            if box is None:
                continue
            around = tuple(slice(max(part.start - 1, 0), part.stop + 1) for part in box)
            corner = [part.start for part in around]
            for line in find_contours((labels[around] == number).astype(float), 0.5):
                points = (line + corner - 0.5) * pixel_um
                outlines.append((number, np.clip(points, 0.0, (height, width))))
        return outlines

    def _crop(self, yx: NDArray[Any]) -> NDArray[Any]:
        """Return the window."""
        return yx[self.window]


def frame_around(
    yx_labels: NDArray[np.int32], yx_spacing_nm: tuple[float, float], most_px: int = _MOST_PX
) -> Frame:
    """Frame the nuclei with a small margin, thinned to at most `most_px` pixels a side."""
    rows, columns = np.nonzero(yx_labels.any(axis=1))[0], np.nonzero(yx_labels.any(axis=0))[0]
    box_nm = (
        (rows[-1] + 1 - rows[0]) * yx_spacing_nm[0],
        (columns[-1] + 1 - columns[0]) * yx_spacing_nm[1],
    )
    margin_nm = _MARGIN_FRACTION * max(box_nm)
    window = []
    for indices, spacing, size in zip((rows, columns), yx_spacing_nm, yx_labels.shape, strict=True):
        margin = int(np.ceil(margin_nm / spacing))
        window.append(slice(max(indices[0] - margin, 0), min(indices[-1] + 1 + margin, size)))
    height, width = window
    sizes = (height.stop - height.start, width.stop - width.start)
    step_y, step_x = (int(np.ceil(size / most_px)) for size in sizes)
    return Frame((height, width), (step_y, step_x), yx_spacing_nm)
