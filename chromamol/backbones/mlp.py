"""The network of the first physics-informed networks: layers of tanh."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torch import Tensor, nn

from chromamol.backbones.coordinates import FourierFeatures, Normalise
from chromamol.backbones.layers import glorot_linear

if TYPE_CHECKING:
    from chromamol.engines.grid import Grid


class MLP(nn.Module):
    """A multilayer perceptron of tanh, with random Fourier features in front on demand.

    Parameters
    ----------
    grid : Grid
        That it is trained on.
    channels : int
        Values at each point.
    width : int
        Units of a layer.
    depth : int
        Hidden layers, 1 or more; Fourier features are none of them.
    wave_number : float, optional
        Of the Fourier features (see `FourierFeatures`); without it the first layer sees the
        coordinates.
    """

    def __init__(
        self,
        grid: Grid,
        channels: int,
        *,
        width: int = 64,
        depth: int = 4,
        wave_number: float | None = None,
    ) -> None:
        super().__init__()
        layers: list[nn.Module] = [Normalise(grid)]
        inputs = grid.axes
        if wave_number is not None:
            layers.append(FourierFeatures(grid.axes, width, wave_number))
            inputs = width
        for _ in range(depth):
            layers += [glorot_linear(inputs, width), nn.Tanh()]
            inputs = width
        self._layers = nn.Sequential(*layers, glorot_linear(width, channels))

    def forward(self, points: Tensor) -> Tensor:
        """Return (points, channel) values."""
        values: Tensor = self._layers(points)
        return values
