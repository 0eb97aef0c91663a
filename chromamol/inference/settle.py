"""The numbers of the model: from the settings, from the image, or assumed; and what is said."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from chromamol.inference import findings as say
from chromamol.inference.model_fit import ASSUMED_NM, Model, first_length_nm
from chromamol.settings import Role

if TYPE_CHECKING:
    from chromamol.inference.model_fit import ModelFit
    from chromamol.inference.nucleus import Nucleus
    from chromamol.inference.rate_map import Finding
    from chromamol.progress import Progress
    from chromamol.settings import Settings

    Pairs = tuple[tuple[Model, Model], ...]

# How well the brightness of a channel is known against that of the total, before any calibration.
_GAIN_SD = 0.3


@dataclass(frozen=True)
class Settled:
    """The model to infer the map under.

    Attributes
    ----------
    model : Model
    others : tuple of (Model, Model)
        Models one standard deviation away to both sides, in each thing that is not known.
    length_is_fitted : bool
    findings : tuple of Finding
    """

    model: Model
    others: tuple[tuple[Model, Model], ...]
    length_is_fitted: bool
    findings: tuple[Finding, ...]


def settle_model(
    nucleus: Nucleus,
    settings: Settings,
    *,
    calibrated: bool,
    smallest_nm: float,
    progress: Progress,
) -> Settled:
    """Take every number from the settings, or fit it where they ask for it and the image can tell.

    Parameters
    ----------
    nucleus : Nucleus
    settings : Settings
    calibrated : bool
        Whether the channels are volume fractions.
    smallest_nm : float
        Shortest reaction length that the image resolves, nm.
    progress : Progress
        Told of every step; may cancel.
    """
    roles = set(nucleus.channels.densities)
    stated, mixing = settings.reaction_length_nm, settings.mixing_energy
    start = Model(first_length_nm(settings), 0.0 if mixing == "fit" else mixing)
    given = say.ell_not_fitted(ASSUMED_NM) if stated == "fit" else say.ell_given(stated)
    if Role.MARK in roles or settings.method == "direct":
        if mixing == "fit" and Role.MARK not in roles:
            return Settled(
                start,
                (),
                length_is_fitted=False,
                findings=(given, say.mixing_unknown(start.mixing_energy)),
            )
        return Settled(start, (), length_is_fitted=False, findings=(given,))
    uncertain_gain = Role.TOTAL in roles and not calibrated
    if stated != "fit" and mixing != "fit":
        others = _other_gains(nucleus, start) if uncertain_gain else ()
        return Settled(start, others, length_is_fitted=False, findings=(given,))
    progress.begin("fitting the model to the image")
    fit = nucleus.fit_model(start, mixing=mixing == "fit", smallest_nm=smallest_nm)
    if stated == "fit" and not fit.length_is_known:
        # What else was fitted belongs to a length that the image does not tell.
        hopeless = fit.is_hopeless
        changes = [] if hopeless else _changes_with_length(nucleus, start)
        unknown = [say.ell_assumed(ASSUMED_NM, max(changes, default=None))]
        if mixing == "fit":
            unknown.append(say.mixing_unknown(start.mixing_energy))
        others = _other_gains(nucleus, start) if uncertain_gain and not hopeless else ()
        return Settled(start, others, length_is_fitted=False, findings=tuple(unknown))
    found = [say.ell_fitted(*fit.lengths_nm) if stated == "fit" else given]
    if fit.mixing_energy is not None and fit.mixing_energy.known:
        found.append(say.mixing_fitted(fit.mixing_energy))
    elif fit.mixing_energy is not None:
        found.append(say.mixing_unknown(fit.model.mixing_energy))
    others = (
        _other_lengths(fit)
        + _other_mixings(fit)
        + (_other_gains(nucleus, fit.model) if uncertain_gain else ())
    )
    return Settled(fit.model, others, length_is_fitted=stated == "fit", findings=tuple(found))


def _other_lengths(fit: ModelFit) -> Pairs:
    """Return the models with a reaction length one standard deviation longer and shorter."""
    if fit.log_length is None:
        return ()
    factor = float(np.exp(fit.log_length.sd))
    ell_nm = fit.model.reaction_length_nm
    return (
        (
            replace(fit.model, reaction_length_nm=ell_nm * factor),
            replace(fit.model, reaction_length_nm=ell_nm / factor),
        ),
    )


def _other_mixings(fit: ModelFit) -> Pairs:
    """Return the models with a mixing energy one standard deviation higher and lower."""
    found = fit.mixing_energy
    if found is None or not found.known:
        return ()
    higher, lower = (
        replace(fit.model, mixing_energy=found.best + sign * found.sd) for sign in (1, -1)
    )
    return ((higher, lower),)


def _other_gains(nucleus: Nucleus, model: Model) -> Pairs:
    """Return the models for a channel one standard deviation brighter and darker.

    The gain of a channel beside a total cannot be told from the image: another reaction length
    makes up for it.
    """
    brighter, darker = (
        nucleus.length_at_gain(model, float(np.exp(sign * _GAIN_SD))) for sign in (1, -1)
    )
    return ((brighter, darker),)


def _changes_with_length(nucleus: Nucleus, start: Model) -> list[float]:
    """Return how much the map changes with a length a factor of 1.4 shorter and longer."""
    shorter, here, longer = (
        nucleus.rate_at(replace(start, reaction_length_nm=ASSUMED_NM * factor))
        for factor in (0.5**0.5, 1.0, 2**0.5)
    )
    return [
        float(np.sqrt(np.nanmean((other - here) ** 2)))
        for other in (shorter, longer)
        if here is not None and other is not None
    ]
