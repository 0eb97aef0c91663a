"""The rounds of a training, on a loss that is known."""

from __future__ import annotations

import torch
from torch import nn

from chromamol.inference.network.training import Budget, State, Training
from chromamol.progress import Silent


class Valley(nn.Module):
    """Steep across, and at its floor bent: the loss of no network."""

    def __init__(self):
        super().__init__()
        self.backbone = nn.Linear(2, 1, bias=False)
        # A step of the usual first length is too long here.
        self.backbone.weight.data = torch.tensor([[9.05, 3.0]])
        self.unit = torch.ones(())
        self.seen = []

    def value(self):
        y, x = self.backbone.weight[0]
        loss = 1e5 * (y - x**2) ** 2 + (1 - x) ** 2
        self.seen.append(float(loss.detach()))
        return loss


def test_the_step_after_a_first_one_that_was_cut_short_is_no_whole_gradient():
    valley = Valley()
    # Derivatives are taken for the first time: the first search is of one step.
    state = State(steps=10, data_steps=10)
    training = Training(valley, Budget(steps=60), Silent(), state)
    training._round(valley.value, 1.0)
    start, first, *later = valley.seen
    assert first > start
    assert max(later) <= first
    assert valley.seen[-1] < 0.05 * start
