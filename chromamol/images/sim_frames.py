"""Raw frames of structured illumination, which files store as if they were planes or times."""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

_ANGLES, _PHASES = (3, 2, 4, 5, 6), (5, 3, 4, 6, 7, 8)
# The pattern is a wave of at most 25 px, and its peak stands out of the spectrum's median.
_LOWEST_FREQUENCY, _SURE_PEAK = 0.04, 8.0
# Waves of all angles are equally long (to this share), and point in different directions.
_SAME_LENGTH, _APART_DEGREES = 0.15, 15.0


def raw_sim_frames(frames: NDArray[np.generic], n_stored: int) -> tuple[int, int] | None:
    """Recognise raw frames of structured illumination by their patterns.

    In the frames of one angle the same wave stands at evenly stepped phases. So the Fourier
    coefficient of the frames over the steps is the object times exp(i k r), with a sharp peak at k
    in its spectrum once it is divided by the mean frame; and k has one length at all angles
    (Gustafsson, J. Microsc. 198, 82, 2000). Planes of a stack, time points and noise have none.

    Parameters
    ----------
    frames : (frame, y, x) array
        The first ones, stored one angle after the other, or one phase after the other.
    n_stored : int
        How many there are: a whole number of sets.

    Returns
    -------
    (int, int) or None
        Number of angles and of phases; None for anything else.
    """
    for n_angles, n_phases in _numbers(n_stored):
        if n_angles * n_phases > len(frames):
            continue
        first = np.asarray(frames[: n_angles * n_phases], dtype=np.float64)
        by_angle = first.reshape(n_angles, n_phases, *first.shape[1:])
        by_phase = first.reshape(n_phases, n_angles, *first.shape[1:]).swapaxes(0, 1)
        if any(_is_one_pattern([_wave(one) for one in order]) for order in (by_angle, by_phase)):
            return n_angles, n_phases
    return None


def _numbers(n_frames: int) -> Iterator[tuple[int, int]]:
    """Propose numbers of angles and phases; a stack holds a whole number of such sets."""
    for n_phases in _PHASES:
        for n_angles in _ANGLES:
            if n_frames % (n_angles * n_phases) == 0:
                yield n_angles, n_phases


def _wave(frames: NDArray[np.float64]) -> tuple[float, float, float]:
    """Return the wave vector (cycles per pixel, along y and x) of a pattern, and its prominence."""
    steps = np.exp(-2j * np.pi * np.arange(len(frames)) / len(frames))
    mean = frames.mean(axis=0)
    moving = np.tensordot(steps, frames, axes=1) / np.maximum(mean, 0.05 * max(mean.mean(), 1e-9))
    window = np.outer(np.hanning(mean.shape[0]), np.hanning(mean.shape[1]))
    spectrum = np.abs(np.fft.fft2(moving * window))
    y, x = np.unravel_index(np.argmax(spectrum), spectrum.shape)
    prominence = spectrum[y, x] / max(float(np.median(spectrum)), 1e-300)
    return (
        float(np.fft.fftfreq(spectrum.shape[0])[y]),
        float(np.fft.fftfreq(spectrum.shape[1])[x]),
        float(prominence),
    )


def _is_one_pattern(waves: list[tuple[float, float, float]]) -> bool:
    """Whether the waves of all angles are prominent, equally long, and differently turned."""
    lengths = [np.hypot(y, x) for y, x, _ in waves]
    if min(prominence for *_, prominence in waves) < _SURE_PEAK or min(lengths) < _LOWEST_FREQUENCY:
        return False
    if max(lengths) > (1 + _SAME_LENGTH) * min(lengths):
        return False
    angles = [float(np.degrees(np.arctan2(y, x))) for y, x, _ in waves]
    apart = [abs((one - other + 90) % 180 - 90) for one, other in combinations(angles, 2)]
    return min(apart) > _APART_DEGREES
