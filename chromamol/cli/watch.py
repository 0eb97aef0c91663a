"""Progress on stderr: the stage, a bar, the time left; nothing where nobody watches."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

from chromamol.cli.words import printable
from chromamol.progress import Progress, Silent

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.progress import Progress as RichProgress
    from rich.progress import TaskID


class Bar:
    """The bar of the current stage.

    Parameters
    ----------
    bars : rich.progress.Progress
        Where it is drawn; started and stopped by the caller.
    subject : str
        What the stages are about, e.g. the image; "" for nothing.
    """

    def __init__(self, bars: RichProgress, subject: str = "") -> None:
        self._bars = bars
        self._subject = f"{printable(subject)}: " if subject else ""
        self._task: TaskID | None = None

    def begin(self, stage: str, steps: int | None = None) -> None:
        """Replace the bar by one for the next stage; others that are drawn there stay."""
        if self._task is not None:
            self._bars.remove_task(self._task)
        self._task = self._bars.add_task(self._subject + stage, total=steps)

    def advance(self, steps: int = 1) -> None:
        """Move the bar on."""
        if self._task is not None:
            self._bars.advance(self._task, steps)


@contextmanager
def watched(subject: str = "") -> Iterator[Progress]:
    """Give a progress for the time of a computation; it leaves no trace on the screen."""
    if not sys.stderr.isatty():
        yield Silent()
        return
    from rich.console import Console
    from rich.markup import escape
    from rich.progress import BarColumn, SpinnerColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as RichProgress

    bars = RichProgress(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        TimeRemainingColumn(),
        console=Console(stderr=True),
        transient=True,
    )
    with bars:
        yield Bar(bars, escape(subject))
