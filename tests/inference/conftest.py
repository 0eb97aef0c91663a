"""Simulated truth, made once: fields on which the estimators are judged."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest

from chromamol.equations.chromatin_phase_field import ChromatinPhaseField
from chromamol.settings import Settings
from chromamol.simulation import SimulatedNucleus, simulate_field, simulate_masked

ELL_NM, DELTA_NM = 141.4, 10.0
EQUATION = ChromatinPhaseField(ELL_NM, DELTA_NM)


@dataclass(frozen=True)
class Truth:
    """A rate map and the densities that it leads to; zero outside the mask."""

    rate: np.ndarray
    heterochromatin: np.ndarray
    euchromatin: np.ndarray
    mask: np.ndarray
    spacing_nm: tuple[float, float]

    def channels(self, noise: float, *roles: str, seed: int = 0) -> dict[str, np.ndarray]:
        """The densities of these roles with white noise, `noise` times the spread of h."""
        rng = np.random.default_rng(seed)
        sd = noise * self.heterochromatin[self.mask].std()
        clean = {
            "heterochromatin": self.heterochromatin,
            "euchromatin": self.euchromatin,
            "total": self.heterochromatin + self.euchromatin,
        }
        return {
            role: field + sd * rng.standard_normal(field.shape)
            for role, field in clean.items()
            if role in (roles or ("heterochromatin", "euchromatin"))
        }

    def error(self, rate: np.ndarray, truth: np.ndarray | None = None) -> float:
        """Relative L2 error over the mask where there is a map, unscaled."""
        truth = self.rate if truth is None else truth
        shown = self.mask & np.isfinite(rate)
        return float(np.sqrt(((rate - truth)[shown] ** 2).sum() / (truth[shown] ** 2).sum()))


def smooth_rate(shape: tuple[int, int], length_px: tuple[float, float], seed: int) -> np.ndarray:
    """exp(0.35 g) with a unit Gaussian field g filtered by exp(-k^2 L^2 / 4)."""
    k_y = 2 * np.pi * np.fft.fftfreq(shape[0])[:, None] * length_px[0]
    k_x = 2 * np.pi * np.fft.rfftfreq(shape[1])[None, :] * length_px[1]
    spectrum = np.fft.rfft2(np.random.default_rng(seed).standard_normal(shape))
    spectrum *= np.exp(-(k_y**2 + k_x**2) / 8)
    spectrum[0, 0] = 0
    field = np.fft.irfft2(spectrum, s=shape)
    return np.exp(0.35 * field / field.std())


def _periodic(rate: np.ndarray, spacing_nm: tuple[float, float]) -> Truth:
    h, e = EQUATION.simulate(rate, spacing_nm, seed=1)
    return Truth(rate, h, e, np.ones(rate.shape, dtype=bool), spacing_nm)


@pytest.fixture(scope="session")
def smooth() -> Truth:
    return _periodic(smooth_rate((96, 80), (25.6, 25.6), 3), (10.0, 10.0))


@pytest.fixture(scope="session")
def anisotropic() -> Truth:
    """Pixels twice as wide as high, and a rate that varies along x twice as fast in pixels."""
    return _periodic(smooth_rate((96, 40), (25.6, 12.8), 4), (10.0, 20.0))


@pytest.fixture(scope="session")
def uniform() -> Truth:
    return _periodic(np.full((80, 72), 1.3), (10.0, 10.0))


def nucleus_mask(shape: tuple[int, int]) -> np.ndarray:
    """Outline a wobbly ellipse that does not touch the border."""
    y, x = np.indices(shape)
    v = (y - (shape[0] - 1) / 2) / (0.46 * shape[0])
    u = (x - (shape[1] - 1) / 2) / (0.40 * shape[1])
    return np.hypot(v, u) < 0.93 + 0.07 * np.cos(3 * np.arctan2(v, u) + 0.4)


def binned(yx_field: np.ndarray) -> np.ndarray:
    """Means of 2 x 2 pixels."""
    rows, columns = (size // 2 for size in yx_field.shape)
    return yx_field.reshape(rows, 2, columns, 2).mean(axis=(1, 3))


@pytest.fixture(scope="session")
def nucleus() -> Truth:
    """Made on a grid twice as fine, with the simulation's own operators, and binned."""
    shape = (192, 160)
    fine = nucleus_mask(shape)
    rate = smooth_rate(shape, (51.2, 51.2), 5)
    h, e = EQUATION.simulate(rate, (5.0, 5.0), mask=fine, duration=30, time_step=0.2, seed=2)
    share = binned(fine.astype(float))
    mask = share >= 0.5
    rate, h, e = (
        np.where(mask, binned(np.where(fine, field, 0)) / np.maximum(share, 0.5), 0)
        for field in (rate, h, e)
    )
    return Truth(rate, h, e, mask, (10.0, 10.0))


@pytest.fixture(scope="session")
def known() -> Settings:
    """The reaction length given, on a box that repeats; the model is not asked whether it holds."""
    return Settings(
        reaction_length_nm=ELL_NM, boundary="periodic", forward_check=False, device="cpu"
    )


@pytest.fixture(scope="session")
def small_nucleus() -> SimulatedNucleus:
    """64 x 64 pixels, made on a grid twice as fine."""
    return simulate_masked("smooth", 0, side_px=64)


@pytest.fixture(scope="session")
def compartments() -> SimulatedNucleus:
    """A rate in two plateaus, on a box that repeats."""
    return simulate_field("step", 0, side_px=96)
