r"""PINNsFormer: a small transformer over a sequence of neighbouring points.

Zhao, Ding and Prakash, PINNsFormer: a transformer-based framework for physics-informed neural
networks, ICLR 2024, arXiv 2307.11833.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from chromamol.backbones.coordinates import Normalise

if TYPE_CHECKING:
    from chromamol.engines.grid import Grid


class Wavelet(nn.Module):
    r"""The activation :math:`w_1 \sin x + w_2 \cos x`, with trained weights that begin at 1."""

    def __init__(self) -> None:
        super().__init__()
        self.sine = nn.Parameter(torch.ones(()))
        self.cosine = nn.Parameter(torch.ones(()))

    def forward(self, x: Tensor) -> Tensor:
        """Return the activation, of the same shape."""
        return self.sine * torch.sin(x) + self.cosine * torch.cos(x)


class PINNsFormer(nn.Module):
    """An encoder and a decoder over the sequence x, x + s, x + 2 s, ... of every point.

    The pseudo-sequence runs along the first axis, which is the time of the paper where there is
    one. A layer is attention and two hidden layers, with `Wavelet` in front of each and between
    them; there is no layer normalisation. The decoder asks the encoder's output with its own. The
    value of the sequence's first point is the network's: unlike in the paper, the others are in no
    loss. Encoder and decoder end in one activation that they share, and a single hidden layer
    follows.

    Parameters
    ----------
    grid : Grid
        That it is trained on.
    channels : int
        Values at each point.
    width : int
        Of the embedding, a multiple of `heads`; hidden layers are twice as wide.
    depth : int
        Layers of the encoder, and of the decoder.
    heads : int
        Of every attention.
    sequence : int
        Points of the sequence, 1 or more.
    step : float
        Between them, over half the longest side of the grid.
    wave_number : float
        Standard deviation of the wave numbers that the first activation sees, radians per
        normalised length.
    """

    _steps: Tensor

    def __init__(
        self,
        grid: Grid,
        channels: int,
        *,
        width: int = 32,
        depth: int = 1,
        heads: int = 2,
        sequence: int = 5,
        step: float = 1e-3,
        wave_number: float = 1.0,
    ) -> None:
        super().__init__()
        self._normalise = Normalise(grid)
        steps = torch.zeros(sequence, grid.axes)
        steps[:, 0] = step * torch.arange(sequence)
        self.register_buffer("_steps", steps)
        self._embed = nn.Linear(grid.axes, width)
        nn.init.normal_(self._embed.weight, std=wave_number)
        nn.init.uniform_(self._embed.bias, -torch.pi, torch.pi)
        self._encoder = nn.ModuleList(_Layer(width, heads) for _ in range(depth))
        self._decoder = nn.ModuleList(_Layer(width, heads) for _ in range(depth))
        self._between = Wavelet()
        self._last = nn.Sequential(
            nn.Linear(width, 2 * width), Wavelet(), nn.Linear(2 * width, channels)
        )

    def forward(self, points: Tensor) -> Tensor:
        """Return (points, channel) values."""
        sequence = self._normalise(points).unsqueeze(1) + self._steps
        embedded = self._embed(sequence)
        encoded = embedded
        for layer in self._encoder:
            encoded = layer(encoded, None)
        encoded = self._between(encoded)
        # A decoder's points do not see each other, and only the first is asked for.
        decoded = embedded[:, :1]
        for layer in self._decoder:
            decoded = layer(decoded, encoded)
        values: Tensor = self._last(self._between(decoded)[:, 0])
        return values


class _Layer(nn.Module):
    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self._before_attention, self._before_hidden = Wavelet(), Wavelet()
        self._attention = _Attention(width, heads)
        self._hidden = nn.Sequential(
            nn.Linear(width, 2 * width),
            Wavelet(),
            nn.Linear(2 * width, 2 * width),
            Wavelet(),
            nn.Linear(2 * width, width),
        )

    def forward(self, x: Tensor, encoded: Tensor | None) -> Tensor:
        asking = self._before_attention(x)
        x = x + self._attention(asking, asking if encoded is None else encoded)
        hidden: Tensor = self._hidden(self._before_hidden(x))
        return x + hidden


class _Attention(nn.Module):
    """Scaled dot products, in functions that every engine can differentiate."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self._heads, self._scale = heads, (width // heads) ** -0.5
        self._query, self._key, self._value, self._out = (nn.Linear(width, width) for _ in range(4))

    def forward(self, asking: Tensor, asked: Tensor) -> Tensor:
        # (points, heads, sequence, width of a head)
        query, key, value = (
            layer(x).reshape(*x.shape[:-1], self._heads, -1).transpose(1, 2)
            for layer, x in ((self._query, asking), (self._key, asked), (self._value, asked))
        )
        scores = self._scale * (query @ key.transpose(2, 3))
        # Points of a sequence are near each other, and so are their scores: their mean is enough
        # to keep the exponential in its range.
        weights = torch.exp(scores - scores.mean(3).unsqueeze(3))
        found = (weights @ value) / weights.sum(3).unsqueeze(3)
        attended: Tensor = self._out(found.transpose(1, 2).reshape(*asking.shape))
        return attended
