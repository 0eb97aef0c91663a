"""Layers that several backbones are made of."""

from __future__ import annotations

from torch import nn


def glorot_linear(inputs: int, outputs: int) -> nn.Linear:
    """Return a linear layer that keeps the size of what passes through tanh.

    Weights are drawn after Glorot and Bengio, AISTATS 2010, as is usual for physics-informed
    networks; biases are zero.
    """
    layer = nn.Linear(inputs, outputs)
    nn.init.xavier_normal_(layer.weight)
    nn.init.zeros_(layer.bias)
    return layer
