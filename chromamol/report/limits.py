"""Colours that all nuclei of a report share, so that they compare."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from chromamol.inference.rate_map import Quantity, Scale
from chromamol.results.colours import deposition_width, ratio_limit
from chromamol.statistics.measures import is_doubted

if TYPE_CHECKING:
    import pandas as pd

_SDS = 2.0  # of a map, on either side of its mean


def rate_limits(nuclei: pd.DataFrame, acetylation_rate_per_s: float | None) -> dict[str, float]:
    """Choose the limit of the colours of the rate, for each kind of map.

    At least 98 % of the maps lie in them with their mean and two of their standard deviations on
    either side, on the log scale that the colours have. Maps that must not be believed count only
    where there is no other: their values are of any size.

    Parameters
    ----------
    nuclei : pandas.DataFrame
        ``nuclei.csv``.
    acetylation_rate_per_s : float or None
        What is white in absolute maps, 1/s.

    Returns
    -------
    dict of str to float
        By the column `quantity`.
    """
    limits = {}
    for quantity, every in nuclei.groupby("quantity"):
        believed = every[~is_doubted(every)]
        part = believed if believed["rate_mean"].notna().any() else every
        mean = part["rate_mean"].to_numpy(np.float64)
        spread = _SDS * part["rate_sd_of_map"].to_numpy(np.float64)
        known = np.isfinite(mean) & np.isfinite(spread)
        if quantity != Quantity.DEPOSITION.value:
            known &= mean > 0
        if not known.any():
            continue
        mean, spread = mean[known], spread[known]
        if quantity == Quantity.DEPOSITION.value:
            limits[str(quantity)] = deposition_width(np.stack([mean - spread, mean + spread]))
            continue
        is_absolute = (part["scale"] == Scale.ABSOLUTE.name).all()
        neutral = (acetylation_rate_per_s or 1.0) if is_absolute else 1.0
        factor = np.exp(spread / mean)
        limits[str(quantity)] = ratio_limit(np.stack([mean / factor, mean * factor]) / neutral)
    return limits
