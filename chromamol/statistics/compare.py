"""All groups of a study compared by all measures."""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy import stats

from chromamol.statistics.measures import MEASURES, values_of, why_not
from chromamol.statistics.mixed import effect_of_group, of_replicates
from chromamol.statistics.replicates import FEWEST, compare_replicates

if TYPE_CHECKING:
    from collections.abc import Sequence

    from chromamol.statistics.measures import Measure

COLUMNS = {
    "measure": "What is compared.",
    "reference": "The group that the other is compared with: the first in the sample sheet.",
    "group": "The other group.",
    "nuclei_reference": "Nuclei of the reference that count.",
    "nuclei_group": "Nuclei of the group that count.",
    "replicates_reference": "Biological replicates of the reference.",
    "replicates_group": "Biological replicates of the group.",
    "mean_reference": "Geometric mean over the replicates of the reference.",
    "mean_group": "Geometric mean over the replicates of the group.",
    "ratio": "Group over reference, from the mixed model; 1.3 is 30 % more.",
    "ratio_low": "Lower end of its 95 % interval.",
    "ratio_high": "Upper end of its 95 % interval.",
    "p": "Two-sided, from the means of the replicates.",
    "q": "p after Benjamini and Hochberg, over all rows that have one.",
    "test": "Of the means of the replicates.",
    "degrees_of_freedom": "Of the test.",
    "icc": "Share of the variance within a group that lies between replicates.",
    "model": "Where the interval comes from.",
    "reason": "Why there is no p, or no comparison.",
}


def compare_groups(
    nuclei: pd.DataFrame,
    groups: Sequence[str] | None = None,
    measures: Sequence[Measure] = MEASURES,
) -> pd.DataFrame:
    """Compare every two groups of a study by every measure.

    The unit is the biological replicate: the nuclei of one are no independent observations. The
    logarithms of the measures are compared, as they change in proportion: a replicate counts by the
    mean of the logarithms of its nuclei; where nuclei are at zero, by the logarithm of their mean.

    Replicates are nested in their group, unless blocks pair them: then the means in each block that
    has both groups are compared.

    Parameters
    ----------
    nuclei : pandas.DataFrame
        ``nuclei.csv`` of a batch with a sample sheet.
    groups : sequence of str, optional
        In their order, the reference first; default: as they appear.
    measures : sequence of Measure

    Returns
    -------
    pandas.DataFrame
        A row for each measure and two groups; the columns are those of `COLUMNS`.
    """
    names = list(groups or dict.fromkeys(nuclei["group"].astype(str)))
    rows = [
        _compared(measure, nuclei, first, second)
        for measure in measures
        for first, second in combinations(names, 2)
    ]
    table = pd.DataFrame(rows, columns=list(COLUMNS))
    tested = table["p"].notna()
    if tested.any():
        table.loc[tested, "q"] = stats.false_discovery_control(table.loc[tested, "p"].astype(float))
    return table


def _compared(measure: Measure, nuclei: pd.DataFrame, first: str, second: str) -> dict[str, object]:
    """Compare two groups by one measure."""
    row: dict[str, object] = {"measure": measure.name, "reference": first, "group": second}
    reason = why_not(measure, nuclei)
    if reason:
        return row | {"reason": reason}
    of_both = nuclei[nuclei["group"].astype(str).isin([first, second])]
    paired = bool((of_both["block"].fillna("").astype(str) != "").all()) and len(of_both) > 0
    there = of_both.assign(
        raw=values_of(measure, of_both),
        group=of_both["group"].astype(str),
        block=of_both["block"].fillna("").astype(str),
        replicate=of_both["group"].astype(str) + "\0" + of_both["replicate"].astype(str),
    ).dropna(subset="raw")
    if paired:
        there = _in_both(there, first, second)
    has_zeros = bool((there["raw"] == 0).any())
    means = _log_means(there, has_zeros=has_zeros)
    if not np.isfinite(means).all():
        return row | {"reason": "All nuclei of a replicate are at zero: there is no ratio to it."}
    if paired:
        means = means.groupby(["group", "block"]).mean()
    by_group = {name: means.get(name, pd.Series(dtype=float)) for name in (first, second)}
    for part, name in (("reference", first), ("group", second)):
        row[f"nuclei_{part}"] = int((there["group"] == name).sum())
        row[f"replicates_{part}"] = by_group[name].size
        if by_group[name].size:
            row[f"mean_{part}"] = float(np.exp(by_group[name].mean()))
    fewest = min(one.size for one in by_group.values())
    if fewest < FEWEST:
        few = "blocks that have both groups" if paired else "replicates in a group"
        reason = f"{fewest} {few}: with fewer than {FEWEST} chance cannot be told from an effect."
        return row | {"reason": reason}
    test = compare_replicates(by_group[first], by_group[second], paired=paired)
    of_second = there.assign(second=(there["group"] == second).astype(float))
    if has_zeros:
        effect = of_replicates(test)
    else:
        logs = of_second.assign(value=np.log(of_second["raw"]))
        effect = effect_of_group(logs, test, paired=paired)
    return row | {
        "ratio": float(np.exp(effect.difference)),
        "ratio_low": float(np.exp(effect.low)),
        "ratio_high": float(np.exp(effect.high)),
        "p": test.p,
        "test": test.name,
        "degrees_of_freedom": test.degrees_of_freedom,
        "icc": effect.icc,
        "model": effect.model,
    }


def _log_means(there: pd.DataFrame, *, has_zeros: bool) -> pd.Series:
    """Return the logarithm of the mean of each replicate; of a geometric mean, without zeros."""
    units = ["group", "block", "replicate"]
    with np.errstate(divide="ignore"):
        if has_zeros:
            return np.log(there.groupby(units)["raw"].mean())
        return there.assign(log=np.log(there["raw"])).groupby(units)["log"].mean()


def _in_both(there: pd.DataFrame, first: str, second: str) -> pd.DataFrame:
    """Keep the blocks that have both groups."""
    groups = there.groupby("block")["group"].agg(set)
    return there[there["block"].isin(groups.index[groups.map(lambda one: {first, second} <= one)])]
