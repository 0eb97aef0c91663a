"""Progress: drawn where somebody watches, and nowhere else."""

from __future__ import annotations

import io

import pytest

from chromamol.cli.watch import watched
from chromamol.progress import Silent


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_terminal_sees_the_stage_and_the_time_left(monkeypatch) -> None:
    screen = Terminal()
    monkeypatch.setattr("sys.stderr", screen)
    monkeypatch.setenv("TERM", "xterm")
    with watched("cell [3]\x1b[2J.tif") as progress:
        progress.begin("solving", 4)
        progress.advance()
        progress.begin("writing")
        progress.advance(2)
    seen = screen.getvalue()
    assert "cell [3] [2J.tif: writing" in seen
    assert "\x1b[2J" not in seen
    assert "-:--:--" in seen


def test_the_screen_is_given_back_after_an_error(monkeypatch) -> None:
    screen = Terminal()
    monkeypatch.setattr("sys.stderr", screen)
    with pytest.raises(KeyboardInterrupt):
        _stopped_while_solving()
    hidden, shown = "\x1b[?25l", "\x1b[?25h"
    assert screen.getvalue().count(hidden) == screen.getvalue().count(shown) == 1


def _stopped_while_solving() -> None:
    with watched() as progress:
        progress.begin("solving", 4)
        raise KeyboardInterrupt


def test_nobody_watches_a_pipe(monkeypatch) -> None:
    monkeypatch.setattr("sys.stderr", io.StringIO())
    with watched("cell") as progress:
        assert isinstance(progress, Silent)
