"""The result on the screen: a new one takes the place of an earlier one of the same image."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from napari.layers import Labels, Layer

from chromamol.analysis import MAP_NAMES
from napari_chromamol._layers import KEY

if TYPE_CHECKING:
    from napari.viewer import Viewer

    from napari_chromamol._layers import LayerData

# What a user may have set on the earlier layer; of the fade, also from where it fades.
_KEPT = {"visible", "opacity", "blending"}
_KEPT_OF_FADE = {"contrast_limits"}


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
        elif inputs_of(layer) & inputs and _map_of(layer) != "preview":
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
    rates = [layer for layer in viewer.layers if _shows(layer, "rate", inputs)]
    if rates:  # the layer that the status bar is about
        viewer.layers.selection.active = rates[-1]


def show_so_far(viewer: Viewer, layers: list[LayerData]) -> None:
    """Show what a run has done so far; the layers of an earlier step take the new values."""
    there = {_map_of(layer): layer for layer in viewer.layers}
    for data, properties, kind in layers:
        old = there.get(properties["metadata"][KEY]["map"])
        if old is None:
            viewer.add_layer(Layer.create(data, properties, kind))
        else:
            old.data = data


def show_preview(viewer: Viewer, layer: LayerData) -> None:
    """Show a preview in place of an earlier one."""
    _add(viewer, *layer)


def clear_passing(viewer: Viewer, *, previews: bool) -> None:
    """Remove the layers of a run that has ended, and those of a preview."""
    for layer in list(viewer.layers):
        name = _map_of(layer)
        if name.endswith(" so far") or (previews and name == "preview"):
            viewer.layers.remove(layer)


def _map_of(layer: Layer) -> str:
    """Return what a layer of the plugin shows; empty for other layers."""
    name: str = layer.metadata.get(KEY, {}).get("map", "")
    return name


def _shows(layer: Layer, name: str, inputs: frozenset[str]) -> bool:
    """Whether a layer is this map of a result of these inputs."""
    return _map_of(layer) == name and bool(inputs_of(layer) & inputs)


def _same_labels(labels: Any, layer: Layer) -> bool:
    """Whether a layer shows these labels already."""
    return isinstance(layer, Labels) and np.array_equal(labels, layer.data)


def _add(viewer: Viewer, data: Any, properties: dict[str, Any], kind: str) -> None:
    """Add a layer; a map with the bar of its colours."""
    layer = viewer.add_layer(Layer.create(data, properties, kind))
    if properties["metadata"][KEY]["map"] in {*MAP_NAMES, "preview"}:
        layer.colorbar.visible = True


def _update(layer: Layer, data: Any, properties: dict[str, Any]) -> None:
    """Give a layer new values and what describes them."""
    layer.data = data
    kept = _KEPT | (_KEPT_OF_FADE if properties["metadata"][KEY]["map"] == "fade" else set())
    for name, value in properties.items():
        if name not in kept:
            setattr(layer, name, value)
