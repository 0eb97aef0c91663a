"""Layers of a result: what they are called, and where their colours are neutral."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from chromamol.analysis import MAP_NAMES
from chromamol.inference.rate_map import Quantity
from chromamol.results.map_colours import colours_of, limits_of
from chromamol.results.result import Result
from chromamol.settings import Settings
from napari_chromamol._layers import KEY, result_layers

from .test_findings import nucleus, record


def layers(one: Any, factor: float = 1.0) -> dict[str, tuple[Any, dict[str, Any]]]:
    """The layers of a result of 1 nucleus, by the map that they show."""
    yx_rate = factor * np.geomspace(0.6, 1.9, 63, dtype=np.float32).reshape(7, 9)
    maps = {"rate": yx_rate, "rate_sd": 0.1 * yx_rate}
    maps |= {name: np.ones_like(yx_rate) for name in ("residual", "compaction")}
    labels, cyx = np.ones((7, 9), np.int32), np.ones((1, 7, 9))
    tables = (pd.DataFrame({"nucleus": [1]}), pd.DataFrame())
    made = result_layers(Result(cyx, labels, 0 * labels, maps, *tables, one), {})
    return {shown["metadata"][KEY]["map"]: (data, shown) for data, shown, _ in made}


def test_absolute_rates_have_their_unit_and_are_white_at_the_acetylation_rate() -> None:
    settings = Settings(acetylation_rate_per_s=4e-4)
    found = layers(record(nucleus(1, scale="ABSOLUTE"), settings=settings), factor=4e-4)
    rate, rate_sd = found["rate"][1], found["rate_sd"][1]
    assert rate["name"] == "methylation rate (1/s) · cell"
    assert rate_sd["name"] == "sd of methylation rate (1/s) · cell"
    assert rate["metadata"][KEY]["unit"] == "1/s"
    low, high = rate["contrast_limits"]
    assert np.sqrt(low * high) == pytest.approx(4e-4)
    assert high == pytest.approx(2 * 4e-4)
    assert 0 < rate_sd["contrast_limits"][1] < 1e-4
    white = rate["colormap"].map(np.array([(4e-4 - low) / (high - low)]))[0]
    assert white[:3].min() > 0.95


def test_a_map_has_the_colours_of_the_figure_and_of_the_exported_file() -> None:
    for one in (record(nucleus(1)), record(nucleus(1, scale="RELATIVE"))):
        for name, (data, shown) in layers(one).items():
            if name in MAP_NAMES:
                assert shown["contrast_limits"] == limits_of(one, name, data)
                colours = colours_of(one, name, shown["contrast_limits"])
                low, high = shown["contrast_limits"]
                values = np.linspace(low, high, 9)
                found = 255 * shown["colormap"].map((values - low) / (high - low))[:, :3]
                np.testing.assert_allclose(found, colours.rgb(values[None])[0], atol=4)


def test_a_map_that_must_not_be_believed_is_called_doubtful() -> None:
    names = [shown["name"] for _, shown in layers(record(nucleus(1, "model-misfit"))).values()]
    assert "DOUBTFUL rate ratio · cell" in names
    assert "sd of DOUBTFUL rate ratio · cell" in names
    assert "compaction · cell" in names


def test_a_deposition_may_fall_below_zero_and_has_even_colours() -> None:
    one = record(nucleus(1, quantity=Quantity.DEPOSITION.value, scale="RELATIVE"))
    found = layers(one)["rate"][1]
    low, high = found["contrast_limits"]
    assert (low, high) == (0, 2)  # 0.6 to 1.9, in round numbers as in the figure
    assert found["colormap"].map(np.array([0.5]))[0][:3].min() > 0.95
