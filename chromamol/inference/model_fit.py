"""The numbers of the model that one image may tell: ell and the mixing energy.

Each has its profile of the score with the other held, and they take turns. Where a map with edges
is a rival of a smooth one, it has its own profile: borders pull ell away under the smooth prior.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Protocol

import numpy as np

from chromamol.inference.profile import Profile, profile

if TYPE_CHECKING:
    from collections.abc import Callable

    from chromamol.settings import Settings

ASSUMED_NM = 140.0
_LENGTH_STEP = float(np.log(2**0.5))
# Lengths farther than this from the assumed one are not looked at.
_FARTHEST = 4 * _LENGTH_STEP
_MIXING_STEP, _MIXING_LIMITS = 0.5, (-4.0, 4.0)
_TURNS = 2
# A wider interval of ell (high / low) does not identify it.
_SHARP = 1.5


@dataclass(frozen=True)
class Model:
    """The equation's numbers.

    Attributes
    ----------
    reaction_length_nm : float
        ell, nm.
    mixing_energy : float
        chi, no unit.
    partner_gain : float
        What the channel beside a total is multiplied with to be its part of the total.
    """

    reaction_length_nm: float
    mixing_energy: float = 0.0
    partner_gain: float = 1.0


class Deviance(Protocol):
    """-2 log likelihood of a model, with a smooth map or one with edges."""

    def __call__(self, model: Model, *, edges: bool) -> float:
        """Return it; infinite where there is none."""
        ...


@dataclass(frozen=True)
class ModelFit:
    """The model with the best score, and how well the image tells its numbers.

    Attributes
    ----------
    model : Model
    has_edges : bool
        Whether this is the best model of a map with edges.
    log_length, mixing_energy : Profile or None
        None for what was not fitted.
    """

    model: Model
    has_edges: bool = False
    log_length: Profile | None = None
    mixing_energy: Profile | None = None

    @property
    def length_is_known(self) -> bool:
        """Whether ell was fitted, and its interval is narrow enough to use it."""
        found = self.log_length
        return found is not None and found.known and found.high - found.low < np.log(_SHARP)

    @property
    def is_hopeless(self) -> bool:
        """Whether nothing that was tried has a map at all."""
        profiles = [one for one in (self.log_length, self.mixing_energy) if one is not None]
        return any(not np.isfinite(one.deviance) for one in profiles)

    @property
    def lengths_nm(self) -> tuple[float, float, float]:
        """The low end, the best value and the high end of ell, nm."""
        if self.log_length is None:
            return (self.model.reaction_length_nm,) * 3
        ends = (self.log_length.low, self.log_length.best, self.log_length.high)
        low, best, high = (ASSUMED_NM * float(np.exp(end)) for end in ends)
        return low, best, high


def first_length_nm(settings: Settings) -> float:
    """Return the reaction length of the settings, or the assumed one where it is to be fitted."""
    stated = settings.reaction_length_nm
    return ASSUMED_NM if stated == "fit" else stated


def fit_model(
    deviance: Deviance,
    rival: Callable[[Model], bool],
    start: Model,
    *,
    length: bool,
    mixing: bool,
    smallest_nm: float,
) -> ModelFit:
    """Find the numbers that are to be fitted.

    Parameters
    ----------
    deviance : callable
        Model, whether the map has edges -> -2 log likelihood; infinite where there is none.
    rival : callable
        Whether, under a model, a map with edges is about as likely as a smooth one.
    start : Model
    length, mixing : bool
        What is to be fitted.
    smallest_nm : float
        The image does not resolve reaction lengths below this one.
    """
    smooth = _take_turns(
        ModelFit(start), partial(deviance, edges=False), length, mixing, smallest_nm
    )
    if smooth.is_hopeless or not rival(smooth.model):
        return smooth
    edges = _take_turns(
        ModelFit(smooth.model, has_edges=True),
        partial(deviance, edges=True),
        length,
        mixing,
        smallest_nm,
    )
    better = deviance(edges.model, edges=True) < deviance(smooth.model, edges=False)
    return edges if better else smooth


def _take_turns(
    fit: ModelFit,
    deviance: Callable[[Model], float],
    length: bool,
    mixing: bool,
    smallest_nm: float,
) -> ModelFit:
    for _ in range(_TURNS if length and mixing else 1):
        if length:
            fit = _fit_length(fit, deviance, smallest_nm)
        if mixing:
            fit = _fit_mixing(fit, deviance)
    return fit


def _fit_length(fit: ModelFit, deviance: Callable[[Model], float], smallest_nm: float) -> ModelFit:
    def at(log_ratio: float) -> Model:
        return replace(fit.model, reaction_length_nm=ASSUMED_NM * float(np.exp(log_ratio)))

    lowest = max(float(np.log(smallest_nm / ASSUMED_NM)), -_FARTHEST)
    start = float(np.log(fit.model.reaction_length_nm / ASSUMED_NM))
    found = profile(lambda x: deviance(at(x)), start, _LENGTH_STEP, (lowest, _FARTHEST))
    return replace(fit, model=at(found.best), log_length=found)


def _fit_mixing(fit: ModelFit, deviance: Callable[[Model], float]) -> ModelFit:
    def at(mixing_energy: float) -> Model:
        return replace(fit.model, mixing_energy=mixing_energy)

    start = fit.model.mixing_energy
    found = profile(lambda x: deviance(at(x)), start, _MIXING_STEP, _MIXING_LIMITS)
    best = found.best if found.known else start
    return replace(fit, model=at(best), mixing_energy=found)
