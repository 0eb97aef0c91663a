"""The result of an inference: maps, and what may be believed of them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

import numpy as np
from scipy import special

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from chromamol.inference.posterior import Posterior
    from chromamol.settings import Settings


class Quantity(StrEnum):
    """What the numbers in `RateMap.rate` are."""

    RATE_RATIO = "rate ratio"
    DENSITY_ONLY = "relative rate ratio (density only)"
    DEPOSITION = "relative deposition"


class Scale(StrEnum):
    """How the numbers of a map may be compared; the value is the explanation."""

    ABSOLUTE = "absolute: in 1/s, comparable between images"
    RATIO = "ratio: methylation over acetylation rate, comparable between calibrated images"
    RELATIVE = "relative: 1 is the average of this nucleus, levels do not compare between nuclei"

    def in_words(self, *, exploratory: bool) -> str:
        """Return the sentence for a map that is exploratory, or not."""
        if not exploratory or self is Scale.RELATIVE:
            return self.value
        what, _, _ = self.value.partition(",")
        return f"{what}, exploratory: not to be compared between images"


class Status(StrEnum):
    """How the solver ended; the value is the sentence for the user."""

    CONVERGED = "The solver converged."
    STOPPED = (
        "The training of the network was stopped at its limit before it converged; with more steps "
        "the map may still change."
    )
    CLOSED_FORM = "The map was computed in closed form; there was nothing to converge."
    NOT_CONVERGED = (
        "The solver did not converge, and no rate map is given: the image contradicts the model "
        "too strongly. Check the channel roles, the outline and the background, and whether the "
        "channels lie on each other and show chromatin of one kind each."
    )
    NOT_TRAINED = (
        "The network missed the image by more than its noise, followed the noise, too, or broke "
        "down, and no rate map is given. Check the outline and the background, try another seed, "
        "or use the method 'weak-form'."
    )
    REJECTED = "The fit was rejected and no rate map is given; the findings say why."
    NOT_ASKED = "No rate map was asked for; the compaction map is given."


@dataclass(frozen=True)
class Finding:
    """One thing that a reader of the map has to know.

    Attributes
    ----------
    code : str
        Short stable name, e.g. ``"ell-assumed"``.
    sentence : str
        The finding in plain words.
    value : float or None
        The number behind it, where there is one.
    """

    code: str
    sentence: str
    value: float | None = None


@dataclass(frozen=True)
class RateMap:
    """Inferred map of one nucleus (or field) with its uncertainty.

    Attributes
    ----------
    rate : (y, x) float64
        The map; its meaning is `quantity`, its comparability `scale`. NaN outside the mask,
        in blanked borders, and where no rate can be given.
    rate_sd : (y, x) float64
        Posterior standard deviation of `rate`, in the same (linear) unit.
    residual : (y, x) float64
        Whitened residual of the equation, in units of its expected noise:
        structure in it means that the model does not explain the image.
    compaction : (y, x) float64
        Smoothed chromatin density over its nuclear mean (1 is the average).
    mask : (y, x) bool
        Where there was data.
    spacing_nm : tuple of float
        Pixel size per axis, nm.
    settings : Settings
        The settings that were used.
    quantity : Quantity
        What the numbers are.
    scale : Scale
        How they may be compared.
    exploratory : bool
        Whether the map only suggests what to look for.
    status : Status
        How the solver ended.
    findings : tuple of Finding
        What a reader of the map has to know.
    reaction_length_nm : float
        The reaction-diffusion length ell that was used, nm.
    posterior : Posterior or None
        Draws of the map's error, for `mean_over`; None where there are none, as in a map that
        was read from a file.
    """

    rate: NDArray[np.float64]
    rate_sd: NDArray[np.float64]
    residual: NDArray[np.float64]
    compaction: NDArray[np.float64]
    mask: NDArray[np.bool_]
    spacing_nm: tuple[float, ...]
    settings: Settings
    quantity: Quantity
    scale: Scale
    exploratory: bool
    status: Status
    findings: tuple[Finding, ...]
    reaction_length_nm: float
    posterior: Posterior | None = None

    @property
    def unit(self) -> str:
        """The unit of `rate` and `rate_sd`: 1/s if the scale is absolute, else none."""
        return "1/s" if self.scale is Scale.ABSOLUTE else ""

    def mean_over(self, region: NDArray[np.bool_]) -> tuple[float, float]:
        """Average the rate over a region; its pixels are not independent of each other.

        Parameters
        ----------
        region : (y, x) bool
            Pixels without a rate are left out.

        Returns
        -------
        mean, sd : float
            The mean rate, and the standard deviation of this mean by the posterior covariance: that
            of the noise, of the prior, and of an outline that is drawn in whole pixels. An outline
            that is off by more than half a pixel can shift a mean by more.
            NaN where there is no rate; `sd` is NaN where there is no posterior.
        """
        known = region & np.isfinite(self.rate)
        if not known.any():
            return float("nan"), float("nan")
        mean = float(self.rate[known].mean())
        if self.posterior is None:
            return mean, float("nan")
        return mean, self.posterior.mean_sd(known)

    def interval(self, level: float = 0.95) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Central credible interval of the rate, pixel by pixel.

        Parameters
        ----------
        level : float
            Probability inside the interval, between 0 and 1.

        Returns
        -------
        low, high : (y, x) float64
            The bounds of a posterior that is Gaussian in the logarithm of a rate ratio, and in
            the deposition of a mark. Where the direct method gave no positive rate, Gaussian in
            the rate, `low` not below zero.
        """
        return self.interval_of(self.rate, self.rate_sd, level)

    def interval_of(
        self, rate: ArrayLike, rate_sd: ArrayLike, level: float = 0.95
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Central credible interval of any rates of this map, as of its pixels in `interval`.

        Parameters
        ----------
        rate, rate_sd : float or array
            E.g. what `mean_over` returns.
        level : float
            Probability inside the interval, between 0 and 1.

        Returns
        -------
        low, high : float64 arrays
            NaN where `rate` or `rate_sd` is.
        """
        if not 0 < level < 1:
            msg = f"The level of an interval is a probability between 0 and 1, not {level}."
            raise ValueError(msg)
        rate, rate_sd = np.asarray(rate, np.float64), np.asarray(rate_sd, np.float64)
        half_width = float(special.ndtri(0.5 + level / 2)) * rate_sd
        if self.quantity is Quantity.DEPOSITION:
            return rate - half_width, rate + half_width
        positive = rate > 0
        shares = np.divide(half_width, rate, where=positive, out=np.zeros_like(half_width))
        factor = np.exp(shares)
        low = np.where(positive, rate / factor, np.maximum(rate - half_width, 0.0))
        high = np.where(positive, rate * factor, rate + half_width)
        unknown = np.isnan(rate)
        return np.where(unknown, np.nan, low), np.where(unknown, np.nan, high)
