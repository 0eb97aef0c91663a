"""Implicit time steps on a mask with no flux through its edge, by finite volumes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy import sparse
from scipy.sparse.linalg import splu

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Field = NDArray[np.float64]


class MaskedSteps:
    """Operators of a simulation on the pixels of a (y, x) mask: fields are vectors of them."""

    def __init__(self, mask: NDArray[np.bool_], spacing_nm: tuple[float, float]) -> None:
        self._mask = mask
        self._matrix = five_point_laplacian(mask, spacing_nm)
        self._square = self._matrix @ self._matrix

    def gather(self, yx_field: Field) -> Field:
        """Return the field's values on the mask."""
        return np.asarray(yx_field, dtype=np.float64)[self._mask]

    def scatter(self, field: Field) -> Field:
        """Return the field on the (y, x) grid, NaN outside the mask."""
        yx_field = np.full(self._mask.shape, np.nan)
        yx_field[self._mask] = field
        return yx_field

    def minus_laplacian(self, field: Field) -> Field:
        """Return -lap field, 1/nm2."""
        product: Field = self._matrix @ field
        return product

    def implicit(self, unit: float, minus_lap: float, bilap: float) -> Callable[[Field], Field]:
        """Return the inverse of unit - minus_lap lap + bilap lap lap (lengths in nm)."""
        matrix = (
            unit * sparse.identity(self._matrix.shape[0])
            + minus_lap * self._matrix
            + bilap * self._square
        )
        factors = splu(
            matrix.tocsc(),
            permc_spec="MMD_AT_PLUS_A",
            diag_pivot_thresh=0.0,
            options={"SymmetricMode": True},
        )
        solve: Callable[[Field], Field] = factors.solve
        return solve


def five_point_laplacian(
    mask: NDArray[np.bool_], spacing_nm: tuple[float, float]
) -> sparse.csr_array:
    """Return -lap on the pixels of a mask, as a symmetric sparse matrix, 1/nm2.

    Neighbours outside the mask are left out, which is the finite-volume form of no flux.
    """
    number = np.full(mask.shape, -1)
    number[mask] = np.arange(int(mask.sum()))
    size = int(mask.sum())
    laplacian = sparse.csr_array((size, size))
    pairs = ((number[:-1], number[1:]), (number[:, :-1], number[:, 1:]))
    for side_nm, (before, after) in zip(spacing_nm, pairs, strict=True):
        both = (before >= 0) & (after >= 0)
        i, j = before[both], after[both]
        weight = np.full(i.size, 1 / side_nm**2)
        laplacian = laplacian + sparse.csr_array(
            (
                np.concatenate([weight, weight, -weight, -weight]),
                (np.concatenate([i, j, i, j]), np.concatenate([i, j, j, i])),
            ),
            shape=(size, size),
        )
    return laplacian.tocsr()
