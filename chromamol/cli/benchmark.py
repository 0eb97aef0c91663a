"""``chromamol benchmark``: tables of measured accuracy."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from chromamol.cli.errors import writing
from chromamol.cli.watch import watched


def accuracy(
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="Folder for the table as CSV.")
    ] = None,
    quick: Annotated[bool, typer.Option("--quick", help="One seed instead of three.")] = False,
) -> None:
    """Compare inferred rates with known ones.

    Prints a table in Markdown: each estimator, and a plain blur, on simulated images.
    """
    from chromamol.benchmarks.accuracy import accuracy as measure
    from chromamol.benchmarks.accuracy import to_markdown

    with writing(out or Path()), watched("benchmark") as progress:
        table = measure(out, quick=quick, progress=progress)
    print(to_markdown(table))


def derivatives(
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="Folder for the table as CSV and a figure.")
    ] = None,
    quick: Annotated[bool, typer.Option("--quick", help="Networks of one depth only.")] = False,
    cuda: Annotated[bool, typer.Option("--cuda", help="Measure on the CUDA device.")] = False,
) -> None:
    """Compare ways to differentiate a network.

    Prints tables in Markdown: time, memory and error of mollifiers, finite differences, Taylor mode
    and automatic differentiation.
    """
    from chromamol.benchmarks.derivatives import derivatives as measure
    from chromamol.benchmarks.derivatives import to_markdown
    from chromamol.benchmarks.process import describe_machine

    device: Literal["cpu", "cuda"] = "cuda" if cuda else "cpu"
    with writing(out or Path()), watched("benchmark") as progress:
        table = measure(out, quick=quick, device=device, progress=progress)
    print(to_markdown(table))
    print(f"\nMeasured on: {describe_machine(device)}.")


def large(
    side: Annotated[
        int, typer.Option(min=128, max=8192, help="Side of the image, pixels; a multiple of 128.")
    ] = 1024,
) -> None:
    """Measure time and memory of one large image, in a process of its own.

    The field is periodic, with two channels; the uncertainty is included.
    """
    from chromamol.benchmarks.large_field import measure_large_field, to_markdown

    print(to_markdown(measure_large_field(side)))
