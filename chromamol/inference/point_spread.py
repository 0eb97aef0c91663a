"""The blur of the microscope as a function of the Laplacian of a domain."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from numpy.polynomial import Polynomial

if TYPE_CHECKING:
    import torch

    from chromamol.inference.domain import Domain

_FWHM_TO_SD = 1 / math.sqrt(8 * math.log(2))
_ORDER = 3


class PointSpread:
    """A Gaussian of given width that does not cross the edge of the domain.

    exp(-sd^2 k^2 / 2) is 1 over the first terms of the series of exp(sd^2 k^2 / 2): right to 1 %
    down to periods of four widths, and an operator that a mask can invert as well.

    Parameters
    ----------
    psf_nm : float
        Full width at half maximum, nm; 0 for none.
    domain : Domain
    """

    def __init__(self, psf_nm: float, domain: Domain) -> None:
        half_variance = (psf_nm * _FWHM_TO_SD) ** 2 / 2
        self._series = Polynomial(
            [half_variance**n / math.factorial(n) for n in range(_ORDER + 1)]
        ).trim()
        self._domain = domain
        self.symbol = 1 / self._series(domain.k2)
        self._sharp = psf_nm == 0
        if not self._sharp:
            self._inverse = domain.inverse(self._series)

    def apply(self, field: torch.Tensor) -> torch.Tensor:
        """Blur fields (..., y, x)."""
        return field if self._sharp else self._inverse(field)

    def twice(self, field: torch.Tensor) -> torch.Tensor:
        """Blur fields (..., y, x), and blur them again."""
        return field if self._sharp else self._inverse(self._inverse(field))

    def undo(self, field: torch.Tensor) -> torch.Tensor:
        """Sharpen fields (..., y, x): the inverse of `apply`."""
        if self._sharp:
            return field
        first, *others = (float(coefficient) for coefficient in self._series.coef)
        sharp, bent = first * field, field
        for coefficient in others:
            bent = self._domain.minus_laplacian(bent)
            sharp = sharp + coefficient * bent
        return sharp
