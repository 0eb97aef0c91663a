"""What a map of the rate looks like before the data are seen: smooth, or in plateaus.

Both priors are on the logarithm of the rate, so that a rate is positive, and a change from 1 to 2
as likely as one from 1 to 1/2. The first is smooth in its fourth derivatives, the second costs
every edge its height (total variation; Rudin, Osher and Fatemi, Physica D 60, 259, 1992) and is
solved by reweighting (Vogel and Oman, SIAM J. Sci. Comput. 17, 227, 1996).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import numpy as np
import torch

from chromamol.inference.domain import fourier_multiplier

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from chromamol.inference.domain import Domain


class Prior(Protocol):
    """A quadratic penalty on a field of the box, positive outside the mask as well.

    Attributes
    ----------
    symbol : (y, x // 2 + 1) array
        The penalty of each wave, on average over the box: for the preconditioner.
    """

    symbol: NDArray[np.float64]

    def apply(self, field: torch.Tensor) -> torch.Tensor:
        """Return the gradient of half the penalty, for fields (..., y, x)."""
        ...

    def bend(self, field: torch.Tensor) -> torch.Tensor:
        """Return the curvature of the penalty itself times a field, of which `apply` is a bound."""
        ...

    def draw(self, count: int, generator: torch.Generator) -> torch.Tensor:
        """Draw fields whose covariance is the penalty's matrix, (count, y, x)."""
        ...


class SmoothPrior:
    """Waves are expected with amplitudes that fall as k^-4.

    Parameters
    ----------
    strength : float
        Penalty of a wave of length 2 pi `length_nm`.
    length_nm : float
    domain : Domain
    """

    def __init__(self, strength: float, length_nm: float, domain: Domain) -> None:
        self.symbol = strength * (length_nm**2 * domain.k2) ** 4
        self._shape = tuple(domain.inside.shape)
        self._device = domain.inside.device
        self._apply = fourier_multiplier(self.symbol, self._shape, self._device)

    def apply(self, field: torch.Tensor) -> torch.Tensor:
        """Return the gradient of half the penalty, for fields (..., y, x)."""
        return self._apply(field)

    def bend(self, field: torch.Tensor) -> torch.Tensor:
        """Return the same: the penalty is quadratic."""
        return self._apply(field)

    def draw(self, count: int, generator: torch.Generator) -> torch.Tensor:
        """Draw fields whose covariance is the penalty's matrix, (count, y, x)."""
        white = torch.randn((count, *self._shape), generator=generator, dtype=torch.float64)
        root = fourier_multiplier(np.sqrt(self.symbol), self._shape, self._device)
        return root(white.to(self._device))


class EdgePrior:
    """Plateaus with edges: the slope is penalised, least where `about` is steep already.

    Parameters
    ----------
    strength : float
        Penalty of a slope, 1 / (information a pixel), over its size.
    about : (y, x) tensor
        The field whose slopes set the weights.
    least_slope : float
        Slopes below this one count as flat, 1/nm.
    domain : Domain
    """

    def __init__(
        self, strength: float, about: torch.Tensor, least_slope: float, domain: Domain
    ) -> None:
        self._spacing_nm = domain.spacing_nm
        down, right = self._slopes(about)
        size = torch.sqrt(down**2 + right**2 + least_slope**2)
        self._weights = strength / size
        self._direction = (down / size, right / size)
        typical = float(self._weights.median())
        self.symbol = typical * domain.k2

    def apply(self, field: torch.Tensor) -> torch.Tensor:
        """Return the gradient of half the penalty, for fields (..., y, x)."""
        down, right = self._slopes(field)
        return self._gather(self._weights * down, self._weights * right)

    def bend(self, field: torch.Tensor) -> torch.Tensor:
        """Return the curvature of the penalty itself times a field: less than `apply`.

        Making a slope steeper where it is steep costs the total variation nothing more.
        """
        down, right = self._slopes(field)
        to_down, to_right = self._direction
        along = to_down * down + to_right * right
        return self._gather(
            self._weights * (down - along * to_down), self._weights * (right - along * to_right)
        )

    def draw(self, count: int, generator: torch.Generator) -> torch.Tensor:
        """Draw fields whose covariance is the penalty's matrix, (count, y, x)."""
        shape = (count, *self._weights.shape)
        roots = torch.sqrt(self._weights)
        down, right = (
            roots * torch.randn(shape, generator=generator, dtype=torch.float64).to(roots.device)
            for _ in range(2)
        )
        return self._gather(down, right)

    def _slopes(self, field: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Return the differences to the next pixel down and to the right, 1/nm."""
        dy_nm, dx_nm = self._spacing_nm
        return (
            (torch.roll(field, -1, -2) - field) / dy_nm,
            (torch.roll(field, -1, -1) - field) / dx_nm,
        )

    def _gather(self, down: torch.Tensor, right: torch.Tensor) -> torch.Tensor:
        """Apply the transpose of `_slopes`."""
        dy_nm, dx_nm = self._spacing_nm
        return (torch.roll(down, 1, -2) - down) / dy_nm + (torch.roll(right, 1, -1) - right) / dx_nm
