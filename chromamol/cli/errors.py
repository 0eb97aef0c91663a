"""What a user hears when something goes wrong: one sentence, an exit code, no traceback."""

from __future__ import annotations

import functools
import os
import traceback
from contextlib import contextmanager
from typing import TYPE_CHECKING, ParamSpec

import typer

from chromamol.cli.words import complain
from chromamol.errors import CallError, ChromamolError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

FAILED, WRONG_CALL, STOPPED = 1, 2, 130
DEBUG_VARIABLE = "CHROMAMOL_DEBUG"

Arguments = ParamSpec("Arguments")


def spoken(command: Callable[Arguments, None]) -> Callable[Arguments, None]:
    """Let a command end every failure in a sentence on stderr and an exit code."""

    @functools.wraps(command)
    def speaking(*args: Arguments.args, **kwargs: Arguments.kwargs) -> None:
        codes: list[int] = []
        try:
            with recorded(codes):
                command(*args, **kwargs)
        except KeyboardInterrupt:
            complain("Stopped; nothing half-written was left behind.")
            codes.append(STOPPED)
        if codes:
            raise typer.Exit(codes[0])

    return speaking


@contextmanager
def recorded(codes: list[int], subject: str = "") -> Iterator[None]:
    """Tell the user what failed inside the block, note the exit code, and go on after it.

    Parameters
    ----------
    codes : list of int
        Where the exit code of a failure is appended.
    subject : str
        What the block is about, e.g. the image; it begins the sentence.
    """
    try:
        yield
    except (typer.Exit, BrokenPipeError):
        raise
    except Exception as error:  # noqa: BLE001 (the outermost frame: no traceback reaches a user)
        if os.environ.get(DEBUG_VARIABLE):
            traceback.print_exc()
        complain(f"{subject}: {_sentence(error)}" if subject else _sentence(error))
        codes.append(WRONG_CALL if isinstance(error, CallError) else FAILED)


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """Turn what the operating system says about an output file into a sentence."""
    try:
        yield
    except BrokenPipeError:
        raise
    except OSError as error:
        msg = f"{path} cannot be written ({error.strerror or error}). Give another output with -o."
        raise CallError(msg) from error


def _sentence(error: Exception) -> str:
    """Say what happened and what to do."""
    if isinstance(error, ChromamolError):
        return str(error)
    if isinstance(error, MemoryError):
        return "There is not enough memory for this image. Crop it to the nuclei and run again."
    return (
        f"Unexpected error ({type(error).__name__}: {error}). Please report it with the output of "
        f"'chromamol doctor'; with the environment variable {DEBUG_VARIABLE}=1 it shows where."
    )
