"""``chromamol report``: one HTML file about all results of a batch."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from chromamol.cli.watch import watched
from chromamol.cli.words import say


def report(
    out: Annotated[
        Path,
        typer.Argument(metavar="OUT", help="Folder that 'chromamol batch' or 'run' wrote to."),
    ],
) -> None:
    """Write report.html about all results in a folder; an earlier one is replaced.

    One file that opens without a network: summary, comparisons, the maps of each nucleus, and the
    methods text with its references. A batch writes it at its end.
    """
    from chromamol.report.write import write_report

    with watched("reading") as progress:
        path = write_report(out, progress=progress)
    say(f"Written: {path}")
