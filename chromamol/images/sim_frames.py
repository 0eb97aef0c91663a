r"""Tell the raw frames of structured illumination (SIM) from the planes of an image.

The light is a stripe pattern of wave vector k_a, a = 1 ... A (the angles), moved P times by the
same phase step, so that frame n of an angle is

    I_n = S (1 + c cos(k_a x + phi_a + 2 pi m n / P)),   n = 0 ... P - 1,

with the widefield image S, their mean. For each k the modulation of frame n is estimated as

    c_n(k) = 2 F[S (I_n - S)](k) / sum S^2,

whose Fourier sum over n has, at k_a, all its power in one m: in stacks, series and noise it has
not. Raw frames have such a peak for every angle, at the same |k| and in directions that are evenly
spaced: three conditions that a real image does not meet by chance.
"""

from __future__ import annotations

import math
from itertools import product
from typing import TYPE_CHECKING

import numpy as np
from scipy import fft, ndimage

if TYPE_CHECKING:
    from numpy.typing import NDArray

_ANGLES = range(2, 6)
_PHASES = range(3, 10)
FEWEST_FRAMES, MOST_FRAMES = _ANGLES[0] * _PHASES[0], _ANGLES[-1] * _PHASES[-1]
_LONGEST_PERIOD_PX = 25
# Share of the modulation that steps evenly, and its height over the rest at the same |k|.
_MIN_EVEN_SHARE = 0.8
_MIN_PROMINENCE = 6.0
_MAX_SPREAD = 0.1
_MAX_TURN_DEG = 10.0


def find_layout(pages: NDArray[np.generic], n_stored: int) -> tuple[int, int] | None:
    """Find the numbers of angles and phases of raw SIM frames.

    Parameters
    ----------
    pages : (page, y, x) array
        One set of frames; of several one after the other (a z-stack of them) the first.
    n_stored : int
        Number of pages in the file: a whole number of sets.

    Returns
    -------
    (int, int) or None
        Angles and phases; None if the pages are no raw frames.
    """
    evenness: dict[tuple[int, int], float] = {}
    for angles, phases in product(_ANGLES, _PHASES):
        n_frames = angles * phases
        if n_stored % n_frames or n_frames > len(pages):
            continue
        frames = np.asarray(pages[:n_frames], dtype=np.float64)
        if not np.isfinite(frames).all():
            return None
        slow_angles = frames.reshape(angles, phases, *frames.shape[1:])
        slow_phases = frames.reshape(phases, angles, *frames.shape[1:]).swapaxes(0, 1)
        evenness[angles, phases] = max(_evenness(slow_angles), _evenness(slow_phases))
    best = max(evenness, key=evenness.__getitem__, default=(0, 0))
    return best if evenness.get(best) else None


def _evenness(apyx: NDArray[np.float64]) -> float:
    """Share of the modulation that steps evenly, at the angle where it is least.

    It is 0 unless every angle has stripes, all with one |k| and in evenly spaced directions.
    """
    waves, shares = [], []
    for pyx in apyx:
        found = _stripes(pyx)
        if found is None:
            return 0.0
        waves.append(found[:2])
        shares.append(found[2])
    lengths = np.hypot(*np.transpose(waves))
    turns = np.sort(np.degrees([np.arctan2(ky, kx) for ky, kx in waves]) % 180)
    steps = np.diff(np.append(turns, turns[0] + 180))
    same_length = np.ptp(lengths) < _MAX_SPREAD * lengths.mean()
    evenly_turned = np.abs(steps - 180 / len(apyx)).max() < _MAX_TURN_DEG
    return min(shares) if same_length and evenly_turned else 0.0


def _stripes(pyx: NDArray[np.float64]) -> tuple[float, float, float] | None:
    """Find the stripes of one angle.

    Returns
    -------
    (float, float, float) or None
        Wave vector (ky, kx), in periods per pixel, and the share of the modulation at it that
        steps evenly; None if there are no stripes.
    """
    means = pyx.mean(axis=(1, 2))
    if means.min() <= 0:
        return None
    even = pyx * (means.mean() / means)[:, None, None]
    widefield = even.mean(axis=0)
    weight = widefield - np.percentile(widefield, 1)
    for axis, size in enumerate(weight.shape):
        weight = weight * np.expand_dims(np.hanning(size + 2)[1:-1], 1 - axis)
    modulation = fft.fft2((even - widefield) * weight)
    total = (np.abs(modulation) ** 2).mean(axis=0)
    ky, kx = np.meshgrid(*(fft.fftfreq(size) for size in weight.shape), indexing="ij")
    length = np.hypot(ky, kx)
    rings = np.rint(length * max(weight.shape)).astype(int)
    allowed = (length > 1 / _LONGEST_PERIOD_PX) & (length <= 0.5)
    n_phases = len(pyx)
    # A step that has a divisor in common with P repeats a smaller number of phases.
    steps = (m for m in range(1, (n_phases + 1) // 2) if math.gcd(m, n_phases) == 1)
    for m in steps:
        turn = np.exp(-2j * np.pi * m * np.arange(n_phases) / n_phases) / n_phases
        height = np.abs(np.tensordot(turn, modulation, 1))
        usual = ndimage.median(height, rings, np.arange(rings.max() + 1))[rings]
        prominence = np.where(allowed & (usual > 0), height / np.maximum(usual, 1e-300), 0)
        peak = np.unravel_index(prominence.argmax(), prominence.shape)
        share = float(height[peak] ** 2 / max(total[peak], 1e-300))
        if prominence[peak] > _MIN_PROMINENCE and share > _MIN_EVEN_SHARE:
            return float(ky[peak]), float(kx[peak]), share
    return None
