"""The report of a batch, from the files in its folder to one HTML file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from chromamol.batch.place import MAPS_FILE, REFERENCES_FILE, REPORT_FILE
from chromamol.errors import CallError, InputError
from chromamol.output import appearing_file, disk_told
from chromamol.progress import Silent
from chromamol.report.cohort import read_cohort
from chromamol.report.comparisons import comparisons_of
from chromamol.report.maps import draw_maps, typical_nuclei
from chromamol.report.methods import methods
from chromamol.report.page import Parts, write_page
from chromamol.report.references import Cited
from chromamol.report.survey import Survey
from chromamol.report.svg import pdf_of, svg_of
from chromamol.results.reopen import read_record

if TYPE_CHECKING:
    from chromamol.progress import Progress
    from chromamol.report.cohort import Cohort


def write_report(out: Path | str, *, progress: Progress | None = None) -> Path:
    """Write ``report.html`` about all that a batch left in its folder, replacing an earlier one.

    Beside it ``references.bib`` is written, with what its methods text cites, and, where there are
    groups, ``maps.svg`` and ``maps.pdf``. Results are read one at a time.

    Parameters
    ----------
    out : path
        Folder that ``chromamol batch`` or ``chromamol run`` wrote to.
    progress : Progress, optional
        Told of every nucleus; may cancel.

    Returns
    -------
    Path
        The report.

    Raises
    ------
    CallError
        If `out` is no folder, or cannot be written to.
    InputError
        If there is no result in it.
    Cancelled
        If `progress` asked to stop; an earlier report is kept then.
    """
    out, progress = Path(out), progress or Silent()
    if not out.is_dir():
        msg = f"{out} is no folder. Give the one that 'chromamol batch' wrote to."
        raise CallError(msg)
    progress.begin("reading what the batch left")
    cohort = read_cohort(out)
    survey, damaged = _survey(cohort)
    cited = Cited()
    typical = typical_nuclei(cohort)
    figure = draw_maps(cohort, typical) if typical else None
    parts = Parts(
        cohort=cohort,
        survey=survey,
        troubles=(*cohort.troubles, *damaged),
        comparisons=comparisons_of(cohort),
        typical=typical,
        maps=svg_of(figure) if figure else b"",
        methods=methods(cohort, survey, cited),
        cited=cited,
    )
    with disk_told(out), appearing_file(out / REPORT_FILE) as partial:
        write_page(partial, parts, progress)
        _replace(out / REFERENCES_FILE, cited.bibtex().encode())
        if figure:
            _replace(out / MAPS_FILE, parts.maps)
            _replace((out / MAPS_FILE).with_suffix(".pdf"), pdf_of(figure))
    return out / REPORT_FILE


def _survey(cohort: Cohort) -> tuple[Survey, list[str]]:
    """Count over the records of all results; say which are damaged."""
    survey, damaged = Survey(), []
    for source in cohort.sources:
        try:
            survey.add(source, read_record(source.store))
        except InputError as error:
            damaged.append(f"The result of {source.image} cannot be read. {error}")
    return survey, damaged


def _replace(path: Path, content: bytes) -> None:
    """Write a file that takes the place of an earlier one."""
    with appearing_file(path) as partial:
        partial.write_bytes(content)
