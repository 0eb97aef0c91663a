"""Where a layer lies: its pixel size, units and axes, which every layer made from it shares."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pint
from napari.utils.transforms import Affine

from napari_chromamol._layers import KEY

if TYPE_CHECKING:
    from napari.layers import Layer

_SHARED = ("scale", "translate", "rotate", "shear", "affine", "units", "axis_labels")


def from_spacing(yx_spacing_nm: tuple[float, float] | None) -> dict[str, Any]:
    """Place a layer by its pixel size; without one it lies in pixels."""
    axes = {"axis_labels": ("y", "x")}
    return axes if yx_spacing_nm is None else axes | {"scale": yx_spacing_nm, "units": ("nm", "nm")}


def of_layer(layer: Layer) -> dict[str, Any]:
    """Return what places a new layer exactly on another one."""
    return {name: getattr(layer, name) for name in _SHARED}


def of_part(placement: dict[str, Any], yx_start: tuple[int, int], by: int) -> dict[str, Any]:
    """Place a part of a layer whose pixels are averaged in squares of `by` pixels.

    Parameters
    ----------
    placement : dict
        Of the whole layer, from `of_layer`.
    yx_start : (int, int)
        The first pixel of the part.
    by : int
    """
    turned = {name: placement[name] for name in ("scale", "translate", "rotate", "shear")}
    centre = np.asarray(yx_start) + (by - 1) / 2
    return placement | {
        "scale": by * np.asarray(placement["scale"]),
        "translate": Affine(**turned)(centre),
    }


def in_view(layer: Layer) -> tuple[slice, slice]:
    """Return the rows and columns of a 2-D layer that are in view, at full resolution."""
    corners = layer.corner_pixels[:, -2:]
    shape = (layer.data[0] if layer.multiscale else layer.data).shape
    if layer.multiscale:
        corners = corners * layer.downsample_factors[layer.data_level][-2:]
    rows, columns = (
        slice(int(max(low, 0)), int(min(high + 1, size)))
        for low, high, size in zip(*corners, shape, strict=True)
    )
    return rows, columns


def pixel_size_nm(layer: Layer) -> float | None:
    """Return the pixel size that has to be said, nm: what its file does not state.

    None where the file states it, or where no one number does.
    """
    spacing, stated_nm = spacing_nm(layer), layer.metadata.get(KEY, {}).get("stated_nm")
    if spacing is None or spacing[0] != spacing[1]:
        return None
    is_stated = stated_nm is not None and np.allclose(spacing, stated_nm, rtol=1e-6)
    return None if is_stated else spacing[0]


def corners_nm(layer: Layer) -> np.ndarray:
    """Return where the four corner pixels of a 2-D layer lie, (4, 2), nm."""
    height, width = (layer.data[0] if layer.multiscale else layer.data).shape
    nm_per_unit = [float(pint.Quantity(1.0, unit).to("nm").magnitude) for unit in layer.units]
    corners = [(y, x) for y in (0, height - 1) for x in (0, width - 1)]
    return np.array([layer.data_to_world(corner) for corner in corners]) * nm_per_unit


def spacing_nm(layer: Layer) -> tuple[float, float] | None:
    """Return the pixel size of a 2-D layer, nm; None where its units are no lengths."""
    y_unit, x_unit = layer.units[-2:]
    if not (y_unit.is_compatible_with("nm") and x_unit.is_compatible_with("nm")):
        return None
    y, x = (
        abs(float(pint.Quantity(float(step), unit).to("nm").magnitude))
        for step, unit in zip(layer.scale[-2:], (y_unit, x_unit), strict=True)
    )
    return y, x
