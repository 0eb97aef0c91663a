"""From intensities to chromatin: which channel shows what, background, gain."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from chromamol.errors import CallError, InputError
from chromamol.images.roles import resolve_roles
from chromamol.settings import Role

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from chromamol.images.image import Image
    from chromamol.settings import Settings

__all__ = ["Composition", "compose", "resolve_roles"]

_BLOCK_PX = 8
_MIN_BLOCKS = 20
_LOW_PERCENTILE = 10


@dataclass(frozen=True)
class Composition:
    """Channels by role, background subtracted.

    Attributes
    ----------
    densities : mapping of Role to (y, x) float64
        Volume fractions where `calibrated`, otherwise intensities above background.
    calibrated : bool
        Whether the gain of every channel is known.
    roles : mapping of Role to int
        The channel number behind each role.
    notes : tuple of str
        What was assumed, in sentences.
    """

    densities: Mapping[Role, NDArray[np.float64]]
    calibrated: bool
    roles: Mapping[Role, int]
    notes: tuple[str, ...] = ()


def compose(
    image: Image,
    labels: NDArray[np.int32],
    settings: Settings,
    roles: Mapping[Role, int],
    role_notes: tuple[str, ...] = (),
) -> Composition:
    """Subtract the background of every channel that has a role; divide by its gain where known.

    Parameters
    ----------
    image : Image
    labels : (y, x) int32
        Nuclei; 0 is outside.
    settings : Settings
        `background_intensity` and `intensity_per_fraction`.
    roles : mapping of Role to int
        From `resolve_roles`, with its notes in `role_notes`.

    Returns
    -------
    Composition

    Raises
    ------
    InputError
        If a channel shows nothing above background in the nuclei, or its volume fractions exceed 1.
    CallError
        If a gain is given for some roles and not for the others.
    """
    inside = labels > 0
    notes = list(role_notes)
    densities = {}
    for role, number in roles.items():
        plane = image.cyx[number]
        who = f"channel {number} ({role.value})"
        background, note = _background(plane, inside, settings)
        notes.append(f"{who.capitalize()}: {note}")
        density = plane.astype(np.float64) - background
        if density[inside].mean() <= 0:
            msg = (
                f"{image.path.name}: {who} is not brighter in the nuclei than its background "
                f"({background:.4g}). Check the roles, background_intensity, and the nuclei."
            )
            raise InputError(msg)
        densities[role] = density
    gains = _gains(settings, roles)
    if gains is None:
        notes.append(
            "The intensity of a volume fraction of 1 is not known (intensity_per_fraction), so "
            "levels are relative: they do not compare between images."
        )
        return Composition(densities, calibrated=False, roles=dict(roles), notes=tuple(notes))
    fractions = {role: density / gains[role] for role, density in densities.items()}
    _check_fractions(image.path.name, fractions, inside)
    return Composition(fractions, calibrated=True, roles=dict(roles), notes=tuple(notes))


def _background(
    plane: NDArray[np.generic], inside: NDArray[np.bool_], settings: Settings
) -> tuple[float, str]:
    """Return the background of a channel, and where it comes from.

    A low percentile of single pixels would follow their noise; of the means of 8 x 8 pixels it
    follows the dark parts of the image.
    """
    if settings.background_intensity != "auto":
        value = float(settings.background_intensity)
        return value, f"background {value:.4g}, as given."
    means = block_means_outside(plane, inside)
    if len(means) < _MIN_BLOCKS:
        return 0.0, (
            "the image shows too little outside of the nuclei to tell the background; 0 was taken. "
            "Give it with background_intensity."
        )
    value = float(np.percentile(means, _LOW_PERCENTILE))
    return value, f"background {value:.4g}, from the dark parts outside of the nuclei."


def block_means_outside(
    plane: NDArray[np.generic], inside: NDArray[np.bool_]
) -> NDArray[np.float64]:
    """Return the means of all blocks of 8 x 8 pixels that lie wholly outside of the nuclei.

    Parameters
    ----------
    plane : (y, x) array
    inside : (y, x) bool
        All nuclei, with their holes.
    """
    rows, columns = (size // _BLOCK_PX for size in plane.shape)
    blocks = (rows, _BLOCK_PX, columns, _BLOCK_PX)
    window = (slice(rows * _BLOCK_PX), slice(columns * _BLOCK_PX))
    outside = ~inside[window].reshape(blocks).any(axis=(1, 3))
    means = plane[window].reshape(blocks).mean(axis=(1, 3), dtype=np.float64)
    return np.asarray(means[outside], dtype=np.float64)


def _gains(settings: Settings, roles: Mapping[Role, int]) -> dict[Role, float] | None:
    """Return the intensity of a volume fraction of 1 for each role, None where unknown."""
    given = settings.intensity_per_fraction
    if given == "auto":
        return None
    if isinstance(given, dict):
        missing = [role.value for role in roles if role not in given]
        if missing:
            msg = (
                f"intensity_per_fraction has no value for the role {', '.join(missing)}. "
                "Give one number for all roles, or one for each."
            )
            raise CallError(msg)
        return {role: float(given[role]) for role in roles}
    return dict.fromkeys(roles, float(given))


def _check_fractions(
    name: str, fractions: Mapping[Role, NDArray[np.float64]], inside: NDArray[np.bool_]
) -> None:
    """Refuse volume fractions that fill more than the volume."""
    means = {role: float(fraction[inside].mean()) for role, fraction in fractions.items()}
    together = sum(mean for role, mean in means.items() if role is not Role.TOTAL)
    largest = max(together, means.get(Role.TOTAL, 0.0))
    if largest > 1:
        each = ", ".join(f"{role.value} {mean:.3g}" for role, mean in means.items())
        msg = (
            f"{name}: the mean volume fractions in the nuclei would be {each}, more than 1. "
            "intensity_per_fraction is the intensity above background of a volume fraction of 1, "
            "in the units of the image: is it too small?"
        )
        raise InputError(msg)
