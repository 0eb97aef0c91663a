"""What a run tells about itself; the worker writes it, the window looks at it from time to time."""

from __future__ import annotations

import time
from dataclasses import dataclass, field, replace
from threading import Event
from typing import TYPE_CHECKING

from chromamol.errors import Cancelled

if TYPE_CHECKING:
    from napari_chromamol._layers import LayerData

# A guess of the time left is none before.
_SPENT_S = 1.0


@dataclass(frozen=True)
class Stage:
    """How far one stage of a run is.

    Attributes
    ----------
    name : str
        What is being done.
    done : int
        Finished steps.
    steps : int or None
        All steps; None: unknown.
    began_s : float
        When, on the monotonic clock.
    """

    name: str
    done: int = 0
    steps: int | None = None
    began_s: float = field(default_factory=time.monotonic)

    @property
    def seconds(self) -> float:
        """How long the stage has taken so far."""
        return time.monotonic() - self.began_s

    @property
    def seconds_left(self) -> float | None:
        """How long the stage will last if it goes on like this; None where that is unknown."""
        if not self.steps or not self.done or self.seconds < _SPENT_S:
            return None
        return self.seconds * max(self.steps - self.done, 0) / self.done


class RunProgress:
    """Progress that a window can look at, and stop, from another thread.

    Attributes
    ----------
    stage : Stage
        Replaced as a whole, as another thread reads it.
    """

    def __init__(self) -> None:
        self.stage = Stage("starting")
        self._stop = Event()
        self._so_far: list[LayerData] | None = None

    def begin(self, stage: str, steps: int | None = None) -> None:
        """Start a stage."""
        self._check()
        self.stage = Stage(stage, steps=steps)

    def advance(self, steps: int = 1) -> None:
        """Count finished steps."""
        self._check()
        self.stage = replace(self.stage, done=self.stage.done + steps)

    def offer(self, layers: list[LayerData]) -> None:
        """Hand on the layers of what is done so far."""
        self._so_far = layers

    def take(self) -> list[LayerData] | None:
        """Return layers that were offered since the last time."""
        layers, self._so_far = self._so_far, None
        return layers

    def cancel(self) -> None:
        """Let the next report of the computation end it."""
        self._stop.set()

    @property
    def cancelled(self) -> bool:
        """Whether somebody asked to stop."""
        return self._stop.is_set()

    def _check(self) -> None:
        if self._stop.is_set():
            msg = "Cancelled."
            raise Cancelled(msg)
