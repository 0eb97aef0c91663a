"""The arrays that go into an inference: checked, paired and scaled."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from skimage.measure import block_reduce

from chromamol.errors import CallError, InputError
from chromamol.images.noise import Noise, estimate_noise, saturated_share
from chromamol.inference import findings as say
from chromamol.settings import Role

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from chromamol.inference.rate_map import Finding

# A nucleus of fewer pixels says nothing.
_FEWEST_PIXELS = 64
# Noise is never taken to be less than this share of a channel's spread: rounding, not physics.
_LEAST_NOISE = 1e-4
# Cross-validation takes what bins leave of the equation for noise, which has to be more than that:
# this share, for each bin, of the spread of the channel that varies most.
_ENOUGH_NOISE = 2e-3
# No image has smaller pixels, nm: the unit is wrong.
_FINEST_NM = 0.5
# Size of a chromatin domain, nm.
_DOMAIN_NM = 100.0
# Fewer domain-sized blocks have no spread to speak of.
_FEWEST_BLOCKS = 4
# Saturation of fewer pixels does not change a map.
_SATURATED_SHARE = 1e-3


@dataclass(frozen=True)
class Channels:
    """Densities of one nucleus by role, as volume fractions, and their noise.

    Attributes
    ----------
    densities : mapping of Role to (y, x) float64
        Zero outside the mask.
    noise_sd : mapping of Role to float
        As stated by the caller, or as measured; with what was added.
    noise : mapping of Role to Noise
        As measured.
    mask : (y, x) bool
    spacing_nm : (float, float)
    """

    densities: Mapping[Role, NDArray[np.float64]]
    noise_sd: Mapping[Role, float]
    noise: Mapping[Role, Noise]
    mask: NDArray[np.bool_]
    spacing_nm: tuple[float, float]

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What is wrong with the pixels of these channels."""
        found = []
        for role, density in self.densities.items():
            noise = self.noise[role]
            if noise.white is False:
                found.append(say.coloured_noise(role, min(abs(noise.correlation), 1.0)))
            elif (ratio := self._signal_over_noise(role)) < 1:
                found.append(say.noise_above_signal(role, ratio))
            share = saturated_share(density[self.mask])
            if share > _SATURATED_SHARE:
                found.append(say.saturated(role, share))
        return tuple(found)

    def _signal_over_noise(self, role: Role) -> float:
        """Return signal over noise, averaged over blocks of the size of a domain.

        The variance of the averages is that of the signal plus that of white noise. Infinite
        where there are too few blocks to tell.
        """
        block = tuple(max(1, round(_DOMAIN_NM / side)) for side in self.spacing_nm)
        whole = block_reduce(self.mask, block, np.min)
        averages = block_reduce(self.densities[role], block, np.mean)[whole]
        if averages.size < _FEWEST_BLOCKS:
            return np.inf
        of_noise = self.noise_sd[role] ** 2 / np.prod(block)
        of_signal = max(float(averages.var(ddof=1)) - of_noise, 0.0)
        return float(np.sqrt(of_signal / of_noise))

    def with_enough_noise(self, bin_nm: float) -> tuple[Channels, tuple[Finding, ...]]:
        """Return channels with noise for the smoothness of a map to be found by.

        Parameters
        ----------
        bin_nm : float
            Side of the bins that pixels will be averaged into, nm.

        Returns
        -------
        Channels
            White noise was added to all of them if none had enough of its own.
        tuple of Finding
            What was added.
        """
        pixels = np.prod([max(bin_nm / side, 1.0) for side in self.spacing_nm])
        spread = max(float(density[self.mask].std()) for density in self.densities.values())
        enough = _ENOUGH_NOISE * spread * float(np.sqrt(pixels))
        most = max(self.noise_sd.values())
        if most >= enough:
            return self, ()
        generator = np.random.default_rng(0)
        densities = {
            role: density
            + self.mask
            * np.sqrt(enough**2 - self.noise_sd[role] ** 2)
            * generator.normal(size=density.shape)
            for role, density in self.densities.items()
        }
        noise_sd = dict.fromkeys(densities, enough)
        said = say.noise_added(_ENOUGH_NOISE, _ENOUGH_NOISE * most / enough, bin_nm)
        return replace(self, densities=densities, noise_sd=noise_sd), (said,)

    @property
    def total(self) -> NDArray[np.float64]:
        """The density that shows compaction: the total, or the sum of what there is."""
        if Role.TOTAL in self.densities:
            return self.densities[Role.TOTAL]
        total: NDArray[np.float64] = np.sum(list(self.densities.values()), axis=0)
        return total

    @property
    def total_noise_sd(self) -> float:
        """The noise of `total`."""
        if Role.TOTAL in self.densities:
            return self.noise_sd[Role.TOTAL]
        return float(np.linalg.norm(list(self.noise_sd.values())))

    def species(self) -> tuple[NDArray[np.float64], NDArray[np.float64], tuple[float, float]]:
        """Return euchromatin, heterochromatin and the noise of both, from any two channels."""
        missing = {
            Role.HETEROCHROMATIN: Role.EUCHROMATIN,
            Role.EUCHROMATIN: Role.HETEROCHROMATIN,
        }
        found, sd = dict(self.densities), dict(self.noise_sd)
        for role, partner in missing.items():
            if role not in found:
                found[role] = found[Role.TOTAL] - found[partner]
                sd[role] = float(np.hypot(sd[Role.TOTAL], sd[partner]))
        return (
            found[Role.EUCHROMATIN],
            found[Role.HETEROCHROMATIN],
            (sd[Role.EUCHROMATIN], sd[Role.HETEROCHROMATIN]),
        )


def check_channels(
    given: Mapping[Role, ArrayLike | None],
    *,
    spacing_nm: float | tuple[float, ...],
    mask: ArrayLike | None,
    noise_sd: float | Mapping[str, float] | None,
    mean_fraction: float | None,
) -> Channels:
    """Check and scale the channels of one nucleus.

    Parameters
    ----------
    given : mapping of Role to (y, x) array or None
    spacing_nm : float or (float, float)
        Pixel size, nm.
    mask : (y, x) bool array, optional
        Default: every pixel.
    noise_sd : float or mapping of role name to float, optional
        In the unit of the arrays; default: estimated. Whiteness is measured all the same.
    mean_fraction : float or None
        Scale channels of unknown gain to this mean volume fraction of chromatin; two species
        to half of it each. None: the arrays are volume fractions.

    Raises
    ------
    CallError
        If the arrays do not fit each other, or their combination is none that can be analysed.
    InputError
        If the values cannot be analysed.
    """
    arrays = {
        role: np.asarray(values, dtype=np.float64)
        for role, values in given.items()
        if values is not None
    }
    _check_combination(set(arrays))
    shapes = {role.value: array.shape for role, array in arrays.items()}
    shape = next(iter(shapes.values()))
    if len(shape) != 2:
        msg = f"Maps are inferred from (y, x) arrays; these have the shapes {shapes}."
        raise CallError(msg)
    inside = np.ones(shape, dtype=bool) if mask is None else np.asarray(mask)
    if inside.dtype != np.bool_:
        msg = f"The mask must be boolean, not {inside.dtype}. Use mask > 0."
        raise CallError(msg)
    shapes["mask"] = inside.shape
    if len(set(shapes.values())) > 1:
        msg = f"The channels and the mask must have one shape, not {shapes}."
        raise CallError(msg)
    _check_values(arrays, inside)
    stated = _stated_noise(noise_sd, set(arrays))
    densities, sds, noises = {}, {}, {}
    for role, array in arrays.items():
        density = np.where(inside, array, 0.0)
        noise = estimate_noise(density, inside)
        gain = 1.0
        if mean_fraction is not None:
            share = mean_fraction if role in {Role.TOTAL, Role.MARK} else mean_fraction / 2
            gain = share / float(density[inside].mean())
        densities[role] = gain * density
        spread = float(densities[role][inside].std())
        noises[role] = replace(noise, sd=gain * noise.sd)
        sds[role] = max(gain * stated.get(role, noise.sd), _LEAST_NOISE * spread)
    return Channels(densities, sds, noises, inside, _spacing(spacing_nm))


def _check_combination(roles: set[Role]) -> None:
    marks = roles & {Role.MARK}
    species = roles - marks
    one_species = species in ({Role.HETEROCHROMATIN}, {Role.EUCHROMATIN})
    if (marks and species) or not roles or len(species) > 2 or one_species:
        found = ", ".join(sorted(role.value for role in roles)) or "none"
        msg = (
            f"These channels cannot be analysed together: {found}. Give two of "
            "heterochromatin, euchromatin and total; or total alone; or one mark."
        )
        raise CallError(msg)


def _check_values(arrays: Mapping[Role, NDArray[np.float64]], inside: NDArray[np.bool_]) -> None:
    if inside.sum() < _FEWEST_PIXELS:
        msg = (
            f"The nucleus has {int(inside.sum())} pixels; at least {_FEWEST_PIXELS} are needed. "
            "Use a finer pixel or a larger nucleus."
        )
        raise InputError(msg)
    for role, array in arrays.items():
        values = array[inside]
        bad = int((~np.isfinite(values)).sum())
        if bad:
            msg = (
                f"The {role.value} channel has {bad} values inside the mask that are NaN or "
                "infinite. Take these pixels out of the mask."
            )
            raise InputError(msg)
        if values.min() == values.max():
            msg = f"The {role.value} channel is constant ({values[0]:g}) inside the nucleus."
            raise InputError(msg)
        if values.mean() <= 0:
            msg = (
                f"The {role.value} channel is {values.mean():g} on average inside the nucleus, "
                "after the background was subtracted; it must be positive. "
                "Lower background_intensity, or check the outline."
            )
            raise InputError(msg)


def _stated_noise(
    noise_sd: float | Mapping[str, float] | None, roles: set[Role]
) -> dict[Role, float]:
    """Return the noise that the caller stated, by role."""
    if noise_sd is None:
        return {}
    if not isinstance(noise_sd, Mapping):
        noise_sd = dict.fromkeys(roles, noise_sd)
    unknown = ", ".join(sorted(set(noise_sd) - roles))
    if unknown:
        names = ", ".join(sorted(roles))
        msg = f"noise_sd names {unknown}, but the channels are: {names}."
        raise CallError(msg)
    for role, sd in noise_sd.items():
        if not (np.isfinite(sd) and sd >= 0):
            msg = f"noise_sd of {role} is a standard deviation, at least 0, not {sd}."
            raise CallError(msg)
    return {Role(role): float(sd) for role, sd in noise_sd.items()}


def _spacing(spacing_nm: float | tuple[float, ...]) -> tuple[float, float]:
    sides = np.atleast_1d(np.asarray(spacing_nm, dtype=np.float64))
    if sides.shape not in {(1,), (2,)} or not (np.isfinite(sides).all() and (sides > 0).all()):
        msg = (
            "The pixel size must be a positive number of nm, or one along y and one along x, "
            f"not {spacing_nm}."
        )
        raise CallError(msg)
    if sides.min() < _FINEST_NM:
        msg = (
            f"A pixel of {sides.min():g} nm is smaller than a molecule. Is this in µm? Give the "
            "pixel size in nm: 10 for 0.01 µm."
        )
        raise CallError(msg)
    return float(sides[0]), float(sides[-1])
