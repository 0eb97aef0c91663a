"""The smooth rate: its energy, and the least-squares problem that it is the solution of."""

from __future__ import annotations

from math import pi

import numpy as np
import pytest
import torch

from chromamol.inference.network.smooth_rate import SmoothRate


def test_the_bending_energy_is_that_of_the_field():
    # cos(2 pi (2 x + y)) on sides of 1 and 0.75 of the longest: (lap)^2 = (4 pi^2 (4 + 1))^2 / 2.
    rate = SmoothRate((61, 81), (0.75, 1.0), waves=4.0, positive=False)
    y, x = np.linspace(0, 0.75, 61)[:, None], np.linspace(0, 1, 81)[None, :]
    wave = torch.from_numpy(np.cos(2 * pi * (2 * x + y)))
    columns = rate._columns(wave).flatten(1)
    rate.coefficients.copy_(torch.linalg.lstsq(columns.T, wave.flatten()[:, None]).solution[:, 0])
    assert (rate() - wave).abs().max() < 1e-2
    energy = rate.coefficients @ rate.bending @ rate.coefficients
    # Over periods that are cut off, the mixed terms do not cancel exactly.
    assert float(energy) == pytest.approx((4 * pi**2 * 5) ** 2 / 2, rel=0.05)


@pytest.mark.parametrize("positive", [True, False])
@pytest.mark.parametrize("shape", [(90,), (33, 41)])
def test_it_finds_the_rate_of_an_equation_that_holds(shape, positive):
    sides = tuple(0.02 * cells for cells in shape)
    rate = SmoothRate(shape, sides, waves=2.0, positive=positive)
    along = np.meshgrid(*(np.linspace(0, 1, cells) for cells in shape), indexing="ij")
    wave = sum(np.sin(3 * place + 0.3 * i) for i, place in enumerate(along))
    truth = torch.from_numpy(np.exp(0.3 * wave) if positive else wave)
    weight = 0.4 + torch.rand(shape, generator=torch.Generator().manual_seed(0))
    rate.begin(1.0, 1.0)
    for _ in range(8):
        rate.improve((weight * truth / 1e-3).float(), weight / 1e-3, lambda residual: residual)
    assert (rate() - truth).norm() < 2e-3 * truth.norm()


def test_what_is_not_used_does_not_matter():
    rate = SmoothRate((40,), (1.0,), waves=2.0, positive=True)
    weight = torch.ones(40)
    weight[25:] = 0.0
    balance = torch.full((40,), 2.0) * weight
    rate.begin(1.0, 1.0)
    for _ in range(5):
        rate.improve(balance / 1e-2, weight / 1e-2, lambda residual: residual)
    torch.testing.assert_close(rate()[:25], torch.full((25,), 2.0).double(), rtol=1e-3, atol=0)
