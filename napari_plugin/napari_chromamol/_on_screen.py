"""The result on the screen: a new one takes the place of an earlier one of the same image."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from weakref import WeakSet

import numpy as np
from napari.layers import Labels, Layer
from qtpy.QtCore import QObject, QTimer, Signal

from chromamol.analysis import MAP_NAMES
from napari_chromamol._layers import KEY
from napari_chromamol._under_cursor import tell_uncertainty

if TYPE_CHECKING:
    from collections.abc import Iterator

    from napari.viewer import Viewer

    from chromamol.results.result import Result
    from napari_chromamol._layers import LayerData

# What a user may have set on the earlier layer; of the fade, also from where it fades.
_KEPT = {"visible", "opacity", "blending"}
_KEPT_OF_FADE = {"contrast_limits"}
_SO_FAR, _PREVIEW = " so far", "preview"


class _Shown(QObject):
    """Tells that a result is on the screen in whole: its layers take new values silently."""

    result = Signal()


shown = _Shown()


_PAUSE_MS = 10
_OVER_THE_RATE = {"fade", "doubt", "domains"}
_followed: WeakSet[Any] = WeakSet()


def follow(viewer: Viewer | None) -> None:
    """Let the layers of results in a viewer, present and future, look and speak as such.

    Under the mouse they tell their uncertainty; maps have the bar of their colours, and domains are
    outlines; of a result that was opened the rate is chosen.
    """
    if viewer is None or viewer in _followed:
        return
    _followed.add(viewer)

    def dress(layer: Layer) -> None:
        if _map_of(layer):
            tell_uncertainty(layer)
            # Later, as napari needs some time for either, and the window lives in between.
            QTimer.singleShot(_PAUSE_MS, lambda: _finish(viewer, layer))

    for layer in viewer.layers:
        dress(layer)
    viewer.layers.events.inserted.connect(lambda event: dress(event.value))


def result_of(layer: Layer) -> Result | None:
    """Return the result that a layer shows a part of."""
    result: Result | None = layer.metadata.get(KEY, {}).get("result")
    return result


def inputs_of(layer: Layer) -> frozenset[str]:
    """Return the `unique_id` of the layers that a result came from; empty for other layers."""
    inputs: frozenset[str] = layer.metadata.get(KEY, {}).get("inputs", frozenset())
    return inputs


def show_result(viewer: Viewer, layers: list[LayerData], inputs: frozenset[str]) -> Iterator[None]:
    """Show a result in place of earlier ones that came from one of the same layers.

    The layer of a map takes the new values, as napari removes layers slowly; also that of what was
    done so far, and of a preview. One that the new result lacks is removed. A layer that was itself
    an input (nuclei of a result, which the user corrected) keeps its pixels and is no part of the
    earlier result any more; nuclei that equal it are not shown twice.

    Parameters
    ----------
    viewer : Viewer
    layers : list of (data, properties, type)
    inputs : frozenset of str
        `unique_id` of the layers that were read.

    Yields
    ------
    None
        After each step that napari needs some time for, so that the window lives in between.
    """
    given = [layer for layer in viewer.layers if str(layer.unique_id) in inputs]
    for layer in given:
        _forget_result(layer)
    earlier = [layer for layer in viewer.layers if inputs_of(layer) & inputs and layer not in given]
    for data, properties, kind in layers:
        if kind == "labels" and any(_same_labels(data, layer) for layer in given):
            continue
        name = properties["metadata"][KEY]["map"]
        earlier = [one for one in earlier if one in viewer.layers]  # some may be removed meanwhile
        old = next((one for one in earlier if _becomes(one) == name), None)
        if old is None:
            viewer.add_layer(Layer.create(data, properties, kind))
        else:
            earlier.remove(old)
            if _passes(old) and kind == "image":  # nuclei lie below the maps, a rate above them
                _raise(viewer, old)
            _update(old, data, properties)
        yield
    for layer in earlier:
        if layer in viewer.layers:
            viewer.layers.remove(layer)
            yield
    rates = [layer for layer in viewer.layers if _map_of(layer) == "rate"]
    rates = [layer for layer in rates if inputs_of(layer) & inputs]
    if rates:  # the layer that the status bar is about
        viewer.layers.selection.active = rates[-1]
    shown.result.emit()


def show_so_far(viewer: Viewer, layers: list[LayerData]) -> None:
    """Show what a run has done so far, unless an earlier result is on the screen: that stays."""
    inputs = layers[0][1]["metadata"][KEY]["inputs"]
    there = [layer for layer in viewer.layers if inputs_of(layer) & inputs]
    if any(not _passes(layer) for layer in there):
        return
    by_map = {_map_of(layer): layer for layer in there}
    for data, properties, kind in layers:
        old = by_map.get(properties["metadata"][KEY]["map"])
        if old is None:
            viewer.add_layer(Layer.create(data, properties, kind))
        else:
            old.data = data


def show_preview(viewer: Viewer, layer: LayerData) -> None:
    """Show a preview in place of an earlier one."""
    data, properties, kind = layer
    old = next((one for one in viewer.layers if _map_of(one) == _PREVIEW), None)
    if old is None:
        viewer.add_layer(Layer.create(data, properties, kind))
    else:
        _update(old, data, properties)
        _raise(viewer, old)


def clear_so_far(viewer: Viewer) -> None:
    """Remove the layers of a run that has no result."""
    for layer in list(viewer.layers):
        if _map_of(layer).endswith(_SO_FAR):
            viewer.layers.remove(layer)


def _raise(viewer: Viewer, layer: Layer) -> None:
    """Put a layer above the others."""
    viewer.layers.move(viewer.layers.index(layer), len(viewer.layers))


def _forget_result(layer: Layer) -> None:
    """Make nuclei of an earlier result plain outlines."""
    about = layer.metadata.get(KEY, {})
    if "result" in about:
        layer.metadata[KEY] = {"image": about["image"]}
        layer.features = None


def _map_of(layer: Layer) -> str:
    """Return what a layer of the plugin shows; empty for other layers."""
    name: str = layer.metadata.get(KEY, {}).get("map", "")
    return name


def _becomes(layer: Layer) -> str:
    """Return the map of a result that takes the place of a layer."""
    name = _map_of(layer)
    return "rate" if name == _PREVIEW else name.removesuffix(_SO_FAR)


def _passes(layer: Layer) -> bool:
    """Whether a layer is no result, and goes with the next one."""
    return _map_of(layer) == _PREVIEW or _map_of(layer).endswith(_SO_FAR)


def _same_labels(labels: Any, layer: Layer) -> bool:
    """Whether a layer shows these labels already."""
    return isinstance(layer, Labels) and np.array_equal(labels, layer.data)


def _finish(viewer: Viewer, layer: Layer) -> None:
    """Show the bar of the colours of a map, and choose the rate below what lies over it."""
    if layer not in viewer.layers:
        return
    if _map_of(layer) in {*MAP_NAMES, _PREVIEW}:
        layer.colorbar.visible = True
    if _map_of(layer) == "domains":
        layer.contour = 1  # px
    if viewer.layers.selection.active is layer and _map_of(layer) in _OVER_THE_RATE:
        rates = [one for one in viewer.layers if _map_of(one) == "rate"]
        below = [one for one in rates if result_of(one) is result_of(layer)]
        viewer.layers.selection.active = below[-1] if below else layer


def _update(layer: Layer, data: Any, properties: dict[str, Any]) -> None:
    """Give a layer new values and what describes them; what is the same costs time to set."""
    layer.data = data
    name = properties["metadata"][KEY]["map"]
    kept = set() if _passes(layer) else _KEPT | (_KEPT_OF_FADE if name == "fade" else set())
    for key, value in properties.items():
        if key not in kept and not _same(getattr(layer, key), value):
            setattr(layer, key, value)


def _same(old: Any, new: Any) -> bool:
    """Whether a property of a layer has this value, as far as that is quick to tell."""
    if isinstance(new, str | float | int | tuple | np.ndarray):
        return bool(np.array_equal(old, new))
    return False
