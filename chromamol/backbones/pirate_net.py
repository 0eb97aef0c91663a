r"""PirateNet: physics-informed residual adaptive network.

Wang, Li, Chen and Perdikaris, PirateNets: physics-informed deep learning with residual adaptive
networks, arXiv 2402.00326.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from chromamol.backbones.coordinates import FourierFeatures, Normalise
from chromamol.backbones.layers import glorot_linear

if TYPE_CHECKING:
    from chromamol.engines.grid import Grid


class PirateNet(nn.Module):
    r"""Residual blocks that begin as the identity, behind random Fourier features.

    With the features :math:`\Phi` and the gates :math:`U = \tanh(W_1 \Phi + b_1)`,
    :math:`V = \tanh(W_2 \Phi + b_2)`, a block is

    .. math::

        z_1 &= f U + (1 - f) V, \quad f = \tanh(W_f x + b_f) \\
        z_2 &= g U + (1 - g) V, \quad g = \tanh(W_g z_1 + b_g) \\
        x   &\leftarrow \alpha \tanh(W_h z_2 + b_h) + (1 - \alpha) x

    with a trained :math:`\alpha` that begins at 0: the network begins as a linear map of its
    features, which `fit` can choose by least squares, and gets deeper as it is trained. The random
    weight factorisation of the paper is left out.

    Parameters
    ----------
    grid : Grid
        That it is trained on.
    channels : int
        Values at each point.
    width : int
        Features, and units of a layer; even.
    depth : int
        Blocks, of three layers each.
    wave_number : float
        Of the features (see `FourierFeatures`).
    """

    def __init__(
        self,
        grid: Grid,
        channels: int,
        *,
        width: int = 64,
        depth: int = 2,
        wave_number: float = 2.0,
    ) -> None:
        super().__init__()
        self._features = nn.Sequential(
            Normalise(grid), FourierFeatures(grid.axes, width, wave_number)
        )
        self._gates = nn.ModuleList(_dense(width) for _ in range(2))
        self._blocks = nn.ModuleList(_Block(width) for _ in range(depth))
        self._last = glorot_linear(width, channels)

    def forward(self, points: Tensor) -> Tensor:
        """Return (points, channel) values."""
        features: Tensor = self._features(points)
        u, v = (gate(features) for gate in self._gates)
        x = features
        for block in self._blocks:
            x = block(x, u, v)
        values: Tensor = self._last(x)
        return values

    @torch.no_grad()
    def fit(self, points: Tensor, values: Tensor) -> None:
        """Choose the last layer by least squares, before any training.

        This is the physics-informed initialisation of the paper, for data.

        Parameters
        ----------
        points : (points, axes) tensor
        values : (points, channel) tensor
        """
        features = self._features(points).double()
        design = torch.cat([features, torch.ones_like(features[:, :1])], dim=-1)
        # A little ridge: waves that are alike on the grid do not get large opposite weights.
        ridge = 1e-4 * len(design) * torch.eye(design.shape[1], dtype=design.dtype).to(design)
        weights = torch.linalg.solve(design.T @ design + ridge, design.T @ values.double())
        self._last.weight.copy_(weights[:-1].T)
        self._last.bias.copy_(weights[-1])


class _Block(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.first, self.second, self.third = (_dense(width) for _ in range(3))
        self.alpha = nn.Parameter(torch.zeros(()))

    def forward(self, x: Tensor, u: Tensor, v: Tensor) -> Tensor:
        # f U + (1 - f) V
        z = v + self.first(x) * (u - v)
        z = v + self.second(z) * (u - v)
        blended: Tensor = x + self.alpha * (self.third(z) - x)
        return blended


def _dense(width: int) -> nn.Sequential:
    return nn.Sequential(glorot_linear(width, width), nn.Tanh())
