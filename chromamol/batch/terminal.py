"""Workers and the terminal: Ctrl-C is for the process that starts them, and ends them in order."""

from __future__ import annotations

import os
import signal
from contextlib import contextmanager
from multiprocessing import resource_tracker
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_WARNINGS = "PYTHONWARNINGS"
_OF_TRACKER = "ignore:resource_tracker:UserWarning"


@contextmanager
def ctrl_c(*, comes: bool) -> Iterator[None]:
    """Let Ctrl-C come, or wait until the end of the block.

    Threads and processes that begin while it waits never see it: workers are neither interrupted
    while they start nor where they are at work.

    Parameters
    ----------
    comes : bool
    """
    if not hasattr(signal, "pthread_sigmask"):  # Windows
        yield
        return
    how = signal.SIG_UNBLOCK if comes else signal.SIG_BLOCK
    before = signal.pthread_sigmask(how, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def track_quietly() -> None:
    """Start the process that removes what workers leave that are killed, without its warnings.

    They are of semaphores of libraries; there is nothing that a user could do.
    """
    before = os.environ.get(_WARNINGS)
    os.environ[_WARNINGS] = f"{before},{_OF_TRACKER}" if before else _OF_TRACKER
    try:
        resource_tracker.ensure_running()
    finally:
        if before is None:
            del os.environ[_WARNINGS]
        else:
            os.environ[_WARNINGS] = before
