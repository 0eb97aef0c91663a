"""What a run tells about itself; the worker writes it, the window looks at it from time to time."""

from __future__ import annotations

from threading import Event

from chromamol.errors import Cancelled


class RunProgress:
    """Progress that a window can look at, and stop, from another thread.

    Attributes
    ----------
    stage : str
        What is being done.
    done : int
        Finished steps of the stage.
    steps : int or None
        All steps of the stage; None: unknown.
    """

    def __init__(self) -> None:
        self.stage = "starting"
        self.done = 0
        self.steps: int | None = None
        self._stop = Event()

    def begin(self, stage: str, steps: int | None = None) -> None:
        """Start a stage."""
        self._check()
        self.stage, self.done, self.steps = stage, 0, steps

    def advance(self, steps: int = 1) -> None:
        """Count finished steps."""
        self._check()
        self.done += steps

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
