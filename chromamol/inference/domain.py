"""Where an equation is solved: the Laplacian of a domain, and inverses of its polynomials.

Mollification, whitening and the inverse operators of the reaction-diffusion equation are all
functions of one operator, -lap, so they commute and share one implementation: in Fourier space on
a periodic box, here, and by `masked_box.MaskedBox` inside a nucleus.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import numpy as np
import torch

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.polynomial import Polynomial
    from numpy.typing import NDArray

    Operator = Callable[[torch.Tensor], torch.Tensor]


class Domain(Protocol):
    """A box of pixels of which `inside` belong to the domain; fields are zero elsewhere.

    Attributes
    ----------
    inside : (y, x) bool tensor
        The pixels of the domain.
    spacing_nm : (float, float)
        Pixel size along y and x, nm.
    k2 : (y, x // 2 + 1) array
        Squared wave numbers of the whole box, 1/nm2.
    root_share : (y, x) tensor
        Root of the share of each pixel that is inside. Fields of data are kept times it.
    outline_sd : (y, x) tensor
        Standard deviation of that share, relative to it: how well the outline is known.
    stencil_nm2 : float
        The discrete operator is k2 - stencil_nm2 k2^2 + ..., nm2 (0: exact).
    """

    inside: torch.Tensor
    root_share: torch.Tensor
    outline_sd: torch.Tensor
    spacing_nm: tuple[float, float]
    k2: NDArray[np.float64]
    stencil_nm2: float

    def minus_laplacian(self, field: torch.Tensor) -> torch.Tensor:
        """Return -lap field, 1/nm2, for fields (..., y, x)."""
        ...

    def inverse(self, polynomial: Polynomial, *, single: bool = False) -> Operator:
        """Return 1 / p(-lap) for a polynomial p of k2 (1/nm2) that is positive for k2 >= 0.

        `single`: worked out in single precision, twice as fast; fields stay in double precision.
        """
        ...


class PeriodicBox:
    """A box that repeats: exact derivatives by Fourier transform.

    Parameters
    ----------
    shape : (int, int)
        Pixels along y and x.
    spacing_nm : (float, float)
        Pixel size along y and x, nm.
    device : torch.device
        Where the fields live.
    """

    stencil_nm2 = 0.0

    def __init__(
        self, shape: tuple[int, int], spacing_nm: tuple[float, float], device: torch.device
    ) -> None:
        self.spacing_nm = spacing_nm
        self.inside = torch.ones(shape, dtype=torch.bool, device=device)
        self.root_share = torch.ones(shape, dtype=torch.float64, device=device)
        self.outline_sd = torch.zeros(shape, dtype=torch.float64, device=device)
        self.k2 = squared_wave_numbers(shape, spacing_nm)
        self._minus_laplacian = fourier_multiplier(self.k2, shape, device)

    def minus_laplacian(self, field: torch.Tensor) -> torch.Tensor:
        """Return -lap field, 1/nm2, for fields (..., y, x)."""
        return self._minus_laplacian(field)

    def inverse(self, polynomial: Polynomial, *, single: bool = False) -> Operator:
        """Return 1 / p(-lap) for a polynomial p of k2 (1/nm2) that is positive for k2 >= 0."""
        factors = 1 / polynomial(self.k2)
        shape, device = tuple(self.inside.shape), self.inside.device
        if not single:
            return fourier_multiplier(factors, shape, device)
        multiply = fourier_multiplier(factors.astype(np.float32), shape, device)
        return lambda field: multiply(field.float()).double()


def squared_wave_numbers(
    shape: tuple[int, ...], spacing_nm: tuple[float, float]
) -> NDArray[np.float64]:
    """Return k2 of the half-complex spectrum of a (y, x) box, shape (y, x // 2 + 1), 1/nm2."""
    k_y = 2 * np.pi * np.fft.fftfreq(shape[0], spacing_nm[0])
    k_x = 2 * np.pi * np.fft.rfftfreq(shape[1], spacing_nm[1])
    k2: NDArray[np.float64] = k_y[:, None] ** 2 + k_x[None, :] ** 2
    return k2


def fourier_multiplier(
    factors: NDArray[np.floating], shape: tuple[int, ...], device: torch.device
) -> Operator:
    """Return the operator that multiplies the half-complex spectrum of (..., y, x) fields."""
    multiplier = torch.from_numpy(factors).to(device)
    return lambda field: torch.fft.irfft2(torch.fft.rfft2(field) * multiplier, s=tuple(shape[-2:]))
