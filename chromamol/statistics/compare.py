"""All groups of a study compared by all measures."""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy import stats

from chromamol.statistics.measures import MEASURES, values_of, why_not
from chromamol.statistics.mixed import effect_of_group
from chromamol.statistics.pair import pair_of
from chromamol.statistics.replicates import FEWEST, compare_replicates

if TYPE_CHECKING:
    from collections.abc import Sequence

    from chromamol.statistics.measures import Measure

_AT_ZERO = ", ".join(one.name for one in MEASURES if one.may_be_zero)
_OF_REPLICATES = (
    f"each of which is the geometric mean of its nuclei (the arithmetic one of {_AT_ZERO}, which "
    "may be zero)."
)

COLUMNS = {
    "measure": "What is compared.",
    "reference": "The group that the other is compared with: the first in the sample sheet.",
    "group": "The other group.",
    "nuclei_reference": "Nuclei of the reference that count.",
    "nuclei_group": "Nuclei of the group that count.",
    "replicates_reference": "Biological replicates of the reference.",
    "replicates_group": "Biological replicates of the group.",
    "mean_reference": f"Geometric mean over the replicates of the reference, {_OF_REPLICATES}",
    "mean_group": f"Geometric mean over the replicates of the group, {_OF_REPLICATES}",
    "ratio": "Group over reference; 1.3 is 30 % more. The column model says where it comes from.",
    "ratio_low": "Lower end of its 95 % interval.",
    "ratio_high": "Upper end of its 95 % interval.",
    "p": "Two-sided, from the means of the replicates.",
    "q": "p after Benjamini and Hochberg, over all rows that have one.",
    "test": "Of the means of the replicates.",
    "degrees_of_freedom": "Of the test.",
    "icc": "Share of the variance within a group that lies between replicates.",
    "model": "Where ratio and interval come from: a mixed model of the nuclei, or the means of the "
    f"replicates (where it cannot be fitted, and of {_AT_ZERO}).",
    "reason": "Why there is no p, or no comparison.",
}

_COUNTS = ("nuclei_reference", "nuclei_group", "replicates_reference", "replicates_group")
_STANDARD = "standard"
_MEAN = (
    "exp(mean over the replicates of the mean logarithm; of the logarithm of the mean where the "
    "measure may be zero)"
)
# How a column is computed, and where that comes from; the others are names and counts.
FORMULAS = {
    "mean_reference": (_MEAN, _STANDARD),
    "mean_group": (_MEAN, _STANDARD),
    "ratio": ("exp(difference of the groups in the logarithm)", "statsmodels, MixedLM"),
    "ratio_low": ("exp(difference - t standard errors), t: 97.5 % of Student's t", _STANDARD),
    "ratio_high": ("exp(difference + t standard errors), t: 97.5 % of Student's t", _STANDARD),
    "p": (
        "Student's, Welch's or the paired t-test of the means of the replicates",
        "Student, Biometrika 6, 1 (1908); Welch, Biometrika 34, 28 (1947)",
    ),
    "q": (
        "smallest over all larger p of (p * number of rows / rank of p)",
        "Benjamini and Hochberg, J. R. Stat. Soc. B 57, 289 (1995)",
    ),
    "degrees_of_freedom": (
        "replicates - 2; blocks - 1; or of Welch's test",
        "Satterthwaite, Biometrics Bull. 2, 110 (1946)",
    ),
    "icc": ("variance between replicates / (that + variance within them)", _STANDARD),
}


def compare_groups(
    nuclei: pd.DataFrame,
    groups: Sequence[str] | None = None,
    measures: Sequence[Measure] = MEASURES,
) -> pd.DataFrame:
    """Compare every two groups of a study by every measure.

    The unit is the biological replicate: the nuclei of one are no independent observations. The
    logarithms of the measures are compared, as they change in proportion: a replicate counts by the
    mean of the logarithms of its nuclei; for a measure that may be zero, by the logarithm of their
    mean.

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
    # Whole numbers, also where a row has none.
    table = pd.DataFrame(rows, columns=list(COLUMNS)).astype(dict.fromkeys(_COUNTS, "Int64"))
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
    pair = pair_of(measure, nuclei, first, second)
    for part, name, means in (("reference", first, pair.first), ("group", second, pair.second)):
        row[f"nuclei_{part}"] = int((pair.nuclei["group"] == name).sum())
        row[f"replicates_{part}"] = means.size
        row[f"mean_{part}"] = float(np.exp(means.mean())) if means.size else np.nan
    if not (np.isfinite(pair.first).all() and np.isfinite(pair.second).all()):
        return row | {"reason": "All nuclei of a replicate are at zero: there is no ratio to it."}
    counting = set(nuclei["group"].astype(str)[values_of(measure, nuclei).notna()])
    nobody = " and ".join(name for name in (first, second) if name not in counting)
    if nobody:
        return row | {"reason": f"No nucleus of {nobody} counts: {_why_none(measure)}."}
    fewest = min(pair.first.size, pair.second.size)
    if fewest < FEWEST:
        many = "s" * (fewest != 1)
        few = f"block{many} with both groups" if pair.paired else f"replicate{many} in a group"
        reason = f"{fewest} {few}: with fewer than {FEWEST} chance cannot be told from an effect."
        return row | {"reason": reason}
    test = compare_replicates(pair.first, pair.second, paired=pair.paired)
    effect = effect_of_group(pair, test)
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


def _why_none(measure: Measure) -> str:
    """Say why no nucleus of a group may count."""
    if measure.of_rate:
        return "there is no map that may be believed"
    if measure.whole:
        return "the image border cuts them all, or they have no such measure"
    return "they have no such measure; columns.csv says when it is empty"
