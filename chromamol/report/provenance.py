"""Where the results of a report come from, and what was typed."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from chromamol.report.cohort import Cohort

_MOST_COMMANDS = 5


def inputs_of(cohort: Cohort) -> list[tuple[str, str, str]]:
    """List the files that were read: image, file, SHA-256.

    Parameters
    ----------
    cohort : Cohort
    """
    return [
        (source.image, str(file.get("name", "")), str(file.get("sha256", "")))
        for source in cohort.sources
        for file in _files(source.provenance)
    ]


def commands_of(cohort: Cohort) -> list[str]:
    """Return what was typed, as far as it is known; the first few.

    Parameters
    ----------
    cohort : Cohort
    """
    typed = (source.provenance.get("command") for source in cohort.sources)
    commands = dict.fromkeys(one for one in typed if isinstance(one, str))
    return list(commands)[:_MOST_COMMANDS]


def _files(provenance: dict[str, object]) -> list[dict[str, object]]:
    """Return the files of the input; none where the provenance holds something else."""
    entries = provenance.get("input")
    files = entries.get("files") if isinstance(entries, dict) else None
    return [one for one in files if isinstance(one, dict)] if isinstance(files, list) else []
