"""The uncertainty of a map: draws of its error, from which any mean gets a standard deviation."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import torch
from scipy import ndimage

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from chromamol.inference.grid import Grid


# Bins that see less of the domain have no spread.
_LEAST_WEIGHT = 1e-6
# Of single precision, over the largest error.
_ROUNDING = 1e-6


@dataclass(frozen=True)
class Posterior:
    """Draws of the error of a map.

    Attributes
    ----------
    errors : (draw, y, x) float32 array
        On the bins of `grid`, in the unit of the map; zero on average.
    level : (y, x) float64 array
        What the errors are in proportion to: the map itself if it is positive, else 1.
    inside : (y, x) bool array
        Bins of the domain.
    grid : Grid
    smoothing_nm : float
        Length over which the relative spread of the draws is averaged, nm: it hardly changes over
        the smoothing length of the map itself, and every draw has its own noise.
    """

    errors: NDArray[np.float32]
    level: NDArray[np.float64]
    inside: NDArray[np.bool_]
    grid: Grid
    smoothing_nm: float

    def sd(self) -> NDArray[np.float64]:
        """Return the standard deviation of the map, (y, x) of the image."""
        variance = np.zeros(self.level.shape)
        for draw in self.errors:
            variance += (draw / self.level) ** 2 / len(self.errors)
        sigma = [self.smoothing_nm / side for side in self.grid.spacing_nm]
        weight = ndimage.gaussian_filter(self.inside.astype(np.float64), sigma, mode="wrap")
        total = ndimage.gaussian_filter(variance * self.inside, sigma, mode="wrap")
        smooth = np.divide(total, weight, out=np.zeros_like(total), where=weight > _LEAST_WEIGHT)
        relative = np.sqrt(np.maximum(self.grid.to_image(torch.from_numpy(smooth)), 0.0))
        level = self.grid.to_image(torch.from_numpy(self.level))
        sd: NDArray[np.float64] = relative * np.maximum(level, 0.0)
        return sd

    def scaled(self, factor: float) -> Posterior:
        """Return the errors of the map times a known factor."""
        return replace(self, errors=np.float32(factor) * self.errors, level=factor * self.level)

    def over_mean(self, yx_map: NDArray[np.float64]) -> Posterior:
        """Return the errors of the map over its mean, which has an error itself."""
        known = np.isfinite(yx_map)
        pixels = self.grid.bin_sums(known.astype(np.float64))
        sums = self.grid.bin_sums(np.where(known, yx_map, 0.0))
        mean = sums.sum() / pixels.sum()
        shape = np.divide(sums / mean, pixels, out=np.ones_like(sums), where=pixels > 0)
        of_mean = self._mean_errors(known).astype(np.float32)
        errors = self.errors - of_mean[:, None, None] * shape.astype(np.float32)
        return replace(self, errors=errors / np.float32(mean), level=self.level / mean)

    def mean_sd(self, yx_region: NDArray[np.bool_]) -> float:
        """Return the standard deviation of the mean of the map over a (y, x) bool region.

        What is no more than the rounding of the errors is 0, as for the region over whose mean a
        map was divided.
        """
        sd = float(np.sqrt(np.mean(self._mean_errors(yx_region) ** 2)))
        return sd if sd > _ROUNDING * float(np.abs(self.errors).max(initial=0.0)) else 0.0

    def _mean_errors(self, yx_region: NDArray[np.bool_]) -> NDArray[np.float64]:
        """Return the mean of every draw over a region."""
        weights = self.grid.bin_sums(yx_region.astype(np.float64)).astype(np.float32)
        means: NDArray[np.float64] = np.tensordot(self.errors, weights, axes=2) / weights.sum()
        return means
