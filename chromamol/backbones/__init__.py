"""Backbones: functions of coordinates with parameters, for any engine of `chromamol.engines`.

Each takes the grid that it is to be trained on, whose coordinates it brings to about [-1, 1], and
is a `torch.nn.Module`: (points, axes) coordinates -> (points, channel) values.
"""

from chromamol.backbones.mlp import MLP
from chromamol.backbones.pinnsformer import PINNsFormer
from chromamol.backbones.pirate_net import PirateNet
from chromamol.backbones.pixel_grid import PixelGrid

__all__ = ["MLP", "PINNsFormer", "PirateNet", "PixelGrid"]
