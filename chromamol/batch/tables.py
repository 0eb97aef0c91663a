"""The tables of all images of a batch in one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from chromamol.batch.place import COMPARISONS, COMPARISONS_FILE, FROM_RESULTS, GATHERED
from chromamol.errors import InputError
from chromamol.output import appearing_file, disk_told
from chromamol.results.columns import COLUMNS_FILE, column_names
from chromamol.results.sources import NONE, OURS
from chromamol.results.tables import write_table
from chromamol.statistics.compare import COLUMNS as COMPARED
from chromamol.statistics.compare import FORMULAS, compare_groups
from chromamol.statistics.superplot import draw_superplots

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from chromamol.batch.plan import Plan
    from chromamol.batch.task import Task

SAMPLE_COLUMNS = {
    "group": "Condition, from the sample sheet.",
    "replicate": "Biological replicate, from the sample sheet.",
    "block": "What pairs replicates of different groups, from the sample sheet.",
}
_IMAGE = "The file of the image, below the folder of the batch."


def gather_tables(plan: Plan, done: Sequence[Task]) -> None:
    """Write the tables of results in one, as CSV and as Parquet.

    The column `image` holds the file relative to the folder of the batch; with a sample sheet, its
    group, replicate and block follow, and ``comparisons.csv`` compares the groups; without one, an
    earlier comparison is removed.

    Parameters
    ----------
    plan : Plan
    done : sequence of Task
        Those whose results are of this plan.

    Raises
    ------
    CallError
        If they cannot be written.
    InputError
        If the tables of a result are damaged.
    """
    with disk_told(plan.out):
        for file in GATHERED:  # the nuclei last
            table = pd.concat(_parts(plan, done, file), ignore_index=True)
            with appearing_file(plan.out / file) as partial:
                write_table(partial, table)
            parquet = (plan.out / file).with_suffix(".parquet")
            with appearing_file(parquet) as partial:
                table.to_parquet(partial, index=False)
        columns = _read(done[0].folder / COLUMNS_FILE, keep_default_na=False)
        columns.loc[columns["column"] == "image", "meaning"] = _IMAGE
        if plan.groups:
            rows = [
                (file, name, "", meaning, NONE, OURS)
                for file in GATHERED
                for name, meaning in SAMPLE_COLUMNS.items()
            ]
            rows += [
                (COMPARISONS_FILE, name, "", meaning, *FORMULAS.get(name, (NONE, OURS)))
                for name, meaning in COMPARED.items()
            ]
            _write_comparisons(plan, table)
            columns = pd.concat([columns, pd.DataFrame(rows, columns=columns.columns)])
        else:
            _remove(plan.out, COMPARISONS)
        with appearing_file(plan.out / COLUMNS_FILE) as partial:
            write_table(partial, columns)


def remove_tables(out: Path) -> None:
    """Remove the tables of an earlier batch and what was made from them; the results stay.

    Parameters
    ----------
    out : Path

    Raises
    ------
    CallError
        If they cannot be removed.
    """
    with disk_told(out):
        _remove(out, FROM_RESULTS)


def _remove(out: Path, names: Iterable[str]) -> None:
    """Remove files, where they are there."""
    for name in names:
        (out / name).unlink(missing_ok=True)


def _write_comparisons(plan: Plan, nuclei: pd.DataFrame) -> None:
    """Compare the groups, as a table and as a figure."""
    from chromamol.results.figure import save_figure

    comparisons = compare_groups(nuclei, plan.groups)
    table = plan.out / COMPARISONS_FILE
    with appearing_file(table) as partial:
        write_table(partial, comparisons)
    figure = draw_superplots(nuclei, comparisons, plan.groups)
    png, pdf = table.with_suffix(".png"), table.with_suffix(".pdf")
    with appearing_file(png) as new_png, appearing_file(pdf) as new_pdf:
        save_figure(figure, new_png, new_pdf)


def _read(path: Path, **options: bool) -> pd.DataFrame:
    """Read a table of a result."""
    try:
        table = pd.read_csv(path, **options)
    except ValueError:  # torn, empty, or no text
        table = pd.DataFrame()
    if list(table) != column_names(path.name):
        msg = (
            f"The table {path} is damaged, so there are no tables of all images and no report. "
            "Delete its folder and run the same again: this image is analysed anew, the others "
            "stay."
        )
        raise InputError(msg)
    return table


def _parts(plan: Plan, done: Sequence[Task], file: str) -> Iterator[pd.DataFrame]:
    """Read one table of every result, and name its image and sample."""
    for task in done:
        part = _read(task.folder / file)
        part["image"] = task.name
        if plan.groups:
            for number, name in enumerate(SAMPLE_COLUMNS, start=1):
                part.insert(number, name, getattr(task, name))
        yield part
