"""The comparisons of groups as the report shows them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from chromamol.report.svg import svg_of
from chromamol.statistics.measures import MEASURES
from chromamol.statistics.superplot import draw_superplots

if TYPE_CHECKING:
    from chromamol.report.cohort import Cohort

_MOST_POINTS = 3000  # of a figure whose points are vectors


@dataclass(frozen=True)
class Comparisons:
    """The rows of ``comparisons.csv``, with `label`, the measure for people, and their figure.

    Attributes
    ----------
    tested, untested : list of dict
        Rows with a p, and those with a reason instead.
    superplots : bytes
        The figure as SVG; empty if there is none.
    trouble : str
        Why there is no figure; empty if there is.
    """

    tested: list[dict[str, Any]]
    untested: list[dict[str, Any]]
    superplots: bytes
    trouble: str = ""


def comparisons_of(cohort: Cohort) -> Comparisons:
    """Sort the comparisons of a batch, and draw them.

    Parameters
    ----------
    cohort : Cohort
    """
    labels = {measure.name: measure.label for measure in MEASURES}
    rows = cohort.comparisons.to_dict("records")
    rows = [row | {"label": labels.get(row["measure"], row["measure"])} for row in rows]
    tested = [row for row in rows if math.isfinite(row["p"])]
    untested = [row for row in rows if not math.isfinite(row["p"])]
    if not rows:
        return Comparisons([], [], b"")
    try:
        return Comparisons(tested, untested, _superplots(cohort))
    except (LookupError, ValueError, TypeError) as error:
        trouble = (
            f"The figure of the nuclei cannot be drawn, as nuclei.csv does not fit ({error}). Run "
            "the batch again: it makes the tables anew, and analyses nothing that is done."
        )
        return Comparisons(tested, untested, b"", trouble)


def _superplots(cohort: Cohort) -> bytes:
    """Draw the nuclei and their replicates; very many as pixels."""
    figure = draw_superplots(cohort.nuclei, cohort.comparisons, cohort.groups)
    if len(cohort.nuclei) > _MOST_POINTS:
        for axes in figure.axes:
            for points in axes.collections:
                points.set_rasterized(True)
    return svg_of(figure)
