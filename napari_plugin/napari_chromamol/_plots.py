"""Plots of a result, with the numbers that are in them; no window here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.text import Text

from chromamol.results.drawing import DOUBT
from chromamol.results.in_words import is_doubted
from chromamol.results.profiles import line_profile, radial_profile, rate_histogram

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from chromamol.results.result import Result

HISTOGRAM, RADIAL, LINE = "Histogram of the rate", "From rim to centre", "Along a line"
KINDS = (HISTOGRAM, RADIAL, LINE)
# Of the colours of Okabe and Ito, which people with any colour vision tell apart.
_COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")
_MOST_NAMED = 6
_TEXT_PT = 8

Line = tuple[tuple[float, float], tuple[float, float]]


@dataclass(frozen=True)
class PlotData:
    """What a plot is made of.

    Attributes
    ----------
    kind : str
        One of `KINDS`.
    table : pandas.DataFrame
        Its numbers.
    rate : str
        What the rate is, with its unit.
    channels : tuple of str
        Columns of `table` that are channels of the image.
    doubted : bool
        Whether a nucleus in it has a map that must not be believed.
    """

    kind: str
    table: pd.DataFrame
    rate: str
    channels: tuple[str, ...] = ()
    doubted: bool = False


def plot_data(kind: str, result: Result, labels: Sequence[int], line: Line | None) -> PlotData:
    """Compute the numbers of a plot.

    Parameters
    ----------
    kind : str
        One of `KINDS`.
    result : Result
    labels : sequence of int
        The nuclei of a histogram or a radial profile.
    line : ((float, float), (float, float)) or None
        Start and end (y, x) of the line, in pixels.

    Raises
    ------
    InputError
        If there is nothing to draw; says why.
    """
    nuclei = result.record.nuclei
    rate = nuclei[0].naming.name_and_unit
    if kind == LINE:
        start, end = line or ((0.0, 0.0), (0.0, 0.0))
        doubted = any(map(is_doubted, nuclei))
        table = line_profile(result, start, end)
        return PlotData(kind, table, rate, result.channel_names, doubted)
    measure = rate_histogram if kind == HISTOGRAM else radial_profile
    doubted = any(is_doubted(one) for one in nuclei if one.label in labels)
    return PlotData(kind, measure(result, labels), rate, doubted=doubted)


def draw(figure: Figure, data: PlotData) -> None:
    """Draw a plot on an empty figure."""
    figure.clear()
    if data.doubted:
        figure.suptitle("DO NOT BELIEVE: see the findings", color=DOUBT, weight="bold")
    if data.kind == HISTOGRAM:
        _draw_histogram(figure.add_subplot(), data)
    elif data.kind == RADIAL:
        _draw_radial(figure.add_subplot(), data)
    else:
        _draw_line(figure, data)
    for axes in figure.axes:
        axes.spines[["top", "right"]].set_visible(False)
    for text in figure.findobj(Text):
        text.set_fontsize(_TEXT_PT)


def save(figure: Figure, data: PlotData, path: Path) -> Path:
    """Write a plot, and its numbers beside it as CSV; return the file of the numbers.

    Raises
    ------
    OSError
        If a file cannot be written.
    """
    from chromamol.results.figure import text_as_text
    from chromamol.results.fonts import any_script

    with text_as_text(), any_script(figure):
        figure.savefig(path, dpi=220)
    numbers = path.with_suffix(".csv")
    data.table.to_csv(numbers, index=False)
    return numbers


def _draw_histogram(axes: Axes, data: PlotData) -> None:
    """Draw a step line for each nucleus."""
    edges = np.append(data.table["rate_low"], data.table["rate_high"].iloc[-1])
    names = [name for name in data.table if name.startswith("area_fraction_")]
    for number, name in enumerate(names):
        label = f"nucleus {name.rpartition('_')[2]}"
        axes.stairs(100 * data.table[name], edges, label=label, **_style(number, len(names)))
    axes.set(xlabel=data.rate, ylabel="share of the area (%)")
    _name_lines(axes, len(names))


def _draw_radial(axes: Axes, data: PlotData) -> None:
    """Draw the mean of each shell, with the spread of its pixels where there is one nucleus."""
    groups = list(data.table.groupby("nucleus"))
    for number, (label, shells) in enumerate(groups):
        x, mean, spread = (
            shells[name] for name in ("distance_to_rim_um", "rate_mean", "rate_variation")
        )
        style = _style(number, len(groups))
        axes.plot(x, mean, label=f"nucleus {label}", **style)
        if len(groups) == 1:
            axes.fill_between(x, mean - spread, mean + spread, alpha=0.2, color=style["color"])
    axes.set(xlabel="distance to the rim (µm)", ylabel=data.rate)
    _name_lines(axes, len(groups))


def _draw_line(figure: Figure, data: PlotData) -> None:
    """Draw the rate with its uncertainty, and the channels over their largest value below it."""
    above, below = figure.subplots(2, 1, sharex=True)
    x, rate, sd = (data.table[name] for name in ("distance_um", "rate", "rate_sd"))
    above.plot(x, rate, color=_COLOURS[0])
    above.fill_between(x, rate - sd, rate + sd, alpha=0.25, color=_COLOURS[0])
    above.set(ylabel=f"{data.rate} ± sd")
    for number, name in enumerate(data.channels):
        values = data.table[name]
        below.plot(x, values / max(values.max(), 1e-12), label=name, color=_colour(number + 1))
    below.set(xlabel="distance along the line (µm)", ylabel="channel / its largest")
    _name_lines(below, len(data.channels))


def _style(number: int, count: int) -> dict[str, object]:
    """Return a colour of its own for a few lines, and one for many."""
    if count > _MOST_NAMED:
        return {"color": "#666666", "alpha": 0.4, "linewidth": 0.8}
    return {"color": _colour(number), "linewidth": 1.5}


def _colour(number: int) -> str:
    return _COLOURS[number % len(_COLOURS)]


def _name_lines(axes: Axes, count: int) -> None:
    """Name the lines where they can be told apart."""
    if count <= _MOST_NAMED:
        axes.legend(frameon=False)
    else:
        axes.set_title(f"{count} nuclei")
