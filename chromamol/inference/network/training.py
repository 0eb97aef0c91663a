"""Training: the data first, by Adam; then the equation too, by L-BFGS and rounds of rates."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

import torch

from chromamol.errors import CallError
from chromamol.inference.network.loss import NotFinite

if TYPE_CHECKING:
    from collections.abc import Callable

    from torch import Tensor

    from chromamol.inference.network.loss import NetworkLoss
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
        Gradients of the loss, 1 or more.
    seconds : float
        Above zero; infinite by default.

    Raises
    ------
    CallError
        If a limit is not positive.
    """

    steps: int = 3000
    seconds: float = math.inf

    def __post_init__(self) -> None:
        # A NaN fails both comparisons.
        if not (self.steps >= 1 and self.seconds > 0):
            msg = (
                f"The budget is {self.steps} steps and {self.seconds} seconds. Give at least 1 "
                "step, and a time above zero."
            )
            raise CallError(msg)


class Ending(StrEnum):
    """How a training ended; the value is the sentence for the user."""

    CONVERGED = "The training converged: neither the loss nor the rate changed any more."
    SPENT = (
        "The training was stopped at its limit before it converged; with more steps the map may "
        "still change."
    )
    MISFIT = (
        "The network did not learn the fields down to their noise, and its rate is not to be used. "
        "Check the stated noise, or train longer."
    )
    LEARNED_NOISE = (
        "A field of the network is nearer to its data than the noise allows: the network learned "
        "the noise, or there is less of it than was stated. Its rate is not to be used. Check the "
        "stated noise; train for fewer steps, or take the engine 'mollifier', which does not see "
        "what is much finer than a mollifier."
    )
    NOT_FINITE = (
        "The network, the loss or the rate became infinite or no number, and there is no rate. "
        "Check the fields for values far from all others and the unit that they are in, or take "
        "another seed."
    )


@dataclass
class State:
    """Where a training is: what a checkpoint holds beside the network.

    Attributes
    ----------
    steps : int
    seconds : float
        Spent up to the last step.
    data_steps : int or None
        Those of the data alone, when they are over.
    data_seconds : float
        The same in time.
    """

    steps: int = 0
    seconds: float = 0.0
    data_steps: int | None = None
    data_seconds: float = 0.0

    @property
    def seconds_per_step(self) -> float:
        """Time of a gradient of the whole loss, with its share of the solutions for the rate."""
        steps = self.steps - (self.steps if self.data_steps is None else self.data_steps)
        return (self.seconds - self.data_seconds) / steps if steps else math.nan


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
        try:
            return self._train(keep)
        except NotFinite:
            return Ending.NOT_FINITE

    def _train(self, keep: Callable[[], None]) -> Ending:
        if self.state.data_steps is None:
            self._learn_data()
            self.state.data_steps, self.state.data_seconds = self.state.steps, self.state.seconds
            self._loss.begin_rate()
            self._improve_rate()
            keep()
        last = math.inf
        while self._share < 1:
            before = self._loss.rate()
            total = float(self._round(lambda: self._loss.terms().total, 1.0))
            self._improve_rate()
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

    def _steps_left(self, until: float) -> int:
        """Gradients up to a share of the budget, by the time of those so far; at least 1."""
        by_time = self.state.seconds_per_step
        if self.state.data_steps is None:
            by_time = self.state.seconds / max(self.state.steps, 1)
        elif self.state.steps == self.state.data_steps:
            return 1  # the first that takes derivatives: nobody knows how long
        in_time = (until * self._budget.seconds - self.state.seconds) / max(by_time, 1e-9)
        return int(max(min(until * self._budget.steps - self.state.steps, in_time), 1))

    def _improve_rate(self) -> None:
        self._loss.improve_rate(_RATE_STEPS)
        self._look_at_the_clock()

    def _look_at_the_clock(self) -> None:
        if self._loss.unit.is_cuda:
            torch.cuda.synchronize()
        self.state.seconds = time.perf_counter() - self._began

    def _count(self) -> None:
        self.state.steps += 1
        self._look_at_the_clock()
        self._progress.advance()

    def _learn_data(self) -> None:
        """Train the network on the data alone."""
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
        while self._share < _DATA_SHARE and fields < float(misfit.detach()):
            misfit = self._round(self._loss.data_term, _DATA_SHARE)

    def _round(self, loss: Callable[[], Tensor], until: float) -> Tensor:
        """Lower a loss by L-BFGS, up to a share of the budget; return what it is then."""
        lbfgs = torch.optim.LBFGS(
            self._loss.backbone.parameters(),
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
        while self.state.steps < end and self._share < until:
            # The optimiser does not look at the clock.
            chunk = min(self._steps_left(until), _CHUNK)
            lbfgs.param_groups[0].update(max_iter=chunk, max_eval=chunk)
            lbfgs.step(closure)  # type: ignore[no-untyped-call]
            if not torch.isfinite(last[0]):
                raise NotFinite
            # A first search that was cut short leaves no curvature, and the next step would be the
            # whole gradient, however steep.
            if not any(memory.get("old_dirs") for memory in lbfgs.state.values()):
                lbfgs.state.clear()
        return last[0].detach()
