"""Rate maps of the groups side by side, in the same colours and to the same scale."""

from __future__ import annotations

from dataclasses import dataclass, replace
from textwrap import fill
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.figure import Figure

from chromamol.errors import InputError
from chromamol.report.columns import main_measures
from chromamol.report.pictures import around
from chromamol.results.drawing import (
    INK,
    SMALL_PT,
    TEXT_PT,
    colour_bar,
    fraction,
    outlines,
    scale_bar,
)
from chromamol.results.frame import frame_around
from chromamol.results.map_colours import common
from chromamol.results.panels import compaction_panel, rate_panel
from chromamol.results.reopen import read_result
from chromamol.results.result import analysis_of
from chromamol.statistics.measures import why_not

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd
    from matplotlib.axes import Axes

    from chromamol.analysis import Analysis
    from chromamol.report.cohort import Cohort
    from chromamol.results.bars import Bar
    from chromamol.results.frame import Frame
    from chromamol.results.panels import Panel
    from chromamol.statistics.measures import Measure

_MOST_REPLICATES, _MOST_PX = 4, 500
# Inches; the width is that of two journal columns.
_WIDTH, _LEFT, _GAP, _TITLE, _BELOW, _BAR = 7.2, 0.95, 0.1, 0.2, 0.62, (2.6, 0.075)
_NAME_LETTERS = 16


@dataclass(frozen=True)
class Typical:
    """The nuclei that stand for their replicates.

    Attributes
    ----------
    rows : dict of (str, str) to int
        Row of ``nuclei.csv`` by group and replicate.
    rule : str
        How they were chosen, in a sentence.
    of_rate : bool
        Whether their rates are shown, or their compaction.
    """

    rows: dict[tuple[str, str], int]
    rule: str
    of_rate: bool


@dataclass(frozen=True)
class _Shown:
    panel: Panel
    analysis: Analysis
    frame: Frame


def typical_nuclei(cohort: Cohort) -> Typical | None:
    """Choose the nucleus of each replicate that is nearest to the median of the replicate.

    Of the first measure of the rate by which groups may be compared; where no rate may be, of a
    measure of compaction.

    Parameters
    ----------
    cohort : Cohort

    Returns
    -------
    Typical or None
        None where there are no groups, or nothing to compare them by.
    """
    nuclei = cohort.nuclei
    measures = main_measures(nuclei)
    measure = _measure(measures, nuclei)
    if measure is None or not cohort.groups:
        return None
    rows: dict[tuple[str, str], int] = {}
    values = measures[measure].dropna()
    known = nuclei.loc[values.index]
    for group in cohort.groups:
        of_group = known[known["group"] == group]
        for replicate in list(dict.fromkeys(of_group["replicate"]))[:_MOST_REPLICATES]:
            here = values[of_group.index[of_group["replicate"] == replicate]]
            rows[group, str(replicate)] = int((here - here.median()).abs().idxmin())
    rule = (
        f"Of each of the first {_MOST_REPLICATES} replicates of a group, the nucleus whose "
        f"{measure.label} is nearest to the median of its replicate."
    )
    return Typical(rows, rule, measure.of_rate) if rows else None


def draw_maps(cohort: Cohort, typical: Typical, limits: Mapping[str, float]) -> Figure | None:
    """Draw the maps of typical nuclei: a row for each group, a column for each replicate.

    Parameters
    ----------
    cohort : Cohort
    typical : Typical
    limits : mapping of str to float
        Of the colours of the rate, from `rate_limits`.

    Returns
    -------
    matplotlib.figure.Figure or None
        None where no map can be read.
    """
    shown = {}
    for place, row in typical.rows.items():
        one = _read(cohort, row, limits, of_rate=typical.of_rate)
        if one is not None:
            shown[place] = one
    if not shown:
        return None
    bar = _shared([one.panel.bars[0] for one in shown.values()])
    groups = [group for group in cohort.groups if any(group == one for one, _ in shown)]
    in_row = {group: [place for place in shown if place[0] == group] for group in groups}
    columns = max(len(places) for places in in_row.values())
    size_um = max(max(one.frame.size_um) for one in shown.values())
    side = (_WIDTH - _LEFT - _GAP * columns) / max(columns, 3)
    height = len(groups) * (side + _TITLE) + _BELOW
    figure = Figure(figsize=(_WIDTH, height), facecolor="white")
    for number, group in enumerate(groups):
        bottom = height - (number + 1) * (side + _TITLE)
        figure.text(
            0.01,
            (bottom + side / 2) / height,
            fill(group, _NAME_LETTERS),
            size=TEXT_PT + 1,
            weight="bold",
            color=INK,
            va="center",
            parse_math=False,
        )
        for column, place in enumerate(in_row[group]):
            left = _LEFT + column * (side + _GAP)
            box = fraction(figure, (left, bottom, side, side))
            _draw(figure.add_axes(box), shown[place], bar, size_um, place[1])
    colour_bar(figure, bar, (_LEFT, _BELOW - 0.2, *_BAR))
    return figure


def _measure(measures: dict[Measure, pd.Series], nuclei: pd.DataFrame) -> Measure | None:
    """Choose what is typical: a measure of the rate before one of compaction."""
    fit = [one for one in measures if not why_not(one, nuclei)]
    of_rate = [one for one in fit if one.of_rate]
    of_compaction = [one for one in fit if one.name == "compaction_contrast"]
    return next(iter([*of_rate, *of_compaction]), None)


def _read(cohort: Cohort, row: int, limits: Mapping[str, float], *, of_rate: bool) -> _Shown | None:
    """Read the map of one nucleus; None where it is damaged or not there."""
    image, label, quantity = cohort.nuclei.loc[row, ["image", "nucleus", "quantity"]]
    source = next((one for one in cohort.sources if one.image == image), None)
    if source is None:
        return None
    try:
        result = read_result(source.store)
    except InputError:  # said in its section
        return None
    if int(label) not in {nucleus.label for nucleus in result.record.nuclei}:
        return None
    analysis = analysis_of(around(result, int(label)), int(label))
    frame = frame_around(analysis.nuclei.labels, analysis.yx_spacing_nm, _MOST_PX)
    panel = (
        rate_panel(analysis, frame, limits.get(quantity))
        if of_rate
        else compaction_panel(analysis, frame)
    )
    return None if panel.pixels is None else _Shown(panel, analysis, frame)


def _shared(bars: list[Bar]) -> Bar:
    """Return the colour bar that holds all others."""
    widest = max(bars, key=lambda bar: bar.high)
    low, high = common((bar.low, bar.high) for bar in bars)
    extend = "both" if any(bar.extend != "neither" for bar in bars) else "neither"
    return replace(widest, low=low, high=high, extend=extend)


def _draw(
    axes: Axes,
    shown: _Shown,
    bar: Bar,
    size_um: float,
    title: str,
) -> None:
    """Draw one map in a window that is as wide as all others."""
    frame = shown.frame
    axes.set_axis_off()
    axes.imshow(
        np.ma.masked_invalid(np.asarray(shown.panel.pixels)),
        extent=frame.extent_um,
        cmap=bar.cmap,
        norm=bar.norm,
        alpha=shown.panel.opacity,
    )
    outlines(axes, shown.panel, shown.analysis, frame)
    scale_bar(axes, frame, shown.analysis.nuclei.labels, dark=False)
    height_um, width_um = frame.size_um
    axes.set_xlim((width_um - size_um) / 2, (width_um + size_um) / 2)
    axes.set_ylim((height_um + size_um) / 2, (height_um - size_um) / 2)
    axes.set_title(title, size=SMALL_PT, color=INK, pad=2, parse_math=False)
