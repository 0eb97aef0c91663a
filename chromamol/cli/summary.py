"""What an analysis found, in words for its user."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from chromamol.cli.words import printable, say
from chromamol.inference.rate_map import Quantity
from chromamol.results.figure_text import findings_in_words

if TYPE_CHECKING:
    from pathlib import Path

    from chromamol.analysis import Analysis

_MEANINGS = {
    Quantity.RATE_RATIO: "above 1 histones are methylated faster than they are acetylated",
    Quantity.DENSITY_ONLY: "what a model of chromatin implies from the density alone",
    Quantity.DEPOSITION: "how fast the mark is put on, relative to how fast it is lost",
}


def tell(analysis: Analysis, folder: Path) -> None:
    """Print what was analysed, what came out, what to believe of it, and where it is.

    Parameters
    ----------
    analysis : Analysis
    folder : Path
        Where its files are.
    """
    say(analysis.image.name)
    for heading, sentences in (
        ("Input", [_input(analysis)]),
        ("Compaction", [_compaction(analysis)]),
        ("Rate", [_rate(analysis)]),
        ("Assumed", analysis.notes),
        ("To know", findings_in_words(analysis)),
    ):
        for number, sentence in enumerate(sentences):
            title = f"{heading}:" if number == 0 else ""
            say(f"{title:<12}{sentence}", indent=2, hang=12)
    print(f"  {'Results:':<12}{printable(str(folder))}")  # one line, to be copied
    say()


def _input(analysis: Analysis) -> str:
    """Say which nuclei, which channels, which pixels."""
    count = len(analysis.per_nucleus)
    names = analysis.image.channel_names
    channels = ", ".join(
        f"channel {number}{f' ({names[number]})' if names[number] else ''} as {role.value}"
        for role, number in analysis.composition.roles.items()
    )
    height, width = analysis.image.cyx.shape[1:]
    y_nm, x_nm = analysis.yx_spacing_nm
    return (
        f"{count} nucle{'us' if count == 1 else 'i'}; {channels}; {height} x {width} pixels "
        f"of {y_nm:g} x {x_nm:g} nm (y, x)."
    )


def _compaction(analysis: Analysis) -> str:
    """Say how unevenly the chromatin is packed."""
    low, _, high = _spread(analysis.full_map("compaction"))
    return (
        f"from {low:.2f} to {high:.2f} times the average of the nucleus (over 90 % of its area; "
        "higher is denser)."
    )


def _rate(analysis: Analysis) -> str:
    """Say what the rate map is and what it holds."""
    first = analysis.per_nucleus[0].rate_map
    rate = analysis.full_map("rate")
    what = f"{first.quantity.value}: {_MEANINGS[first.quantity]}"
    if not np.isfinite(rate).any():
        return f"{what}. No rate map could be given; see below why."
    low, median, high = _spread(rate)
    sd = float(np.nanmedian(analysis.full_map("rate_sd")))
    label = "EXPLORATORY, " if first.exploratory else ""
    uncertainty = f", typical uncertainty ± {sd:.2g}" if np.isfinite(sd) else ""
    return (
        f"{label}{what}. From {low:.2f} to {high:.2f}, median {median:.2f}{uncertainty} "
        f"(over 90 % of the area). Scale: {first.scale.value}."
    )


def _spread(yx_map: np.ndarray) -> tuple[float, float, float]:
    """Return the 5th, 50th and 95th percentile of the finite values."""
    low, median, high = np.percentile(yx_map[np.isfinite(yx_map)], [5, 50, 95])
    return float(low), float(median), float(high)
