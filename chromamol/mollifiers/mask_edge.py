"""Kernels at the edge of a mask, where cells are missing on some side.

Every cell whose whole kernel does not fit into the mask gets weights of its own on the cells of
the mask around it: the envelope of the kernel times the polynomial of all coordinates that gives
the weights the moments of the derivative (moving least squares; Lancaster and Salkauskas, Math.
Comp. 37, 141, 1981). They keep the order of accuracy up to the edge.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from math import comb, factorial, prod
from typing import TYPE_CHECKING, TypeVar

import numpy as np
from scipy import ndimage

from chromamol.mollifiers.kernels import envelope, fit_moments
from chromamol.mollifiers.names import HIGHEST_ORDER, parse

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from chromamol.mollifiers.kernels import Accuracy, Kernel, Shape

_Number = TypeVar("_Number", bound=np.generic)

# A cell at the edge looks this many radii far: the half of the window that it has must make up
# for the other half.
_REACH = 2.5
# Numbers in the moments of the cells that are worked on together: bounds the memory.
_TOGETHER = 2**22
# Beyond this the moments of a cell's neighbours do not tell the polynomials apart.
_WORST_CONDITION = 1e13


@dataclass(frozen=True)
class MaskEdge:
    """Weights of every derivative at the cells of a mask near its edge.

    Attributes
    ----------
    interior : (*grid) bool
        Cells whose whole kernel lies in the mask; the others of the mask are at the edge.
    cells : (cell,) int
        Flat indices of the cells at the edge.
    neighbours : (cell, neighbour) int
        Flat indices of the cells that they look at; 0 where a cell has fewer.
    weights : mapping of name to (cell, neighbour) float64
        Zero where a cell has fewer neighbours.
    """

    interior: NDArray[np.bool_]
    cells: NDArray[np.int64]
    neighbours: NDArray[np.int64]
    weights: dict[str, Kernel]


def mask_edge(
    mask: NDArray[np.bool_],
    spacing: Sequence[float],
    radius: Sequence[int],
    derivatives: Sequence[str],
    *,
    shape: Shape,
    accuracy: Accuracy,
) -> MaskEdge:
    """Return the weights at the edge of a mask.

    A cell does not look into another connected part of the mask.

    Parameters
    ----------
    mask : (*grid) bool
        1 to 3 axes. The edge of the grid is an edge of the mask.
    spacing, radius : sequence
        Cell size, and radius of the kernel in cells, along each axis.
    derivatives : sequence of str
    shape, accuracy
        See `derivative_kernel`.

    Raises
    ------
    ValueError
        If the kernel fits nowhere into the mask, or a part of the mask is too small or too thin
        for the derivatives.
    """
    window = tuple(2 * cells + 1 for cells in radius)
    interior: NDArray[np.bool_] = ndimage.minimum_filter(mask, window, mode="constant", cval=0)
    if not interior.any():
        msg = (
            f"The mask has {int(mask.sum())} cells, and nowhere in it is there room for a kernel "
            f"of {' x '.join(map(str, window))} cells. Give a smaller radius or a larger mask."
        )
        raise ValueError(msg)
    _check_parts(mask, interior, window)
    cells = np.argwhere(mask & ~interior)
    strides = np.array([prod(mask.shape[axis + 1 :]) for axis in range(mask.ndim)])
    by_order: dict[int, list[str]] = {}
    for name in derivatives:
        by_order.setdefault(sum(parse(name, mask.ndim)[0].orders), []).append(name)
    found: list[tuple[NDArray[np.int64], dict[str, Kernel]]] = []
    for windows in _windows(mask, cells, np.array(radius), HIGHEST_ORDER + accuracy - 1):
        weights: dict[str, Kernel] = {}
        for order, names in by_order.items():
            degree = order + accuracy - 1
            weights |= windows.weights(order, degree, names, np.array(spacing), shape)
        flat = (windows.cells[:, None] + windows.offsets) @ strides
        found.append((np.where(windows.inside, flat, 0), weights))
    return MaskEdge(
        interior,
        cells @ strides,
        _stack([neighbours for neighbours, _ in found]),
        {name: _stack([weights[name] for _, weights in found]) for name in derivatives},
    )


@dataclass(frozen=True)
class _Windows:
    """The cells that some cells at the edge look at.

    Attributes
    ----------
    cells : (cell, axis) int
    offsets : (cell, neighbour, axis) int
    lengths : (cell, axis) float64
        Half axes of the window, in cells.
    inside : (cell, neighbour) bool
        False where a cell has fewer neighbours.
    """

    cells: NDArray[np.intp]
    offsets: NDArray[np.intp]
    lengths: Kernel
    inside: NDArray[np.bool_]

    def weights(
        self, order: int, degree: int, names: Sequence[str], spacing: Kernel, shape: Shape
    ) -> dict[str, Kernel]:
        """Return the weights (cell, neighbour) of derivatives of one order.

        They are exact for polynomials up to the degree.
        """
        axes = self.cells.shape[1]
        scaled = np.moveaxis(self.offsets / self.lengths[:, None], -1, 0)
        scaled = np.where(self.inside, scaled, 0.0)
        # The bump's derivatives weigh little but their rim, which leaves too few cells here.
        factors = envelope(0 if shape == "bump" else order, (scaled**2).sum(axis=0), shape)
        factors = np.where(self.inside, factors, 0.0)
        powers = [p for p in product(range(degree + 1), repeat=axes) if sum(p) <= degree]
        moments = np.ones((len(self.cells), len(powers), self.inside.shape[1]))
        for number, power in enumerate(powers[1:], start=1):
            # One more power of some axis than a moment that is there already.
            axis = next(i for i, exponent in enumerate(power) if exponent)
            lower = tuple(exponent - (i == axis) for i, exponent in enumerate(power))
            moments[:, number] = moments[:, powers.index(lower)] * scaled[axis]
        self._check(moments, factors, order)
        wanted = np.zeros((len(self.cells), len(names), len(powers)))
        for number, name in enumerate(names):
            for term in parse(name, axes):
                unit = ((self.lengths * spacing) ** np.array(term.orders)).prod(axis=1)
                value = term.factor * prod(map(factorial, term.orders))
                wanted[:, number, powers.index(term.orders)] = value / unit
        start = np.zeros((len(self.cells), len(names), self.inside.shape[1]))
        taps = fit_moments(start, moments, factors[:, None], wanted)
        centre = (self.offsets == 0).all(axis=-1) & self.inside
        taps.swapaxes(1, 2)[centre] -= taps.sum(axis=-1) - (order == 0)
        return {name: taps[:, number] for number, name in enumerate(names)}

    def _check(self, moments: Kernel, factors: Kernel, order: int) -> None:
        """Raise ValueError at the first cell whose neighbours do not determine the derivative."""
        eigenvalues = np.linalg.eigvalsh((moments * factors[:, None]) @ moments.swapaxes(1, 2))
        bad = eigenvalues[:, 0] * _WORST_CONDITION < eigenvalues[:, -1]
        if bad.any():
            first = int(np.flatnonzero(bad)[0])
            place = ", ".join(str(int(index)) for index in self.cells[first])
            msg = (
                f"The part of the mask at cell ({place}) is too small or too thin for a derivative "
                f"of order {order}: only {int(self.inside[first].sum())} cells are within reach. "
                "Remove such islands and spurs from the mask, for instance by a morphological "
                "opening, or give another radius."
            )
            raise ValueError(msg)


def _check_parts(
    mask: NDArray[np.bool_], interior: NDArray[np.bool_], window: Sequence[int]
) -> None:
    """Raise ValueError if a connected part of the mask has no room for the kernel."""
    parts, count = ndimage.label(mask)
    small = sorted(set(range(1, count + 1)) - set(parts[interior].tolist()))
    if small:
        cells = np.argwhere(parts == small[0])
        place = ", ".join(str(int(index)) for index in cells[0])
        msg = (
            f"{len(small)} of the {count} parts of the mask are smaller than the kernel of "
            f"{' x '.join(map(str, window))} cells; the first, at cell ({place}), has "
            f"{len(cells)}. Remove such islands from the mask, or give a smaller radius."
        )
        raise ValueError(msg)


def _windows(
    mask: NDArray[np.bool_], cells: NDArray[np.intp], radius: NDArray[np.intp], degree: int
) -> Iterator[_Windows]:
    """Yield the windows of the cells at the edge, some at a time.

    As many at a time as memory allows when polynomials up to the degree are fitted.
    """
    parts, _ = ndimage.label(mask)
    # A window holds enough cells on one side for a polynomial of the degree.
    reach = np.maximum(np.ceil(_REACH * radius).astype(np.intp), degree)
    parts = np.pad(parts, [(far, far) for far in reach])
    # Distance to the outside, 1 where a round kernel just fits.
    depth = ndimage.distance_transform_edt(parts > 0, sampling=1 / (radius + 1))
    box = np.array(list(product(*(range(-far, far + 1) for far in reach))))
    box = box[((box / (reach + 1)) ** 2).sum(axis=1) < 1]
    together = max(_TOGETHER // (len(box) * comb(degree + mask.ndim, mask.ndim)), 1)
    for start in range(0, len(cells), together):
        some = cells[start : start + together]
        padded = some + reach
        here = tuple(padded.T)
        far = _REACH - (_REACH - 1) * np.minimum(depth[here], 1.0)
        lengths = np.maximum(far[:, None] * (radius + 1), degree + 1)
        seen = parts[tuple(np.moveaxis(padded[:, None] + box, -1, 0))]
        kept = seen == parts[here][:, None]
        kept &= ((box / lengths[:, None]) ** 2).sum(axis=-1) < 1
        # The neighbours of every cell are moved to the front: the work is on them alone.
        order = np.argsort(~kept, axis=1, kind="stable")[:, : kept.sum(axis=1).max()]
        yield _Windows(some, box[order], lengths, np.take_along_axis(kept, order, axis=1))


def _stack(chunks: Sequence[NDArray[_Number]]) -> NDArray[_Number]:
    """Return arrays of different widths on top of each other, filled up with zeros."""
    most = max(chunk.shape[1] for chunk in chunks)
    return np.concatenate([np.pad(chunk, ((0, 0), (0, most - chunk.shape[1]))) for chunk in chunks])
