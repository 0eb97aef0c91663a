"""What can be said of maps before an image is opened."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chromamol.settings import Role

if TYPE_CHECKING:
    from chromamol.settings import Settings


_UNCHECKED = (
    "{} of this batch are exploratory, and no groups are compared by them: the maps of method: {} "
    "are not tested for false patterns. For an analysis, set method: weak-form."
)


def doubts_ahead(settings: Settings) -> tuple[str, ...]:
    """Say why no rate map will be believed, whatever the images show.

    These settings lead to the finding ``uncalibrated-fixed-ell`` or ``uncalibrated-total`` of two
    channels, or to exploratory maps, as those of the method are not tested for false patterns.

    Parameters
    ----------
    settings : Settings
        Without `roles`, the channels are not known yet, and the sentence says so.

    Returns
    -------
    tuple of str
        Sentences with what to do; empty where maps may be believed.
    """
    roles = set(settings.roles or ())
    of_gains = _of_gains(settings, roles)
    if settings.has_checks or roles == {Role.TOTAL} or (roles and of_gains):
        return of_gains
    which = "The other rate maps" if of_gains else "The rate maps"
    return (*of_gains, _UNCHECKED.format(which, settings.method))


def _of_gains(settings: Settings, roles: set[Role]) -> tuple[str, ...]:
    """Say why maps of unknown gain will not be believed."""
    is_one_channel = len(roles) == 1 or Role.MARK in roles
    if settings.intensity_per_fraction != "auto" or is_one_channel:
        return ()
    which = "No rate map" if roles else "No rate map of an image with two channels"
    begin = f"{which} of this batch can be believed: the gain of the channels is unknown"
    end = "Give intensity_per_fraction{}. The compaction maps hold."
    if Role.TOTAL in roles:
        return (f"{begin}, and one of them is a total density. {end.format('')}",)
    reasons, changes = [], []
    if settings.method == "direct":
        reasons.append("method: direct does not fit the reaction length")
        changes.append("method: weak-form")
    if settings.reaction_length_nm != "fit":
        reasons.append("reaction_length_nm is set")
        changes.append("reaction_length_nm: fit")
    if not reasons:
        return ()
    instead = f", or set {' and '.join(changes)}"
    return (f"{begin}, and {' and '.join(reasons)}. {end.format(instead)}",)
