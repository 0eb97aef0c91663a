"""A map in colours with its colour bar beside it, pixel by pixel."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.cm import ScalarMappable
from matplotlib.figure import Figure
from matplotlib.ticker import FormatStrFormatter, MaxNLocator

from chromamol.results.drawing import DOUBT, INK, SOFT
from chromamol.results.figure_text import wrap

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from chromamol.results.bars import Bar
    from chromamol.results.map_colours import MapColours

# A smaller map is enlarged by a whole number.
_LEAST_SIDE_PX = 600
# Text is as tall as a share of the picture, within limits, px; all else in such heights.
_TEXT_SHARE, _LEAST_PX, _MOST_PX = 1 / 45, 12.0, 80.0
_SHORTEST, _TALLEST = 24, 34
_MARGIN, _BAR, _TICKS, _LINE = 1.0, 1.2, 3.8, 1.35
_DPI = 72  # a point is a pixel


def zoom_of(yx_shape: tuple[int, int]) -> int:
    """Return how many pixels of the picture a pixel of the map is wide and high.

    1 for large maps; for others as many as make the longer side 600 pixels or more.

    Parameters
    ----------
    yx_shape : (int, int)
        Of the map.
    """
    return -(-_LEAST_SIDE_PX // min(max(yx_shape), _LEAST_SIDE_PX))


def picture(
    yx_map: NDArray[np.floating], colours: MapColours, lines: Sequence[str], warning: str = ""
) -> NDArray[np.uint8]:
    """Put a map in colours beside its bar.

    Parameters
    ----------
    yx_map : (y, x) float
        NaN where there is no value.
    colours : MapColours
    lines : sequence of str
        What stands beside the bar, besides its label.
    warning : str
        In bold, after the lines; "" for none.

    Returns
    -------
    (row, column, 3) uint8
        The map is in the first rows and columns, each of its pixels a square of `zoom_of` pixels;
        white, where the bar is taller than the map.
    """
    zoom = zoom_of(yx_map.shape)
    rgb = colours.rgb(yx_map).repeat(zoom, axis=0).repeat(zoom, axis=1)
    text_px = float(np.clip(rgb.shape[0] * _TEXT_SHARE, _LEAST_PX, _MOST_PX))
    height = max(rgb.shape[0], round(_SHORTEST * text_px))
    strip = _strip(height, text_px, colours.bar, lines, warning)
    whole = np.full((height, rgb.shape[1] + strip.shape[1], 3), 255, np.uint8)
    whole[: rgb.shape[0], : rgb.shape[1]] = rgb
    whole[:, rgb.shape[1] :] = strip
    return whole


def _strip(
    height: int, text_px: float, bar: Bar, lines: Sequence[str], warning: str
) -> NDArray[np.uint8]:
    """Draw a bar with its numbers, and the lines beside it, from bottom to top."""
    bar_px = min(height - 2 * text_px, _TALLEST * text_px)
    room_px = height - 2 * text_px
    words = [
        (line, weight, colour)
        for text, weight, colour in (
            (bar.label, "normal", INK),
            *((line, "normal", SOFT) for line in lines),
            (warning, "bold", DOUBT),
        )
        for line in wrap(text, room_px, text_px, weight)
    ]
    left_px = (_MARGIN + _BAR + _TICKS) * text_px
    width = round(left_px + (len(words) * _LINE + _MARGIN) * text_px)
    # A little more, as the fraction of a pixel is cut off.
    size = ((width + 0.1) / _DPI, (height + 0.1) / _DPI)
    figure = Figure(figsize=size, dpi=_DPI, facecolor="white")
    canvas: Any = FigureCanvasAgg(figure)
    box_px = (_MARGIN * text_px, (height - bar_px) / 2, _BAR * text_px, bar_px)
    axes = figure.add_axes(
        (box_px[0] / width, box_px[1] / height, box_px[2] / width, box_px[3] / height)
    )
    drawn = figure.colorbar(ScalarMappable(bar.norm, bar.cmap), cax=axes)
    if bar.ticks is None:
        drawn.locator, drawn.formatter = MaxNLocator(6), FormatStrFormatter("%.4g")
        drawn.update_ticks()
    else:
        drawn.set_ticks(list(bar.ticks), labels=list(bar.ticks.values()))
    drawn.outline.set_linewidth(0.06 * text_px)
    axes.tick_params(
        labelsize=text_px, length=0.3 * text_px, width=0.06 * text_px, pad=0.2 * text_px, colors=INK
    )
    for number, (line, weight, colour) in enumerate(words):
        figure.text(
            (left_px + (number + 0.5) * _LINE * text_px) / width,
            0.5,
            line,
            size=text_px,
            weight=weight,
            color=colour,
            rotation="vertical",
            ha="center",
            va="center",
            parse_math=False,
        )
    canvas.draw()
    return np.array(canvas.buffer_rgba(), dtype=np.uint8)[..., :3]
