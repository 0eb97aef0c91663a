r"""Exact shifted solves on a mask: Fourier transforms of the box, and sources along the edge.

On a box that repeats, the nine-point Laplacian A_box is diagonal in Fourier space. On a mask,
through whose edge nothing flows, A differs from it only in the rows of the cells at the edge:

    A u = A_box u - N u,    (N u)_i = sum over the neighbours j of n_ij (u_i - u_j)

With G = (A_box - z)^-1 the solution of (A - z) u = f inside is therefore u = G (f + E q), where E q
are sources at the edge cells that undo the flow through the edge, (1 - N G E) q = N G f: a
dense system of one unknown for each edge cell (the capacitance matrix method; Proskurowski and
Widlund, Math. Comput. 30, 433, 1976). It is exact, costs two transforms more than a periodic
solve, and its matrix needs nothing but the Green's function of the box.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from collections.abc import Mapping

# Leaks smaller than this share of the largest symbol are none.
_ROUNDING = 1e-12
# Rows of the dense matrix that are made at a time.
_BLOCK = 256


class EdgeSources:
    """The solver of (A - z) u = f for one shift z.

    Parameters
    ----------
    leaks : mapping of (dy, dx) to (y, x) tensor
        n, what the box lets pass more than the mask does, to each of the eight neighbours,
        1/nm2; zero away from the edge, and outside.
    symbol : (y, x // 2 + 1) tensor
        That of A_box, 1/nm2.
    shift : complex
        z, 1/nm2; not on the real axis, or below zero.
    dtype : torch.dtype
        Of the fields, which is the precision of the solver.
    """

    def __init__(
        self,
        leaks: Mapping[tuple[int, int], torch.Tensor],
        symbol: torch.Tensor,
        shift: complex,
        dtype: torch.dtype = torch.float64,
    ) -> None:
        total = torch.stack([leak.abs() for leak in leaks.values()]).sum(dim=0)
        self._shape = tuple(total.shape)
        self._shift = shift
        resolvent = 1 / (symbol - shift)
        parts = [resolvent.real, resolvent.imag] if shift.imag else [resolvent.real]
        at_edge = total > _ROUNDING * symbol.max()
        self._y, self._x = torch.nonzero(at_edge, as_tuple=True)
        self._leaks = torch.stack([leak[at_edge] for leak in leaks.values()], dim=-1).to(dtype)
        self._all_leaks = self._leaks.sum(dim=-1)
        steps = torch.tensor(list(leaks), device=total.device)
        self._neighbours = self._y[:, None] + steps[:, 0], self._x[:, None] + steps[:, 1]
        # Faster to apply than factors, and well conditioned.
        self._undo_leaks = torch.linalg.inv(self._matrix(parts, list(leaks)))
        self._parts = [part.to(dtype) for part in parts]

    def solve(self, field: torch.Tensor) -> torch.Tensor:
        """Return (A - z)^-1 field for a real z, and Im [(A - z)^-1 field] / Im z for a complex one.

        Parameters
        ----------
        field : (..., y, x) tensor
            Zero outside the mask.

        Returns
        -------
        (..., y, x) tensor
            Of no meaning outside the mask.
        """
        spectrum = torch.fft.rfft2(field)
        flow = self._flow([self._invert(spectrum * part) for part in self._parts])
        right = flow.reshape(-1, flow.shape[-1]).mT
        sources = (self._undo_leaks @ right).mT.reshape(flow.shape)
        if not self._shift.imag:
            return self._invert(self._parts[0] * (spectrum + self._spread(sources)))
        real, imaginary = self._parts
        solved = imaginary * (spectrum + self._spread(sources.real))
        solved += real * self._spread(sources.imag)
        return self._invert(solved / self._shift.imag)

    def _matrix(self, parts: list[torch.Tensor], steps: list[tuple[int, int]]) -> torch.Tensor:
        """Return 1 - N G E."""
        parts = [self._invert(part.to(torch.complex128)).to(self._leaks.dtype) for part in parts]
        green = torch.complex(parts[0], parts[1]) if len(parts) == 2 else parts[0]
        rows, columns = self._shape
        count = len(self._y)
        matrix = torch.eye(count, dtype=green.dtype, device=green.device)
        for start in range(0, count, _BLOCK):
            block = slice(start, start + _BLOCK)
            dy = self._y[block, None] - self._y
            dx = self._x[block, None] - self._x
            matrix[block] -= self._all_leaks[block, None] * green[dy % rows, dx % columns]
            for (step_y, step_x), leak in zip(steps, self._leaks[block].mT, strict=True):
                there = green[(dy + step_y) % rows, (dx + step_x) % columns]
                matrix[block] += leak[:, None] * there
        return matrix

    def _flow(self, parts: list[torch.Tensor]) -> torch.Tensor:
        """Return N u, (..., edge), for the real and the imaginary part of u, or the real one."""
        there_y, there_x = self._neighbours
        flows = [
            self._all_leaks * part[..., self._y, self._x]
            - (self._leaks * part[..., there_y, there_x]).sum(dim=-1)
            for part in parts
        ]
        return torch.complex(flows[0], flows[1]) if len(flows) == 2 else flows[0]

    def _spread(self, sources: torch.Tensor) -> torch.Tensor:
        """Return the spectrum of sources at the edge pixels."""
        field = torch.zeros((*sources.shape[:-1], *self._shape), dtype=sources.dtype)
        field = field.to(sources.device)
        field[..., self._y, self._x] = sources
        spectrum: torch.Tensor = torch.fft.rfft2(field)
        return spectrum

    def _invert(self, spectrum: torch.Tensor) -> torch.Tensor:
        field: torch.Tensor = torch.fft.irfft2(spectrum, s=self._shape)
        return field
