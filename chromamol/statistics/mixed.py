"""The effect of a group and its interval, from a mixed model of the nuclei."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import stats

if TYPE_CHECKING:
    from chromamol.statistics.pair import Pair
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


def effect_of_group(pair: Pair, test: Test) -> Effect:
    """Fit a linear mixed model: the group is fixed, replicates (in their block) are random.

    By restricted maximum likelihood (statsmodels MixedLM). The interval takes the quantile of t
    with the degrees of freedom of the replicates, as there are few of them: that of a normal
    distribution is too narrow. Where the model cannot be fitted, and for a measure that may be
    zero, of which there is no logarithm, the interval is that of the test.

    Parameters
    ----------
    pair : Pair
    test : Test
        Of its replicates.
    """
    nuclei = pair.nuclei
    # With one nucleus in each replicate, the two variances cannot be told apart.
    if pair.measure.may_be_zero or nuclei.groupby("replicate").size().max() < 2:
        return _of_replicates(test)

    import statsmodels.formula.api as smf

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a variance of zero is no trouble here
            model = smf.mixedlm(
                "value ~ second",
                nuclei.assign(value=np.log(nuclei["raw"])),
                groups="block" if pair.paired else "replicate",
                re_formula="1",
                vc_formula={"replicate": "0 + C(replicate)"} if pair.paired else None,
            )
            fit = model.fit(reml=True)
        difference, error = float(fit.params["second"]), float(fit.bse["second"])
        between = float(np.sum(np.diag(np.atleast_2d(fit.cov_re))) + np.sum(fit.vcomp))
        icc = between / (between + float(fit.scale))
        is_fitted = fit.converged and error > _LEAST_ERROR * test.standard_error
    except (np.linalg.LinAlgError, ArithmeticError, ValueError):
        is_fitted = False
    if not is_fitted:
        return _of_replicates(test)
    return _effect(difference, error, test.degrees_of_freedom, icc, "mixed model")


def _of_replicates(test: Test) -> Effect:
    """Return the difference of the means of the replicates, with the interval of their test."""
    error, freedom = test.standard_error, test.degrees_of_freedom
    return _effect(test.difference, error, freedom, np.nan, "means of replicates")


def _effect(difference: float, error: float, freedom: float, icc: float, model: str) -> Effect:
    """Give a difference its interval."""
    half = float(stats.t.ppf(0.5 + _LEVEL / 2, freedom)) * error
    return Effect(difference, difference - half, difference + half, icc, model)
