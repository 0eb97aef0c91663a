"""Your own equation with your own network: where along a line does a population grow?"""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import torch
from scipy.integrate import solve_bvp
from torch import nn

from chromamol.inference.network import Budget, NetworkProblem, solve_by_network


@dataclass(frozen=True)
class Growth:
    """0 = D u'' + r(x) u (1 - u): a density that spreads, and grows at an unknown rate r."""

    derivatives: ClassVar[tuple[str, ...]] = ("", "xx")

    diffusivity: float

    def residual(self, density, rate):
        """Return what is left of the equation; it is linear in the rate."""
        u = density[""]
        return self.diffusivity * density["xx"] + rate * u * (1 - u)


class SineNetwork(nn.Module):
    """A network of your own: (points, axes) coordinates -> (points, fields) values."""

    def __init__(self, axes, fields):
        super().__init__()
        self.first, self.second = nn.Linear(axes, 48), nn.Linear(48, 48)
        self.last = nn.Linear(48, fields)

    def forward(self, points):
        return self.last(torch.sin(self.second(torch.sin(self.first(4 * points)))))


# A density with a known rate, and 0.3 % noise.
x = np.linspace(0, 1, 160)
true_rate = 3 + np.cos(5 * x) + 0.5 * np.sin(8 * x)
solved = solve_bvp(
    lambda s, u: np.stack([u[1], -(3 + np.cos(5 * s) + 0.5 * np.sin(8 * s)) * u[0] * (1 - u[0])]),
    lambda left, right: np.array([left[0] - 0.1, right[0] - 0.3]),
    x,
    np.stack([np.full(160, 0.2), np.zeros(160)]),
    tol=1e-8,
)
density = solved.sol(x)[0]
noise_sd = 0.003 * density.std()
measured = density + noise_sd * np.random.default_rng(0).standard_normal(160)

problem = NetworkProblem(
    Growth(diffusivity=1.0),
    fields=[measured],
    noise_sd=[noise_sd],
    spacing=(float(x[1] - x[0]),),
    positive=True,  # the rate is above zero
    variation=0.6,  # its finest waves that are expected, in the unit of x
)
solution = solve_by_network(
    problem,
    backbone=lambda grid, fields: SineNetwork(grid.axes, fields),
    engine="mollifier",
    budget=Budget(steps=600),
)
inner = slice(16, -16)
error = np.linalg.norm((solution.rate - true_rate)[inner]) / np.linalg.norm(true_rate[inner])
uniform = np.std(true_rate[inner]) / np.sqrt(np.mean(true_rate[inner] ** 2))
print(f"{solution.ending} Misfit {solution.misfits[0]:.2f} (1 is the noise).")
print(f"relative L2 error of the rate {error:.3f}; of its mean {uniform:.3f}")
