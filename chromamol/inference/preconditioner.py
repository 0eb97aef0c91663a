r"""What makes conjugate gradients fast: the normal matrix of a map, nearly inverted.

On a box that the data cover, the matrix `factor W2 factor + prior` is about diagonal in Fourier
space, and inverted wave by wave. Where there are no data it is not: there long waves cost next to
nothing. They are few, and get a correction of their own: the exact inverse among the samples that
lie there, on a grid that holds no more than the long waves (an additive Schwarz method; Smith,
Bjorstad and Gropp, Domain Decomposition, 1996). W2 without the outline of the mask is near enough.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch
from scipy import ndimage

from chromamol.inference.domain import fourier_multiplier, squared_wave_numbers
from chromamol.inference.grid import resample, resample_spectrum

if TYPE_CHECKING:
    from numpy.polynomial import Polynomial
    from numpy.typing import NDArray

    from chromamol.inference.domain import Domain, Operator

# Long waves are those that cost less than this share of what the data tell of an even map.
_LONG = 0.1
# More samples of the whole box are not taken: the matrix between those outside is dense.
_MOST_SAMPLES = 2000
# Samples of a product of two long waves, along each axis, for each sample of one.
_OVERSAMPLING = 2
# Fields that are worked out at a time.
_FIELDS = 128
# The shortest of the long waves is rounded to a power of this, so that few matrices are made.
_ROUNDED = 1.3
# The matrices are kept while the factor changes by less than this.
_ALIKE = 0.1


class Preconditioner:
    """Approximate inverses of factor W2 factor + hold + prior, for any prior.

    Parameters
    ----------
    factor : (y, x) tensor
        With the weights of the rows in it.
    seen : (y, x) bool tensor
        Where the data tell something.
    hold : (y, x) tensor
        At least zero.
    information : (y, x // 2 + 1) array
        What the data tell of each wave: the mean square of the factor over `variance`, blurred.
    variance : Polynomial
        1 / W2 as a function of k2.
    domain : Domain
    """

    def __init__(
        self,
        factor: torch.Tensor,
        seen: torch.Tensor,
        hold: torch.Tensor,
        *,
        information: NDArray[np.float64],
        variance: Polynomial,
        domain: Domain,
    ) -> None:
        self._factor, self._hold, self._variance = factor, hold, variance
        self._information = information
        self._domain = domain
        self._shape = (factor.shape[0], factor.shape[1])
        self._device = factor.device
        self._covered = bool(seen.all())
        # Cells at the edge of the data count as outside: long waves do not end at once.
        self._outside = ~ndimage.binary_erosion(seen.cpu().numpy(), border_value=1)
        self._of_data: dict[tuple[int, int], torch.Tensor] = {}

    def serves(self, factor: torch.Tensor) -> bool:
        """Tell whether another factor is so much like this one that it may be kept."""
        change = torch.linalg.vector_norm(factor - self._factor)
        return bool(change < _ALIKE * torch.linalg.vector_norm(factor))

    def inverse(self, symbol: NDArray[np.float64]) -> Operator:
        """Return the operator for a prior of about this penalty a wave, (y, x // 2 + 1)."""
        share = 1 / (self._information + symbol)
        sound = np.isfinite(self._information).all() and self._information[0, 0] > 0
        if self._covered or not sound:
            return fourier_multiplier(share, self._shape, self._device)
        grid = self._grid(symbol)
        chosen = self._chosen(grid)
        if grid not in self._of_data:
            self._of_data[grid] = self._dense(grid, chosen)
        matrix = self._of_data[grid] + self._penalties(grid, chosen, symbol)
        factors, failed = torch.linalg.cholesky_ex(matrix)
        if failed:  # rounding; rare, and slower without
            return fourier_multiplier(share, self._shape, self._device)
        inverse = torch.cholesky_inverse(factors.float())
        multiplier = torch.from_numpy(share).to(self._device)

        def apply(field: torch.Tensor) -> torch.Tensor:
            spectrum = torch.fft.rfft2(field)
            long_waves = resample_spectrum(spectrum, self._shape, grid)
            samples = torch.fft.irfft2(long_waves, s=grid).flatten(-2)
            corrected = torch.zeros_like(samples)
            corrected[..., chosen] = (samples[..., chosen].float() @ inverse).double()
            corrections = torch.fft.rfft2(corrected.reshape(*field.shape[:-2], *grid))
            spectrum *= multiplier
            spectrum += resample_spectrum(corrections, grid, self._shape)
            nearly: torch.Tensor = torch.fft.irfft2(spectrum, s=self._shape)
            return nearly

        return apply

    def _grid(self, symbol: NDArray[np.float64]) -> tuple[int, int]:
        """Return how many samples along y and x hold the long waves."""
        k2 = self._domain.k2
        size_nm = np.array(self._shape) * self._domain.spacing_nm
        needed = np.sqrt(k2[symbol < _LONG * self._information[0, 0]].max())
        most = np.pi * np.sqrt(_MOST_SAMPLES / np.prod(size_nm))
        shortest = _ROUNDED ** np.ceil(
            np.log(max(needed, 2 * np.pi / size_nm.min())) / np.log(_ROUNDED)
        )
        rows, columns = (
            2 * min(int(side_nm * min(shortest, most) / (2 * np.pi)), (side - 1) // 2) + 1
            for side_nm, side in zip(size_nm, self._shape, strict=True)
        )
        return rows, columns

    def _chosen(self, grid: tuple[int, int]) -> torch.Tensor:
        """Return the indices of the samples where there are no data."""
        y, x = (
            np.rint(np.arange(samples) * side / samples).astype(int) % side
            for samples, side in zip(grid, self._shape, strict=True)
        )
        chosen = np.flatnonzero(self._outside[np.ix_(y, x)])
        return torch.from_numpy(chosen).to(self._device)

    def _penalties(
        self, grid: tuple[int, int], chosen: torch.Tensor, symbol: NDArray[np.float64]
    ) -> torch.Tensor:
        """Return the prior as a matrix between these samples."""
        (rows, columns), down = grid, grid[0] // 2
        long_y = np.r_[: down + 1, self._shape[0] - down : self._shape[0]]
        of_long = torch.from_numpy(symbol[long_y, : columns // 2 + 1]).to(self._device)
        kernel = torch.fft.irfft2(of_long, s=grid)
        y, x = chosen // columns, chosen % columns
        matrix: torch.Tensor = kernel[(y[:, None] - y) % rows, (x[:, None] - x) % columns]
        return matrix

    def _dense(self, grid: tuple[int, int], chosen: torch.Tensor) -> torch.Tensor:
        """Return the data and the hold as a matrix between these samples."""
        rows, columns = (
            min(_OVERSAMPLING * side, whole) for side, whole in zip(grid, self._shape, strict=True)
        )
        fine = (rows, columns)
        spacing_y, spacing_x = (
            whole * side_nm / side
            for whole, side_nm, side in zip(self._shape, self._domain.spacing_nm, fine, strict=True)
        )
        variance = self._variance(squared_wave_numbers(fine, (spacing_y, spacing_x)))
        # In single precision: it only has to be near.
        root = fourier_multiplier((1 / np.sqrt(variance)).astype(np.float32), fine, self._device)
        factor, hold = (
            resample(field, fine).float() for field in (self._factor, self._hold.sqrt())
        )

        def gram(show: Operator) -> torch.Tensor:
            shown = torch.empty((len(chosen), rows * columns), device=self._device)
            for start in range(0, len(chosen), _FIELDS):
                some = chosen[start : start + _FIELDS]
                samples = torch.zeros((len(some), grid[0] * grid[1]), device=self._device)
                samples[torch.arange(len(some)), some] = 1
                fields = resample(samples.reshape(-1, *grid), fine)
                shown[start : start + _FIELDS] = show(fields).flatten(1)
            return shown @ shown.mT

        unit = grid[0] * grid[1] / (rows * columns)
        matrix = gram(lambda fields: root(factor * fields))
        matrix += gram(lambda fields: hold * fields)
        return unit * matrix.double()
