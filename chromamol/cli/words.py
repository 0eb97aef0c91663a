"""Text for the terminal: wrapped, and without anything that could command it."""

from __future__ import annotations

import shutil
import sys
import textwrap

_WIDEST = 100


def say(text: str = "", *, indent: int = 0, hang: int = 0) -> None:
    """Print one paragraph on stdout.

    Parameters
    ----------
    text : str
        May hold names from files of strangers.
    indent, hang : int
        Spaces before every line, and more of them before the lines after the first.
    """
    width = min(shutil.get_terminal_size((_WIDEST, 24)).columns, _WIDEST)
    print(
        textwrap.fill(
            printable(text),
            width,
            initial_indent=" " * indent,
            subsequent_indent=" " * (indent + hang),
            break_long_words=False,
            break_on_hyphens=False,
        ),
        flush=True,
    )


def complain(text: str) -> None:
    """Print one sentence on stderr, on one line."""
    print(printable(text), file=sys.stderr, flush=True)


def printable(text: str) -> str:
    """Replace control characters: a file name must not move the cursor."""
    return "".join(letter if letter.isprintable() else " " for letter in text)
