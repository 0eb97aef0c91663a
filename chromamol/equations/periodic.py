"""Implicit time steps on a periodic box, in Fourier space."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy import fft

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Field = NDArray[np.float64]


class PeriodicSteps:
    """Operators of a simulation on a (y, x) box that repeats."""

    def __init__(self, shape: tuple[int, ...], spacing_nm: tuple[float, float]) -> None:
        self._shape = shape
        waves = [
            2 * np.pi * np.fft.fftfreq(shape[0], spacing_nm[0])[:, None],
            2 * np.pi * np.fft.rfftfreq(shape[1], spacing_nm[1])[None, :],
        ]
        self._k2 = waves[0] ** 2 + waves[1] ** 2

    def gather(self, yx_field: Field) -> Field:
        """Return the field as the steps work on it."""
        return np.asarray(yx_field, dtype=np.float64)

    def scatter(self, field: Field) -> Field:
        """Return the field on the (y, x) grid."""
        return field

    def minus_laplacian(self, field: Field) -> Field:
        """Return -lap field, 1/nm2."""
        return self._multiply(self._k2, field)

    def implicit(self, unit: float, minus_lap: float, bilap: float) -> Callable[[Field], Field]:
        """Return the inverse of unit - minus_lap lap + bilap lap lap (lengths in nm)."""
        inverse = 1 / (unit + minus_lap * self._k2 + bilap * self._k2**2)
        return lambda field: self._multiply(inverse, field)

    def _multiply(self, factors: Field, field: Field) -> Field:
        product: Field = fft.irfft2(factors * fft.rfft2(field), s=self._shape)
        return product
