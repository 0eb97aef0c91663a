"""What the status bar says under the cursor: the pixel, its domain, its nucleus, each ± sd."""

from __future__ import annotations

import math
from functools import partial
from typing import TYPE_CHECKING, Any

from napari.layers import Layer

from chromamol.results.in_words import is_doubted
from napari_chromamol._layers import KEY

if TYPE_CHECKING:
    from collections.abc import Sequence

    from chromamol.results.result import Result

# Maps whose value is not among the words.
_OWN_VALUE = ("residual",)


def words_at(result: Result, y: int, x: int) -> str:
    """Say the rate of a pixel, of its domain and of its nucleus.

    Parameters
    ----------
    result : Result
    y, x : int
        Row and column of the image.

    Returns
    -------
    str
        "rate ratio 1.2 ± 0.1; domain 3: 1.1 ± 0.05; nucleus 1: 1.0 ± 0.02"; empty outside.
    """
    height, width = result.labels.shape
    if not (0 <= y < height and 0 <= x < width) or not result.labels[y, x]:
        return ""
    label, domain = int(result.labels[y, x]), int(result.domains[y, x])
    record = next((one for one in result.record.nuclei if one.label == label), None)
    if record is None:
        return f"nucleus {label}: no map"
    rate, rate_sd, compaction = (
        float(result.maps[name][y, x]) for name in ("rate", "rate_sd", "compaction")
    )
    parts = [f"{record.naming.name} {_with_sd(rate, rate_sd)}"]
    if domain:
        row = result.domains_table.iloc[domain - 1]
        parts.append(f"domain {row['domain']}: {_with_sd(row['rate_mean'], row['rate_mean_sd'])}")
    table = result.nuclei_table
    row = table[table["nucleus"] == label].iloc[0]
    parts.append(f"nucleus {label}: {_with_sd(row['rate_mean'], row['rate_mean_sd'])}")
    if record.naming.unit:
        parts[-1] += f" {record.naming.unit}"
    parts.append(f"compaction {compaction:.3g}")
    if is_doubted(record):
        parts.insert(0, "DO NOT BELIEVE")
    return "; ".join(parts)


def _with_sd(value: float, sd: float) -> str:
    """Write a value with its standard deviation, where they are known."""
    if not math.isfinite(value):
        return "unknown"
    return f"{value:.3g}" + (f" ± {sd:.2g}" if math.isfinite(sd) else "")


def tell_uncertainty(layer: Layer) -> None:
    """Give the layer of a result a status that says more than the value of a pixel."""
    if "map" in layer.metadata.get(KEY, {}):
        layer.get_status = partial(_status, layer)


def _status(
    layer: Layer, position: Sequence[float] | None = None, *, world: bool = False, **how: Any
) -> dict[str, str]:
    """Return napari's status of a layer, with our words in place of the value."""
    status = Layer.get_status(layer, position, world=world, **how)
    result = layer.metadata[KEY].get("result")
    if position is not None and result is not None:
        place = layer.world_to_data(position) if world else position
        y, x = (round(float(coordinate)) for coordinate in place[-2:])
        words = words_at(result, y, x)
        if words and layer.metadata[KEY]["map"] in _OWN_VALUE:
            words = f"{layer.metadata[KEY]['map']} {status['value']}; {words}"
        status["value"] = words
        status["coordinates"] = f"{status['coords']}: {status['value']}"
    return status
