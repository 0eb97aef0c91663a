"""What a field and a mask must be for a layer, checked before any work."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor

from chromamol.mollifiers.kernels import EDGE_REACH

if TYPE_CHECKING:
    from collections.abc import Sequence

    from chromamol.mollifiers.axis import Boundary


def check_field(field: Tensor, axes: int, most_axes: int, device: torch.device) -> int:
    """Return the number of axes of a field's grid, or raise ValueError.

    A layer for one axis takes grids of 1 to `most_axes`.
    """
    if field.dtype not in (torch.float32, torch.float64):
        msg = (
            f"Found a field of {type(field).__name__} and {field.dtype}. Give a torch tensor of "
            "float32 or float64: torch.as_tensor(field).float()."
        )
        raise ValueError(msg)
    allowed = (axes,) if axes > 1 else tuple(range(1, most_axes + 1))
    if field.ndim - 2 not in allowed:
        msg = (
            f"Found a field of shape {tuple(field.shape)}. This layer takes (batch, channel, "
            f"*grid) with a grid of {' or '.join(map(str, allowed))} axes."
        )
        raise ValueError(msg)
    if field.device != device:
        msg = (
            f"The field is on {field.device}, the layer on {device}. Move one of them: "
            f"layer.to({str(field.device)!r}), or field.to({str(device)!r}). The layer needs a "
            "device with float64."
        )
        raise ValueError(msg)
    return field.ndim - 2


def check_size(grid: Sequence[int], radii: Sequence[int], boundary: Boundary) -> None:
    """Raise ValueError if a kernel does not fit into the grid."""
    for axis, (cells, radius) in enumerate(zip(grid, radii, strict=True)):
        needed = (EDGE_REACH if boundary == "one-sided" else 2) * radius + 1
        if cells < needed:
            letter = "zyx"[axis - len(grid)]
            msg = (
                f"The grid has {cells} cells along {letter}; a kernel of radius {radius} with "
                f"the boundary {boundary!r} needs at least {needed}. Give a smaller radius or a "
                "finer grid."
            )
            raise ValueError(msg)


def check_mask(mask: Tensor, grid: torch.Size, boundary: Boundary) -> None:
    """Raise ValueError if the mask is not one of this grid, or the boundary takes none."""
    if boundary != "one-sided":
        msg = (
            f"A mask needs the boundary 'one-sided', and this layer has {boundary!r}. Make the "
            "layer with boundary='one-sided'."
        )
        raise ValueError(msg)
    if mask.dtype != torch.bool or mask.shape != grid:
        msg = (
            f"Found a mask of {mask.dtype} and shape {tuple(mask.shape)}. Give booleans with the "
            f"shape of the grid, {tuple(grid)}."
        )
        raise ValueError(msg)


def check_finite(field: Tensor) -> None:
    """Raise ValueError at NaN or infinity."""
    # A branch on values would break a compiled graph.
    if torch.compiler.is_compiling() or bool(torch.isfinite(field).all()):
        return
    bad = (~torch.isfinite(field)).nonzero()
    msg = (
        f"The field has {len(bad)} values that are NaN or infinite, the first at (batch, channel, "
        f"*grid) = {tuple(bad[0].tolist())}. Mend them, or leave their cells out with a mask and "
        "the boundary 'one-sided'. In a network, such values come from a step that is too long."
    )
    raise ValueError(msg)
