r"""How much of a rate map, at the scale of the domains, is a copy of the domains.

A wrong reaction-diffusion length prints the domains into the map: where the e-form with the true
ell gives lambda, the e-form with ell' gives

.. math::

    \lambda' = \lambda + (\ell'^2 / \ell^2 - 1) (\lambda - h / e),

a negative of the domains where ell' is too long, a positive where it is too short. A true map may
follow the domains too, since chromatin condenses where lambda is high, but only with a positive
sign: a negative copy is an artefact, a positive one may be either.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import fft

from chromamol.images.smoothing import smooth_inside
from chromamol.inference.domain_spacing import domain_spacing_nm

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Field = NDArray[np.float64]

# Periods of the band, in spacings: at its limits a wave keeps half of its amplitude.
_SHORTEST, _LONGEST = 0.5, 1.5
_SIGNIFICANT = 3.0
_FEWEST_PIXELS_A_PERIOD = 3


@dataclass(frozen=True)
class Imprint:
    """The copy of the domains in a rate map, in the band of 0.5 to 1.5 domain spacings.

    Attributes
    ----------
    domain_spacing_nm : float
        Of the heterochromatin, nm.
    correlation : float
        Of the rate with the heterochromatin, both in the band; -1 to 1.
    amplitude : float
        Standard deviation of the copy over the mean rate, with the sign of the correlation.
    amplitude_sd : float
        Of `amplitude`, for a map that has nothing to do with the domains.
    patches : float
        Independent patches that the two fields in the band amount to.
    """

    domain_spacing_nm: float
    correlation: float
    amplitude: float
    amplitude_sd: float
    patches: float

    @property
    def share(self) -> float:
        """Share of the map's variance in the band that is a copy of the domains, 0 to 1."""
        return self.correlation**2

    @property
    def significant(self) -> bool:
        """Whether the copy is larger than three of its standard deviations."""
        return abs(self.amplitude) > _SIGNIFICANT * self.amplitude_sd


def domain_imprint(
    yx_rate: Field,
    yx_rate_sd: Field,
    yx_heterochromatin: Field,
    yx_mask: NDArray[np.bool_],
    spacing_nm: tuple[float, float],
) -> Imprint | None:
    """Measure the copy of the domains in a rate map.

    The standard deviation of the copy is that of the covariance of two independent stationary
    fields, from their autocovariances (Clifford, Richardson and Hemon, Biometrics 45, 123,
    1989), with the map's own variance `yx_rate_sd`^2 added to that of its band.

    Parameters
    ----------
    yx_rate, yx_rate_sd : (y, x) float64
        The map and its standard deviation, no unit; NaN where there is none.
    yx_heterochromatin : (y, x) float64
        Any unit.
    yx_mask : (y, x) bool
        The nucleus.
    spacing_nm : (float, float)
        Pixel size, nm.

    Returns
    -------
    Imprint or None
        None where the heterochromatin has no domain spacing, or the map or the
        heterochromatin nothing in the band.
    """
    period_nm = domain_spacing_nm(
        yx_heterochromatin, yx_mask, spacing_nm, _FEWEST_PIXELS_A_PERIOD * max(spacing_nm)
    )
    shown = yx_mask & np.isfinite(yx_rate)
    if math.isnan(period_nm) or not shown.any():
        return None
    rate, density = (
        _band(field, shown, period_nm, spacing_nm) for field in (yx_rate, yx_heterochromatin)
    )
    spread = math.sqrt((rate[shown] ** 2).mean())
    mean = float(yx_rate[shown].mean())
    if spread <= 1e-9 * abs(mean) or not density.any():
        return None
    scatter = _variance_of_correlation(rate, density, shown, _LONGEST * period_nm, spacing_nm)
    correlation = float((rate * density).sum() / np.sqrt((rate**2).sum() * (density**2).sum()))
    own_variance = float(np.nanmean(yx_rate_sd[shown] ** 2))
    return Imprint(
        domain_spacing_nm=period_nm,
        correlation=correlation,
        amplitude=correlation * spread / mean,
        amplitude_sd=math.sqrt(scatter * (spread**2 + own_variance)) / mean,
        patches=1 / scatter,
    )


def halving_sd_nm(period_nm: float) -> float:
    """Return the standard deviation of the Gaussian that halves waves of this period, nm."""
    return math.sqrt(2 * math.log(2)) / (2 * math.pi) * period_nm


def _band(
    yx_field: Field, yx_mask: NDArray[np.bool_], period_nm: float, spacing_nm: tuple[float, float]
) -> Field:
    """Keep periods around the spacing; zero mean inside the mask and zero outside."""
    band = smooth_inside(yx_field, yx_mask, halving_sd_nm(_SHORTEST * period_nm), spacing_nm)
    band -= smooth_inside(yx_field, yx_mask, halving_sd_nm(_LONGEST * period_nm), spacing_nm)
    band -= band[yx_mask].mean()
    band[~yx_mask] = 0.0
    return band


def _variance_of_correlation(
    first: Field,
    second: Field,
    yx_mask: NDArray[np.bool_],
    reach_nm: float,
    spacing_nm: tuple[float, float],
) -> float:
    """Return the variance of the correlation of two independent fields like these.

    Lags beyond `reach_nm` hold nothing but the scatter of the autocovariances. There are no more
    independent patches than squares with a side of half the shortest period.
    """
    # The transforms wrap around: this far away nothing is looked at.
    shape = tuple(
        fft.next_fast_len(size + math.ceil(reach_nm / side), real=True)
        for size, side in zip(yx_mask.shape, spacing_nm, strict=True)
    )

    lag_y, lag_x = (
        fft.fftfreq(size, 1 / (size * side)) for size, side in zip(shape, spacing_nm, strict=True)
    )
    near = np.hypot(lag_y[:, None], lag_x[None, :]) < reach_nm

    def products(field: Field) -> Field:
        """Sum, for every near lag, over the pairs of pixels inside the mask."""
        power = np.abs(fft.rfft2(field, shape))
        power *= power
        total: Field = fft.irfft2(power, shape)[near]
        return total

    pairs = products(yx_mask.astype(np.float64))
    paired = pairs > 0.5
    covariance = (products(first) * products(second))[paired] / pairs[paired]
    patch_nm2 = (reach_nm * _SHORTEST / _LONGEST / 2) ** 2
    least = patch_nm2 / (np.count_nonzero(yx_mask) * math.prod(spacing_nm))
    return max(float(covariance.sum() / ((first**2).sum() * (second**2).sum())), least)
