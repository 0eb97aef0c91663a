"""Training: the data first, by Adam; then the equation too, by L-BFGS and rounds of rates."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from collections.abc import Callable

    from torch import Tensor

    from chromamol.inference.network.loss import NetworkLoss, Terms
    from chromamol.progress import Progress

# Share of the budget after which the data are known well enough, and that of Adam therein. Data
# that are known to their noise are learned earlier: what is left to learn of them is noise.
_DATA_SHARE, _ADAM_SHARE = 0.5, 0.2
_LEARNING_RATE = 2e-2
# The learning rate rises in this share of that time.
_RISE = 0.1
# Gradients of a round of L-BFGS, its iterations between two looks at the clock, and those that it
# remembers.
_ROUND, _CHUNK, _HISTORY = 60, 20, 40
# Steps to the best rate between rounds.
_RATE_STEPS = 10
# Trained is what changes its rate by less than this share in a round, and its loss too.

_STEADY_RATE, _STEADY_LOSS = 3e-3, 1e-3


@dataclass(frozen=True)
class Budget:
    """How long to train at most.

    Attributes
    ----------
    steps : int
        Gradients of the loss.
    seconds : float
    """

    steps: int = 3000
    seconds: float = math.inf


class Ending(StrEnum):
    """How a training ended; the value is the sentence for the user."""

    CONVERGED = "The training converged: neither the loss nor the rate changed any more."
    SPENT = (
        "The training was stopped at its limit before it converged; with more steps the map may "
        "still change."
    )
    MISFIT = (
        "The network did not learn the fields down to their noise, and no rate is given. Check the "
        "stated noise, or train longer."
    )
    NOT_FINITE = (
        "The loss became infinite or no number, and no rate is given. Check the fields for values "
        "far from all others, or take another seed."
    )


@dataclass
class State:
    """Where a training is: what a checkpoint holds beside the network.

    Attributes
    ----------
    steps : int
    seconds : float
        Spent up to the last step.
    data_is_learned : bool
        Whether the first part is over.
    """

    steps: int = 0
    seconds: float = 0.0
    data_is_learned: bool = False


class Training:
    """One training of a loss, in rounds.

    Parameters
    ----------
    loss : NetworkLoss
    budget : Budget
    progress : Progress
        Told of every step; may cancel.
    state : State
        Where to begin: the network of the loss has been trained so far.
    """

    def __init__(self, loss: NetworkLoss, budget: Budget, progress: Progress, state: State) -> None:
        self._loss, self._budget, self._progress = loss, budget, progress
        self.state = state
        self._began = time.perf_counter() - state.seconds

    def run(self, keep: Callable[[], None]) -> Ending:
        """Train, and say how it ended.

        Parameters
        ----------
        keep : callable
            Called where the training may go on from later.
        """
        self._progress.begin("training the network", self._budget.steps)
        self._progress.advance(self.state.steps)
        if not self.state.data_is_learned:
            if not self._learn_data():
                return Ending.NOT_FINITE
            self.state.data_is_learned = True
            self._loss.begin_rate()
            self._loss.improve_rate(_RATE_STEPS)
            keep()
        last = math.inf
        while self._share < 1:
            before = self._loss.rate()
            total = float(self._round(lambda: self._loss.terms().total))
            if not math.isfinite(total):
                return Ending.NOT_FINITE
            self._loss.improve_rate(_RATE_STEPS)
            keep()
            change = float((self._loss.rate() - before).norm() / before.norm())
            if change < _STEADY_RATE and last - total < _STEADY_LOSS * total:
                return Ending.CONVERGED
            last = total
        return Ending.SPENT

    @property
    def _share(self) -> float:
        """The share of the budget that is spent."""
        return max(self.state.steps / self._budget.steps, self.state.seconds / self._budget.seconds)

    def _count(self) -> None:
        if self._loss.unit.is_cuda:
            torch.cuda.synchronize()
        self.state.steps += 1
        self.state.seconds = time.perf_counter() - self._began
        self._progress.advance()

    def _learn_data(self) -> bool:
        """Train the network on the data alone; return whether the loss stayed finite."""
        adam = torch.optim.Adam(self._loss.backbone.parameters())
        while (done := self._share / _ADAM_SHARE) < 1:
            rise = min(1.0, done / _RISE + 0.05)
            for group in adam.param_groups:
                group["lr"] = _LEARNING_RATE * rise * (1 + math.cos(math.pi * done)) / 2
            adam.zero_grad()
            misfit = self._loss.data_term()
            misfit.backward()  # type: ignore[no-untyped-call]
            adam.step()
            self._count()
        fields = len(self._loss.fields())
        while self._share < _DATA_SHARE and fields < float(misfit.detach()) < math.inf:
            misfit = self._round(self._loss.data_term)
        return math.isfinite(float(misfit.detach()))

    def _round(self, loss: Callable[[], Tensor]) -> Tensor:
        """Lower a loss by L-BFGS, the rate being held; return what it is then."""
        lbfgs = torch.optim.LBFGS(
            self._loss.backbone.parameters(),
            max_iter=_CHUNK,
            max_eval=_CHUNK + 5,
            history_size=_HISTORY,
            line_search_fn="strong_wolfe",
            tolerance_change=0.0,
            tolerance_grad=0.0,
        )
        last: list[Tensor] = []

        def closure() -> Tensor:
            lbfgs.zero_grad()
            last[:] = [loss()]
            last[0].backward()  # type: ignore[no-untyped-call]
            self._count()
            return last[0].detach()

        end = self.state.steps + _ROUND
        while self.state.steps < end and self._share < 1:
            lbfgs.step(closure)  # type: ignore[no-untyped-call]
            if not torch.isfinite(last[0]):
                break
        return last[0].detach()
