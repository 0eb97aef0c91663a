"""Smoothing lengths to try, from smooth to rough."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from chromamol.inference.domain import Domain

# How much rougher each step is, of a walk through all and of one around a length that was good.
WIDE_STEP, _FINE_STEP = float(np.exp(-0.25)), float(np.exp(-0.125))
_SMOOTHER_STEPS, _ROUGHER_STEPS = 2, 12


def smoothing_walk(domain: Domain, longest_nm: float) -> list[float]:
    """Return smoothing lengths to try, from a long one (or the box) down to a pixel, nm."""
    k2 = domain.k2
    largest = min(longest_nm, 2 * np.pi / np.sqrt(k2[k2 > 0].min()) / 6)
    smallest = np.pi / np.sqrt(k2.max() / 2)
    count = max(int(np.log(smallest / largest) / np.log(WIDE_STEP)), 1)
    return [float(largest * WIDE_STEP**step) for step in range(count + 1)]


def smoothings_around(length_nm: float) -> list[float]:
    """Return smoothing lengths to try, from a little smoother than one that was good, nm."""
    return [length_nm * _FINE_STEP**step for step in range(-_SMOOTHER_STEPS, _ROUGHER_STEPS)]
