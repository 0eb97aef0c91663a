"""Fields whose derivatives are known, and masks to see them through."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest
import torch


@dataclass(frozen=True)
class Waves:
    """A sum of plane waves, on the centres of the cells of a box that begins at zero."""

    shape: tuple[int, ...]
    spacing: tuple[float, ...]
    numbers: tuple[tuple[float, ...], ...]  # one wave number an axis, for each wave

    def derivative(self, name: str = "") -> np.ndarray:
        """The analytic derivative, (*grid) float64."""
        places = [(np.arange(n) + 0.5) * h for n, h in zip(self.shape, self.spacing, strict=True)]
        grid = np.meshgrid(*places, indexing="ij")
        letters = "zyx"[-len(self.shape) :]
        total = np.zeros(self.shape)
        for number, wave in enumerate(self.numbers):
            square = sum(k**2 for k in wave)
            phase = sum(k * x for k, x in zip(wave, grid, strict=True)) + 0.4 + 1.3 * number
            if name in ("laplacian", "bilaplacian"):
                total += (-square if name == "laplacian" else square**2) * np.cos(phase)
            else:
                # Every derivative is a quarter of a turn.
                factor = np.prod([wave[letters.index(letter)] for letter in name])
                total += factor * np.cos(phase + len(name) * np.pi / 2)
        return total

    def tensor(self, dtype: torch.dtype = torch.float64) -> torch.Tensor:
        """The field for a layer, (1, 1, *grid)."""
        return torch.from_numpy(self.derivative()).to(dtype)[None, None]


@pytest.fixture(scope="session")
def waves() -> type[Waves]:
    return Waves


@pytest.fixture(scope="session")
def ellipse():
    """Return the cells of a centred ellipse, its half axes in units of the frame."""

    def cells(shape: tuple[int, int], y: float = 0.46, x: float = 0.42) -> np.ndarray:
        across, along = ((np.arange(n) + 0.5) / n - 0.5 for n in shape)
        return (across[:, None] / y) ** 2 + (along[None, :] / x) ** 2 < 1

    return cells
