"""``chromamol batch``: analyse all images of a folder."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from chromamol.cli.errors import FAILED
from chromamol.cli.reading_options import (
    Assignments,
    Axes,
    CameraPixel,
    Columns,
    PixelSize,
    Roles,
    SettingsFile,
    TimePoint,
    ZPlane,
)
from chromamol.cli.settings_options import settings_from
from chromamol.cli.words import complain, printable, say
from chromamol.errors import CallError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from chromamol.batch import Ended, Plan


def batch(
    folder: Annotated[
        Path,
        typer.Argument(metavar="FOLDER", help="Images and tables, there and in its subfolders."),
    ],
    out: Annotated[
        Path, typer.Option("--out", "-o", help="Folder for the results, one folder per image.")
    ],
    *,
    roles: Roles = None,
    pixel_size_nm: PixelSize = None,
    channel_files: Annotated[
        str | None,
        typer.Option(
            metavar="PATTERN,PATTERN",
            help="Where each channel is a file of its own: their names, with * for what the files "
            "of one field share, as in *_K9me3.tif,*_K27ac.tif",
        ),
    ] = None,
    sheet: Annotated[
        Path | None,
        typer.Option(
            metavar="CSV",
            help="Sample sheet with the columns image, group, replicate, and where wanted block "
            "and nuclei (a mask); paths are relative to FOLDER.",
        ),
    ] = None,
    axes: Axes = None,
    z_plane: ZPlane = None,
    time_point: TimePoint = None,
    columns: Columns = None,
    camera_pixel_nm: CameraPixel = None,
    settings: SettingsFile = None,
    assignments: Assignments = None,
    workers: Annotated[
        int | None,
        typer.Option(
            metavar="N",
            help="Images that are analysed side by side; 0: in this process. Default: by cores "
            "and memory.",
        ),
    ] = None,
    scheduler: Annotated[
        str | None,
        typer.Option(metavar="ADDRESS", help="Use the workers of a dask scheduler instead."),
    ] = None,
    slurm: Annotated[
        Path | None,
        typer.Option(metavar="YAML", help="Use jobs of SLURM instead; the file describes them."),
    ] = None,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Analyse all images again.")
    ] = False,
) -> None:
    """Analyse all images of a folder; a batch that was stopped goes on where it was.

    Exit codes: 0 all done; 1 an image could not be analysed, or none was; 2 the call was wrong.
    """
    chosen = settings_from(
        settings,
        assignments or [],
        roles=roles,
        columns=columns,
        pixel_size_nm=pixel_size_nm,
        axes=axes,
        z_plane=z_plane,
        time_point=time_point,
        camera_pixel_nm=camera_pixel_nm,
    )
    if sum(one is not None for one in (workers, scheduler, slurm)) > 1:
        msg = "Give one of --workers, --scheduler and --slurm."
        raise CallError(msg)

    from chromamol.batch import Status, plan_batch, run_batch

    patterns = () if channel_files is None else tuple(channel_files.split(","))
    plan = plan_batch(folder, out, channel_files=patterns, sheet=sheet)
    for note in plan.notes:
        complain(note)
    ended = run_batch(
        plan, chosen, workers=workers, scheduler=scheduler, slurm=slurm, overwrite=overwrite
    )
    counts = dict.fromkeys(Status, 0)
    before = 0
    with _told(plan) as tell:
        for one in ended:
            counts[one.status] += 1
            before += one.before
            tell(one)
    total = len(plan.tasks) + len(plan.left_out)
    done = f"{counts[Status.OK]} of {total} images are done"
    if before:
        done += f" ({before} were before)"
    words = [done, f"{counts[Status.FAILED]} failed", f"{counts[Status.SKIPPED]} skipped"]
    say(f"{', '.join(words)}. How each ended is in {out / 'batch.csv'}.")
    if not counts[Status.OK]:
        complain("So there are no tables and no report; those of an earlier batch are removed.")
    if counts[Status.FAILED] or not counts[Status.OK]:
        raise typer.Exit(FAILED)


@contextmanager
def _told(plan: Plan) -> Iterator[Callable[[Ended], None]]:
    """Give what tells of an image that ended: above a bar, or as a line."""
    total = len(plan.tasks)
    if not sys.stderr.isatty():
        numbers = iter(range(1, total + len(plan.left_out) + 1))
        yield lambda one: say(f"[{next(numbers)}/{total + len(plan.left_out)}] {_line(one)}")
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as RichProgress

    bars = RichProgress(
        TextColumn("images"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=Console(stderr=True),
        transient=True,
    )
    with bars:
        bar = bars.add_task("images", total=total + len(plan.left_out))

        def tell(one: Ended) -> None:
            bars.console.print(printable(_line(one)), markup=False, highlight=False)
            bars.advance(bar)

        yield tell


def _line(one: Ended) -> str:
    """Say how an image ended."""
    how = "done before" if one.before else f"{one.status.value}, {one.seconds:.1f} s"
    return f"{one.name}: {how}" + (f". {one.reason}" if one.reason else "")
