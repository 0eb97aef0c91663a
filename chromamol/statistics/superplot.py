"""Nuclei and the means of their replicates, group beside group (SuperPlots).

After Lord et al., J. Cell Biol. 219, e202001064 (2020): every nucleus is a small point in the
colour of its replicate, and the mean of each replicate, which is what is compared, a large one.
"""

from __future__ import annotations

import math
from textwrap import fill
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.text import Text

from chromamol.statistics.measures import MEASURES, log_means, values_of, why_not

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes

    from chromamol.statistics.measures import Measure

# Of Okabe and Ito, which people with any colour vision tell apart.
_COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#999999", "#F0E442")
_COLUMNS, _PANEL_INCH = 3, (2.4, 2.6)
_TEXT_PT, _SMALL_PT = 7, 6
_NAME_LETTERS, _LABEL_LETTERS, _TITLE_LETTERS = 14, 32, 44
_SPREAD = 0.28  # of the points of a group, in distances between groups


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
    figure = Figure(
        figsize=(_COLUMNS * _PANEL_INCH[0], rows * _PANEL_INCH[1]), layout="constrained"
    )
    panels = figure.subplots(rows, _COLUMNS, squeeze=False).ravel()
    for panel, measure in zip(panels, shown, strict=False):
        of_measure = comparisons[comparisons["measure"] == measure.name]
        _draw(panel, measure, nuclei, groups)
        panel.set_title(_words(of_measure), fontsize=_SMALL_PT)
    for panel in panels[len(shown) :]:
        panel.set_axis_off()
    for text in figure.findobj(Text):
        text.set_parse_math(False)  # the name of a group is no formula
    return figure


def _draw(axes: Axes, measure: Measure, nuclei: pd.DataFrame, groups: Sequence[str]) -> None:
    """Draw the nuclei and the replicates of every group."""
    values = values_of(measure, nuclei)
    known = values.dropna()
    units = [nuclei.loc[known.index, name].astype(str) for name in ("group", "replicate")]
    means = np.exp(log_means(measure, known, units))
    colours = _colours(nuclei)
    for place, group in enumerate(groups):
        of_group = nuclei["group"].astype(str) == group
        for replicate in sorted(nuclei.loc[of_group, "replicate"].astype(str).unique()):
            here = of_group & (nuclei["replicate"].astype(str) == replicate)
            y = values[here].dropna().to_numpy()
            if not y.size:
                continue
            colour = colours[here].iloc[0]
            # In the order of the table, evenly spread: the same picture every time.
            x = place + np.linspace(-_SPREAD, _SPREAD, y.size + 2)[1:-1]
            axes.scatter(x, y, s=5, color=colour, alpha=0.45, linewidths=0)
            mean = means[group, replicate]
            axes.scatter([place], [mean], s=34, color=colour, edgecolors="black", linewidths=0.7)
    axes.set_xticks(range(len(groups)), [fill(group, _NAME_LETTERS) for group in groups])
    axes.set_xlim(-0.6, len(groups) - 0.4)
    axes.set_ylabel(fill(measure.label, _LABEL_LETTERS), fontsize=_TEXT_PT)
    axes.tick_params(labelsize=_TEXT_PT)
    axes.spines[["top", "right"]].set_visible(False)


def _colours(nuclei: pd.DataFrame) -> pd.Series:
    """Give each replicate a colour; only those that a block pairs share one."""
    alone = nuclei["group"].astype(str) + "\n" + nuclei["replicate"].astype(str)
    block = nuclei["block"].astype(object).fillna("").astype(str)
    numbers, _ = pd.factorize(block.where(block != "", alone), sort=True)
    return pd.Series(np.take(_COLOURS, numbers, mode="wrap"), nuclei.index)


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
