"""Where an equation is solved: the Laplacian of a domain, and inverses of its polynomials.

Mollification, whitening and the inverse operators of the reaction-diffusion equation are all
functions of one operator, -lap, so they commute and share one implementation. On a periodic box
they act in Fourier space. On the mask of a nucleus -lap is the nine-point Laplacian of the graph
of its pixels, through whose edge nothing flows. There 1 / p(-lap) is a product over the pairs of
roots z, z* of the polynomial p,

    1 / |a - z|^2 = Im [1 / (a - z)] / Im z,

so that an operator of order 8 needs no more than shifted Laplacians, each solved by Krylov
iterations preconditioned with the same operator on the whole box (the fictitious domain).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import numpy as np
import torch

from chromamol.inference.conjugate_gradients import conjugate_gradients

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.polynomial import Polynomial
    from numpy.typing import NDArray

    Operator = Callable[[torch.Tensor], torch.Tensor]

# Relative tolerance of the shifted solves: the whitening spans eight orders of magnitude.
_SHIFT_TOLERANCE = 1e-6
# Roots nearer to the real axis than this, relatively, are real (twice, if they are a pair).
_REAL_ROOT = 1e-4


class Domain(Protocol):
    """A box of pixels of which `inside` belong to the domain; fields are zero elsewhere.

    Attributes
    ----------
    inside : (y, x) bool tensor
        The pixels of the domain.
    k2 : (y, x // 2 + 1) array
        Squared wave numbers of the whole box, 1/nm2.
    stencil_nm2 : float
        The discrete operator is k2 - stencil_nm2 k2^2 + ..., nm2 (0: exact).
    """

    inside: torch.Tensor
    k2: NDArray[np.float64]
    stencil_nm2: float

    def minus_laplacian(self, field: torch.Tensor) -> torch.Tensor:
        """Return -lap field, 1/nm2, for fields (..., y, x)."""
        ...

    def inverse(self, polynomial: Polynomial) -> Operator:
        """Return 1 / p(-lap) for a polynomial p of k2 (1/nm2) that is positive for k2 >= 0."""
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
        self.inside = torch.ones(shape, dtype=torch.bool, device=device)
        self.k2 = squared_wave_numbers(shape, spacing_nm)
        self._minus_laplacian = fourier_multiplier(self.k2, shape, device)

    def minus_laplacian(self, field: torch.Tensor) -> torch.Tensor:
        """Return -lap field, 1/nm2, for fields (..., y, x)."""
        return self._minus_laplacian(field)

    def inverse(self, polynomial: Polynomial) -> Operator:
        """Return 1 / p(-lap) for a polynomial p of k2 (1/nm2) that is positive for k2 >= 0."""
        return fourier_multiplier(1 / polynomial(self.k2), self.inside.shape, self.inside.device)


class MaskedBox:
    """The pixels of a mask, with no flux through its edge.

    The nine-point Laplacian has the symbol k2 - stencil_nm2 k2^2 + O(k^6) in every direction
    (the isotropic Mehrstellen stencil, Collatz 1960, for square pixels).

    Parameters
    ----------
    mask : (y, x) bool array
        The pixels of the domain, already padded: the box wraps around for Fourier transforms.
    spacing_nm : (float, float)
        Pixel size along y and x, nm.
    device : torch.device
        Where the fields live.
    """

    def __init__(
        self, mask: NDArray[np.bool_], spacing_nm: tuple[float, float], device: torch.device
    ) -> None:
        dy2, dx2 = (side**2 for side in spacing_nm)
        self.k2 = squared_wave_numbers(mask.shape, spacing_nm)
        self.stencil_nm2 = (dy2 + dx2) / 24
        self.inside = torch.from_numpy(mask).to(device)
        # Pixels more than twice as long as wide would need a negative weight: less diagonal then.
        self._diagonal = min((dy2 + dx2) / 12 / (dy2 * dx2), 0.5 / dy2, 0.5 / dx2)
        self._along_y = 1 / dy2 - 2 * self._diagonal
        self._along_x = 1 / dx2 - 2 * self._diagonal
        self._here = self.inside.to(torch.float64)
        self._degree = self._neighbours(self._here) * self._here
        cos_y = np.cos(2 * np.pi * np.fft.fftfreq(mask.shape[0]))[:, None]
        cos_x = np.cos(2 * np.pi * np.fft.fftfreq(mask.shape[1]))[None, :]
        self._box_symbol = 2 * (
            self._along_y * (1 - cos_y)
            + self._along_x * (1 - cos_x)
            + 2 * self._diagonal * (1 - cos_y * cos_x)
        )

    def _neighbours(self, field: torch.Tensor) -> torch.Tensor:
        """Sum the neighbours of every pixel, weighted; the box has an empty rim."""
        columns = torch.zeros_like(field)
        columns[..., 1:-1, :] = field[..., :-2, :] + field[..., 2:, :]
        total = self._along_y * columns
        total[..., 1:-1] += self._along_x * (field[..., :-2] + field[..., 2:])
        total[..., 1:-1] += self._diagonal * (columns[..., :-2] + columns[..., 2:])
        return total

    def minus_laplacian(self, field: torch.Tensor) -> torch.Tensor:
        """Return -lap field, 1/nm2, for fields (..., y, x) that vanish outside the mask."""
        return torch.addcmul(self._degree * field, self._here, self._neighbours(field), value=-1)

    def inverse(self, polynomial: Polynomial) -> Operator:
        """Return 1 / p(-lap) for a polynomial p of k2 (1/nm2) that is positive for k2 >= 0."""
        roots = sorted(polynomial.roots().astype(complex), key=abs, reverse=True)
        scale = 1 / float(polynomial.coef[-1])

        def apply(field: torch.Tensor) -> torch.Tensor:
            for root in roots:
                if abs(root.imag) < _REAL_ROOT * abs(root):
                    field = self._solve_shifted(field, root.real)
                elif root.imag > 0:
                    field = self._solve_shifted(field.to(torch.complex128), root).imag / root.imag
            scaled: torch.Tensor = scale * field
            return scaled

        return apply

    def inverse_on_the_box(self, polynomial: Polynomial) -> Operator:
        """Return 1 / p(-lap) of the whole box, restricted: a preconditioner for the mask."""
        symbol = polynomial(self._box_symbol[:, : self.k2.shape[1]])
        on_the_box = fourier_multiplier(1 / symbol, self.inside.shape, self.inside.device)
        return lambda field: self._here * on_the_box(field)

    def _solve_shifted(self, field: torch.Tensor, shift: complex) -> torch.Tensor:
        """Return (-lap - shift)^-1 field: few steps, the box being spectrally equivalent."""
        box = torch.from_numpy(1 / (self._box_symbol - shift)).to(field.device)

        def on_the_box(residual: torch.Tensor) -> torch.Tensor:
            solved = torch.fft.ifft2(torch.fft.fft2(residual) * box)
            inside: torch.Tensor = self._here * (solved if residual.is_complex() else solved.real)
            return inside

        solution, _ = conjugate_gradients(
            lambda guess: self.minus_laplacian(guess) - shift * guess,
            field,
            on_the_box,
            on_the_box(field),
            tolerance=_SHIFT_TOLERANCE,
        )
        return solution


def squared_wave_numbers(
    shape: tuple[int, ...], spacing_nm: tuple[float, float]
) -> NDArray[np.float64]:
    """Return k2 of the half-complex spectrum of a (y, x) box, shape (y, x // 2 + 1), 1/nm2."""
    k_y = 2 * np.pi * np.fft.fftfreq(shape[0], spacing_nm[0])
    k_x = 2 * np.pi * np.fft.rfftfreq(shape[1], spacing_nm[1])
    k2: NDArray[np.float64] = k_y[:, None] ** 2 + k_x[None, :] ** 2
    return k2


def fourier_multiplier(
    factors: NDArray[np.float64], shape: tuple[int, ...], device: torch.device
) -> Operator:
    """Return the operator that multiplies the half-complex spectrum of (..., y, x) fields."""
    multiplier = torch.from_numpy(factors).to(device)
    return lambda field: torch.fft.irfft2(torch.fft.rfft2(field) * multiplier, s=tuple(shape[-2:]))
