r"""Shifted solves on a mask: Fourier transforms of the box, and sources along the edge.

On a box that repeats, the nine-point Laplacian A_box is diagonal in Fourier space. On a mask,
through whose edge nothing flows, A differs from it only in the rows of the cells at the edge:

    A u = A_box u - N u,    (N u)_i = sum over the neighbours j of n_ij (u_i - u_j)

With G = (A_box - z)^-1 the solution of (A - z) u = f inside is therefore u = G (f + E q), where E q
are sources at the edge cells that undo the flow through the edge, (1 - N G E) q = N G f: a system
of one unknown for each edge cell (the capacitance matrix method; Proskurowski and Widlund, Math.
Comput. 30, 433, 1976). G falls off exponentially, and the inverse of the system with it: each
stretch of the edge is solved with what is near it, to the precision of the fields (a sparse
approximate inverse; Benson and Frederickson, Utilitas Math. 22, 127, 1982), so that time and memory
grow with the length of the edge.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

# Leaks smaller than this share of the largest symbol are none.
_ROUNDING = 1e-12
# Where G has fallen to this many roundings of the fields' precision, edge cells are not near.
_ROUNDINGS = 10
# Least side of the squares that the edge is cut into, cells.
_LEAST_SIDE = 48


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
        self._stretches = list(self._solved_stretches(self._green(parts), list(leaks)))
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
        sources = torch.empty_like(flow)
        for stretch, near, undo_leaks in self._stretches:
            sources[..., stretch] = flow[..., near] @ undo_leaks
        if not self._shift.imag:
            return self._invert(self._parts[0] * (spectrum + self._spread(sources)))
        real, imaginary = self._parts
        solved = imaginary * (spectrum + self._spread(sources.real))
        solved += real * self._spread(sources.imag)
        return self._invert(solved / self._shift.imag)

    def _green(self, parts: list[torch.Tensor]) -> torch.Tensor:
        """Return G of the box, (y, x), about a source at the first cell."""
        of_parts = [self._invert(part).to(self._leaks.dtype) for part in parts]
        return torch.complex(*of_parts) if len(of_parts) == 2 else of_parts[0]

    def _solved_stretches(
        self, green: torch.Tensor, steps: list[tuple[int, int]]
    ) -> Iterator[tuple[torch.Tensor, torch.Tensor, torch.Tensor]]:
        """Return the cells of each stretch, those near it, and the inverse from these to those."""
        size = green.abs()
        felt = size > _ROUNDINGS * torch.finfo(size.dtype).eps * size.max()
        squares, nearness = [], []
        for axis, places in enumerate((self._y, self._x)):
            count = self._shape[axis]
            reached = torch.nonzero(felt.any(dim=1 - axis)).flatten()
            reach = int(torch.minimum(reached, count - reached).max())
            side = max(reach, _LEAST_SIDE)
            if side + 2 * reach >= count:
                side = count
            starts = torch.arange(0, count, side, device=places.device)
            after = (places - starts[:, None]) % count
            squares.append(
                after < torch.minimum(side * torch.ones_like(starts), count - starts)[:, None]
            )
            nearness.append((after < side + reach) | (after >= count - reach))
        for of_rows, near_rows in zip(squares[0], nearness[0], strict=True):
            for of_columns, near_columns in zip(squares[1], nearness[1], strict=True):
                stretch = torch.nonzero(of_rows & of_columns).flatten()
                if not len(stretch):
                    continue
                near = torch.nonzero(near_rows & near_columns).flatten()
                inverse = torch.linalg.inv(self._matrix(green, near, steps))
                yield stretch, near, inverse[torch.isin(near, stretch)].mT.contiguous()

    def _matrix(
        self, green: torch.Tensor, cells: torch.Tensor, steps: list[tuple[int, int]]
    ) -> torch.Tensor:
        """Return 1 - N G E among some of the edge cells."""
        rows, columns = self._shape
        dy = self._y[cells, None] - self._y[cells]
        dx = self._x[cells, None] - self._x[cells]
        matrix = torch.eye(len(cells), dtype=green.dtype, device=green.device)
        matrix -= self._all_leaks[cells, None] * green[dy % rows, dx % columns]
        for (step_y, step_x), leak in zip(steps, self._leaks[cells].mT, strict=True):
            matrix += leak[:, None] * green[(dy + step_y) % rows, (dx + step_x) % columns]
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
