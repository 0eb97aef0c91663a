"""``chromamol batch``: analyse all images of a folder."""

from __future__ import annotations

import shlex
import sys
from collections import Counter
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
from chromamol.cli.watch import Bar
from chromamol.cli.words import complain, printable, say
from chromamol.errors import CallError
from chromamol.progress import REPORT_STAGE, Silent

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from chromamol.batch import Ended, Plan
    from chromamol.progress import Progress


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
    from chromamol.batch.place import BATCH_FILE
    from chromamol.inference.foresight import doubts_ahead
    from chromamol.results.columns import NUCLEI_FILE

    patterns = () if channel_files is None else tuple(channel_files.split(","))
    plan = plan_batch(
        folder, out, channel_files=patterns, sheet=sheet, command=shlex.join(sys.argv)
    )
    had_tables = all((plan.out / name).is_file() for name in (BATCH_FILE, NUCLEI_FILE))
    ended = []
    with _told(plan) as (tell, progress):
        every = run_batch(
            plan,
            chosen,
            workers=workers,
            scheduler=scheduler,
            slurm=slurm,
            overwrite=overwrite,
            progress=progress,
        )
        for note in (*plan.notes, *doubts_ahead(chosen)):
            complain(note)
        for one in every:
            ended.append(one)
            tell(one)
    _summarise(ended, out, had_tables=had_tables)
    counts = Counter(one.status for one in ended)
    if counts[Status.FAILED] or not counts[Status.OK]:
        raise typer.Exit(FAILED)


def _summarise(ended: Sequence[Ended], out: Path, *, had_tables: bool) -> None:
    """Say how the images ended, and what must not be believed; where none is done, what to do."""
    from chromamol.batch import Status
    from chromamol.batch.place import BATCH_FILE, REPORT_FILE
    from chromamol.batch.task import maps_in_doubt
    from chromamol.results.columns import NUCLEI_FILE

    counts = Counter(one.status for one in ended)
    images = "image" if len(ended) == 1 else "images"
    verb = "is" if len(ended) == 1 or counts[Status.OK] == 1 else "are"
    done = f"{counts[Status.OK]} of {len(ended)} {images} {verb} done"
    before = sum(one.before for one in ended)
    if before:
        done += f" ({before} were before)"
    words = [done, f"{counts[Status.FAILED]} failed", f"{counts[Status.SKIPPED]} skipped"]
    say(f"{', '.join(words)}. How each ended is in {out / BATCH_FILE}.")
    doubts = maps_in_doubt(ended)
    if doubts:
        say(f"{doubts}: see the column findings of {out / NUCLEI_FILE}, and {out / REPORT_FILE}.")
    if not counts[Status.OK]:
        removed = "; those of the earlier batch are removed" if had_tables else ""
        complain(
            f"So there are no tables and no report{removed}. Mend what the lines above name (they "
            f"are in {out / BATCH_FILE}, too), and run the same command again."
        )


@contextmanager
def _told(plan: Plan) -> Iterator[tuple[Callable[[Ended], None], Progress]]:
    """Give what tells of an image that ended, above bars or as a line, and of the stages."""
    total = len(plan.names)
    if not sys.stderr.isatty():
        numbers = iter(range(1, total + 1))
        yield lambda one: say(f"[{next(numbers)}/{total}] {_line(one)}"), _OfReport()
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as RichProgress

    bars = RichProgress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=Console(stderr=True),
        transient=True,
    )
    with bars:
        bar = bars.add_task("images", total=total)

        def tell(one: Ended) -> None:
            bars.console.print(printable(_line(one)), markup=False, highlight=False)
            bars.advance(bar)

        yield tell, Bar(bars)


class _OfReport(Silent):
    """The progress where no bar is drawn: a line when the report begins, which may take long."""

    def begin(self, stage: str, steps: int | None = None) -> None:
        """Tell of the report only: images have a line of their own."""
        if stage == REPORT_STAGE:
            say("Making the report.")


def _line(one: Ended) -> str:
    """Say how an image ended; of one that was done before, its doubts were told then."""
    if one.before:
        return f"{one.name}: done before"
    how = f"{one.name}: {one.status.value}, {one.seconds:.1f} s"
    return f"{how}. {one.reason}" if one.reason else how
