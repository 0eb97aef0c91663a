"""Where a layer lies: its pixel size, units and axes, which every layer made from it shares."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pint

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
