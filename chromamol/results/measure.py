"""Nuclei and domains in numbers: one tidy row each, units in the headers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd

from chromamol.results.columns import DOMAINS_FILE, NUCLEI_FILE, column_names
from chromamol.results.domain_rows import domain_rows
from chromamol.results.domains import numbered_in_image
from chromamol.results.nucleus_pixels import pixels_of
from chromamol.results.nucleus_row import nucleus_row

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from chromamol.analysis import Analysis


@dataclass(frozen=True)
class Measurements:
    """The numbers of an analysis.

    Attributes
    ----------
    nuclei, domains : pandas.DataFrame
        One row a nucleus, one row a domain; `chromamol.results.columns` explains the columns.
    domain_labels : (y, x) int32
        The domains of all nuclei; number n is row n - 1 of `domains`, 0 is outside.
    """

    nuclei: pd.DataFrame
    domains: pd.DataFrame
    domain_labels: NDArray[np.int32]


def measure(analysis: Analysis) -> Measurements:
    """Measure every nucleus and every chromatin domain.

    Parameters
    ----------
    analysis : Analysis

    Returns
    -------
    Measurements
    """
    nuclei: list[dict[str, object]] = []
    domains: list[dict[str, object]] = []
    found = []
    for nucleus in analysis.per_nucleus:
        pixels = pixels_of(analysis, nucleus)
        which = {"image": analysis.image.name, "nucleus": nucleus.label}
        nuclei.append(which | nucleus_row(analysis, nucleus, pixels))
        domains += [which | row for row in domain_rows(pixels)]
        found.append((nucleus.window, pixels.domains))
    return Measurements(
        pd.DataFrame(nuclei, columns=column_names(NUCLEI_FILE)),
        pd.DataFrame(domains, columns=column_names(DOMAINS_FILE)),
        numbered_in_image(analysis.nuclei.labels.shape, found),
    )
