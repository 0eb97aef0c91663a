"""Where the results of a report come from, and how to make them again."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from chromamol.report.cohort import Cohort

_MOST_COMMANDS = 5
Kind = TypeVar("Kind", str, list[Any])


def inputs_of(cohort: Cohort) -> list[tuple[str, str, str]]:
    """List the files that were read: image, file, SHA-256.

    Parameters
    ----------
    cohort : Cohort
    """
    return [
        (source.image, str(file.get("name", "")), str(file.get("sha256", "")))
        for source in cohort.sources
        for file in _input(source.provenance, "files", list)
        if isinstance(file, dict)
    ]


def commands_of(cohort: Cohort) -> list[str]:
    """Return what was typed, or what does the same; the first few.

    Parameters
    ----------
    cohort : Cohort
    """
    commands: dict[str, None] = {}
    for source in cohort.sources:
        typed = source.provenance.get("command")
        path = _input(source.provenance, "path", str)
        if isinstance(typed, str):
            commands[typed] = None
        elif path.endswith(source.image):
            words = ["chromamol", "batch", path.removesuffix(source.image), "-o", str(cohort.out)]
            words += ["--settings", "settings.yaml"]
            words += ["--sheet", "samples.csv"] if cohort.groups else []
            commands[shlex.join(words)] = None
    return list(commands)[:_MOST_COMMANDS]


def _input(provenance: dict[str, object], name: str, kind: type[Kind]) -> Kind:
    """Return an entry about the input; an empty one where the file holds something else."""
    entries = provenance.get("input")
    value = entries.get(name) if isinstance(entries, dict) else None
    return value if isinstance(value, kind) else kind()
