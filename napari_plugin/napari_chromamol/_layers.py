"""Layers from images and results: names, colours, limits, and what the numbers are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import matplotlib as mpl
import numpy as np
from napari.utils.colormaps import Colormap

from chromamol.analysis import MAP_NAMES
from chromamol.inference.rate_map import Scale
from chromamol.results.in_words import is_doubted
from chromamol.results.naming import neutral_rate

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from chromamol.analysis import MapName
    from chromamol.images.image import Image
    from chromamol.results.record import Record
    from chromamol.results.result import Result

LayerData = tuple[Any, dict[str, Any], str]

# Key of the metadata of every layer that the plugin makes.
KEY = "chromamol"

_CHANNEL_COLOURS = ("magenta", "green", "cyan", "yellow")
_RATIO_LIMITS = (1.1, 1.25, 1.5, 2.0, 3.0, 4.0, 8.0, 16.0)
_SHARE_IN_COLOURS = 99.0
_LEAST_RESIDUAL_LIMIT = 3.0


def channel_layers(
    image: str,
    cyx: NDArray[Any],
    channel_names: tuple[str, ...],
    placement: dict[str, Any],
    notes: tuple[str, ...] = (),
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
    notes : tuple of str
        What was understood and ignored, kept in the metadata.
    """
    several = len(cyx) > 1
    layers = []
    for number, (yx, channel) in enumerate(zip(cyx, channel_names, strict=True)):
        low, high = (float(limit) for limit in np.nanpercentile(yx, (0.5, 99.8)))
        shown: dict[str, Any] = {
            "name": channel or (f"{image} channel {number}" if several else image),
            "colormap": _CHANNEL_COLOURS[number % len(_CHANNEL_COLOURS)] if several else "gray",
            "blending": "additive" if several else "translucent",
            "contrast_limits": (low, high if high > low else low + 1),
            "metadata": {KEY: {"image": image, "channel": number, "notes": notes}},
        }
        layers.append((yx, shown | placement, "image"))
    return layers


def image_layers(image: Image, placement: dict[str, Any]) -> list[LayerData]:
    """Make a layer of each channel of an image that was read."""
    return channel_layers(image.name, image.cyx, image.channel_names, placement, image.notes)


def result_layers(result: Result, placement: dict[str, Any]) -> list[LayerData]:
    """Make the layers of a result: nuclei, then its maps, the rate on top.

    Parameters
    ----------
    result : Result
    placement : dict
        Scale, units and axis labels, those of the image.

    Returns
    -------
    list of (data, properties, type)
        A map without a single number (a fit that was rejected) has no layer; the findings say why.
    """
    record = result.record
    about = _about(record)
    nuclei: dict[str, Any] = {
        "name": f"nuclei · {record.image}",
        "opacity": 0.3,
        "metadata": {KEY: about | {"map": "nuclei"}},
    }
    layers: list[LayerData] = [(result.labels, nuclei | placement, "labels")]
    there = [name for name in reversed(MAP_NAMES) if np.isfinite(result.maps[name]).any()]
    for name in there:
        yx_map = result.maps[name]
        colours, limits = _colours(name, yx_map[np.isfinite(yx_map)], _neutral(record))
        shown = {
            "name": f"{_label(name, record)} · {record.image}",
            "colormap": colours,
            "contrast_limits": limits,
            "blending": "translucent",
            "visible": name == there[-1],
            "metadata": {KEY: about | {"map": name}},
        }
        layers.append((yx_map, shown | placement, "image"))
    return layers


def _about(record: Record) -> dict[str, Any]:
    """Say in the metadata what the numbers are, and how they came about."""
    first = record.nuclei[0]
    return {
        "image": record.image,
        "quantity": first.quantity,
        "scale": first.scale,
        "unit": first.naming.unit,
        "exploratory": any(nucleus.exploratory for nucleus in record.nuclei),
        "record": record.model_dump(mode="json"),
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


def _neutral(record: Record) -> float:
    """Return the rate that is drawn white."""
    return neutral_rate(Scale[record.nuclei[0].scale], record.settings)


def _colours(
    name: MapName, values: NDArray[Any], neutral: float
) -> tuple[Colormap, tuple[float, float]]:
    """Choose colour map and limits for the finite values of a map; the neutral rate is white."""
    if name == "rate":
        tiny = np.finfo(np.float32).tiny
        log2_rate = np.abs(np.log2(np.maximum(values.astype(np.float64) / neutral, tiny)))
        needed = 2 ** np.percentile(log2_rate, _SHARE_IN_COLOURS)
        limit = next((one for one in _RATIO_LIMITS if one >= needed), _RATIO_LIMITS[-1])
        return _diverging(limit), (neutral / limit, neutral * limit)
    if name == "residual":
        spread = float(np.percentile(np.abs(values), _SHARE_IN_COLOURS))
        limit = max(_LEAST_RESIDUAL_LIMIT, spread)
        return _named("PuOr_r"), (-limit, limit)
    low, high = (float(one) for one in np.percentile(values, (100 - _SHARE_IN_COLOURS, 99)))
    if name == "rate_sd":
        low = 0.0
    return _named("cividis" if name == "rate_sd" else "magma"), (
        low,
        high if high > low else low + neutral,
    )


def _diverging(limit: float) -> Colormap:
    """Colours that diverge from 1, even in the logarithm of a ratio between 1/limit and limit.

    The control points carry the logarithm, so that the layer, and with it the status bar,
    holds the ratio itself.
    """
    fraction = np.linspace(0, 1, 129)
    ratio = limit ** (2 * fraction - 1)
    controls = (ratio - ratio[0]) / (ratio[-1] - ratio[0])
    return Colormap(
        mpl.colormaps["RdBu_r"](fraction),
        controls=controls,
        name=f"RdBu_r log2 1/{limit:g} to {limit:g}",
    )


def _named(name: str) -> Colormap:
    """Return a colour map of matplotlib."""
    return Colormap(mpl.colormaps[name](np.linspace(0, 1, 256)), name=name)
