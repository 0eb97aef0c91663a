"""The noise of a channel, measured on the image itself: how large, of what kind, how white."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from scipy import ndimage

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Field = NDArray[np.float64]
    Mask = NDArray[np.bool_]

# Fourth difference: vanishes on cubics, and passes periods of 2 to 3 px.
_DIFFERENCE = np.array([1.0, -4.0, 6.0, -4.0, 1.0]) / np.sqrt(70.0)
# Autocorrelation of the differences of white noise along the difference, at lags 0 to 4.
_AUTOCORRELATION = np.array([70.0, -56.0, 28.0, -8.0, 1.0]) / 70.0
_BOTH_SIDES = np.array([1.0, 2.0, 2.0, 2.0, 2.0])
# Sum of the squared autocorrelation: so many pixels hold one independent difference.
_PIXELS_EACH = float((_BOTH_SIDES * _AUTOCORRELATION**2).sum())
# Correlations between what the differences along y and along x tell, for white noise: of the
# powers, and of the products of neighbours.
_SHARED_POWER = 1 / _PIXELS_EACH
_SHARED_PRODUCT = 2 * float(_AUTOCORRELATION[1] ** 2) / _PIXELS_EACH
# Standard deviation, px, of the smoothing that shows where the image is flat.
_SMOOTHING_PX = 2.0
# Fewer pixels in a quarter of the mask tell nothing.
_FEWEST_PIXELS = 8
# Structure leaves at least so many times more power in the second flattest quarter than in the
# flattest: it goes with the square of the gradient.
_STRUCTURE_RATIO = 4.0
# Standard errors that chance exceeds once in a thousand times (one-sided).
_SURE = 3.1
# A correlation of 0.05 between neighbours changes the noise of long waves by 10 %.
_MATTERS = 0.05
# Where chance makes correlations as large as this, whiteness cannot be told.
_BLIND = 0.3
# What pixels 4 px apart share by more than this is as wide as structure.
_WIDE = 0.5
# Difference of log-likelihood (odds of 20 to 1) for a variance that goes with the mean.
_LIKELIER = 3.0
# Local means are not taken to be less than this share of the overall mean.
_LEAST_MEAN = 0.02


@dataclass(frozen=True)
class Noise:
    """The noise of one channel.

    Attributes
    ----------
    sd : float
        Standard deviation in a pixel, in the unit of the field: the root of the mean variance
        inside the mask. Where structure reaches down to the pixel, it is counted as noise. Of
        noise that is not white: that of the white noise of equal power at long waves, or the
        least that it can be where the image does not tell.
    sd_error : float
        Standard error of `sd` over `sd` by sampling; infinite where the mask is too small and
        where the noise is not white.
    poisson : bool
        Whether the variance goes with the local mean, as that of counts.
    correlation : float
        Between the noise of pixels side by side, about -1 to 1; 0 for white noise.
    correlation_error : float
        Standard error of `correlation` if the noise is white.
    white : bool or None
        None where the image does not tell: too few pixels, or structure down to the pixel.
    """

    sd: float
    sd_error: float
    poisson: bool
    correlation: float
    correlation_error: float
    white: bool | None


def estimate_noise(yx_field: Field, yx_mask: Mask) -> Noise:
    """Measure the noise of a channel where the image is flat.

    Fourth differences along one axis leave the noise, and little of a structure wider than 3 px.
    Their power gives the variance. How alike they are from pixel to pixel along the *other* axis,
    on which they do not act, tells whether the noise is white. Both are taken from the flattest
    quarter of the pixels, by the gradient of the smoothed image; the variance from the next quarter
    or from all pixels too, where these have no more power.

    Errors: with r the autocorrelation of the differences along their own axis, the correlation
    of n of them with their neighbours across it has the variance p^2 sum(r^2) / n when the noise
    is white, and their power q^2 sum(r^2) / n, with p and q the relative standard deviations of
    their products and squares, 1 and sqrt(2) if Gaussian (Bartlett, J. R. Stat. Soc. Suppl. 8,
    27, 1946). Noise counts as not white when its correlation exceeds 0.05, and what chance (once
    in a thousand times) and structure give.

    Noise that is not white is taken to have an autocorrelation that is a product of one along y
    and an equal one along x, and to lose half of it within 4 px; what is wider than that is taken
    for structure.

    Parameters
    ----------
    yx_field : (y, x) float64
        Any unit; ignored outside the mask.
    yx_mask : (y, x) bool
        At least one pixel.

    Returns
    -------
    Noise
        Of sd 0 with an infinite error where no 5 pixels of the mask lie in a row.
    """
    filled = _filled(yx_field, yx_mask)
    axes = [_Differences.along(axis, filled, yx_mask) for axis in (0, 1)]
    first, second = _flattest_quarters(filled, yx_mask)
    parts = (first, second, first | second, yx_mask)
    flat = _Flat(*(_Sample.of(axes, part) for part in parts))
    few = min(flat.quarter.pixels, flat.next_quarter.pixels) < _FEWEST_PIXELS
    if few or not flat.quarter.power:
        return _noise(flat.whole, flat.whole, white=None)
    relative_mean = _relative_mean(filled, yx_mask)
    in_proportion = flat.over([_mean_of(axes, part, relative_mean) for part in parts])
    poisson = not in_proportion.has_structure and _goes_with_mean(
        flat.quarter, axes, first, relative_mean
    )
    if poisson:
        flat = in_proportion
    noise = _noise(flat.best, flat.quarter, white=flat.is_white(), poisson=poisson)
    if noise.white is not False:
        return noise
    autocorrelation = _autocorrelation(axes, first)
    if autocorrelation[-1] > _WIDE:
        return replace(noise, white=None)
    long_waves = _long_waves(autocorrelation, flat.quarter)
    return replace(noise, sd=noise.sd * float(np.sqrt(long_waves)), sd_error=np.inf)


def saturated_share(values: Field) -> float:
    """Return the share of pixels that are cut off at the largest value.

    A detector or a file format that cannot count further piles up at its largest value what
    belongs above it; a tail that ends by itself has fewer pixels there than at the value below.

    Parameters
    ----------
    values : (n,) float64
        All pixels of a nucleus.

    Returns
    -------
    float
        0 where the largest value is no more frequent than the second largest but for chance (one
        in a thousand).
    """
    levels, counts = np.unique(values, return_counts=True)
    if levels.size < 2:
        return 0.0
    below, top = counts[-2:]
    piled_up = top - below > _SURE * np.sqrt(top + below)
    return float(top / values.size) if piled_up else 0.0


@dataclass(frozen=True)
class _Differences:
    """Fourth differences along one axis.

    Attributes
    ----------
    axis : int
    values : (y, x) float64
    inside : (y, x) bool
        Where all pixels of a difference are in the mask.
    """

    axis: int
    values: Field
    inside: Mask

    @classmethod
    def along(cls, axis: int, yx_field: Field, yx_mask: Mask) -> _Differences:
        line = np.ones((_DIFFERENCE.size, 1) if axis == 0 else (1, _DIFFERENCE.size))
        values = ndimage.correlate1d(yx_field, _DIFFERENCE, axis=axis)
        return cls(axis, values, ndimage.binary_erosion(yx_mask, line))

    def over(self, yx_scale: Field) -> _Differences:
        return replace(self, values=self.values / yx_scale)

    def products(self, chosen: Mask, lag: int) -> Field:
        """Multiply the chosen ones with those `lag` px away across their axis."""
        values = np.moveaxis(self.values, 1 - self.axis, 0)
        inside, use = (
            np.moveaxis(mask, 1 - self.axis, 0) for mask in (self.inside, self.inside & chosen)
        )
        until = max(len(values) - lag, 0)
        pairs = use[:until] & inside[lag:]
        return np.asarray(values[:until][pairs] * values[lag:][pairs])


@dataclass(frozen=True)
class _Sample:
    """The differences along both axes in some of the pixels.

    Attributes
    ----------
    pixels : float
        Number of differences, mean of the two axes.
    power : float
        Mean square, which is the variance of white noise.
    spread : float
        Standard deviation of the squares over their mean; sqrt(2) for Gaussian noise.
    correlation : float
        With the next differences across their axis.
    product_spread : float
        Standard deviation of the products of neighbours over the power; 1 for white noise of
        one variance.
    """

    pixels: float
    power: float
    spread: float
    correlation: float
    product_spread: float

    @classmethod
    def of(cls, axes: list[_Differences], chosen: Mask) -> _Sample:
        squares, products = (_products(axes, chosen, lag) for lag in (0, 1))
        power, pixels = squares.mean, squares.count / 2
        if not (power and products.count):
            return cls(pixels, power, np.inf, 0.0, np.inf)
        return cls(pixels, power, squares.sd / power, products.mean / power, products.sd / power)

    def over(self, factor: float) -> _Sample:
        return replace(self, power=self.power / factor)

    @property
    def samples(self) -> float:
        """Number of independent squares that tell as much."""
        return 2 * self.pixels / ((1 + _SHARED_POWER) * _PIXELS_EACH)

    @property
    def power_error(self) -> float:
        """Standard error of the power over the power."""
        return float(self.spread / np.sqrt(self.samples)) if self.pixels else np.inf

    @property
    def correlation_error(self) -> float:
        """Standard error of a correlation."""
        samples = 2 * self.pixels / ((1 + _SHARED_PRODUCT) * _PIXELS_EACH)
        return float(self.product_spread / np.sqrt(samples)) if samples else np.inf


@dataclass(frozen=True)
class _Moments:
    """Number, mean and standard deviation of values; 0 and 0 of none."""

    count: int
    mean: float
    sd: float


def _products(axes: list[_Differences], chosen: Mask, lag: int) -> _Moments:
    """Summarise the products of differences `lag` px apart; one axis at a time is held."""
    count, total, squared = 0, 0.0, 0.0
    for along in axes:
        products = along.products(chosen, lag)
        count += products.size
        total += float(products.sum())
        squared += float(products @ products)
    mean = total / max(count, 1)
    return _Moments(count, mean, float(np.sqrt(max(squared / max(count, 1) - mean**2, 0.0))))


@dataclass(frozen=True)
class _Flat:
    """The differences in the flattest quarter of the mask, in the next, in both, and in all."""

    quarter: _Sample
    next_quarter: _Sample
    half: _Sample
    whole: _Sample

    def over(self, factors: list[float]) -> _Flat:
        """Divide the powers."""
        samples = (self.quarter, self.next_quarter, self.half, self.whole)
        return _Flat(*(each.over(factor) for each, factor in zip(samples, factors, strict=True)))

    @property
    def structure(self) -> float:
        """The largest share of structure in the power of the flattest quarter."""
        excess = self.next_quarter.power / self.quarter.power - 1
        return max(excess, 0.0) / (_STRUCTURE_RATIO - 1)

    @property
    def structure_error(self) -> float:
        error = np.hypot(self.quarter.power_error, self.next_quarter.power_error)
        return float(error / (_STRUCTURE_RATIO - 1))

    @property
    def has_structure(self) -> bool:
        return self.structure > 2 * self.structure_error

    @property
    def best(self) -> _Sample:
        """The largest sample without more structure than the flattest quarter."""
        if self.has_structure:
            return self.quarter
        return self.whole if self.whole.power <= self.half.power else self.half

    def is_white(self) -> bool | None:
        """Tell whether the noise is white; None where that cannot be told."""
        correlation = self.quarter.correlation
        chance = _SURE * self.quarter.correlation_error
        with_structure = _SURE * np.hypot(self.quarter.correlation_error, self.structure_error)
        if correlation - self.structure > max(with_structure, _MATTERS):
            return False
        if correlation < -max(chance, _MATTERS):
            return False
        if correlation > max(chance, _MATTERS) or chance > _BLIND:
            return None
        return True


def _filled(yx_field: Field, yx_mask: Mask) -> Field:
    """Return a field with the nearest value of the mask in every pixel outside."""
    nearest = ndimage.distance_transform_edt(~yx_mask, return_distances=False, return_indices=True)
    filled: Field = yx_field[tuple(nearest)]
    return filled


def _flattest_quarters(filled: Field, yx_mask: Mask) -> tuple[Mask, Mask]:
    """Return the quarter of the mask with the least gradient, and the next quarter."""
    gradient = ndimage.gaussian_gradient_magnitude(filled, _SMOOTHING_PX)
    quarter, half = np.quantile(gradient[yx_mask], [0.25, 0.5])
    return yx_mask & (gradient <= quarter), yx_mask & (gradient > quarter) & (gradient <= half)


def _relative_mean(filled: Field, yx_mask: Mask) -> Field:
    """Return the local mean over the mean in the mask; 1 where that is not positive."""
    overall = float(filled[yx_mask].mean())
    if overall <= 0:
        return np.ones_like(filled)
    local: Field = ndimage.gaussian_filter(filled, _SMOOTHING_PX) / overall
    return np.maximum(local, _LEAST_MEAN)


def _mean_of(axes: list[_Differences], chosen: Mask, yx_mean: Field) -> float:
    """Return the average of a field over the pixels of differences."""
    count, total = 0, 0.0
    for along in axes:
        values = yx_mean[along.inside & chosen]
        count += values.size
        total += float(values.sum())
    return total / count


def _goes_with_mean(
    plain: _Sample, axes: list[_Differences], chosen: Mask, relative_mean: Field
) -> bool:
    """Compare the Gaussian likelihoods of a variance in proportion to the mean and a constant."""
    slope = plain.power / _mean_of(axes, chosen, relative_mean)
    scaled = _products([along.over(np.sqrt(slope * relative_mean)) for along in axes], chosen, 0)
    log_variance = _mean_of(axes, chosen, np.log(slope * relative_mean))
    gain = np.log(plain.power) + 1 - log_variance - scaled.mean
    return bool(gain * plain.samples / 2 > _LIKELIER)


def _noise(
    sample: _Sample, flattest: _Sample, *, white: bool | None, poisson: bool = False
) -> Noise:
    return Noise(
        sd=float(np.sqrt(sample.power)),
        sd_error=sample.power_error / 2,
        poisson=poisson,
        correlation=flattest.correlation,
        correlation_error=flattest.correlation_error,
        white=white,
    )


def _autocorrelation(axes: list[_Differences], chosen: Mask) -> Field:
    """Return the correlation with the differences 0 to 4 px away across their axis, (5,)."""
    products = [_products(axes, chosen, lag) for lag in range(_DIFFERENCE.size)]
    covariance = np.array([found.mean for found in products])
    autocorrelation: Field = covariance / covariance[0]
    return autocorrelation


def _long_waves(autocorrelation: Field, sample: _Sample) -> float:
    """Return the power density at long waves over the power of the differences.

    A noise of unit variance with the autocorrelation c along each axis has the density
    (sum c)^2 at long waves, and its differences have the power sum(c r).
    """
    both_sides = _BOTH_SIDES * autocorrelation
    passed = float((_AUTOCORRELATION * both_sides).sum())
    # Differences of widely correlated noise are too small to tell what they came from.
    return float(both_sides.sum()) ** 2 / max(passed, _SURE * sample.correlation_error)
