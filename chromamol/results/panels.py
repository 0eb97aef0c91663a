"""What the panels of the figure show: which map, which colours, which limits."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.colors import LinearSegmentedColormap

from chromamol.inference.rate_map import Quantity, Scale, Status
from chromamol.results.bars import (
    GREY,
    UNCERTAINTY,
    Bar,
    compaction_bar,
    deposition_bar_between,
    ratio_bar,
    residual_bar,
)
from chromamol.results.colours import (
    SHARE_IN_COLOURS,
    compaction_limits,
    deposition_width,
    opacity,
    ratio_limit,
    residual_limit,
    uncertainty_over_differences,
)
from chromamol.results.domains import domain_labels
from chromamol.results.in_words import is_doubted
from chromamol.results.naming import naming_of, neutral_rate
from chromamol.results.record import channel_names, record_of
from chromamol.settings import Role

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from chromamol.analysis import Analysis
    from chromamol.results.frame import Frame
    from chromamol.results.naming import Naming

_ROLE_TITLES = {
    Role.HETEROCHROMATIN: "Heterochromatin",
    Role.EUCHROMATIN: "Euchromatin",
    Role.TOTAL: "Chromatin density",
    Role.MARK: "Histone mark",
}
_CHANNEL_COLOURS = ("#ff00ff", "#00ff00")
_NO_MAP = "No rate map could be given; the first sentence below says why."


@dataclass(frozen=True)
class Panel:
    """One panel.

    Attributes
    ----------
    title, subtitle : str
    pixels : (y, x) or (y, x, 3) float64, or None
        Values in the unit of the first bar, or RGB; None: there is nothing to show.
    bars : tuple of Bar
        The colour bar; one for each channel of a composite.
    banner : str
        A warning in place of the subtitle.
    doubted : tuple of int
        Labels of the nuclei whose map must not be believed; they are hatched.
    missing : tuple of int
        Labels of the nuclei that have no map.
    message : str
        What stands in the place of the pixels where there are none.
    dark : bool
        Whether lines on it are white.
    outlines : (y, x) int32 or None
        Label image of further outlines (domains).
    interpolation : str
        How matplotlib draws the pixels.
    opacity : (y, x) float64 or None
        0 to 1; less where a pixel is uncertain.
    """

    title: str
    subtitle: str
    pixels: NDArray[np.float64] | None
    bars: tuple[Bar, ...] = ()
    banner: str = ""
    doubted: tuple[int, ...] = ()
    missing: tuple[int, ...] = ()
    message: str = ""
    dark: bool = False
    outlines: NDArray[np.int32] | None = None
    interpolation: str = "antialiased"
    opacity: NDArray[np.float64] | None = None


def panels_of(
    analysis: Analysis,
    frame: Frame,
    yx_truth: NDArray[np.float64] | None = None,
    *,
    rate_limit: float | None = None,
) -> list[Panel]:
    """Choose the panels for an analysis, in the order in which they are drawn.

    Parameters
    ----------
    analysis : Analysis
    frame : Frame
    yx_truth : (y, x) float64, optional
        The known rate of a simulated image.
    rate_limit : float, optional
        Limit of the colours of the rate, from `ratio_limit` or `deposition_width`, where several
        figures share it; default: by the pixels of this one.
    """
    first = analysis.per_nucleus[0].rate_map
    rate = rate_panel(analysis, frame, rate_limit)
    compaction = compaction_panel(analysis, frame)
    channels = _channel_panels(analysis, frame)
    if yx_truth is not None:
        head = [_composite_panel(channels), _truth_panel(analysis, frame, rate, yx_truth), rate]
        panels = [*head, compaction]
    elif first.quantity is Quantity.DENSITY_ONLY:
        panels = [*channels, compaction, rate]
    else:
        panels = [*channels, rate, compaction]
    panels += [_uncertainty_panel(analysis, frame), _residual_panel(analysis, frame)]
    panels = [panel for panel in panels if panel.pixels is not None or panel.message]
    if len(panels) % 3:
        panels.append(_domains_panel(analysis, frame))
    return panels


def _channel_panels(analysis: Analysis, frame: Frame) -> list[Panel]:
    """Show each channel that has a role, in grey."""
    panels = []
    names = channel_names(analysis)
    counts = analysis.image.counts
    unit = "localisations per pixel" if counts else "intensity (units of the image)"
    for role, channel in analysis.composition.roles.items():
        pixels = frame.mean(analysis.image.cyx[channel])
        (high,) = _percentiles(pixels[frame.nearest(analysis.nuclei.labels) > 0], 99.5)
        low = min(_percentiles(pixels, 0.1)[0], high)
        bar = Bar(GREY, low, high, unit, extend="max")
        panels.append(Panel(_ROLE_TITLES[role], names[channel], pixels, (bar,), dark=True))
    return panels


def _composite_panel(channels: list[Panel]) -> Panel:
    """Lay two channels over each other, magenta and green; one stays as it is."""
    if len(channels) != len(_CHANNEL_COLOURS):
        return channels[0]
    layers, bars = [], []
    for panel, colour in zip(channels, _CHANNEL_COLOURS, strict=True):
        cmap = LinearSegmentedColormap.from_list(colour, ["#000000", colour])
        bar = replace(panel.bars[0], cmap=cmap, label=panel.subtitle)
        bars.append(bar)
        layers.append(cmap(bar.norm(np.asarray(panel.pixels)))[..., :3])
    rgb = np.sum(layers, axis=0)
    subtitle = " and ".join(panel.title.lower() for panel in channels)
    return Panel("Image", subtitle, np.clip(rgb, 0, 1), tuple(bars), dark=True)


def rate_panel(analysis: Analysis, frame: Frame, limit: float | None) -> Panel:
    """Show the rate on a diverging log2 scale, or say that there is none.

    Parameters
    ----------
    analysis : Analysis
    frame : Frame
    limit : float or None
        As `rate_limit` of `panels_of`.
    """
    first = analysis.per_nucleus[0].rate_map
    naming = naming_of(first.quantity, first.scale)
    rate = frame.mean(analysis.full_map("rate"))
    if not np.isfinite(rate).any():
        not_asked = all(one.rate_map.status is Status.NOT_ASKED for one in analysis.per_nucleus)
        message = Status.NOT_ASKED.value if not_asked else _NO_MAP
        return Panel(naming.title, "", None, message=message)
    pixels, bar = (
        _deposition(rate, naming, limit)
        if first.quantity is Quantity.DEPOSITION
        else _ratio(analysis, rate, limit)
    )
    known = [one for one in analysis.per_nucleus if np.isfinite(one.rate_map.rate).any()]
    lengths = {round(nucleus.rate_map.reaction_length_nm) for nucleus in known}
    subtitle = f"reaction length {min(lengths)}" + (f"–{max(lengths)}" if len(lengths) > 1 else "")
    labels = {nucleus.label for nucleus in known}
    return Panel(
        naming.title,
        f"{subtitle} nm",
        pixels,
        (bar,),
        banner=_banner(analysis),
        doubted=_doubted(analysis),
        missing=tuple(one.label for one in analysis.per_nucleus if one.label not in labels),
        opacity=_opacity(analysis, frame),
    )


def _ratio(
    analysis: Analysis, yx_rate: NDArray[np.float64], ratio: float | None
) -> tuple[NDArray[np.float64], Bar]:
    """Return the logarithm of a rate that is positive, and its colours."""
    first = analysis.per_nucleus[0].rate_map
    naming = naming_of(first.quantity, first.scale)
    log2_rate = _log2_rate(analysis, yx_rate)
    neutral = neutral_rate(first.scale, analysis.settings)
    bar = ratio_bar(naming, neutral, ratio or ratio_limit(yx_rate / neutral))
    extend = "both" if np.nanmax(np.abs(log2_rate)) > bar.high else "neither"
    return log2_rate, replace(bar, extend=extend)


def _deposition(
    yx_rate: NDArray[np.float64], naming: Naming, width: float | None
) -> tuple[NDArray[np.float64], Bar]:
    """Return a deposition, which may be zero and below, and its colours around its mean."""
    width = width or deposition_width(yx_rate)
    extend = "both" if np.nanmax(np.abs(yx_rate - 1)) > width else "neither"
    bar = deposition_bar_between(naming, 1 - width, 1 + width)
    return yx_rate, replace(bar, extend=extend)


def _doubted(analysis: Analysis) -> tuple[int, ...]:
    """List the nuclei whose map must not be believed."""
    return tuple(nucleus.label for nucleus in record_of(analysis).nuclei if is_doubted(nucleus))


def _banner(analysis: Analysis) -> str:
    """Warn of what matters most about the rate."""
    doubted, first = _doubted(analysis), analysis.per_nucleus[0].rate_map
    if len(doubted) == len(analysis.per_nucleus):
        return f"DO NOT BELIEVE {'THIS MAP' if len(doubted) == 1 else 'THESE MAPS'}"
    if doubted:
        return "DO NOT BELIEVE WHAT IS HATCHED"
    warnings = ["EXPLORATORY"] if first.exploratory else []
    warnings += ["RELATIVE"] if first.scale is Scale.RELATIVE else []
    return " · ".join(warnings)


def _opacity(analysis: Analysis, frame: Frame) -> NDArray[np.float64] | None:
    """Return how much of the rate shines through; None if its uncertainty is unknown."""
    rate, rate_sd = analysis.full_map("rate"), analysis.full_map("rate_sd")
    if not np.isfinite(rate_sd).any():
        return None
    uncertain = uncertainty_over_differences(analysis.nuclei.chromatin, rate, rate_sd)
    return frame.mean(opacity(uncertain))


def _truth_panel(
    analysis: Analysis, frame: Frame, rate: Panel, yx_truth: NDArray[np.float64]
) -> Panel:
    """Show the rate that was simulated, in the colours of the inferred one."""
    inferred = analysis.full_map("rate")
    both = np.isfinite(inferred) & np.isfinite(yx_truth)
    inside = np.where(analysis.nuclei.chromatin > 0, yx_truth, np.nan)
    error = np.linalg.norm(inferred[both] - yx_truth[both]) / np.linalg.norm(yx_truth[both])
    return Panel(
        f"Truth · relative L2 error {error:.3f}",
        "simulated rate; the error is that of panel c",
        _log2_rate(analysis, frame.mean(inside)),
        rate.bars,
    )


def compaction_panel(analysis: Analysis, frame: Frame) -> Panel:
    """Show the compaction map.

    Parameters
    ----------
    analysis : Analysis
    frame : Frame
    """
    pixels = frame.mean(analysis.full_map("compaction"))
    if not np.isfinite(pixels).any():
        return Panel("Compaction", "", None)
    bar = replace(compaction_bar(*compaction_limits(pixels)), extend="both")
    return Panel("Compaction", "smoothed chromatin density", pixels, (bar,))


def _uncertainty_panel(analysis: Analysis, frame: Frame) -> Panel:
    """Show the standard deviation of the rate relative to the rate."""
    rate = frame.mean(analysis.full_map("rate"))
    rate_sd = frame.mean(analysis.full_map("rate_sd"))
    percent = 100 * rate_sd / np.where(rate > 0, rate, np.nan)
    if not np.isfinite(percent).any():
        return Panel("Uncertainty", "", None)
    high = _percentiles(percent, SHARE_IN_COLOURS)[0]
    bar = Bar(UNCERTAINTY, 0.0, high or 1.0, "standard deviation / rate (%)", extend="max")
    subtitle = "standard deviation of the rate"
    return Panel("Uncertainty", subtitle, percent, (bar,), doubted=_doubted(analysis))


def _residual_panel(analysis: Analysis, frame: Frame) -> Panel:
    """Show what the model leaves unexplained."""
    pixels = frame.nearest(analysis.full_map("residual"))
    if not np.isfinite(pixels).any():
        return Panel("Residual", "", None)
    limit = residual_limit(pixels)
    bar = replace(residual_bar(-limit, limit), extend="both")
    subtitle = "noise alone, if the model fits"
    return Panel("Residual", subtitle, pixels, (bar,), interpolation="nearest")


def _domains_panel(analysis: Analysis, frame: Frame) -> Panel:
    """Show the condensed domains on the first channel."""
    domains = domain_labels(analysis)
    panel = _channel_panels(analysis, frame)[0]
    share = np.count_nonzero(domains) / np.count_nonzero(analysis.nuclei.chromatin)
    subtitle = f"{domains.max()} outlined, {share:.0%} of the area"
    return replace(panel, title="Condensed domains", subtitle=subtitle, outlines=domains)


def _log2_rate(analysis: Analysis, yx_rate: NDArray[np.float64]) -> NDArray[np.float64]:
    """Logarithm of the rate over the one in the middle; what is not positive counts as tiny."""
    first = analysis.per_nucleus[0].rate_map
    ratio = yx_rate / neutral_rate(first.scale, analysis.settings)
    tiny = np.finfo(np.float64).tiny
    return np.log2(np.where(np.isnan(ratio), np.nan, np.maximum(ratio, tiny)))


def _percentiles(pixels: NDArray[Any], *levels: float) -> tuple[float, ...]:
    """Percentiles of what is finite."""
    return tuple(float(value) for value in np.percentile(pixels[np.isfinite(pixels)], levels))
