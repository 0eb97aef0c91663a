"""The command line: ``chromamol --help``."""

from __future__ import annotations


def main() -> None:
    """Run the command that was typed, and exit with its code.

    0: all done. 1: an image could not be analysed. 2: the call was wrong. 130: stopped by Ctrl-C.
    """
    from chromamol.cli.app import app

    app(prog_name="chromamol")
