"""The Laplacian of a box that repeats, and its inverses, against analytic waves."""

from __future__ import annotations

import numpy as np
import torch
from numpy.polynomial import Polynomial

from chromamol.inference.domain import PeriodicBox

CPU = torch.device("cpu")
_K2 = Polynomial([0.0, 1.0])
WHITENING = 0.7**2 + (1.2 + 141.4**2 * (_K2 + 10.0**2 * _K2**2)) ** 2


def test_periodic_laplacian_of_a_wave_is_exact():
    shape, spacing_nm = (30, 44), (12.0, 17.0)
    box = PeriodicBox(shape, spacing_nm, CPU)
    y, x = np.indices(shape)
    k_y, k_x = (
        2 * np.pi * n / (size * d) for n, size, d in zip((3, 2), shape, spacing_nm, strict=True)
    )
    wave = np.cos(k_y * y * spacing_nm[0] + 0.4) * np.cos(k_x * x * spacing_nm[1] - 1.0)
    found = box.minus_laplacian(torch.from_numpy(wave)).numpy()
    np.testing.assert_allclose(found, (k_y**2 + k_x**2) * wave, rtol=0, atol=1e-15)
    solved = box.inverse(WHITENING)(torch.from_numpy(wave)).numpy()
    gain = 1 / WHITENING(k_y**2 + k_x**2)
    np.testing.assert_allclose(solved, gain * wave, rtol=0, atol=1e-12)
