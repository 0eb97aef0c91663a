"""Problems with a known rate."""

from __future__ import annotations

import numpy as np

from chromamol.equations.langevin import Langevin
from chromamol.equations.mark_turnover import MarkTurnover
from chromamol.inference.network import NetworkProblem


def growth(noise=0.01, count=120):
    """A force of two waves, and the growth under it."""
    time, step = np.linspace(0, 2, count, retstep=True)
    rate = 1 + np.sin(2 * np.pi * 0.9 * time + 0.4) + 0.5 * np.cos(2 * np.pi * 0.4 * time)
    clean = Langevin().simulate(rate, float(step), initial=0.2)
    sd = noise * clean.std()
    data = clean + sd * np.random.default_rng(5).standard_normal(count)
    return NetworkProblem(
        Langevin(), [data], [sd], (float(step),), positive=False, variation=1.0
    ), rate


def turnover(noise=0.02, shape=(24, 32)):
    """One mark on a mask with a hole, anisotropic pixels."""
    y, x = (np.linspace(0, 1, cells) for cells in shape)
    rate = 1 + 0.5 * np.sin(5 * x)[None, :] * np.cos(4 * y)[:, None]
    equation, spacing = MarkTurnover(60.0), (20.0, 15.0)
    clean = equation.simulate(rate, spacing)
    sd = noise * clean.std()
    data = clean + sd * np.random.default_rng(6).standard_normal(shape)
    mask = np.ones(shape, dtype=bool)
    mask[8:12, 5:9] = False
    data[~mask] = np.nan
    problem = NetworkProblem(equation, [data], [sd], spacing, mask=mask, positive=False)
    return problem, rate


def error(found, truth):
    known = np.isfinite(found)
    return np.linalg.norm((found - truth)[known]) / np.linalg.norm(truth[known])
