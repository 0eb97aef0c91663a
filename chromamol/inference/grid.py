"""The grid on which a nucleus is analysed: binned as far as the physics allows, and padded."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch
from scipy import fft, ndimage
from skimage.measure import block_reduce

if TYPE_CHECKING:
    from numpy.typing import NDArray

# Empty pixels around the mask: the Laplacian needs one, the periodic prior some distance.
_RIM_PX = 1


@dataclass(frozen=True)
class AnalysisGrid:
    """Bins of `factor` x `factor` image pixels, in a box with an empty rim.

    Binning adds up the photons and keeps white noise white, at 1 / factor of its amplitude.

    Attributes
    ----------
    mask : (y, x) bool
        Image pixels of the domain.
    factor : int
        Image pixels along the side of a bin.
    box_mask : (y, x) bool
        Bins at least half of which are in the domain, padded.
    spacing_nm : (float, float)
        Size of a bin, nm.
    rim : int
        Empty bins before the first one, along both axes.
    """

    mask: NDArray[np.bool_]
    factor: int
    box_mask: NDArray[np.bool_]
    spacing_nm: tuple[float, float]
    rim: int

    @classmethod
    def periodic(cls, mask: NDArray[np.bool_], spacing_nm: tuple[float, float]) -> AnalysisGrid:
        """Take the image as it is: a box that repeats."""
        return cls(mask, 1, mask, spacing_nm, 0)

    @classmethod
    def for_mask(
        cls,
        mask: NDArray[np.bool_],
        spacing_nm: tuple[float, float],
        *,
        resolution_nm: float,
        padding_nm: float,
    ) -> AnalysisGrid:
        """Choose the largest bin not coarser than `resolution_nm`, and pad by `padding_nm`."""
        factor = max(int(resolution_nm / max(spacing_nm) + 1e-9), 1)
        bins = _share(mask, factor) >= 0.5
        spacing = (spacing_nm[0] * factor, spacing_nm[1] * factor)
        shape = [
            fft.next_fast_len(size + _RIM_PX + max(int(padding_nm / side), _RIM_PX), real=True)
            for size, side in zip(bins.shape, spacing, strict=True)
        ]
        box_mask = np.zeros(shape, dtype=bool)
        box_mask[_RIM_PX : _RIM_PX + bins.shape[0], _RIM_PX : _RIM_PX + bins.shape[1]] = bins
        return cls(mask, factor, box_mask, spacing, _RIM_PX)

    def to_box(self, yx_field: NDArray[np.float64], device: torch.device) -> torch.Tensor:
        """Average an image field over the domain's share of each bin; zero outside."""
        inside = np.where(self.mask, yx_field, 0.0)
        box = np.zeros(self.box_mask.shape)
        total = block_reduce(inside, self.factor, np.mean)
        share = _share(self.mask, self.factor)
        box[self._bins()] = np.divide(total, share, out=np.zeros_like(total), where=share > 0)
        return torch.from_numpy(box * self.box_mask).to(device)

    def to_image(self, box: torch.Tensor, order: int = 3) -> NDArray[np.float64]:
        """Interpolate a box field at the image's pixels; NaN outside the mask."""
        y, x = np.nonzero(self.mask)
        bins = [(pixel + 0.5) / self.factor - 0.5 + self.rim for pixel in (y, x)]
        yx_field = np.full(self.mask.shape, np.nan)
        values = box.detach().cpu().numpy()
        yx_field[y, x] = ndimage.map_coordinates(values, bins, order=order, mode="grid-wrap")
        return yx_field

    def _bins(self) -> tuple[slice, slice]:
        """Return where the bins lie in the box."""
        rows, columns = (-(-size // self.factor) for size in self.mask.shape)
        return slice(self.rim, self.rim + rows), slice(self.rim, self.rim + columns)


def _share(mask: NDArray[np.bool_], factor: int) -> NDArray[np.float64]:
    """Return the share of each bin that lies in the mask."""
    share: NDArray[np.float64] = block_reduce(mask.astype(np.float64), factor, np.mean)
    return share
