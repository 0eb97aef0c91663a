"""The effect of a group and its interval, from a mixed model of the nuclei."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import stats

if TYPE_CHECKING:
    import pandas as pd

    from chromamol.statistics.replicates import Test

_LEVEL = 0.95


@dataclass(frozen=True)
class Effect:
    """The difference of two groups.

    Attributes
    ----------
    difference, low, high : float
        Second group less the first, with its 95 % interval.
    icc : float
        Share of the variance within a group that lies between replicates; NaN where the model
        could not be fitted.
    model : str
        Where the interval comes from.
    """

    difference: float
    low: float
    high: float
    icc: float
    model: str


def effect_of_group(nuclei: pd.DataFrame, test: Test, *, paired: bool) -> Effect:
    """Fit a linear mixed model: the group is fixed, replicates (in their block) are random.

    By restricted maximum likelihood (statsmodels MixedLM). The interval takes the quantile of t
    with the degrees of freedom of the replicates, as there are few of them: that of a normal
    distribution is too narrow.

    Parameters
    ----------
    nuclei : pandas.DataFrame
        A row for each nucleus: value; second, 1 in the second group, else 0; replicate, a different
        name in each group; block.
    test : Test
        Of the replicates; its interval is taken where the model cannot be fitted.
    paired : bool
        Whether blocks pair the replicates of the groups.
    """
    import statsmodels.formula.api as smf

    how = "mixed model"
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a variance of zero is no trouble here
            unit = "block" if paired else "replicate"
            within = {"replicate": "0 + C(replicate)"} if paired else None
            model = smf.mixedlm(
                "value ~ second", nuclei, groups=unit, re_formula="1", vc_formula=within
            )
            fit = model.fit(reml=True)
        difference, error = float(fit.params["second"]), float(fit.bse["second"])
        between = float(np.sum(np.diag(np.atleast_2d(fit.cov_re))) + np.sum(fit.vcomp))
        icc = between / (between + float(fit.scale))
    except (np.linalg.LinAlgError, ValueError):
        difference, error, icc = np.nan, np.nan, np.nan
    if not (np.isfinite(difference) and np.isfinite(error) and error > 0):
        difference, error, icc = test.difference, test.standard_error, np.nan
        how = "means of replicates"
    half = float(stats.t.ppf(0.5 + _LEVEL / 2, test.degrees_of_freedom)) * error
    return Effect(difference, difference - half, difference + half, icc, how)
