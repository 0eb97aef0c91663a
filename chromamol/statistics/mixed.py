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
# Of the standard error of the test of the replicates: a smaller one is no result of a fit.
_LEAST_ERROR = 0.25


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
        is_fitted = fit.converged and error > _LEAST_ERROR * test.standard_error
    except (np.linalg.LinAlgError, ArithmeticError, ValueError):
        is_fitted = False
    # With one nucleus in each replicate, the two variances cannot be told apart.
    if not is_fitted or nuclei.groupby("replicate").size().max() < 2:
        return of_replicates(test)
    return _effect(difference, error, test.degrees_of_freedom, icc, "mixed model")


def of_replicates(test: Test) -> Effect:
    """Return the difference of the means of the replicates, with the interval of their test."""
    error, freedom = test.standard_error, test.degrees_of_freedom
    return _effect(test.difference, error, freedom, np.nan, "means of replicates")


def _effect(difference: float, error: float, freedom: float, icc: float, model: str) -> Effect:
    """Give a difference its interval."""
    half = float(stats.t.ppf(0.5 + _LEVEL / 2, freedom)) * error
    return Effect(difference, difference - half, difference + half, icc, model)
