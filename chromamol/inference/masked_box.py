r"""The inside of a nucleus, through whose edge nothing flows.

-lap is the nine-point Laplacian of finite volumes, whose symbol in the open is
k2 - stencil_nm2 k2^2 + O(k^6) in every direction for square cells. Fields are kept times the root
of the cell's share in the nucleus: -lap is then symmetric, and white noise has the same standard
deviation in every cell. 1 / p(-lap) is a product over the pairs of roots z, z* of the polynomial p,

    1 / |a - z|^2 = Im [1 / (a - z)] / Im z,

so that an operator of order 8 needs no more than shifted Laplacians, each solved to the precision
of the fields by `edge_sources.EdgeSources`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch

from chromamol.inference.cut_cells import diagonal_weight
from chromamol.inference.domain import fourier_multiplier, squared_wave_numbers
from chromamol.inference.edge_sources import EdgeSources

if TYPE_CHECKING:
    from numpy.polynomial import Polynomial

    from chromamol.inference.cut_cells import CutCells
    from chromamol.inference.domain import Operator

# Roots nearer to the real axis than this, relatively, are real (twice, if they are a pair).
_REAL_ROOT = 1e-4


class MaskedBox:
    """The cells of a mask; a `domain.Domain`.

    Parameters
    ----------
    cells : CutCells
        With an empty rim; the box wraps around for Fourier transforms.
    spacing_nm : (float, float)
        Size of a cell along y and x, nm.
    device : torch.device
        Where the fields live.
    """

    def __init__(
        self, cells: CutCells, spacing_nm: tuple[float, float], device: torch.device
    ) -> None:
        shape = cells.shares.shape
        dy2, dx2 = (side**2 for side in spacing_nm)
        self.spacing_nm = spacing_nm
        self.k2 = squared_wave_numbers(shape, spacing_nm)
        self.stencil_nm2 = (dy2 + dx2) / 24
        shares = torch.from_numpy(cells.shares).to(device)
        self.inside = shares > 0
        self.root_share = shares.sqrt()
        share_sd = np.divide(
            cells.share_sd, cells.shares, out=np.zeros(shape), where=cells.shares > 0
        )
        self.outline_sd = torch.from_numpy(share_sd).to(device)
        self._unroot = torch.where(self.inside, 1 / self.root_share, 0.0)
        self._here = self.inside.to(torch.float64)
        bonds = cells.bonds(spacing_nm)
        self._bonds = {offset: torch.from_numpy(bond).to(device) for offset, bond in bonds.items()}
        self._degree = torch.zeros_like(shares)
        for (dy, dx), bond in self._bonds.items():
            self._degree += bond + torch.roll(bond, (dy, dx), (0, 1))
        self._degree *= self._unroot**2
        self._scaled = {
            (dy, dx): bond * self._unroot * torch.roll(self._unroot, (-dy, -dx), (0, 1))
            for (dy, dx), bond in self._bonds.items()
        }
        diagonal = diagonal_weight(spacing_nm)
        self._open = {
            (1, 0): 1 / dy2 - 2 * diagonal,
            (0, 1): 1 / dx2 - 2 * diagonal,
            (1, 1): diagonal,
            (1, -1): diagonal,
        }
        cos_y = np.cos(2 * np.pi * np.fft.fftfreq(shape[0]))[:, None]
        cos_x = np.cos(2 * np.pi * np.fft.rfftfreq(shape[1]))[None, :]
        self._box_symbol = 2 * (
            self._open[1, 0] * (1 - cos_y)
            + self._open[0, 1] * (1 - cos_x)
            + 2 * diagonal * (1 - cos_y * cos_x)
        )

    def minus_laplacian(self, field: torch.Tensor) -> torch.Tensor:
        """Return -lap field, 1/nm2, for fields (..., y, x) that vanish outside the mask."""
        total = self._degree * field
        for (dy, dx), bond in self._scaled.items():
            here, there = _shifted_views(dy, dx)
            total[(..., *here)] -= bond[here] * field[(..., *there)]
            total[(..., *there)] -= bond[here] * field[(..., *here)]
        return total

    def inverse(self, polynomial: Polynomial, *, single: bool = False) -> Operator:
        """Return 1 / p(-lap) for a polynomial p of k2 (1/nm2) that is positive for k2 >= 0.

        `single`: worked out in single precision, twice as fast; fields stay in double precision.
        """
        scale = 1 / float(polynomial.coef[-1])
        dtype = torch.float32 if single else torch.float64
        roots = _one_of_each_pair(polynomial)
        solvers = [self._shifted(root, dtype) for root in roots]
        here = self._here.to(dtype)

        def apply(field: torch.Tensor) -> torch.Tensor:
            field = (self._unroot * field).to(dtype)
            for solver in solvers:
                field = here * solver.solve(field)
            return scale * self.root_share * field

        return apply

    def inverse_on_the_box(self, polynomial: Polynomial) -> Operator:
        """Return 1 / p(-lap) of the whole box, restricted: a preconditioner for the mask."""
        symbol = polynomial(self._box_symbol)
        on_the_box = fourier_multiplier(1 / symbol, self.inside.shape, self.inside.device)
        return lambda field: self._here * on_the_box(field)

    def _shifted(self, shift: complex, dtype: torch.dtype) -> EdgeSources:
        """Return the solver of (-lap - shift) u = f, for fields that are not times the root."""
        leaks = {}
        for (dy, dx), weight in self._open.items():
            bond, back = self._bonds[dy, dx], torch.roll(self._bonds[dy, dx], (dy, dx), (0, 1))
            leaks[dy, dx] = self._here * (weight - bond * self._unroot**2)
            leaks[-dy, -dx] = self._here * (weight - back * self._unroot**2)
        symbol = torch.from_numpy(self._box_symbol).to(self.inside.device)
        return EdgeSources(leaks, symbol, shift, dtype)


def _one_of_each_pair(polynomial: Polynomial) -> list[complex]:
    """Return the real roots, and of each pair of complex ones that above the real axis."""
    chosen = []
    for root in polynomial.roots().astype(complex):
        if abs(root.imag) < _REAL_ROOT * abs(root):
            chosen.append(complex(root.real))
        elif root.imag > 0:
            chosen.append(complex(root))
    return sorted(chosen, key=abs, reverse=True)


def _shifted_views(dy: int, dx: int) -> tuple[tuple[slice, slice], tuple[slice, slice]]:
    """Return the cells that have a neighbour at an offset, and these neighbours."""
    columns = {
        0: (slice(None),) * 2,
        1: (slice(-1), slice(1, None)),
        -1: (slice(1, None), slice(-1)),
    }
    rows = (slice(None),) * 2 if dy == 0 else (slice(-1), slice(1, None))
    return (rows[0], columns[dx][0]), (rows[1], columns[dx][1])
