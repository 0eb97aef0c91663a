"""Nuclei and the means of their replicates, group beside group (SuperPlots).

After Lord et al., J. Cell Biol. 219, e202001064 (2020): every nucleus is a small point in the
colour of its replicate, and the mean of each replicate, which is what is compared, a large one.
A legend names the replicates.
"""

from __future__ import annotations

import math
from textwrap import fill
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.text import Text

from chromamol.results.figure_text import shorten
from chromamol.statistics.measures import MEASURES, log_means, values_of, why_not

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd
    from matplotlib.axes import Axes
    from numpy.typing import NDArray

    from chromamol.statistics.measures import Measure

# Of Okabe and Ito, which people with any colour vision tell apart.
_COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#999999", "#F0E442")
# When the colours are used up, they come again with the next marker.
_MARKERS = "osD^vPX"
_COLUMNS, _PANEL_INCH = 3, (2.4, 2.6)
_TEXT_PT, _SMALL_PT = 7, 6
_NAME_LETTERS, _LABEL_LETTERS, _TITLE_LETTERS = 14, 32, 44
# Of the points of nuclei from the middle of their group, where the means are; in distances between
# groups.
_NEAREST, _SPREAD = 0.12, 0.32
_LEGEND_COLUMNS, _LEGEND_ROW_INCH, _MOST_IN_LEGEND, _NAME_PT = 4, 0.14, 40, 95
_GREY = "#777777"


class _Look(NamedTuple):
    """How the points of a replicate look, and what the legend says."""

    colour: str
    marker: str
    name: str


def draw_superplots(
    nuclei: pd.DataFrame, comparisons: pd.DataFrame, groups: Sequence[str]
) -> Figure:
    """Draw a panel for every measure that is compared.

    Parameters
    ----------
    nuclei : pandas.DataFrame
        ``nuclei.csv`` of a batch with a sample sheet.
    comparisons : pandas.DataFrame
        From `chromamol.statistics.compare.compare_groups`.
    groups : sequence of str
        In their order, the reference first.
    """
    shown = [one for one in MEASURES if not why_not(one, nuclei) and values_of(one, nuclei).any()]
    rows = max(1, math.ceil(len(shown) / _COLUMNS))
    looks = _looks(nuclei, groups)
    entries = _legend(looks)
    width = _COLUMNS * _PANEL_INCH[0]
    height = rows * _PANEL_INCH[1] + _LEGEND_ROW_INCH * math.ceil(len(entries) / _LEGEND_COLUMNS)
    figure = Figure(figsize=(width, height), layout="constrained")
    panels = figure.subplots(rows, _COLUMNS, squeeze=False).ravel()
    for panel, measure in zip(panels, shown, strict=False):
        of_measure = comparisons[comparisons["measure"] == measure.name]
        _draw(panel, measure, nuclei, groups, looks)
        panel.set_title(_words(of_measure), fontsize=_SMALL_PT)
    for panel in panels[len(shown) :]:
        panel.set_axis_off()
    figure.legend(
        handles=entries,
        loc="outside lower center",
        ncols=_LEGEND_COLUMNS,
        fontsize=_SMALL_PT,
        frameon=False,
    )
    for text in figure.findobj(Text):
        text.set_parse_math(False)  # the name of a group is no formula
    return figure


def _draw(
    axes: Axes,
    measure: Measure,
    nuclei: pd.DataFrame,
    groups: Sequence[str],
    looks: dict[tuple[str, str], _Look],
) -> None:
    """Draw the nuclei and the replicates of every group."""
    values = values_of(measure, nuclei)
    known = values.dropna()
    units = [nuclei.loc[known.index, name].astype(str) for name in ("group", "replicate")]
    means = np.exp(log_means(measure, known, units))
    for (group, replicate), (colour, marker, _) in looks.items():
        if (group, replicate) not in means.index:
            continue
        place = groups.index(group)
        y = known[(units[0] == group) & (units[1] == replicate)].to_numpy()
        x = place + _beside_the_mean(y.size)
        axes.scatter(x, y, s=8, color=colour, alpha=0.6, linewidths=0)
        axes.scatter(
            [place],
            [means[group, replicate]],
            s=34,
            marker=marker,
            color=colour,
            edgecolors="black",
            linewidths=0.7,
        )
    axes.set_xticks(range(len(groups)), [fill(group, _NAME_LETTERS) for group in groups])
    axes.set_xlim(-0.6, len(groups) - 0.4)
    axes.set_ylabel(fill(measure.label, _LABEL_LETTERS), fontsize=_TEXT_PT)
    axes.tick_params(labelsize=_TEXT_PT)
    axes.spines[["top", "right"]].set_visible(False)


def _beside_the_mean(count: int) -> NDArray[np.float64]:
    """Place the nuclei of a replicate left and right of its mean, evenly: always the same."""
    sides = np.linspace(-1, 1, count + 2)[1:-1]
    distances = _NEAREST + (_SPREAD - _NEAREST) * np.abs(sides)
    return np.where(sides < 0, -distances, distances)


def _looks(nuclei: pd.DataFrame, groups: Sequence[str]) -> dict[tuple[str, str], _Look]:
    """Give each replicate of a group its look; only those that a block pairs share one."""
    texts = nuclei[["group", "replicate", "block"]].astype(object).fillna("").astype(str)
    units = texts.drop_duplicates(["group", "replicate"]).sort_values("replicate")
    numbers: dict[tuple[str, str], int] = {}
    looks = {}
    for name in groups:
        for group, replicate, block in units[units["group"] == name].itertuples(index=False):
            unit = ("", block) if block else (group, replicate)
            lap, number = divmod(numbers.setdefault(unit, len(numbers)), len(_COLOURS))
            marker = _MARKERS[lap % len(_MARKERS)]
            looks[group, replicate] = _Look(
                _COLOURS[number], marker, block or f"{group} · {replicate}"
            )
    return looks


def _legend(looks: dict[tuple[str, str], _Look]) -> list[Line2D]:
    """Return the entries of the legend: what the points are, and which replicate is which."""
    entries = [
        _entry(_GREY, "o", "a nucleus", size=3, edge="none"),
        _entry(_GREY, "o", "mean of a replicate"),
    ]
    several = list(dict.fromkeys(looks.values()))
    entries += [_entry(*look) for look in several[:_MOST_IN_LEGEND]]
    if len(several) > _MOST_IN_LEGEND:
        entries.append(_entry("none", "", f"and {len(several) - _MOST_IN_LEGEND} more"))
    return entries


def _entry(
    colour: str, marker: str, name: str, *, size: float = 5.5, edge: str = "black"
) -> Line2D:
    """Return one entry of the legend."""
    return Line2D(
        [],
        [],
        linestyle="none",
        marker=marker,
        markersize=size,
        color=colour,
        markeredgecolor=edge,
        markeredgewidth=0.7,
        # What begins with an underscore would be left out.
        label=f" {shorten(name, _NAME_PT, _SMALL_PT)}",
    )


def _words(of_measure: pd.DataFrame) -> str:
    """Say of every two groups how much they differ, and how sure that is."""
    lines = []
    for _, row in of_measure.iterrows():
        pair = f"{row['group']} / {row['reference']}"
        if np.isfinite(row["p"]):
            interval = f"{row['ratio']:.2f} ({row['ratio_low']:.2f} to {row['ratio_high']:.2f})"
            lines.append(f"{pair}: {interval}")
            lines.append(f"p = {row['p']:.2g}, q = {row['q']:.2g}")
        else:
            because = str(row["reason"]).partition(":")[0]
            lines.append(fill(f"{pair}: no p. {because}", _TITLE_LETTERS))
    return "\n".join(lines)
