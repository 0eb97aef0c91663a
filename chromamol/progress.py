"""Progress as an injected object: the library reports, the front end shows and may stop."""

from __future__ import annotations

from typing import Protocol

# The stage with which the report of a batch begins.
REPORT_STAGE = "reading what the batch left"


class Progress(Protocol):
    """What a front end implements to follow, and to stop, a long computation."""

    def begin(self, stage: str, steps: int | None = None) -> None:
        """Start the stage named `stage`, of `steps` steps (None: unknown)."""

    def advance(self, steps: int = 1) -> None:
        """Count finished steps of the current stage.

        Raises
        ------
        chromamol.errors.Cancelled
            If the user has asked to stop.
        """


class Silent:
    """The progress of a computation that nobody watches."""

    def begin(self, stage: str, steps: int | None = None) -> None:
        """Ignore the stage."""

    def advance(self, steps: int = 1) -> None:
        """Ignore the steps."""
