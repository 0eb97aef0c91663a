"""The figure of an analysis: image, rate, uncertainty, residual, and what may be believed."""

from __future__ import annotations

import math
from contextlib import contextmanager
from threading import Lock
from typing import TYPE_CHECKING, Any

import matplotlib as mpl
import numpy as np
from matplotlib.figure import Figure

from chromamol.inference.rate_map import Quantity, Scale
from chromamol.results.bars import DIVERGING
from chromamol.results.drawing import (
    DOUBT,
    INK,
    SOFT,
    TEXT_PT,
    TITLE_PT,
    Box,
    colour_bar,
    fraction,
    outlines,
    scale_bar,
    titles,
    words_in_nuclei,
)
from chromamol.results.figure_text import shorten, wrap
from chromamol.results.fonts import any_script
from chromamol.results.frame import frame_around
from chromamol.results.in_words import in_words
from chromamol.results.naming import naming_of
from chromamol.results.panels import panels_of
from chromamol.results.record import record_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from numpy.typing import NDArray

    from chromamol.analysis import Analysis
    from chromamol.results.frame import Frame
    from chromamol.results.panels import Panel

# Inches; the width is that of two journal columns.
_WIDTH, _MARGIN, _GAP = 7.2, 0.15, 0.22
_HEADER, _TITLES, _BAR_ROOM, _BAR = 0.50, 0.38, 0.50, 0.075
_LINE_INCH = 0.135
_EMPTY = "#ececec"
_FONTS: dict[Any, Any] = {"pdf.fonttype": 42, "svg.fonttype": "none"}
_PARAMETERS = Lock()
_DPI = 220


def draw_figure(analysis: Analysis, *, yx_truth: NDArray[np.float64] | None = None) -> Figure:
    """Draw an analysis on one page as wide as two journal columns.

    Parameters
    ----------
    analysis : Analysis
    yx_truth : (y, x) float64, optional
        The known rate of a simulated image; it gets a panel with the colours of the inferred
        rate, and the relative L2 error of that.

    Returns
    -------
    matplotlib.figure.Figure
    """
    frame = frame_around(analysis.nuclei.labels, analysis.yx_spacing_nm)
    panels = panels_of(analysis, frame, yx_truth)
    columns = 2 if len(panels) in {2, 4} else 3
    rows = math.ceil(len(panels) / columns)
    panel_width = (_WIDTH - 2 * _MARGIN - (columns - 1) * _GAP) / columns
    left_um, right_um, bottom_um, top_um = frame.view_um
    panel_height = panel_width * (bottom_um - top_um) / (right_um - left_um)
    row_height = _TITLES + panel_height + _BAR_ROOM
    text_width_pt = 72 * (_WIDTH - 2 * _MARGIN)
    lines = [
        (line, weight)
        for sentence, weight in _notes(analysis, panels)
        for line in wrap(sentence, text_width_pt, TEXT_PT, weight)
    ]
    height = _HEADER + rows * row_height + len(lines) * _LINE_INCH + _MARGIN
    figure = Figure(figsize=(_WIDTH, height), facecolor="white")

    _header(figure, analysis, height)
    for number, panel in enumerate(panels):
        row, column = divmod(number, columns)
        left = _MARGIN + column * (panel_width + _GAP)
        top = height - _HEADER - row * row_height
        box = (left, top - _TITLES - panel_height, panel_width, panel_height)
        _draw_panel(figure, panel, "abcdefghijkl"[number], box, analysis=analysis, frame=frame)
    for number, (line, weight) in enumerate(reversed(lines)):
        y = (_MARGIN + number * _LINE_INCH) / height
        colour = DOUBT if weight == "bold" else INK
        figure.text(
            _MARGIN / _WIDTH,
            y,
            line,
            size=TEXT_PT,
            weight=weight,
            color=colour,
            parse_math=False,
        )
    return figure


def save_figure(figure: Figure, png: Path, pdf: Path) -> None:
    """Write a figure as PNG and as PDF (text stays text, maps are embedded images).

    Raises
    ------
    OSError
        If a file cannot be written.
    """
    with text_as_text(), any_script(figure):
        figure.savefig(png, dpi=_DPI)
        figure.savefig(pdf, dpi=_DPI)


@contextmanager
def text_as_text() -> Iterator[None]:
    """Let files of figures keep their text, that it can be edited; one thread at a time.

    These are parameters of matplotlib as a whole.
    """
    with _PARAMETERS, mpl.rc_context(_FONTS):
        yield


def _notes(analysis: Analysis, panels: list[Panel]) -> list[tuple[str, str]]:
    """Say below the panels what has to be known to read them; each with the weight of its font."""
    words = in_words(record_of(analysis).nuclei)
    strong = [f"No rate map: {sentence}" for sentence in words.no_map]
    strong += [f"Do not believe the hatched map: {sentence}" for sentence in words.doubts]
    plain = list(words.findings)
    rate = next((one for one in panels if one.bars and one.bars[0].cmap == DIVERGING), None)
    if rate is not None:
        first = analysis.per_nucleus[0].rate_map
        scale, what = first.scale, first.scale.in_words(exploratory=first.exploratory)
        plain.append(f"{what[0].upper()}{what[1:]}.")
        colours = "Colours of the rate: at least 98 % of the pixels lie within the limits"
        colours += ", white is the acetylation rate" if scale is Scale.ABSOLUTE else ""
        if rate.opacity is not None:
            colours += (
                "; colours fade to grey where the uncertainty is as large as the differences in "
                "the map"
            )
        plain.append(f"{colours}.")
    if any(analysis.nuclei.touches_border):
        plain.append("Dashed outline: the image border cuts this nucleus.")
    return [(text, "bold") for text in strong] + [(text, "normal") for text in plain]


def _header(figure: Figure, analysis: Analysis, height: float) -> None:
    """Write the name of the image and what was done."""
    room_pt = 72 * (_WIDTH - 2 * _MARGIN)
    name = shorten(analysis.image.name, room_pt, TITLE_PT + 2, "bold")
    first, count = analysis.per_nucleus[0].rate_map, len(analysis.per_nucleus)
    naming = naming_of(first.quantity, first.scale)
    y_nm, x_nm = analysis.yx_spacing_nm
    pixel = f"{x_nm:.4g} nm" if y_nm == x_nm else f"{y_nm:.4g} × {x_nm:.4g} nm (y × x)"
    # The method is that of two channels and of marks: a total density has a fit of its own.
    by = "" if first.quantity is Quantity.DENSITY_ONLY else f"{analysis.settings.method} · "
    what = (
        f"{naming.name_and_unit} · {by}pixel {pixel} · "
        f"{count} {'nucleus' if count == 1 else 'nuclei'}"
    )
    left = _MARGIN / _WIDTH
    for text, y, size, weight, colour in (
        (name, 0.24, TITLE_PT + 2, "bold", INK),
        (what, 0.40, TEXT_PT, "normal", SOFT),
    ):
        figure.text(
            left, 1 - y / height, text, size=size, weight=weight, color=colour, parse_math=False
        )


def _draw_panel(
    figure: Figure,
    panel: Panel,
    letter: str,
    box: Box,
    *,
    analysis: Analysis,
    frame: Frame,
) -> None:
    """Draw one panel with its titles above and its colour bar below; `box` in inches."""
    left, bottom, width, height = box
    axes = figure.add_axes(fraction(figure, box))
    axes.set(xticks=[], yticks=[], facecolor="black" if panel.dark else _EMPTY)
    axes.spines[:].set(visible=bool(panel.doubted), color=DOUBT, linewidth=1.5)
    titles(axes, panel, letter, width, height)
    if panel.pixels is None:
        lines = wrap(panel.message, 72 * width * 0.8, TITLE_PT)
        axes.text(
            0.5,
            0.5,
            "\n".join(lines),
            ha="center",
            va="center",
            size=TITLE_PT,
            color=INK,
            transform=axes.transAxes,
            parse_math=False,
        )
        return
    bar = panel.bars[0]
    axes.imshow(
        np.ma.masked_invalid(panel.pixels),
        extent=frame.extent_um,
        cmap=bar.cmap,
        norm=bar.norm,
        interpolation=panel.interpolation,
        alpha=panel.opacity,
    )
    outlines(axes, panel, analysis, frame)
    if letter == "a":
        scale_bar(axes, frame, analysis.nuclei.labels, dark=panel.dark)
        if len(analysis.per_nucleus) > 1:
            numbers = {nucleus.label: str(nucleus.label) for nucleus in analysis.per_nucleus}
            words_in_nuclei(axes, numbers, analysis, frame)
    words_in_nuclei(axes, dict.fromkeys(panel.missing, "no map"), analysis, frame)
    part = (width - _GAP * (len(panel.bars) - 1)) / len(panel.bars)
    for number, each in enumerate(panel.bars):
        place = (left + number * (part + _GAP), bottom - 0.10 - _BAR, part, _BAR)
        colour_bar(figure, each, place)
