"""What a network is to explain: fields with noise, and the equation between them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import torch
from scipy import ndimage

from chromamol.errors import CallError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    Field = NDArray[np.float64]

# Noise is never taken to be less than this share of a field's spread: about what networks of this
# size learn a field to in some thousand steps.
LEAST_NOISE = 3e-3
# Cells along an axis that the kernels of order 4 need.
LEAST_CELLS = 16
# Of the mollifier (1 - r^2)^5.
_RADIUS_OVER_SD = 3.6
# How far from a straight line a residual may be: over its size, and over its change by the rate.
_ROUNDING, _BEND = 1e-9, 1e-6
_TRIED_RATES = 3


class Equation(Protocol):
    """An equation of `chromamol.equations`, or one of the user's own: linear in its rate."""

    @property
    def derivatives(self) -> tuple[str, ...]:
        """Names of the derivatives that it takes of every field."""
        ...

    @property
    def residual(self) -> Any:
        """Function (field, ..., rate[, source]) -> residual, ([y,] x) float64 tensors.

        Fields are mappings of their derivatives by name.
        """
        ...


@dataclass(frozen=True)
class NetworkProblem:
    """Fields that were measured, and the equation that they obey with an unknown rate.

    Attributes
    ----------
    equation : Equation
        Whose residual is linear in the rate.
    fields : sequence of ([y,] x) float64
        As measured, in the order in which the equation takes them; anything outside the mask.
    noise_sd : sequence of float
        Of the white noise of each field.
    spacing : tuple of float
        Distance of the cells along each of 1 or 2 axes.
    source : ([y,] x) float64, optional
        Known, where the equation has one.
    mask : ([y,] x) bool, optional
        Cells with data, where the equation holds. Default: all.
    weight : ([y,] x) float64, optional
        Between 0 and 1: how far the equation is to be used in a cell. Default: 1.
    positive : bool
        Whether the rate is above zero everywhere.
    variation : float, optional
        Wavelength of the finest changes of the rate that are expected, in the unit of the spacing;
        default: half the longest axis. Much finer ones are smoothed away.
    noise_is_known : bool
        Whether a network that is much nearer to a field than its noise has learned the noise. False
        where that can also be too large an estimate, as of noise that cells share.

    Raises
    ------
    CallError
        If the arrays do not fit each other, a number is out of its range, a value in the mask is
        not finite, or a field is the same everywhere.
    """

    equation: Equation
    fields: Sequence[Field]
    noise_sd: Sequence[float]
    spacing: tuple[float, ...]
    source: Field | None = None
    mask: NDArray[np.bool_] | None = None
    weight: Field | None = None
    positive: bool = True
    variation: float | None = None
    noise_is_known: bool = True

    def __post_init__(self) -> None:
        if np.ndim(self.spacing) != 1:
            msg = f"The spacing is {self.spacing}. Give a tuple with one for each axis."
            raise CallError(msg)
        shapes = {np.shape(field) for field in self.fields}
        for extra in (self.source, self.mask, self.weight):
            if extra is not None:
                shapes.add(np.shape(extra))
        if len(shapes) != 1 or len(self.spacing) not in {1, 2}:
            msg = (
                f"Fields, source and mask have the shapes {sorted(shapes)} and the spacing has "
                f"{len(self.spacing)} axes. Give arrays of one shape, of 1 or 2 axes."
            )
            raise CallError(msg)
        if np.ndim(self.fields[0]) != len(self.spacing) or min(self.shape) < LEAST_CELLS:
            msg = (
                f"The fields have the shape {self.shape} and the spacing {len(self.spacing)} axes. "
                f"Give a spacing for each axis, and at least {LEAST_CELLS} cells along each."
            )
            raise CallError(msg)
        if (
            isinstance(self.noise_sd, float | int)
            or len(self.noise_sd) != len(self.fields)
            or any(np.ndim(sd) or not 0 <= sd < np.inf for sd in self.noise_sd)
        ):
            msg = (
                f"The noise is {self.noise_sd} for {len(self.fields)} fields. Give a list with one "
                "standard deviation, zero or more, for each."
            )
            raise CallError(msg)
        lengths = self.spacing if self.variation is None else (*self.spacing, self.variation)
        if not all(0 < length < np.inf for length in lengths):
            msg = (
                f"The spacing is {self.spacing} and the variation {self.variation}. Give positive "
                "lengths."
            )
            raise CallError(msg)
        self._check_values()

    def _check_values(self) -> None:
        inside = self.inside
        if inside.dtype != bool or not inside.any():
            msg = (
                f"The mask holds {inside.dtype} and {np.count_nonzero(inside)} cells inside. Give "
                "a mask of bool with cells inside."
            )
            raise CallError(msg)
        known = [*self.fields, *([] if self.source is None else [self.source])]
        bad = sum(int((~np.isfinite(np.asarray(field)[inside])).sum()) for field in known)
        if bad:
            msg = (
                f"{bad} values of the fields are NaN or infinite. Take these cells out of the mask."
            )
            raise CallError(msg)
        if any(np.ptp(np.asarray(field)[inside]) == 0 for field in self.fields):
            msg = "A field has one value in all cells, and there is no rate to be seen in it."
            raise CallError(msg)
        if self.weight is not None:
            weight = np.asarray(self.weight)[inside]
            # A NaN fails the comparisons.
            if not (weight.min() >= 0 and 0 < weight.max() <= 1):
                msg = (
                    f"The weight ranges from {weight.min():g} to {weight.max():g} in the mask. "
                    "Give values between 0 and 1, and not zero everywhere."
                )
                raise CallError(msg)

    @property
    def shape(self) -> tuple[int, ...]:
        """Cells along each axis."""
        return np.shape(self.fields[0])

    @property
    def inside(self) -> NDArray[np.bool_]:
        """Cells with data."""
        return np.ones(self.shape, dtype=bool) if self.mask is None else self.mask

    @property
    def waves(self) -> float:
        """Waves of the `variation` along the longest axis, at least 2."""
        longest = max(self.sides)
        return 2.0 if self.variation is None else max(longest / self.variation, 2.0)

    @property
    def sides(self) -> tuple[float, ...]:
        """Length of each axis, in the unit of the spacing."""
        return tuple(side * cells for side, cells in zip(self.spacing, self.shape, strict=True))

    @property
    def test_radius(self) -> tuple[int, ...]:
        """A quarter of the `variation` along each axis, cells."""
        reach = max(self.sides) / self.waves / 4
        return tuple(max(round(reach / side), 1) for side in self.spacing)

    @property
    def wave_number(self) -> float:
        """Root mean square wave number of the fields along an axis, over half the longest axis.

        What is finer than the `test_radius` is taken to be noise.
        """
        inside = self.inside
        # Outside is what is nearest: a step at the outline would be short waves.
        nearest = tuple(
            ndimage.distance_transform_edt(
                ~inside, sampling=self.spacing, return_distances=False, return_indices=True
            )
        )
        found = []
        for field in self.fields:
            filled = np.asarray(field, dtype=np.float64)[nearest]
            for axis, radius in enumerate(self.test_radius):
                sd = radius / _RADIUS_OVER_SD
                filled = ndimage.gaussian_filter1d(filled, sd, axis=axis, mode="nearest")
            slopes = [
                np.gradient(filled, side, axis=axis)[inside]
                for axis, side in enumerate(self.spacing)
            ]
            found.append(np.sqrt(np.mean(np.square(slopes))) / filled[inside].std())
        return float(max(found)) * max(self.sides) / 2

    @property
    def scales(self) -> list[tuple[float, float, float]]:
        """Mean, spread and noise of each field, the noise not less than can be told from none."""
        found = []
        for field, sd in zip(self.fields, self.noise_sd, strict=True):
            values = np.asarray(field)[self.inside]
            spread = float(values.std()) or 1.0
            found.append((float(values.mean()), spread, max(float(sd), LEAST_NOISE * spread)))
        return found

    @property
    def noisy(self) -> tuple[bool, ...]:
        """Whether each field has noise that can be told from none."""
        return tuple(sd >= used for sd, (*_, used) in zip(self.noise_sd, self.scales, strict=True))

    def check_linear(self) -> None:
        """Raise CallError unless the residual of a cell is linear in its rate, and in no other."""
        none, one = (self._sample(np.full(self.shape, rate)) for rate in (0.0, 1.0))
        # An equation may have no value for fields that are made up.
        known = one.isfinite()
        random = np.random.default_rng(0)
        for _ in range(_TRIED_RATES):
            rate = 10 ** random.uniform(-2, 2, self.shape)
            if not self.positive:
                rate *= random.choice([-1, 1], self.shape)
            change = torch.from_numpy(rate) * (one - none)
            off, fixed, free = (
                each[known].abs().sum()
                for each in (self._sample(rate) - none - change, none, change)
            )
            if not off <= _ROUNDING * fixed + _BEND * free:
                msg = (
                    f"The residual of {type(self.equation).__name__} is not linear in its rate, "
                    "cell by cell. Write it so that it is, for instance with another rate: a "
                    "function of yours. Derivatives or averages of the rate cannot stand in it."
                )
                raise CallError(msg)

    def sample_residual(self) -> torch.Tensor:
        """Return the residual of made-up fields and rates, which tells equations apart."""
        rate = 10 ** np.random.default_rng(1).uniform(-1, 1, self.shape)
        return self._sample(rate)

    def _sample(self, rate: Field) -> torch.Tensor:
        count = len(self.fields) * rate.size
        names = dict.fromkeys(("", *self.equation.derivatives))
        derived = {
            name: torch.linspace(0.5, 1.5 + place, count, dtype=torch.float64).reshape(
                -1, *self.shape
            )
            for place, name in enumerate(names)
        }
        source = None if self.source is None else derived[""][0]
        name = type(self.equation).__name__
        try:
            found = self.residual(derived, torch.from_numpy(rate), source)
        except (TypeError, LookupError, RuntimeError) as error:
            msg = (
                f"The residual of {name} cannot be evaluated ({type(error).__name__}: {error}). It "
                "is called with each field, the rate, and the source of the problem if there is "
                f"one; fields have the derivatives {', '.join(map(repr, names))}."
            )
            raise CallError(msg) from error
        if not isinstance(found, torch.Tensor) or found.shape != self.shape:
            msg = (
                f"The residual of {name} is a {type(found).__name__} of the shape "
                f"{tuple(np.shape(found))}. Return a tensor of that of the fields, {self.shape}."
            )
            raise CallError(msg)
        return found

    def residual(self, derived: Mapping[str, Any], rate: Any, source: Any) -> Any:
        """Return the residual of fields whose derivatives are given together, (field, [y,] x)."""
        fields = [
            {name: values[i] for name, values in derived.items()} for i in range(len(self.fields))
        ]
        known = () if source is None else (source,)
        return self.equation.residual(*fields, rate, *known)
