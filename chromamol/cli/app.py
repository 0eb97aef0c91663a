"""All commands, in the order of the help text; each imports what it needs when it is called."""

from __future__ import annotations

from typing import Annotated

import typer

import chromamol
from chromamol.cli.batch import batch
from chromamol.cli.benchmark import (
    accuracy,
    coverage,
    density_only,
    derivatives,
    gui,
    io,
    paper,
    scaling,
    statistics,
    study,
)
from chromamol.cli.benchmark import batch as batch_benchmark
from chromamol.cli.demo import demo
from chromamol.cli.doctor import doctor
from chromamol.cli.errors import spoken
from chromamol.cli.export import export
from chromamol.cli.info import info
from chromamol.cli.report import report
from chromamol.cli.run import run
from chromamol.cli.settings_file import settings
from chromamol.cli.simulate import simulate

app = typer.Typer(
    help="Map the ratio of histone methylation to acetylation rate in images of cell nuclei.",
    epilog="Start with: chromamol demo",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
for command in (run, batch, demo, info, export, report, settings, simulate, doctor):
    app.command()(spoken(command))

benchmarks = typer.Typer(no_args_is_help=True, rich_markup_mode=None)
app.add_typer(benchmarks, name="benchmark", help="Measure accuracy, time and memory.")
benchmarks.command("batch")(spoken(batch_benchmark))
benchmarks.command()(spoken(study))
for command in (accuracy, coverage, density_only, scaling, derivatives, paper, io, gui, statistics):
    benchmarks.command()(spoken(command))


def _show_version(wanted: bool) -> None:
    """Print the version and stop."""
    if wanted:
        print(f"chromamol {chromamol.__version__}")
        raise typer.Exit


@app.callback()
def _common(
    version: Annotated[
        bool,
        typer.Option("--version", is_eager=True, callback=_show_version, help="Show the version."),
    ] = False,
) -> None:
    """Take what holds for every command; its help is the help of the app."""
