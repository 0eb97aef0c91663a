"""Layers from images and results: names, colours, limits, and what the numbers are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import matplotlib as mpl
import numpy as np
from napari.utils.colormaps import Colormap

from chromamol.analysis import MAP_NAMES
from chromamol.results.bars import DIVERGING
from chromamol.results.colours import ratio_limit, uncertainty_over_differences
from chromamol.results.in_words import is_doubted
from chromamol.results.map_colours import colours_of, limits_of
from napari_chromamol._overlays import doubt_colours, doubted_stripes, fade_colours

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    import pandas as pd
    from numpy.typing import NDArray

    from chromamol.analysis import MapName
    from chromamol.images.image import Image
    from chromamol.results.record import Record
    from chromamol.results.result import Result

LayerData = tuple[Any, dict[str, Any], str]

# Key of the metadata of every layer that the plugin makes.
KEY = "chromamol"

_CHANNEL_COLOURS = ("magenta", "green", "cyan", "yellow")


def channel_layers(
    image: str,
    cyx: NDArray[Any],
    channel_names: tuple[str, ...],
    placement: dict[str, Any],
    **about: Any,
) -> list[LayerData]:
    """Make a layer of each channel.

    Parameters
    ----------
    image : str
        Name of the image; the layer's name where the channel has none.
    cyx : (channel, y, x) array
    channel_names : tuple of str
        "" where there is none.
    placement : dict
        Scale, units and axis labels.
    **about
        What else is kept in the metadata: notes, whether the values are counts, the blur ...
    """
    several = len(cyx) > 1
    layers = []
    for number, (yx, channel) in enumerate(zip(cyx, channel_names, strict=True)):
        low, high = (float(limit) for limit in np.nanpercentile(yx, (0.5, 99.8)))
        of_channel = {"image": image, "channel": number, "channels": len(cyx), **about}
        shown: dict[str, Any] = {
            "name": channel or (f"channel {number} · {image}" if several else image),
            "colormap": _CHANNEL_COLOURS[number % len(_CHANNEL_COLOURS)] if several else "gray",
            "blending": "additive" if several else "translucent",
            "contrast_limits": (low, high if high > low else low + 1),
            "metadata": {KEY: of_channel},
        }
        layers.append((yx, shown | placement, "image"))
    return layers


def image_layers(
    image: Image,
    placement: dict[str, Any],
    files: Sequence[Path] = (),
    reading: Mapping[str, Any] | None = None,
) -> list[LayerData]:
    """Make a layer of each channel of an image that was read.

    Parameters
    ----------
    image : Image
    placement : dict
    files : sequence of Path
        What it was read from.
    reading : mapping, optional
        The settings that it was read with, where they are not the defaults.
    """
    return channel_layers(
        image.name,
        image.cyx[:],
        image.channel_names,
        placement,
        files=tuple(map(str, files)) or (str(image.path),),
        notes=image.notes,
        counts=image.counts,
        psf_nm=image.psf_nm,
        repeated_share=image.repeated_share,
        reading=dict(reading or {}),
        stated_nm=image.yx_spacing_nm,
    )


def result_layers(result: Result, placement: dict[str, Any]) -> list[LayerData]:
    """Make the layers of a result: the nuclei, then the maps, the rate on top.

    Over the rate lie what fades it where it is uncertain, stripes where it must not be believed,
    and the outlines of the domains.

    Parameters
    ----------
    result : Result
    placement : dict
        Scale, units and axis labels, those of the image.

    Returns
    -------
    list of (data, properties, type)
        A map without a single number (a fit that was rejected) has no layer; the findings say why.
        Each has the result in its metadata.
    """
    there = [name for name in reversed(MAP_NAMES) if np.isfinite(result.maps[name]).any()]
    layers = [_labels("nuclei", result.labels.copy(), result.nuclei_table, opacity=0.3)]
    layers += [
        _map(name, result.maps[name], result.record, visible=name == there[-1]) for name in there
    ]
    if "rate" in there:
        layers += _overlays(result)
    domains = result.domains.copy()
    layers.append(_labels("domains", domains, result.domains_table, visible=False))
    about = _about(result)
    for _, shown, _ in layers:
        shown["name"] = f"{shown['name']} · {result.record.image}"
        shown["metadata"] = {KEY: about | shown["metadata"]}
    return [(data, shown | placement, kind) for data, shown, kind in layers]


def labels_layer(image: Image, placement: dict[str, Any]) -> LayerData:
    """Make a layer of a mask or a label image that was read."""
    labels = np.asarray(image.cyx[0])
    if len(np.unique(labels)) == 2:
        labels = labels > labels.min()
    shown = {"name": image.name, "opacity": 0.3, "metadata": {KEY: {"image": image.name}}}
    return labels.astype(np.int32), shown | placement, "labels"


def so_far_layers(
    image: str,
    labels: NDArray[np.int32],
    rate: NDArray[np.float32] | None,
    placement: dict[str, Any],
) -> list[LayerData]:
    """Make layers of what a run has done so far; they go when it ends.

    Parameters
    ----------
    image : str
        Name of the image.
    labels : (y, x) int32
        The nuclei.
    rate : (y, x) float32 or None
        The rates of the nuclei that are ready.
    placement : dict
    """
    shown: dict[str, Any] = {"opacity": 0.3, **_passing("nuclei", image)}
    layers: list[LayerData] = [(labels, shown | placement, "labels")]
    if rate is not None and np.isfinite(rate).any():
        middle = float(np.nanmedian(rate))
        limit = ratio_limit(rate / middle)
        shown = {
            "colormap": _logarithmic(limit),
            "contrast_limits": (middle / limit, middle * limit),
            **_passing("rate", image),
        }
        layers.append((rate, shown | placement, "image"))
    return layers


def preview_layer(
    record: Record, maps: Mapping[MapName, NDArray[np.float32]], placement: dict[str, Any]
) -> LayerData:
    """Make the layer of a preview: the rate, or the compaction where there is none."""
    name: MapName = "rate" if np.isfinite(maps["rate"]).any() else "compaction"
    data, shown, kind = _map(name, maps[name], record, visible=True)
    what = record.nuclei[0].naming.name_and_unit if name == "rate" else name
    shown["name"] = f"PREVIEW {what} · {record.image}"
    shown["metadata"] = {KEY: {"image": record.image, "map": "preview"}}
    return data, shown | placement, kind


def _passing(name: str, image: str) -> dict[str, Any]:
    """Name a layer that will go."""
    metadata = {KEY: {"image": image, "map": f"{name} so far"}}
    return {"name": f"{name} so far · {image}", "metadata": metadata}


def _labels(name: str, labels: NDArray[np.int32], table: pd.DataFrame, **look: object) -> LayerData:
    """Make a layer of labels whose features are the rows of a table."""
    numbers = table["nucleus"] if name == "nuclei" else np.arange(1, len(table) + 1)
    shown: dict[str, Any] = {
        "name": name,
        **look,
        "features": table.assign(index=numbers),
        "metadata": {"map": name},
    }
    return labels, shown, "labels"


def _map(name: MapName, yx_map: NDArray[Any], record: Record, *, visible: bool) -> LayerData:
    """Make the layer of one map, in the colours of the figure."""
    low, high = limits_of(record, name, yx_map)
    colours = colours_of(record, name, (low, high))
    is_linear = colours.neutral is None
    shown = {
        "name": _label(name, record),
        "colormap": _linear(str(colours.bar.cmap))
        if is_linear
        else _logarithmic((high / low) ** 0.5),
        "contrast_limits": (low, high),
        "blending": "translucent",
        "visible": visible,
        "metadata": {"map": name},
    }
    return yx_map, shown, "image"


def _overlays(result: Result) -> list[LayerData]:
    """Make the layers that lie over the rate."""
    layers: list[LayerData] = []
    maps, stripes = result.maps, doubted_stripes(result)
    uncertain = uncertainty_over_differences(result.labels, maps["rate"], maps["rate_sd"])
    if np.isfinite(uncertain).any():
        layers.append(
            (uncertain, _overlay("fade", "fade of uncertain pixels", fade_colours(), 2.0), "image")
        )
    if stripes is not None:
        layers.append((stripes, _overlay("doubt", "DO NOT BELIEVE", doubt_colours(), 1.0), "image"))
    return layers


def _overlay(name: str, words: str, colours: Colormap, high: float) -> dict[str, Any]:
    """Return the properties of a layer over the rate."""
    return {
        "name": words,
        "colormap": colours,
        "contrast_limits": (0.0, high),
        "blending": "translucent",
        "metadata": {"map": name},
    }


def _about(result: Result) -> dict[str, Any]:
    """Say in the metadata what the numbers are, and how they came about."""
    record = result.record
    first = record.nuclei[0]
    return {
        "image": record.image,
        "quantity": first.quantity,
        "scale": first.scale,
        "unit": first.naming.unit,
        "exploratory": any(nucleus.exploratory for nucleus in record.nuclei),
        "result": result,
    }


def _label(name: MapName, record: Record) -> str:
    """Name a map by what its numbers are."""
    if name not in {"rate", "rate_sd"}:
        return name
    first = record.nuclei[0]
    warnings = ["DOUBTFUL"] if any(map(is_doubted, record.nuclei)) else []
    warnings += ["EXPLORATORY"] if first.exploratory else []
    what = first.naming.name_and_unit
    return " ".join([*([] if name == "rate" else ["sd of"]), *warnings, what])


def _logarithmic(limit: float) -> Colormap:
    """Colours that diverge from 1, even in the logarithm of a ratio between 1/limit and limit.

    The control points carry the logarithm, so that the layer, and with it the status bar,
    holds the ratio itself.
    """
    fraction = np.linspace(0, 1, 129)
    ratio = limit ** (2 * fraction - 1)
    controls = (ratio - ratio[0]) / (ratio[-1] - ratio[0])
    return Colormap(
        mpl.colormaps[DIVERGING](fraction),
        controls=controls,
        name=f"{DIVERGING} log2 1/{limit:g} to {limit:g}",
    )


def _linear(name: str) -> Colormap:
    """Return a colour map of matplotlib."""
    return Colormap(mpl.colormaps[name](np.linspace(0, 1, 256)), name=name)
