"""The cells of a grid that the edge of a nucleus cuts: how much of them is inside, and open.

Bins are larger than pixels, so that the outline is known better than to a bin. Finite volumes
with the share of each cell and the open share of each face keep it (the cut cells of embedded
boundaries; Johansen and Colella, J. Comput. Phys. 147, 60, 1998).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import ndimage

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Offset = tuple[int, int]

# Smaller pieces of a cell are left out: they would be stiff, and hold next to nothing.
_LEAST_SHARE = 0.25
# Standard deviation of what is rounded to whole numbers.
_ROUNDING_SD = 12**-0.5


@dataclass(frozen=True)
class CutCells:
    """Cells of a box with an empty rim.

    Attributes
    ----------
    shares : (y, x) float64
        Share of each cell that is inside, 0 to 1.
    open_down, open_right : (y, x) float64
        Open share of the face to the next cell along y and along x, 0 to 1.
    share_sd : (y, x) float64
        Standard deviation of `shares`: an outline drawn in whole pixels is within half a pixel of
        the true one, anew for each pixel along it.
    """

    shares: NDArray[np.float64]
    open_down: NDArray[np.float64]
    open_right: NDArray[np.float64]
    share_sd: NDArray[np.float64]

    @classmethod
    def of_pixels(
        cls, yx_mask: NDArray[np.bool_], factor: int, box_shape: tuple[int, int], rim: int
    ) -> CutCells:
        """Gather cells of factor x factor pixels, `rim` empty cells before the first one."""
        pixels = np.zeros([side * factor for side in box_shape], dtype=bool)
        start = rim * factor
        pixels[start : start + yx_mask.shape[0], start : start + yx_mask.shape[1]] = yx_mask
        cells = pixels.reshape(box_shape[0], factor, box_shape[1], factor)
        shares = cells.mean(axis=(1, 3))
        inside = shares >= _LEAST_SHARE
        down, right = np.zeros(box_shape), np.zeros(box_shape)
        down[:-1] = (cells[:-1, -1] & cells[1:, 0]).mean(axis=-1) * inside[:-1] * inside[1:]
        right[:, :-1] = (cells[:, :, :-1, -1] & cells[:, :, 1:, 0]).mean(axis=1)
        right[:, :-1] *= inside[:, :-1] & inside[:, 1:]
        # `factor` pixels of the outline pass through a cell of factor x factor.
        at_outline = inside & ~((shares == 1) & _surrounded(inside))
        share_sd = at_outline * _ROUNDING_SD / factor**1.5
        return cls(np.where(inside, shares, 0.0), down, right, share_sd)

    @classmethod
    def of_mask(cls, yx_mask: NDArray[np.bool_]) -> CutCells:
        """Take every pixel of a mask, which has an empty rim, as a cell."""
        return cls.of_pixels(yx_mask, 1, (yx_mask.shape[0], yx_mask.shape[1]), 0)

    def most_edge_cells(self, reach: int) -> int:
        """Return the most cells at the edge in any square of sides of 2 `reach` + 1 cells."""
        inside = self.shares > 0
        at_edge = inside & ~((self.shares == 1) & _surrounded(inside))
        side = 2 * reach + 1
        share = ndimage.uniform_filter(at_edge.astype(np.float64), side, mode="constant")
        return round(float(share.max()) * side**2)

    def bonds(self, spacing_nm: tuple[float, float]) -> dict[Offset, NDArray[np.float64]]:
        """Return the weights of the nine-point Laplacian, 1/nm2, by offset (y, x).

        In the open it is the isotropic Mehrstellen stencil (Collatz, 1960). Diagonal bonds are as
        open as the closest of the four faces around their corner, and what passes through a face
        is never more nor less than its open share.

        Returns
        -------
        mapping of (dy, dx) to (y, x) float64
            The four offsets (1, 0), (0, 1), (1, 1) and (1, -1); at a cell, the weight of the bond
            to the cell at that offset. Divide by the share for the Laplacian.
        """
        dy2, dx2 = (side**2 for side in spacing_nm)
        down, right = self.open_down, self.open_right
        corner = np.minimum(
            np.minimum(down, np.roll(down, -1, 1)), np.minimum(right, np.roll(right, -1, 0))
        ) * diagonal_weight(spacing_nm)
        left_corner = np.roll(corner, 1, 1)
        return {
            (1, 0): down / dy2 - corner - left_corner,
            (0, 1): right / dx2 - corner - np.roll(corner, 1, 0),
            (1, 1): corner,
            (1, -1): left_corner,
        }


def _surrounded(inside: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return the cells inside whose four neighbours are inside as well."""
    surrounded = inside.copy()
    for axis in (0, 1):
        for step in (-1, 1):
            surrounded &= np.roll(inside, step, axis)
    return surrounded


def diagonal_weight(spacing_nm: tuple[float, float]) -> float:
    """Return the weight of a diagonal bond in the open, 1/nm2.

    Cells more than twice as long as wide would need a negative weight: less diagonal then.
    """
    dy2, dx2 = (side**2 for side in spacing_nm)
    return min((dy2 + dx2) / 12 / (dy2 * dx2), 0.5 / dy2, 0.5 / dx2)
