"""The result on the screen: a new one takes the place of an earlier one of the same image."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from napari.layers import Labels, Layer

from napari_chromamol._layers import KEY

if TYPE_CHECKING:
    from napari.viewer import Viewer

    from napari_chromamol._layers import LayerData

# What a user may have set on the earlier layer.
_KEPT = {"visible", "opacity", "blending"}


def inputs_of(layer: Layer) -> frozenset[str]:
    """Return the `unique_id` of the layers that a result came from; empty for other layers."""
    inputs: frozenset[str] = layer.metadata.get(KEY, {}).get("inputs", frozenset())
    return inputs


def show_result(viewer: Viewer, layers: list[LayerData], inputs: frozenset[str]) -> None:
    """Show a result in place of earlier ones that came from one of the same layers.

    The layer of a map takes the new values, as napari removes layers slowly; one that the new
    result lacks is removed. A layer that was itself an input (nuclei that the user corrected) is
    not touched, and nuclei that equal it are not shown twice.

    Parameters
    ----------
    viewer : Viewer
    layers : list of (data, properties, type)
    inputs : frozenset of str
        `unique_id` of the layers that were read.
    """
    earlier, given = [], []
    for layer in viewer.layers:
        if str(layer.unique_id) in inputs:
            given.append(layer)
        elif inputs_of(layer) & inputs:
            earlier.append(layer)
    for data, properties, kind in layers:
        if kind == "labels" and any(_same_labels(data, layer) for layer in given):
            continue
        name = properties["metadata"][KEY]["map"]
        old = next((one for one in earlier if one.metadata[KEY]["map"] == name), None)
        if old is None or old.data.shape != data.shape:
            _add(viewer, data, properties, kind)
        else:
            earlier.remove(old)
            _update(old, data, properties)
    for layer in earlier:
        viewer.layers.remove(layer)


def _same_labels(labels: Any, layer: Layer) -> bool:
    """Whether a layer shows these labels already."""
    return isinstance(layer, Labels) and np.array_equal(labels, layer.data)


def _add(viewer: Viewer, data: Any, properties: dict[str, Any], kind: str) -> None:
    """Add a layer; a map with the bar of its colours."""
    layer = viewer.add_layer(Layer.create(data, properties, kind))
    if kind == "image":
        layer.colorbar.visible = True


def _update(layer: Layer, data: Any, properties: dict[str, Any]) -> None:
    """Give a layer new values and what describes them."""
    layer.data = data
    for name, value in properties.items():
        if name not in _KEPT:
            setattr(layer, name, value)
