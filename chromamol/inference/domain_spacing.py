"""The spacing of chromatin domains, from the power spectrum of a density."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
from scipy import ndimage

if TYPE_CHECKING:
    from numpy.typing import NDArray

LONGEST_PERIOD_NM = 500.0
_BINS_PER_OCTAVE = 12
_RAMP_NM = 500.0


def domain_spacing_nm(
    yx_density: NDArray[np.float64],
    yx_mask: NDArray[np.bool_],
    yx_spacing_nm: tuple[float, float],
    shortest_period_nm: float,
) -> float:
    """Find the period at which a density varies most, below 500 nm.

    The density less its mean, faded out towards the edge of the mask, is Fourier transformed;
    its power P(k), averaged over rings of equal k, less the white noise (the mean of P next
    to the Nyquist frequency), is weighted with k^2: power per octave. Without the weight the
    spectrum of most images falls from the longest period on and has no peak.

    Parameters
    ----------
    yx_density : (y, x) float64
        Any unit; values outside the mask are ignored and may be NaN.
    yx_mask : (y, x) bool
    yx_spacing_nm : (float, float)
        Pixel size, nm.
    shortest_period_nm : float
        Periods below this one (the resolution) are not looked at, nm.

    Returns
    -------
    float
        Period, nm; NaN where the spectrum has no peak between the two limits that stands out
        of the noise (twice its power).
    """
    depth_nm = ndimage.distance_transform_edt(np.pad(yx_mask, 1), sampling=yx_spacing_nm)[
        1:-1, 1:-1
    ]
    ramp_nm = min(_RAMP_NM, depth_nm.max() / 2)
    if ramp_nm <= 0:
        return float("nan")
    window = np.sin(np.pi / 2 * np.clip(depth_nm / ramp_nm, 0, 1)) ** 2
    density = np.where(yx_mask, yx_density, 0.0)
    density -= np.sum(density * window) / np.sum(window)
    density *= window
    del depth_nm, window  # large images have no room to spare

    ky = np.fft.fftfreq(density.shape[0], yx_spacing_nm[0])
    kx = np.fft.rfftfreq(density.shape[1], yx_spacing_nm[1])
    k = np.hypot(ky[:, None], kx[None, :])
    power = np.abs(np.fft.rfft2(density)) ** 2

    nyquist = 0.5 / max(yx_spacing_nm)
    next_to_it = (k > 0.8 * nyquist) & (k <= nyquist)
    if not next_to_it.any():
        return float("nan")
    floor = float(power[next_to_it].mean())
    # One bin more at each limit: a spectrum that only falls or rises has its maximum there.
    last = math.floor(math.log2(LONGEST_PERIOD_NM / shortest_period_nm) * _BINS_PER_OCTAVE)
    if last < 1:
        return float("nan")
    bins = np.floor(np.log2(np.where(k > 0, k, 1e-9) * LONGEST_PERIOD_NM) * _BINS_PER_OCTAVE)
    inside = (bins >= -1) & (bins <= last)
    index = bins[inside].astype(int) + 1
    count = _smooth(np.bincount(index, minlength=last + 2))
    total = _smooth(np.bincount(index, power[inside], last + 2))
    if not count.all():
        return float("nan")
    period_nm = LONGEST_PERIOD_NM / 2 ** ((np.arange(-1, last + 1) + 0.5) / _BINS_PER_OCTAVE)
    ring_power = total / count
    per_octave = (ring_power - floor) / period_nm**2
    peak = int(np.argmax(per_octave))
    if peak in {0, last + 1} or ring_power[peak] <= 2 * floor:
        return float("nan")
    return float(period_nm[peak])


def _smooth(rings: NDArray[np.generic]) -> NDArray[np.float64]:
    """Smooth over neighbouring rings; small images leave some without a pixel."""
    smooth: NDArray[np.float64] = ndimage.gaussian_filter1d(
        rings.astype(np.float64), 1.5, mode="constant"
    )
    return smooth
