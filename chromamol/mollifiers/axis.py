"""Convolution along one axis with several kernels at once, in float64."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import torch
from torch import Tensor, nn

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from chromamol.mollifiers.kernels import Kernel

Boundary = Literal["extend", "periodic", "one-sided"]

# Cells that share one matrix product; the matrix is this much larger than the kernel.
_BLOCK = 16
# Above this radius, cells, a Fourier transform takes less time (measured at 128 to 2048 cells).
_FOURIER_RADIUS = 40


class AxisConvolution(nn.Module):
    """Kernels of several derivative orders along the last axis of a tensor.

    Parameters
    ----------
    taps : mapping of order to (2 radius + 1,) float64
        For a true convolution.
    edges : mapping of order to (radius, reach) float64, optional
        Row i holds the weights of the first `reach` cells in the derivative at cell i from the
        edge (`edge_weights`, zero beyond). At the other edge they are mirrored.

    Attributes
    ----------
    radius : int
    reach : int
        Cells that the edge rows need; 0 without them.
    """

    _taps: Tensor
    _blocks: Tensor
    _first: Tensor
    _last: Tensor

    def __init__(
        self, taps: Mapping[int, Kernel], edges: Mapping[int, Kernel] | None = None
    ) -> None:
        super().__init__()
        self._row = {order: row for row, order in enumerate(taps)}
        self.radius = (len(next(iter(taps.values()))) - 1) // 2
        correlated = np.stack([kernel[::-1] for kernel in taps.values()])
        blocks = np.zeros((len(taps), _BLOCK, _BLOCK + 2 * self.radius))
        for cell in range(_BLOCK):
            blocks[:, cell, cell : cell + 2 * self.radius + 1] = correlated
        self.register_buffer("_taps", torch.from_numpy(correlated.copy()), persistent=False)
        self.register_buffer("_blocks", torch.from_numpy(blocks), persistent=False)
        self.reach = 0
        if edges is not None:
            first = np.stack([edges[order] for order in taps])
            signs = np.array([(-1.0) ** order for order in taps])[:, None, None]
            last = signs * first[:, ::-1, ::-1]
            self.reach = first.shape[-1]
            self.register_buffer("_first", torch.from_numpy(first), persistent=False)
            self.register_buffer("_last", torch.from_numpy(last.copy()), persistent=False)

    def forward(self, field: Tensor, orders: Sequence[int], boundary: Boundary) -> list[Tensor]:
        """Return the derivative of each order along the last axis.

        Parameters
        ----------
        field : (..., cell) float64
        orders : sequence of int
        boundary : {"extend", "periodic", "one-sided"}
            What stands for the cells beyond the edge: none, so that the result is shorter by
            the radius on both sides; the other edge; the edge rows.

        Returns
        -------
        list of (..., cell) float64
        """
        rows = [self._row[order] for order in orders]
        if boundary == "periodic":
            last = field.shape[-1] - self.radius
            field = torch.cat([field[..., last:], field, field[..., : self.radius]], dim=-1)
        wide = self.radius > _FOURIER_RADIUS and field.numel() > 0
        convolve = self._fourier if wide else self._direct
        inner = convolve(field, rows)
        if boundary == "one-sided":
            edges = (len(rows), self.radius)
            start = field[..., : self.reach] @ _columns(self._first[rows])
            end = field[..., field.shape[-1] - self.reach :] @ _columns(self._last[rows])
            inner = torch.cat(
                [
                    start.reshape(*start.shape[:-1], *edges),
                    inner,
                    end.reshape(*end.shape[:-1], *edges),
                ],
                dim=-1,
            )
        return list(inner.unbind(-2))

    def _direct(self, field: Tensor, rows: list[int]) -> Tensor:
        """Return (..., row, cell - 2 radius): windows of a block of cells times one matrix."""
        cells = field.shape[-1] - 2 * self.radius
        padded = nn.functional.pad(field, (0, -cells % _BLOCK))
        windows = padded.unfold(-1, _BLOCK + 2 * self.radius, _BLOCK)
        blocks = windows @ _columns(self._blocks[rows])
        blocks = blocks.reshape(*blocks.shape[:-1], len(rows), _BLOCK)
        return blocks.transpose(-3, -2).flatten(-2)[..., :cells]

    def _fourier(self, field: Tensor, rows: list[int]) -> Tensor:
        """Return the same by a product of spectra; the cells that wrap around are cut off."""
        length = field.shape[-1]
        kernels = torch.fft.rfft(self._taps[rows], n=length).conj()
        spectrum = torch.fft.rfft(field)[..., None, :] * kernels
        whole: Tensor = torch.fft.irfft(spectrum, n=length)
        return whole[..., : length - 2 * self.radius]

    def _apply(self, fn: Callable[[Tensor], Tensor], recurse: bool = True) -> Any:
        """Move to another device, but stay in float64: .float() or .half() must not round."""
        exact = dict(self._buffers)
        super()._apply(fn, recurse)  # type: ignore[no-untyped-call]
        for name, buffer in exact.items():
            moved = self._buffers[name]
            if buffer is not None and moved is not None:
                self._buffers[name] = buffer.to(moved.device)
        return self


def _columns(matrices: Tensor) -> Tensor:
    """Return stacked (matrix, row, column) as one matrix to multiply from the right."""
    return matrices.flatten(0, 1).T
