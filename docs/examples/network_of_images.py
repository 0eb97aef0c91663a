"""Teach a CNN to solve an equation in a nucleus, from the equation alone."""

import numpy as np
import torch
from scipy import ndimage
from torch import nn

from chromamol import MollifierLayer
from chromamol.equations.mark_turnover import MarkTurnover

torch.manual_seed(0)
random = np.random.default_rng(0)
length_nm, spacing_nm, half_axes_nm = 60, (25, 20), (400, 430)
equation = MarkTurnover(length_nm)

# An elliptical nucleus in 36 x 48 pixels, and the normal of its edge.
y = (np.arange(36)[:, None] - 17.5) * spacing_nm[0] / half_axes_nm[0]
x = (np.arange(48)[None, :] - 23.5) * spacing_nm[1] / half_axes_nm[1]
nucleus = y**2 + x**2 < 1
mask = torch.tensor(nucleus)
edge = torch.tensor(nucleus & ~ndimage.binary_erosion(nucleus))
normal = torch.tensor(np.stack(np.broadcast_arrays(y / half_axes_nm[0], x / half_axes_nm[1])))
normal = (normal / normal.norm(dim=0)).float()


def draw(count: int) -> torch.Tensor:
    """Return smooth random depositions (batch, channel, y, x)."""
    smooth = ndimage.gaussian_filter(random.standard_normal((count, 1, 36, 48)), (0, 0, 4, 5))
    largest = np.abs(smooth).max(axis=(2, 3), keepdims=True)
    return torch.tensor(np.exp(0.8 * smooth / largest), dtype=torch.float32)


network = nn.Sequential(
    nn.Conv2d(2, 12, 5, padding="same"),
    nn.GELU(),
    nn.Conv2d(12, 12, 5, padding="same"),
    nn.GELU(),
    nn.Conv2d(12, 12, 5, padding="same"),
    nn.GELU(),
    nn.Conv2d(12, 1, 5, padding="same"),
)
layer = MollifierLayer(spacing_nm, 3, ("", "y", "x", "laplacian"), boundary="one-sided")


def solve(deposition: torch.Tensor) -> dict[str, torch.Tensor]:
    """Return the mark, with its derivatives, that the network makes of a deposition."""
    inputs = torch.cat([deposition * mask, mask.expand_as(deposition)], dim=1)
    return layer(deposition + network(inputs), mask)


train, unseen = draw(8), draw(4)
optimiser = torch.optim.Adam(network.parameters())
schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, max_lr=0.005, total_steps=200)
for _ in range(200):
    optimiser.zero_grad()
    mark = solve(train)
    residual = equation.residual(mark, train)[..., mask]  # the mean is over the mask
    flux = length_nm * (normal[0] * mark["y"] + normal[1] * mark["x"])[..., edge]
    loss = residual.square().mean() + flux.square().mean()
    loss.backward()
    optimiser.step()
    schedule.step()

with torch.no_grad():
    found = solve(unseen)[""].numpy()[..., nucleus]
deposition = unseen.double().numpy()
truth = np.stack([equation.simulate(d, spacing_nm, mask=nucleus) for d in deposition[:, 0]])
truth = truth[:, None][..., nucleus]
error = np.linalg.norm(found - truth) / np.linalg.norm(truth)
start = np.linalg.norm(deposition[..., nucleus] - truth) / np.linalg.norm(truth)
print(f"relative L2 error of unseen nuclei {error:.3f}; of the deposition itself {start:.3f}")
