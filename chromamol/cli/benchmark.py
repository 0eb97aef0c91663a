"""``chromamol benchmark``: tables of measured accuracy, coverage, time and memory."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from chromamol.cli.errors import writing
from chromamol.cli.watch import watched

Folder = Annotated[Path | None, typer.Option("--out", "-o", help="Folder for the table as CSV.")]


def accuracy(
    out: Folder = None,
    quick: Annotated[bool, typer.Option("--quick", help="One seed instead of five.")] = False,
) -> None:
    """Compare inferred rates with known ones.

    Prints tables in Markdown: each estimator, what else could be done with the image, and the least
    error that is possible, on simulated images.
    """
    from chromamol.benchmarks.accuracy import accuracy as measure
    from chromamol.benchmarks.accuracy import to_markdown

    with writing(out or Path()), watched("benchmark") as progress:
        table = measure(out, quick=quick, progress=progress)
    print(to_markdown(table))


def coverage(
    out: Folder = None,
    quick: Annotated[
        bool, typer.Option("--quick", help="4 draws of noise and field instead of 40.")
    ] = False,
) -> None:
    """Count how often the intervals hold the known rates.

    Prints a table in Markdown: the share of the 95 % intervals that hold the truth, and their mean
    width, for pixels and for means over the nucleus, its domains and its zones.
    """
    from chromamol.benchmarks.coverage import coverage as measure
    from chromamol.benchmarks.coverage import to_markdown

    with writing(out or Path()), watched("benchmark") as progress:
        table = measure(out, quick=quick, progress=progress)
    print(to_markdown(table))


def density_only(
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="Folder for the table as CSV and a figure.")
    ] = None,
) -> None:
    """Measure what a total density alone can say.

    Prints a table in Markdown: the exploratory rate map and the compaction map of simulated images,
    against the known rates, with and without what disturbs them.
    """
    from chromamol.benchmarks.density_only import density_only as measure
    from chromamol.benchmarks.density_only import to_markdown

    with writing(out or Path()), watched("benchmark") as progress:
        table = measure(out, progress=progress)
    print(to_markdown(table))


def scaling(
    out: Folder = None,
    side: Annotated[
        list[int] | None,
        typer.Option(
            min=128,
            max=8192,
            help="Side of a periodic image, pixels, a multiple of 128; may be given several times. "
            "Default: 256 to 4096, and masked images of 512 and 1024.",
        ),
    ] = None,
    masked_side: Annotated[
        list[int] | None,
        typer.Option(min=128, max=8192, help="The same for images with a mask."),
    ] = None,
    cuda: Annotated[bool, typer.Option("--cuda", help="Measure on the CUDA device.")] = False,
) -> None:
    """Measure time and memory for images of several sizes.

    Prints a table in Markdown. Each image has a process of its own, and two channels; the choice of
    the smoothing and the uncertainty are included.
    """
    from chromamol.benchmarks.process import describe_machine
    from chromamol.benchmarks.scaling import MASKED_SIDES_PX, SIDES_PX, to_markdown
    from chromamol.benchmarks.scaling import scaling as measure

    device: Literal["cpu", "cuda"] = "cuda" if cuda else "cpu"
    chosen = side or masked_side
    with writing(out or Path()), watched("benchmark") as progress:
        table = measure(
            out,
            sides_px=(side or ()) if chosen else SIDES_PX,
            masked_sides_px=(masked_side or ()) if chosen else MASKED_SIDES_PX,
            device=device,
            progress=progress,
        )
    print(to_markdown(table))
    print(f"\nMeasured on: {describe_machine(device)}.")


def io(
    out: Folder = None,
    rows: Annotated[
        list[int] | None,
        typer.Option(
            min=1_000,
            max=100_000_000,
            help="Rows of a localisation table; may be given several times. "
            "Default: 1, 3 and 10 million.",
        ),
    ] = None,
    side: Annotated[
        list[int] | None,
        typer.Option(
            min=512,
            max=40_000,
            help="Side of an image, pixels; may be given several times. "
            "Default: 5000, 10000 and 20000.",
        ),
    ] = None,
) -> None:
    """Measure time and memory of reading files.

    Prints a table in Markdown: localisation tables and large images, each in a process of its own.
    """
    from chromamol.benchmarks.input_output import ROWS, SIDES_PX, input_output, to_markdown
    from chromamol.benchmarks.process import describe_machine

    chosen = rows or side
    with writing(out or Path()), watched("benchmark") as progress:
        table = input_output(
            out,
            rows=(rows or ()) if chosen else ROWS,
            sides_px=(side or ()) if chosen else SIDES_PX,
            progress=progress,
        )
    print(to_markdown(table))
    print(f"\nMeasured on: {describe_machine()}.")


def batch(
    images: Annotated[int, typer.Option(min=4, help="Images of one worker against two.")] = 40,
    many: Annotated[int, typer.Option(min=20, help="Images whose memory is watched.")] = 1_000,
    kills: Annotated[int, typer.Option(min=1, help="Kills of a batch that goes on.")] = 30,
) -> None:
    """Measure what a batch adds to its images, its memory, and what a kill leaves.

    Prints a table in Markdown.
    """
    from chromamol.benchmarks.batch import batch as measure
    from chromamol.benchmarks.batch import to_markdown
    from chromamol.benchmarks.process import describe_machine

    with watched("benchmark") as progress:
        rows = measure(images=images, many=many, kills=kills, progress=progress)
    print(to_markdown(rows))
    print(f"\nMeasured on: {describe_machine()}.")


def statistics(
    without_effect: Annotated[
        int, typer.Option(min=100, help="Studies of groups that do not differ.")
    ] = 10_000,
    with_effect: Annotated[int, typer.Option(min=10, help="Studies with an effect.")] = 200,
) -> None:
    """Count how often a comparison of groups is wrong.

    Prints a table in Markdown, of simulated studies.
    """
    from chromamol.benchmarks.study import study, to_markdown

    with watched("benchmark") as progress:
        shares = study(without_effect=without_effect, with_effect=with_effect, progress=progress)
    print(to_markdown(shares))


def study(
    out: Annotated[
        Path, typer.Option("--out", "-o", help="Folder of the studies; what is there is kept.")
    ],
    replicates: Annotated[int, typer.Option(min=2, help="Replicates in each group.")] = 3,
    nuclei: Annotated[int, typer.Option(min=1, help="Nuclei in each replicate.")] = 8,
    workers: Annotated[
        int | None, typer.Option(min=0, help="Images that are analysed side by side.")
    ] = None,
) -> None:
    """Ask whether a batch finds the change of a rate that is known.

    Prints a table in Markdown, of three simulated studies: with a change, without one, and with one
    in images of unknown gain.
    """
    from chromamol.benchmarks.simulated_study import simulated_study, to_markdown

    with writing(out), watched("benchmark") as progress:
        found = simulated_study(
            out, replicates=replicates, nuclei=nuclei, workers=workers, progress=progress
        )
    print(to_markdown(found))


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


def paper(  # noqa: PLR0917 (options)
    out: Annotated[
        Path | None,
        typer.Option(
            "--out", "-o", help="Folder for the table as CSV and a figure; what it holds is kept."
        ),
    ] = None,
    quick: Annotated[
        bool, typer.Option("--quick", help="One network and one level of noise, trained briefly.")
    ] = False,
    problem: Annotated[
        list[str] | None,
        typer.Option(
            help="langevin, heat or chromatin; may be given several times. Default: all three."
        ),
    ] = None,
    noise: Annotated[
        list[float] | None,
        typer.Option(
            min=0.0,
            max=1.0,
            help="Over the spread of each field; may be given several times. "
            "Default: 0, 0.01 and 0.05.",
        ),
    ] = None,
    steps: Annotated[int, typer.Option(min=8, help="Steps, where all have as many.")] = 300,
    seconds: Annotated[
        float, typer.Option(min=0.5, help="Seconds, where all have as much time.")
    ] = 60.0,
    minutes: Annotated[
        float | None,
        typer.Option(min=0.0, help="Begin no training after so long; the next call goes on."),
    ] = None,
    cuda: Annotated[bool, typer.Option("--cuda", help="Measure on the CUDA device.")] = False,
) -> None:
    """Repeat the experiment of the mollifier paper.

    Prints tables in Markdown: three inverse problems, three networks and four ways to differentiate
    them, at equal steps and in equal time, and what is found without a network. Goes on where it
    was stopped.
    """
    from chromamol.benchmarks.paper import LEVELS
    from chromamol.benchmarks.paper import paper as measure
    from chromamol.benchmarks.paper_cases import PROBLEMS
    from chromamol.benchmarks.paper_report import to_markdown
    from chromamol.benchmarks.process import describe_machine

    device: Literal["cpu", "cuda"] = "cuda" if cuda else "cpu"
    with writing(out or Path()), watched("benchmark") as progress:
        table = measure(
            out,
            quick=quick,
            problems=problem or PROBLEMS,
            levels=noise or LEVELS,
            steps=steps,
            seconds=seconds,
            minutes=minutes,
            device=device,
            progress=progress,
        )
    print(to_markdown(table))
    print(f"\nMeasured on: {describe_machine(device)}.")


def gui() -> None:
    """Measure what a user of the napari window waits for.

    Prints a table in Markdown. Opens a real window: without a screen, run it under xvfb-run.
    """
    import subprocess
    import sys
    from importlib import util

    from chromamol.benchmarks.process import describe_machine
    from chromamol.errors import CallError

    if util.find_spec("napari") is None:
        msg = "napari is not installed. Install it with: pip install 'chromamol[gui]'"
        raise CallError(msg)
    # In a process of its own: the library never imports the window.
    command = [sys.executable, "-m", "napari_chromamol.benchmark"]
    done = subprocess.run(command, check=False)  # noqa: S603 (our own module)
    if done.returncode:
        raise typer.Exit(done.returncode)
    print(f"\nMeasured on: {describe_machine()}.")
