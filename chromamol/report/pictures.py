"""Maps as small pictures in a page: pixels as WebP, outlines as vectors over them."""

from __future__ import annotations

import base64
import io
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import matplotlib as mpl
import numpy as np
from PIL import Image as PilImage
from scipy import ndimage
from skimage.measure import approximate_polygon

from chromamol.report.columns import rounded
from chromamol.results.drawing import scale_bar_nm
from chromamol.results.frame import frame_around
from chromamol.results.panels import panels_of
from chromamol.results.result import analysis_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from chromamol.results.bars import Bar
    from chromamol.results.frame import Frame
    from chromamol.results.panels import Panel
    from chromamol.results.result import Result

_MOST_PX, _THUMBNAIL_PX = 288, 72
_QUALITY = 82  # of WebP: no step of a colour bar is lost to the eye
_MARGIN_PX = 2
_FADED = np.array([236, 236, 236]) / 255
_STOPS = 9


@dataclass(frozen=True)
class Scale:
    """A colour bar in a page.

    Attributes
    ----------
    css : str
        Name of its colours, see `gradient`.
    label : str
    ticks : tuple of (float, str)
        Where they stand, in per cent of its width, and what they say.
    """

    css: str
    label: str
    ticks: tuple[tuple[float, str], ...]


@dataclass(frozen=True)
class Picture:
    """One map in a page.

    Attributes
    ----------
    title, subtitle, banner : str
    uri : str
        Its pixels; empty where there is no map, and `message` says why.
    message : str
    scale : Scale or None
    is_dark, is_doubted : bool
        Whether lines on it are white; whether it is hatched.
    domains : str
        Path of the outlines of domains; empty where they are not shown.
    """

    title: str
    subtitle: str
    banner: str
    uri: str
    message: str
    scale: Scale | None
    is_dark: bool
    is_doubted: bool
    domains: str = ""


@dataclass(frozen=True)
class Thumbnail:
    """A small picture, and its size, um."""

    uri: str
    width_um: float
    height_um: float


@dataclass(frozen=True)
class Pictures:
    """The maps of one nucleus; lengths in um.

    Attributes
    ----------
    pictures : tuple of Picture
    thumbnail : Thumbnail
        The rate (where there is none, the compaction), small.
    width_um, height_um : float
    outline : str
        SVG path of the nucleus and its holes.
    is_cut : bool
        Whether the image border cuts it.
    bar_um : float
        Length of the scale bar.
    """

    pictures: tuple[Picture, ...]
    thumbnail: Thumbnail
    width_um: float
    height_um: float
    outline: str
    is_cut: bool
    bar_um: float

    @property
    def bar_text(self) -> str:
        """The length of the scale bar in words."""
        return f"{self.bar_um:g} µm" if self.bar_um >= 1 else f"{1e3 * self.bar_um:g} nm"


def pictures_of(result: Result, label: int, rate_limit: float | None = None) -> Pictures:
    """Draw the maps of one nucleus.

    Parameters
    ----------
    result : Result
    label : int
        Of a nucleus of its record.
    rate_limit : float, optional
        Limit of the colours of the rate, shared by many nuclei, as in `panels_of`.
    """
    part = around(result, label)
    analysis = analysis_of(part, label)
    frame = frame_around(analysis.nuclei.labels, analysis.yx_spacing_nm, _MOST_PX)
    panels = panels_of(analysis, frame, rate_limit=rate_limit)
    height_um, width_um = frame.size_um
    chromatin = np.where(analysis.nuclei.chromatin == label, label, 0)
    pictures = tuple(_picture(panel, frame) for panel in panels)
    shown = [panel for panel in panels if panel.pixels is not None and not panel.dark]
    return Pictures(
        pictures=pictures,
        thumbnail=_thumbnail(_coloured(shown[0] if shown else panels[0]), frame),
        width_um=width_um,
        height_um=height_um,
        outline=_path(frame, chromatin),
        is_cut=analysis.nuclei.touches_border[label - 1],
        bar_um=scale_bar_nm(1e3 * width_um) / 1e3,
    )


def gradient(css: str) -> str:
    """Return the colours of a colour bar as stops of a CSS gradient, from left to right."""
    steps = mpl.colormaps[css](np.linspace(0, 1, _STOPS))
    return ", ".join(mpl.colors.to_hex(step) for step in steps)


def around(result: Result, label: int) -> Result:
    """Cut one nucleus with a small margin out of a result.

    Parameters
    ----------
    result : Result
    label : int
        Of a nucleus of its record.
    """
    box = ndimage.find_objects(result.labels, max_label=label)[label - 1]
    # The margin of the frame, which is 4 % of the nucleus, and a pixel for its outline.
    margin = [_MARGIN_PX + (part.stop - part.start) // 10 for part in box]
    rows, columns = (
        slice(max(part.start - wide, 0), part.stop + wide)
        for part, wide in zip(box, margin, strict=True)
    )
    return replace(
        result,
        cyx=result.cyx[:, rows, columns],
        labels=result.labels[rows, columns],
        domains=result.domains[rows, columns],
        maps={name: yx_map[rows, columns] for name, yx_map in result.maps.items()},
    )


def _picture(panel: Panel, frame: Frame) -> Picture:
    """Turn a panel of the figure into a picture of a page."""
    there = panel.pixels is not None
    return Picture(
        title=panel.title,
        subtitle=panel.subtitle,
        banner=panel.banner,
        uri=_webp(_coloured(panel)) if there else "",
        message=panel.message,
        scale=_scale(panel.bars[0]) if there else None,
        is_dark=panel.dark,
        is_doubted=bool(panel.doubted),
        domains="" if panel.outlines is None else _path(frame, panel.outlines),
    )


def _coloured(panel: Panel) -> NDArray[np.uint8]:
    """Return a panel as (y, x, 3) colours; uncertain pixels fade."""
    bar, pixels = panel.bars[0], np.ma.masked_invalid(np.asarray(panel.pixels))
    cmap = mpl.colormaps[str(bar.cmap)].with_extremes(bad="black" if panel.dark else tuple(_FADED))
    rgb = cmap(bar.norm(pixels))[..., :3]
    if panel.opacity is not None:
        opacity = np.nan_to_num(panel.opacity, nan=1.0)[..., None]
        rgb = opacity * rgb + (1 - opacity) * _FADED
    return np.asarray(np.round(255 * rgb), np.uint8)


def _thumbnail(rgb: NDArray[np.uint8], frame: Frame) -> Thumbnail:
    """Make a picture small, with square pixels: the page shows it in the shape that it has."""
    height_um, width_um = frame.size_um
    um_per_px = max(frame.size_um) / _THUMBNAIL_PX
    width_px, height_px = (max(round(side / um_per_px), 1) for side in (width_um, height_um))
    return Thumbnail(_webp(rgb, (width_px, height_px)), width_um, height_um)


def _webp(rgb: NDArray[np.uint8], size_px: tuple[int, int] | None = None) -> str:
    """Return a picture as a data URI, resized to a width and a height where they are given."""
    picture = PilImage.fromarray(rgb)
    if size_px is not None:
        picture = picture.resize(size_px)
    file = io.BytesIO()
    picture.save(file, "WEBP", quality=_QUALITY)
    return f"data:image/webp;base64,{base64.b64encode(file.getvalue()).decode()}"


def _scale(bar: Bar) -> Scale:
    """Describe a colour bar: three ticks where it names none."""
    ticks = bar.ticks or {
        value: rounded(value, 3) for value in (bar.low, (bar.low + bar.high) / 2, bar.high)
    }
    width = bar.high - bar.low or 1.0
    places = tuple((100 * (value - bar.low) / width, text) for value, text in ticks.items())
    return Scale(str(bar.cmap), bar.label, tuple(sorted(places)))


def _path(frame: Frame, yx_labels: NDArray[np.int32]) -> str:
    """Trace the border of labels as an SVG path, um to the nanometre, within half a pixel."""
    tolerance = 0.5 * min(np.multiply(frame.yx_step, frame.yx_spacing_nm)) / 1e3
    parts = []
    for _, line in frame.outlines_um(yx_labels):
        points = approximate_polygon(line, tolerance)
        parts.append("M" + "L".join(f"{x:.3f} {y:.3f}" for y, x in points) + "Z")
    return "".join(parts)
