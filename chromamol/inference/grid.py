"""The grid on which a nucleus is analysed: no finer than the physics asks for, and padded."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np
import torch
from scipy import fft, ndimage
from skimage.measure import block_reduce

from chromamol.inference.cut_cells import CutCells

if TYPE_CHECKING:
    from numpy.typing import NDArray

# Empty pixels around the mask: the Laplacian needs one, the periodic prior some distance.
_RIM_PX = 1


class Grid(Protocol):
    """Bins of an image, on which white noise stays white."""

    @property
    def box_shape(self) -> tuple[int, int]:
        """Bins along y and x, those outside the domain included."""
        ...

    @property
    def spacing_nm(self) -> tuple[float, float]:
        """Size of a bin along y and x, nm."""
        ...

    @property
    def noise_factor(self) -> float:
        """Standard deviation of white noise in a bin over that in a pixel."""
        ...

    def to_box(self, yx_field: NDArray[np.float64], device: torch.device) -> torch.Tensor:
        """Average an image field over each bin; zero outside the domain."""
        ...

    def to_image(self, box: torch.Tensor) -> NDArray[np.float64]:
        """Interpolate a smooth box field at the image's pixels; NaN outside the mask."""
        ...

    def bin_sums(self, yx_weights: NDArray[np.float64]) -> NDArray[np.float64]:
        """Add up what lies in each bin, (y, x) of the box."""
        ...


class PeriodicGrid:
    """The long waves of an image that repeats.

    Parameters
    ----------
    shape : (int, int)
        Pixels of the image along y and x.
    spacing_nm : (float, float)
        Size of a pixel, nm.
    resolution_nm : float
        Bins are about as large as this, and not smaller than a pixel.
    """

    def __init__(
        self, shape: tuple[int, int], spacing_nm: tuple[float, float], resolution_nm: float
    ) -> None:
        self._shape = shape
        self.box_shape = _sizes(shape, spacing_nm, resolution_nm)
        self.spacing_nm = (
            shape[0] * spacing_nm[0] / self.box_shape[0],
            shape[1] * spacing_nm[1] / self.box_shape[1],
        )
        self.noise_factor = float(np.sqrt(np.prod(self.box_shape) / np.prod(shape)))

    def to_box(self, yx_field: NDArray[np.float64], device: torch.device) -> torch.Tensor:
        """Keep the waves that the bins can hold."""
        field = torch.from_numpy(np.ascontiguousarray(yx_field)).to(device)
        return resample(field, self.box_shape)

    def to_image(self, box: torch.Tensor) -> NDArray[np.float64]:
        """Interpolate by Fourier series."""
        image: NDArray[np.float64] = resample(box, self._shape).cpu().numpy()
        return image

    def bin_sums(self, yx_weights: NDArray[np.float64]) -> NDArray[np.float64]:
        """Add up what lies in each bin, (y, x) of the box."""
        y, x = (
            np.rint(np.arange(size) * bins / size).astype(np.intp) % bins
            for size, bins in zip(self._shape, self.box_shape, strict=True)
        )
        index = y[:, None] * self.box_shape[1] + x
        sums = np.bincount(
            index.ravel(), yx_weights.ravel(), minlength=self.box_shape[0] * self.box_shape[1]
        )
        return sums.reshape(self.box_shape).astype(np.float64)


@dataclass(frozen=True)
class MaskGrid:
    """Bins of `factor` x `factor` image pixels, in a box with an empty rim.

    Attributes
    ----------
    mask : (y, x) bool
        Image pixels of the domain.
    factor : int
        Image pixels along the side of a bin.
    cells : CutCells
        The bins, padded.
    spacing_nm : (float, float)
        Size of a bin, nm.
    """

    mask: NDArray[np.bool_]
    factor: int
    cells: CutCells
    spacing_nm: tuple[float, float]

    @classmethod
    def of(
        cls,
        mask: NDArray[np.bool_],
        spacing_nm: tuple[float, float],
        *,
        resolution_nm: float,
        padding_nm: float,
    ) -> MaskGrid:
        """Choose the largest bin not coarser than `resolution_nm`, and pad by `padding_nm`."""
        factor = max(int(resolution_nm / max(spacing_nm) + 1e-9), 1)
        spacing = (spacing_nm[0] * factor, spacing_nm[1] * factor)
        rows, columns = (
            fft.next_fast_len(
                -(-size // factor) + _RIM_PX + max(int(padding_nm / side), _RIM_PX), real=True
            )
            for size, side in zip(mask.shape, spacing, strict=True)
        )
        return cls(
            mask, factor, CutCells.of_pixels(mask, factor, (rows, columns), _RIM_PX), spacing
        )

    @property
    def box_mask(self) -> NDArray[np.bool_]:
        """Bins that belong to the domain, (y, x) of the box."""
        return self.cells.shares > 0

    @property
    def box_shape(self) -> tuple[int, int]:
        """Bins along y and x, the padding included."""
        return (self.cells.shares.shape[0], self.cells.shares.shape[1])

    @property
    def noise_factor(self) -> float:
        """Standard deviation of white noise in a bin over that in a pixel."""
        return 1 / self.factor

    def to_box(self, yx_field: NDArray[np.float64], device: torch.device) -> torch.Tensor:
        """Average an image field over the domain's share of each bin; zero outside."""
        inside = np.where(self.mask, yx_field, 0.0)
        box = np.zeros(self.box_shape)
        total = block_reduce(inside, self.factor, np.mean)
        share = _share(self.mask, self.factor)
        box[self._bins()] = np.divide(total, share, out=np.zeros_like(total), where=share > 0)
        return torch.from_numpy(box * self.box_mask).to(device)

    def to_image(self, box: torch.Tensor) -> NDArray[np.float64]:
        """Interpolate a smooth box field at the image's pixels; NaN outside the mask."""
        y, x = np.nonzero(self.mask)
        yx_field = np.full(self.mask.shape, np.nan)
        yx_field[y, x] = self._at([y, x], 1 / self.factor, box)
        return yx_field

    def from_coarser(self, box: torch.Tensor, coarser: MaskGrid) -> torch.Tensor:
        """Interpolate a box field of a coarser grid of the same mask at these bins."""
        places = np.indices(self.box_shape) - _RIM_PX
        values = coarser._at(list(places), self.factor / coarser.factor, box)
        return torch.from_numpy(values).to(box.device)

    def bin_sums(self, yx_weights: NDArray[np.float64]) -> NDArray[np.float64]:
        """Add up what lies in each bin, (y, x) of the box."""
        sums = np.zeros(self.box_shape)
        sums[self._bins()] = block_reduce(yx_weights, self.factor, np.sum)
        return sums

    def _at(
        self, places: list[NDArray[np.intp]], bins_each: float, box: torch.Tensor
    ) -> NDArray[np.float64]:
        """Interpolate at places counted in cells of `bins_each` bins."""
        bins = [(place + 0.5) * bins_each - 0.5 + _RIM_PX for place in places]
        values: NDArray[np.float64] = ndimage.map_coordinates(
            box.detach().cpu().numpy(), bins, order=3, mode="grid-wrap"
        )
        return values

    def _bins(self) -> tuple[slice, slice]:
        """Return where the bins lie in the box."""
        rows, columns = (-(-size // self.factor) for size in self.mask.shape)
        return slice(_RIM_PX, _RIM_PX + rows), slice(_RIM_PX, _RIM_PX + columns)


def _share(mask: NDArray[np.bool_], factor: int) -> NDArray[np.float64]:
    """Return the share of each bin that lies in the mask."""
    share: NDArray[np.float64] = block_reduce(mask.astype(np.float64), factor, np.mean)
    return share


def _sizes(
    shape: tuple[int, int], spacing_nm: tuple[float, float], resolution_nm: float
) -> tuple[int, int]:
    """Return even numbers of bins that the Fourier transform is fast for."""
    rows, columns = (
        min(size, 2 * fft.next_fast_len(int(np.ceil(size * side / resolution_nm / 2)), real=True))
        for size, side in zip(shape, spacing_nm, strict=True)
    )
    return rows, columns


def resample(field: torch.Tensor, shape: tuple[int, int]) -> torch.Tensor:
    """Change the number of samples of periodic (..., y, x) fields, by their Fourier series."""
    before = (field.shape[-2], field.shape[-1])
    if before == shape:
        return field
    spectrum = resample_spectrum(torch.fft.rfft2(field), before, shape)
    resampled: torch.Tensor = torch.fft.irfft2(spectrum, s=shape)
    return resampled


def resample_spectrum(
    spectrum: torch.Tensor, before: tuple[int, int], shape: tuple[int, int]
) -> torch.Tensor:
    """Change the number of samples, (y, x), behind half-complex spectra of periodic fields."""
    rows, columns = (min(old, new) for old, new in zip(before, shape, strict=True))
    half = (rows - 1) // 2
    kept = (columns - 1) // 2 + 1
    scale = shape[0] * shape[1] / (before[0] * before[1])
    out = spectrum.new_zeros((*spectrum.shape[:-2], shape[0], shape[1] // 2 + 1))
    out[..., : half + 1, :kept] = scale * spectrum[..., : half + 1, :kept]
    if half:
        out[..., -half:, :kept] = scale * spectrum[..., -half:, :kept]
    return out
