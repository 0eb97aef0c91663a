"""Two groups of nuclei reduced to their biological replicates."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd

from chromamol.statistics.measures import log_means, values_of

if TYPE_CHECKING:
    from chromamol.statistics.measures import Measure


@dataclass(frozen=True)
class Pair:
    """Two groups, by one measure.

    Attributes
    ----------
    measure : Measure
    nuclei : pandas.DataFrame
        Those that count, with: raw, the measure; second, 1 in the second group, else 0; replicate,
        a different name in each group; block.
    first, second : pandas.Series
        The logarithm of the mean of each replicate; of each block, where blocks pair them.
    paired : bool
    """

    measure: Measure
    nuclei: pd.DataFrame
    first: pd.Series
    second: pd.Series
    paired: bool


def pair_of(measure: Measure, nuclei: pd.DataFrame, first: str, second: str) -> Pair:
    """Reduce the nuclei of two groups to their replicates.

    Parameters
    ----------
    measure : Measure
    nuclei : pandas.DataFrame
        ``nuclei.csv`` of a batch with a sample sheet.
    first, second : str
        The groups.
    """
    there = nuclei[nuclei["group"].astype(str).isin([first, second])]
    there = there.assign(
        raw=values_of(measure, there),
        second=(there["group"].astype(str) == second).astype(float),
        group=there["group"].astype(str),
        block=there["block"].astype(object).fillna("").astype(str),
        replicate=there["group"].astype(str) + "\0" + there["replicate"].astype(str),
    )
    paired = len(there) > 0 and bool((there["block"] != "").all())
    there = there.dropna(subset="raw")
    units = [there["group"], there["replicate"]]
    if paired:
        groups = there.groupby("block")["group"].agg(set)
        in_both = groups.index[groups.map(lambda found: {first, second} <= found)]
        there = there[there["block"].isin(in_both)]
        units = [there[name] for name in ("group", "block", "replicate")]
    means = log_means(measure, there["raw"], units)
    if paired:
        means = means.groupby(["group", "block"]).mean()
    none = pd.Series(dtype=float)
    return Pair(measure, there, means.get(first, none), means.get(second, none), paired)
