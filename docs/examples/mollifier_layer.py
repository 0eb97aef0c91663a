"""The derivatives of what a network makes of images."""

import torch
from torch import nn

from chromamol import MollifierLayer

network = nn.Conv2d(1, 1, 5, padding="same")
images = torch.rand(2, 1, 64, 48)

layer = MollifierLayer(spacing=0.02, radius=8, boundary="one-sided")
derivatives = layer(network(images))  # {"": u, "x": du/dx, "laplacian": ..., "bilaplacian": ...}
