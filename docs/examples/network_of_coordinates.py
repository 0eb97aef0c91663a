"""Find the diffusivity of a plate from its temperature: a network of coordinates."""

import numpy as np
import torch
from torch import nn

from chromamol import MollifierLayer
from chromamol.engines.grid import Grid
from chromamol.inverse_problems import heat_problem

torch.manual_seed(0)
problem = heat_problem(seed=0)  # 64 x 64 points of [-1, 1]^2
(temperature,) = problem.fields
radius = 4
grid = Grid(problem.rate.shape, problem.spacing, origin=(-1, -1))
points = grid.coordinates(margin=radius)  # `radius` cells beyond the grid on each side

network = nn.Sequential(
    nn.Linear(2, 32),
    nn.Tanh(),
    nn.Linear(32, 32),
    nn.Tanh(),
    nn.Linear(32, 32),
    nn.Tanh(),
    nn.Linear(32, 2),  # the temperature, and the diffusivity
)
layer = MollifierLayer(grid.spacing, radius, ("", "laplacian"), boundary="extend")

measured = torch.tensor(temperature, dtype=torch.float32)
source = torch.tensor(problem.source, dtype=torch.float32)
mean, spread = measured.mean(), measured.std()


def fields() -> tuple[dict[str, torch.Tensor], torch.Tensor]:
    """Return the temperature with its derivatives, and the diffusivity, each (y, x)."""
    output = grid.field(network(points), margin=radius)
    derived = layer(output)  # smaller than the output by the radius on each side
    plate = {name: spread * values[0, 0] for name, values in derived.items()}
    plate[""] = plate[""] + mean
    return plate, nn.functional.softplus(derived[""][0, 1])


def loss() -> torch.Tensor:
    """Return the misfit of the data and of the equation, with its gradient."""
    optimiser.zero_grad()
    plate, rate = fields()
    misfit = ((plate[""] - measured) / spread).square().mean()
    residual = (problem.equation.residual(plate, rate, source) / source).square().mean()
    total = 100 * misfit + residual
    total.backward()
    return total


optimiser = torch.optim.LBFGS(
    network.parameters(),
    max_iter=500,
    history_size=50,
    tolerance_grad=0,
    tolerance_change=0,
    line_search_fn="strong_wolfe",
)
optimiser.step(loss)

rate = fields()[1].detach().numpy()
error = np.linalg.norm(rate - problem.rate) / np.linalg.norm(problem.rate)
uniform = np.linalg.norm(problem.rate - problem.rate.mean()) / np.linalg.norm(problem.rate)
print(f"relative L2 error of the diffusivity {error:.3f}; of its mean {uniform:.3f}")
