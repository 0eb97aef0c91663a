"""What an analysis found, in words for its user."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from chromamol.cli.words import printable, say
from chromamol.results.in_words import in_words
from chromamol.results.naming import naming_of
from chromamol.results.record import record_of

if TYPE_CHECKING:
    from pathlib import Path

    from chromamol.analysis import Analysis


def tell(analysis: Analysis, folder: Path) -> None:
    """Print what was analysed, what came out, what to believe of it, and where it is.

    Parameters
    ----------
    analysis : Analysis
    folder : Path
        Where its files are.
    """
    words = in_words(record_of(analysis).nuclei)
    say(analysis.image.name)
    for heading, sentences in (
        ("Input", [_input(analysis)]),
        ("Compaction", [_compaction(analysis)]),
        ("Rate", [*_rate(analysis), *(f"no rate map: {reason}" for reason in words.no_map)]),
        ("DOUBT", ["Do not believe the rate map:", *words.doubts] if words.doubts else []),
        ("Assumed", analysis.notes),
        ("To know", words.findings),
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


def _rate(analysis: Analysis) -> list[str]:
    """Say what the rate map is and what it holds, where there is one."""
    first = analysis.per_nucleus[0].rate_map
    rate = analysis.full_map("rate")
    if not np.isfinite(rate).any():
        return []
    naming = naming_of(first.quantity, first.scale)
    low, median, high = _spread(rate)
    rate_sd = analysis.full_map("rate_sd")
    known = np.isfinite(rate_sd)
    uncertainty = f", typical uncertainty ± {np.median(rate_sd[known]):.2g}" if known.any() else ""
    scale = first.scale.in_words(exploratory=first.exploratory)
    label = "EXPLORATORY, " if first.exploratory else ""
    numbers = f"From {low:.3g} to {high:.3g}, median {median:.3g}{uncertainty}"
    return [
        f"{label}{naming.name}: {naming.meaning}. {numbers}{naming.unit and ' ' + naming.unit} "
        f"(over 90 % of the area). Scale: {scale}."
    ]


def _spread(yx_map: np.ndarray) -> tuple[float, float, float]:
    """Return the 5th, 50th and 95th percentile of the finite values."""
    low, median, high = np.percentile(yx_map[np.isfinite(yx_map)], [5, 50, 95])
    return float(low), float(median), float(high)
