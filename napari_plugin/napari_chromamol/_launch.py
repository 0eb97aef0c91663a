"""Compute in a thread: one thing at a time in a window, and nothing is left of it in memory."""

from __future__ import annotations

import sys
import traceback
from threading import Lock
from typing import TYPE_CHECKING, Any

from superqt.utils import create_worker

from chromamol.errors import CallError

if TYPE_CHECKING:
    from collections.abc import Callable

    Listener = Callable[[Any], None]


class _Turn:
    """Whose turn it is to compute."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._who = ""

    def take(self, who: str) -> None:
        """Take the turn, unless something is at work."""
        if not self._lock.acquire(blocking=False):
            msg = f"'{self._who}' is still at work. Wait until it is done, or cancel it there."
            raise CallError(msg)
        self._who = who

    def give_back(self) -> None:
        """Let others compute; made for the thread that did."""
        self._lock.release()


_turn = _Turn()


def launch(
    who: str,
    work: Callable[..., Any],
    *what: object,
    returned: Listener,
    errored: Listener | None = None,
) -> None:
    """Let a thread compute.

    Parameters
    ----------
    who : str
        Name of the widget, for others that have to wait.
    work : callable
    *what
        Its arguments.
    returned, errored : callable
        Called in the window's thread with what was returned, or with the error, where there can be
        one.

    Raises
    ------
    CallError
        If something is at work already.
    """
    _turn.take(who)
    listeners = {"returned": returned} | ({} if errored is None else {"errored": errored})
    create_worker(_alone, work, *what, _connect=listeners)


def _alone(work: Callable[..., Any], *what: object) -> Any:
    """Do the work; then give back what torch keeps on a graphics card."""
    try:
        return work(*what)
    except Exception as error:
        # Its frames hold the arrays of the computation as long as the error is shown.
        traceback.clear_frames(error.__traceback__)
        raise
    finally:
        try:
            torch: Any = sys.modules.get("torch")
            if torch is not None and torch.cuda.is_available():
                torch.cuda.empty_cache()
        finally:
            _turn.give_back()
