"""The report of a batch, from the files in its folder to one HTML file."""

from __future__ import annotations

import logging
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

from chromamol.batch.place import MAPS_FILE, REFERENCES_FILE, REPORT_FILE
from chromamol.errors import CallError, InputError
from chromamol.output import appearing_file, disk_told
from chromamol.progress import REPORT_STAGE, Silent
from chromamol.report.cohort import read_cohort
from chromamol.report.comparisons import comparisons_of
from chromamol.report.limits import rate_limits
from chromamol.report.maps import draw_maps, typical_nuclei
from chromamol.report.methods import methods
from chromamol.report.page import Parts, write_page
from chromamol.report.references import Cited
from chromamol.report.survey import Survey
from chromamol.report.svg import pdf_of, svg_of
from chromamol.results.reopen import read_record

if TYPE_CHECKING:
    from collections.abc import Mapping

    from chromamol.progress import Progress
    from chromamol.report.cohort import Cohort
    from chromamol.report.maps import Typical

logger = logging.getLogger(__name__)

_MAPS = (MAPS_FILE, MAPS_FILE.replace(".svg", ".pdf"))


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
    progress.begin(REPORT_STAGE)
    cohort = read_cohort(out)
    survey, damaged = _survey(cohort)
    cited = Cited()
    rates = [one.acetylation_rate_per_s for one, _ in survey.settings.values()]
    limits = rate_limits(cohort.nuclei, next(filter(None, rates), None))
    typical, figures, undrawn = _typical(cohort, limits)
    parts = Parts(
        cohort=cohort,
        survey=survey,
        troubles=(*cohort.troubles, *damaged, *undrawn),
        comparisons=comparisons_of(cohort),
        typical=typical,
        limits=limits,
        maps=figures.get(_MAPS[0], b""),
        methods=methods(cohort, survey, cited),
        cited=cited,
    )
    with disk_told(out), ExitStack() as appearing:  # the last file to begin is the first to appear
        page = appearing.enter_context(appearing_file(out / REPORT_FILE))
        for name, content in ({REFERENCES_FILE: cited.bibtex().encode()} | figures).items():
            appearing.enter_context(appearing_file(out / name)).write_bytes(content)
        write_page(page, parts, progress)
    with disk_told(out):
        for name in set(_MAPS) - set(figures):  # those of an earlier batch
            (out / name).unlink(missing_ok=True)
    return out / REPORT_FILE


def _typical(
    cohort: Cohort, limits: Mapping[str, float]
) -> tuple[Typical | None, dict[str, bytes], list[str]]:
    """Choose and draw typical nuclei; say why not where a table or a result does not fit."""
    try:
        typical = typical_nuclei(cohort)
        figure = draw_maps(cohort, typical, limits) if typical else None
        drawn = (svg_of(figure), pdf_of(figure)) if figure else ()
    except Exception as error:  # one bad result must not stop the report
        logger.exception("The maps of the groups cannot be drawn")
        trouble = f"The maps of the groups cannot be drawn ({type(error).__name__}: {error})."
        return None, {}, [trouble]
    return typical, dict(zip(_MAPS, drawn, strict=False)), []


def _survey(cohort: Cohort) -> tuple[Survey, list[str]]:
    """Count over the records of all results; say which are damaged."""
    survey, damaged = Survey(), []
    for source in cohort.sources:
        try:
            survey.add(source, read_record(source.store))
        except InputError as error:
            damaged.append(f"The result of {source.image} cannot be read. {error}")
    return survey, damaged
