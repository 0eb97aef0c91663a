"""From intensities to chromatin: which channel shows what, background, gain."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
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

NO_BACKGROUND = "the image shows too little outside of the nuclei to tell the background"
_BLOCK_PX = 8
_MIN_BLOCKS = 20
_LOW_PERCENTILE = 10


@dataclass(frozen=True)
class Composition:
    """Channels by role, background subtracted; computed where and when they are asked for.

    Attributes
    ----------
    image : Image
    roles : mapping of Role to int
        The channel number behind each role.
    backgrounds, gains : mapping of Role to float
        What is subtracted from the intensity, and what the rest is divided by.
    calibrated : bool
        Whether the gain of every channel is known.
    notes : tuple of str
        What was assumed, in sentences.
    """

    image: Image
    roles: Mapping[Role, int]
    backgrounds: Mapping[Role, float]
    gains: Mapping[Role, float]
    calibrated: bool
    notes: tuple[str, ...] = ()

    def density(
        self, role: Role, window: tuple[slice, slice] = (slice(None), slice(None))
    ) -> NDArray[np.float64]:
        """Return the density of one role in a window of the image.

        Returns
        -------
        (y, x) float64
            Volume fractions where `calibrated`, otherwise intensities above background.
        """
        intensity = np.asarray(self.image.cyx[(self.roles[role], *window)], dtype=np.float64)
        return (intensity - self.backgrounds[role]) / self.gains[role]


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
    _check_different(image, roles)
    notes = list(role_notes)
    backgrounds, means = {}, {}
    for role, number in roles.items():
        plane = np.asarray(image.cyx[number])
        who = f"channel {number} ({role.value})"
        background, note = _background(plane, inside, settings)
        notes.append(f"{who.capitalize()}: {note}")
        backgrounds[role] = background
        means[role] = float(plane[inside].mean(dtype=np.float64)) - background
        if means[role] <= 0:
            msg = (
                f"{image.path.name}: {who} is not brighter in the nuclei than its background "
                f"({background:.4g}). Check the roles, background_intensity, and the nuclei."
            )
            raise InputError(msg)
    gains = _gains(settings, roles)
    if gains is None:
        notes.append(
            "The intensity of a volume fraction of 1 is not known (intensity_per_fraction), so "
            "levels are relative: they do not compare between images."
        )
    else:
        _check_fractions(image.path.name, {role: means[role] / gains[role] for role in roles})
    return Composition(
        image=image,
        roles=dict(roles),
        backgrounds=backgrounds,
        gains=gains or dict.fromkeys(roles, 1.0),
        calibrated=gains is not None,
        notes=tuple(notes),
    )


def _check_different(image: Image, roles: Mapping[Role, int]) -> None:
    """Refuse one and the same picture for two roles."""
    for (role, number), (other, other_number) in combinations(roles.items(), 2):
        if np.array_equal(image.cyx[number], image.cyx[other_number]):
            msg = (
                f"{image.path.name}: channels {number} ({role.value}) and {other_number} "
                f"({other.value}) are the same to the last pixel. Was one file exported twice?"
            )
            raise InputError(msg)


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
        return 0.0, (f"{NO_BACKGROUND}; 0 was taken. Give it with background_intensity.")
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


def _check_fractions(name: str, means: Mapping[Role, float]) -> None:
    """Refuse mean volume fractions that fill more than the volume."""
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
