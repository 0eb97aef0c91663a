"""`MollifierLayer`: derivatives of any network's output by convolution."""

from __future__ import annotations

from typing import TYPE_CHECKING, get_args

import numpy as np
import torch
from scipy import ndimage
from torch import Tensor, nn

from chromamol.mollifiers.axis import AxisConvolution, Boundary
from chromamol.mollifiers.field_checks import check_field, check_finite, check_mask, check_size
from chromamol.mollifiers.kernels import derivative_kernel, edge_weights
from chromamol.mollifiers.mask_edge import mask_edge
from chromamol.mollifiers.names import parse
from chromamol.mollifiers.separable import SeparableDerivatives

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from chromamol.mollifiers.kernels import Accuracy, Shape

_DERIVATIVES = ("", "x", "xx", "laplacian", "bilaplacian")
_MOST_AXES = 3


class MollifierLayer(nn.Module):
    """Derivatives of a field on a grid, by convolution with the derivatives of a mollifier.

    The layer has no trainable parameters. Put it behind a network whose output g lies on a regular
    grid: the derivatives of u = g * eta come out, up to order 4, at the cost of a few
    convolutions forward and backward, where recursive automatic differentiation walks through
    the network once for every order (Bhartari, Vinayak and Shenoy, arXiv 2505.11682).

    Kernels and sums are in float64 whatever the type of the field, since the fourth power of a
    small spacing makes the rounding of float32 visible.

    Parameters
    ----------
    spacing : float or sequence of float
        Cell size, one for all axes or one for each, in the unit of length of the derivatives.
    radius : int or sequence of int
        Half width of the kernel in cells, one for all axes or one for each. See
        `suitable_radius`.
    derivatives : sequence of str
        "" for u itself, the axes of differentiation ("x", "yy", "xxy"; the last axis is x, the
        one before it y, then z), "laplacian", "bilaplacian".
    kernel : {"polynomial", "bump", "gaussian"}
        See `derivative_kernel`.
    boundary : {"extend", "one-sided", "periodic"}
        "extend": the field is given on `radius` more cells on each side, and the result is that
        much smaller (best for a network of coordinates). "one-sided": near the edge, of the grid
        or of a mask, kernels see only the cells that there are, and keep the order of accuracy.
        "periodic": the field repeats.
    accuracy : {4, 2}
        Power of the radius with which the error falls. 2 makes the mollifier positive.

    Raises
    ------
    ValueError
        If a parameter is out of its range.

    Examples
    --------
    >>> layer = MollifierLayer(spacing=0.01, radius=8, boundary="one-sided")
    >>> derivatives = layer(torch.rand(1, 1, 64, 48))
    >>> derivatives["laplacian"].shape
    torch.Size([1, 1, 64, 48])
    """

    def __init__(
        self,
        spacing: float | Sequence[float],
        radius: int | Sequence[int],
        derivatives: Sequence[str] = _DERIVATIVES,
        kernel: Shape = "polynomial",
        boundary: Boundary = "extend",
        *,
        accuracy: Accuracy = 4,
    ) -> None:
        super().__init__()
        spacings = tuple(np.atleast_1d(spacing).tolist())
        radii = tuple(
            int(cells) if float(cells).is_integer() else cells
            for cells in np.atleast_1d(radius).tolist()
        )
        self._axes = max(len(spacings), len(radii))
        if len(spacings) == 1:
            spacings *= self._axes
        if len(radii) == 1:
            radii *= self._axes
        if len(spacings) != len(radii) or self._axes > _MOST_AXES:
            msg = (
                f"Found {len(spacings)} spacings and {len(radii)} radii. Give one for all axes, or "
                f"one for each of up to {_MOST_AXES} axes."
            )
            raise ValueError(msg)
        if boundary not in get_args(Boundary):
            msg = f"The boundary must be one of {', '.join(get_args(Boundary))}, not {boundary!r}."
            raise ValueError(msg)
        names = tuple(derivatives)
        if isinstance(derivatives, str) or not names:
            msg = (
                f'Give a list of derivatives, such as ("", "x", "laplacian"), not {derivatives!r}.'
            )
            raise ValueError(msg)
        # One length for all axes fits a grid of any number of axes.
        axes = self._axes if self._axes > 1 else _MOST_AXES
        partials = [term.orders for name in names for term in parse(name, axes)]
        self.spacing, self.radius = spacings, radii
        self.derivatives = names
        self.kernel, self.boundary, self.accuracy = kernel, boundary, accuracy
        convolutions = []
        for axis, (side, cells) in enumerate(zip(spacings, radii, strict=True)):
            along = range(axes) if self._axes == 1 else (axis,)
            orders = sorted({partial[i] for partial in partials for i in along})
            convolutions.append(self._convolution(orders, cells, side))
        self._separable = SeparableDerivatives(convolutions, names)
        self._edge: _MaskEdgeTensors | None = None

    def _convolution(self, orders: Sequence[int], radius: int, spacing: float) -> AxisConvolution:
        taps = {
            order: derivative_kernel(order, radius, spacing, self.kernel, self.accuracy)
            for order in orders
        }
        if self.boundary != "one-sided":
            return AxisConvolution(taps)
        edges = {}
        for order in orders:
            rows = [
                edge_weights(
                    order, before, radius, spacing, shape=self.kernel, accuracy=self.accuracy
                )
                for before in range(radius)
            ]
            edges[order] = np.zeros((radius, max(map(len, rows))))
            for before, row in enumerate(rows):
                edges[order][before, : len(row)] = row
        return AxisConvolution(taps, edges)

    def forward(
        self, field: Tensor, mask: Tensor | NDArray[np.bool_] | None = None
    ) -> dict[str, Tensor]:
        """Return the derivatives of a field.

        Parameters
        ----------
        field : (batch, channel, [[z,] y,] x) float32 or float64
        mask : ([[z,] y,] x) bool, optional
            With the boundary "one-sided": cells to use; the others may hold anything. Its kernels
            are kept until another mask is given.

        Returns
        -------
        dict of str to (batch, channel, [[z,] y,] x)
            Of the field's type; zero outside the mask. The grid is smaller by the radius on each
            side with the boundary "extend".

        Raises
        ------
        ValueError
            If the field or the mask does not fit the layer, or holds NaN or infinity (not
            checked under `torch.compile`).
        """
        here = next(self.buffers()).device
        dimension = check_field(field, self._axes, _MOST_AXES, here)
        if mask is None:
            check_size(field.shape[2:], self._radii(dimension), self.boundary)
            check_finite(field)
            # Taps times a large constant would leave its rounding.
            grid = tuple(range(-dimension, 0))
            exact = field.double()
            centre = exact.detach().mean(dim=grid, keepdim=True)
            derived = self._separable(exact - centre, dimension, self.boundary)
        else:
            # Not as a decorator, which loads the compiler wherever a layer is imported.
            edge_of = self._edge_of
            if torch.compiler.is_compiling():
                edge_of = torch.compiler.disable(edge_of)  # type: ignore[no-untyped-call]
            edge = edge_of(mask, field)
            check_finite(torch.where(edge.mask, field, 0.0))
            centre = edge.mean_of_parts(field)
            inside = torch.where(edge.mask, field.double() - centre, 0.0)
            margin = [
                cells for radius in reversed(self._radii(dimension)) for cells in (radius,) * 2
            ]
            padded = nn.functional.pad(inside, margin)
            derived = edge.mend(inside, self._separable(padded, dimension, "extend"))
        if "" in derived:
            derived[""] = derived[""] + centre
        return {name: values.to(field.dtype) for name, values in derived.items()}

    def extra_repr(self) -> str:
        """Return the parameters, for `print`."""
        return (
            f"spacing={self.spacing}, radius={self.radius}, derivatives={self.derivatives}, "
            f"kernel={self.kernel!r}, boundary={self.boundary!r}, accuracy={self.accuracy}"
        )

    def _radii(self, dimension: int) -> tuple[int, ...]:
        return self.radius if self._axes > 1 else self.radius * dimension

    def _edge_of(self, mask: Tensor | NDArray[np.bool_], field: Tensor) -> _MaskEdgeTensors:
        """Return the kernels at the edge of the mask, made anew if it is another one."""
        dimension = field.ndim - 2
        asked = mask if isinstance(mask, Tensor) else torch.from_numpy(np.array(mask))
        check_mask(asked, field.shape[2:], self.boundary)
        asked = asked.to(field.device)
        known = self._edge
        if known is None or known.mask.device != asked.device or not torch.equal(known.mask, asked):
            spacing = self.spacing if self._axes > 1 else self.spacing * dimension
            edge = mask_edge(
                asked.cpu().numpy(),
                spacing,
                self._radii(dimension),
                self.derivatives,
                shape=self.kernel,
                accuracy=self.accuracy,
            )
            known = _MaskEdgeTensors(
                asked.clone(),
                torch.from_numpy(edge.interior).to(asked.device),
                torch.from_numpy(edge.cells).to(asked.device),
                torch.from_numpy(edge.neighbours).to(asked.device),
                {
                    name: torch.from_numpy(weights).to(asked.device)
                    for name, weights in edge.weights.items()
                },
            )
            self._edge = known
        return known


class _MaskEdgeTensors:
    """`MaskEdge` on the device of the field."""

    def __init__(
        self,
        mask: Tensor,
        interior: Tensor,
        cells: Tensor,
        neighbours: Tensor,
        weights: dict[str, Tensor],
    ) -> None:
        self.mask = mask
        parts, count = ndimage.label(mask.cpu().numpy())
        self._parts = torch.from_numpy(parts.astype(np.int64)).to(mask.device).flatten()
        self._sizes = torch.bincount(self._parts, minlength=count + 1)
        self._interior, self._cells = interior, cells
        self._neighbours, self._weights = neighbours, weights

    def mean_of_parts(self, field: Tensor) -> Tensor:
        """Return, at every cell, the mean of its part of the mask: no part knows of another."""
        flat = torch.where(self.mask, field.detach(), 0.0).double().flatten(-self.mask.ndim)
        sums = flat.new_zeros(*flat.shape[:-1], len(self._sizes))
        means = sums.index_add(-1, self._parts, flat) / self._sizes
        return torch.where(self.mask, means[..., self._parts].reshape(field.shape), 0.0)

    def mend(self, field: Tensor, derived: dict[str, Tensor]) -> dict[str, Tensor]:
        """Return the derivatives with those at the edge put in, and zero outside the mask."""
        around = field.flatten(-self.mask.ndim)[..., self._neighbours]
        mended = {}
        for name, inner in derived.items():
            at_edge = (around * self._weights[name]).sum(dim=-1)
            kept = torch.where(self._interior, inner, 0.0).flatten(-self.mask.ndim)
            mended[name] = kept.index_copy(-1, self._cells, at_edge).reshape(inner.shape)
        return mended
