"""The parts of a panel: titles, outlines, numbers, scale bar, colour bar."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import matplotlib as mpl
import numpy as np
from matplotlib.cm import ScalarMappable
from matplotlib.patheffects import Normal, Stroke

from chromamol.results.figure_text import shorten

if TYPE_CHECKING:
    from collections.abc import Mapping

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from numpy.typing import NDArray

    from chromamol.analysis import Analysis
    from chromamol.results.bars import Bar
    from chromamol.results.frame import Frame
    from chromamol.results.panels import Panel

Box = tuple[float, float, float, float]  # left, bottom, width, height in inches

TITLE_PT, TEXT_PT, SMALL_PT = 8.0, 7.0, 6.5
INK, SOFT = "#222222", "#666666"
DOUBT = "#a83200"
_WARNING, _DOMAIN = "#ffb000", "#ffe100"
_CUT = (0, (4, 3))  # dashes
_NICE = (1.0, 2.0, 5.0)


def scale_bar_nm(width_nm: float) -> float:
    """Choose a round length (1, 2 or 5 times a power of ten) up to a quarter of the width."""
    limit = width_nm / 4
    power = 10.0 ** math.floor(math.log10(limit))
    return float(max(step * power for step in _NICE if step * power <= limit))


def fraction(figure: Figure, box: Box) -> Box:
    """Turn inches into fractions of the figure."""
    width, height = figure.get_size_inches()
    left, bottom, box_width, box_height = box
    return left / width, bottom / height, box_width / width, box_height / height


def titles(axes: Axes, panel: Panel, letter: str, width: float, height: float) -> None:
    """Write letter, title, and the subtitle or the banner above a panel."""
    room_pt = 72 * width
    axes.text(
        0,
        1 + 0.24 / height,
        letter,
        size=TITLE_PT + 1,
        weight="bold",
        color=INK,
        transform=axes.transAxes,
    )
    axes.text(
        0.16 / width,
        1 + 0.24 / height,
        shorten(panel.title, room_pt - 12, TITLE_PT, "bold"),
        size=TITLE_PT,
        weight="bold",
        color=INK,
        transform=axes.transAxes,
        parse_math=False,
    )
    if not panel.banner:
        axes.text(
            0,
            1 + 0.07 / height,
            shorten(panel.subtitle, room_pt, SMALL_PT),
            size=SMALL_PT,
            color=SOFT,
            transform=axes.transAxes,
            parse_math=False,
        )
        return
    axes.text(
        0.5,
        1 + 0.10 / height,
        shorten(panel.banner, room_pt - 8, SMALL_PT, "bold"),
        size=SMALL_PT,
        weight="bold",
        color="white" if panel.doubted else "black",
        ha="center",
        va="center",
        transform=axes.transAxes,
        parse_math=False,
        bbox={
            "facecolor": DOUBT if panel.doubted else _WARNING,
            "edgecolor": "none",
            "boxstyle": "square,pad=0.25",
        },
    )


def outlines(axes: Axes, panel: Panel, analysis: Analysis, frame: Frame) -> None:
    """Trace nuclei and holes, dashed where the image cuts them, hatched if doubted; domains."""
    colour = "white" if panel.dark else INK
    for number, line in frame.outlines_um(analysis.nuclei.chromatin):
        style = _CUT if analysis.nuclei.touches_border[number - 1] else "solid"
        axes.plot(line[:, 1], line[:, 0], color=colour, linewidth=0.5, linestyle=style)
        if number in panel.doubted:
            (hatched,) = axes.fill(
                line[:, 1], line[:, 0], facecolor="none", edgecolor=INK, hatch="///", lw=0
            )
            hatched.set_hatch_linewidth(0.6)
    if panel.outlines is not None:
        for _, line in frame.outlines_um(panel.outlines):
            axes.plot(line[:, 1], line[:, 0], color=_DOMAIN, linewidth=0.35)
    left, right, bottom, top = frame.view_um
    axes.set(xlim=(left, right), ylim=(bottom, top))


def scale_bar(axes: Axes, frame: Frame, labels: NDArray[np.int32], *, dark: bool) -> None:
    """Draw a bar of a round length in the lower corner that has less of a nucleus."""
    view_left, view_right, bottom, _ = frame.view_um
    width = view_right - view_left
    length_um = scale_bar_nm(1e3 * width) / 1e3
    on_the_left = _in_corner(labels, frame, "left") < _in_corner(labels, frame, "right")
    left = view_left + 0.04 * width if on_the_left else view_right - 0.04 * width - length_um
    y = bottom - 0.04 * width
    ink, halo = ("white", "black") if dark else (INK, "white")
    effects = [Stroke(linewidth=1.5, foreground=halo), Normal()]
    axes.plot(
        [left, left + length_um],
        [y, y],
        color=ink,
        linewidth=2,
        solid_capstyle="butt",
        path_effects=[Stroke(linewidth=3, foreground=halo), Normal()],
    )
    label = f"{length_um:g} µm" if length_um >= 1 else f"{1e3 * length_um:g} nm"
    axes.text(
        left + length_um / 2,
        y - 0.02 * width,
        label,
        color=ink,
        size=SMALL_PT,
        ha="center",
        va="bottom",
        path_effects=effects,
    )


def _in_corner(labels: NDArray[np.int32], frame: Frame, side: str) -> int:
    """Count the pixels of nuclei in a lower corner of the frame."""
    inside = frame.nearest(labels) > 0
    bottom, part = inside[-(inside.shape[0] // 7 + 1) :], inside.shape[1] // 3
    return int(bottom[:, :part].sum() if side == "left" else bottom[:, -part:].sum())


def words_in_nuclei(axes: Axes, words: Mapping[int, str], analysis: Analysis, frame: Frame) -> None:
    """Write something into the middle of nuclei, by label."""
    for nucleus in analysis.per_nucleus:
        y, x = (
            (indices.mean() + part.start - shown.start + 0.5) * step / 1e3
            for indices, part, shown, step in zip(
                np.nonzero(nucleus.rate_map.mask),
                nucleus.window,
                frame.window,
                frame.yx_spacing_nm,
                strict=True,
            )
        )
        axes.text(
            x,
            y,
            words.get(nucleus.label, ""),
            color="white",
            size=TITLE_PT,
            weight="bold",
            ha="center",
            va="center",
            path_effects=[Stroke(linewidth=2, foreground="black"), Normal()],
        )


def colour_bar(figure: Figure, bar: Bar, box: Box) -> None:
    """Draw a flat colour bar with its label below."""
    axes = figure.add_axes(fraction(figure, box))
    mappable = ScalarMappable(bar.norm, bar.cmap)
    colour_bar = figure.colorbar(
        mappable, cax=axes, orientation="horizontal", extend=bar.extend, extendfrac=0.03
    )
    if bar.ticks is None:
        colour_bar.locator = mpl.ticker.MaxNLocator(4)
        colour_bar.update_ticks()
    else:
        colour_bar.set_ticks(list(bar.ticks), labels=list(bar.ticks.values()))
    colour_bar.outline.set_linewidth(0.4)
    axes.tick_params(labelsize=SMALL_PT, length=2, width=0.4, pad=1.5, colors=INK)
    label = shorten(bar.label, 72 * box[2], SMALL_PT)
    axes.set_xlabel(label, size=SMALL_PT, labelpad=1.5, color=INK, parse_math=False)
