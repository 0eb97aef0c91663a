"""The parts of the pages that the code itself declares, written when the pages are built.

A line ``<!-- from the code: NAME -->`` in a page is replaced by the text of that name, so that
settings, columns, findings and commands are declared in one place: the code.
"""

from __future__ import annotations

import inspect
import re
from typing import TYPE_CHECKING, Any

import typer
import yaml
from finding_examples import EXAMPLES
from typer.testing import CliRunner

from chromamol.cli import app as cli
from chromamol.cli.settings_file import _allowed
from chromamol.inference import findings, rate_map
from chromamol.results import (
    chromatin_columns,
    columns,
    domain_columns,
    nucleus_columns,
    rate_columns,
    sources,
)
from chromamol.results.advice import ADVICE
from chromamol.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import ModuleType

    from sphinx.application import Sphinx

_HELP_WIDTH = "88"
_LINE = re.compile(r"^<!-- from the code: (\w+) -->$", re.MULTILINE)


def settings_reference() -> str:
    """Describe every setting: what it is, its default, what it may be."""
    defaults = Settings().model_dump(mode="json")
    declared = Settings.model_json_schema()["properties"]
    parts = []
    for key, field in Settings.model_fields.items():
        options = declared[key].get("anyOf", [declared[key]])
        allowed = "; ".join(map(_allowed, options))
        line = yaml.safe_dump({key: defaults[key]}, sort_keys=False).strip()
        parts.append(
            f"### {key}\n\n{field.description}\n\n- Default: `{line}`\n- Allowed: {allowed}"
        )
    return "\n\n".join(parts)


def columns_reference() -> str:
    """Explain every column of every table."""
    parts = []
    for file in (columns.NUCLEI_FILE, columns.DOMAINS_FILE, columns.COLUMNS_FILE):
        rows = [
            (f"`{column.name}`", column.unit, _explained(column))
            for column in columns.COLUMNS
            if column.file == file
        ]
        parts.append(
            f"### {file}\n\n{_table(('Column', 'Unit', 'Meaning, formula (source)'), rows)}"
        )
    return "\n\n".join(parts)


def _explained(column: columns.Column) -> str:
    """Say what a column is, and in a new line how it is computed and where that comes from."""
    if column.formula == "none":
        return column.meaning
    return f"{column.meaning}<br>`{column.formula}` ({column.reference})"


def findings_reference() -> str:
    """Say for every finding what it means and what to do."""
    makers = dict(_makers())
    if set(makers) != set(EXAMPLES):
        msg = (
            "docs/finding_examples.py and chromamol/inference/findings.py do not name the same "
            f"findings: {sorted(set(makers) ^ set(EXAMPLES))}. Give an example of each."
        )
        raise ValueError(msg)
    parts = []
    for name, examples in EXAMPLES.items():
        for arguments in examples:
            finding = makers[name](*arguments)
            advice = ADVICE[finding.code]
            parts.append(f"### {finding.code}\n\n> {finding.sentence}\n\n{advice}")
    return "\n\n".join(parts)


def outcomes_reference() -> str:
    """List the quantities, the scales and the statuses of a map."""
    quantities = "\n".join(f"- `{quantity.value}`" for quantity in rate_map.Quantity)
    parts = [f"### quantity: what the numbers are\n\n{quantities}"]
    for title, kind in (
        ("scale: how they compare", rate_map.Scale),
        ("status: how the solver ended", rate_map.Status),
    ):
        rows = [(f"`{one.name}`", one.value) for one in kind]
        parts.append(f"### {title}\n\n{_table(('Value', 'Meaning'), rows)}")
    return "\n\n".join(parts)


def commands_reference() -> str:
    """Show the help of every command."""
    parts = []
    for words in _commands(typer.main.get_command(cli.app)):
        shown = CliRunner().invoke(
            cli.app, [*words, "--help"], prog_name="chromamol", env={"COLUMNS": _HELP_WIDTH}
        )
        parts.append(f"### chromamol {' '.join(words)}\n\n```text\n{shown.output.strip()}\n```")
    return "\n\n".join(parts)


_WRITERS: dict[str, tuple[Callable[[], str], tuple[ModuleType, ...]]] = {
    "settings": (settings_reference, (inspect.getmodule(Settings),)),
    "columns": (
        columns_reference,
        (columns, nucleus_columns, rate_columns, chromatin_columns, domain_columns, sources),
    ),
    "findings": (findings_reference, (findings,)),
    "outcomes": (outcomes_reference, (rate_map,)),
    "commands": (commands_reference, (cli,)),
}


def fill(app: Sphinx, _name: str, source: list[str]) -> None:
    """Replace the marked lines of a page; the page is built again when the code changes."""

    def written(marked: re.Match[str]) -> str:
        write, modules = _WRITERS[marked[1]]
        for module in modules:
            app.env.note_dependency(str(inspect.getfile(module)))
        return write()

    source[0] = _LINE.sub(written, source[0])


def setup(app: Sphinx) -> dict[str, bool]:
    """Register with Sphinx."""
    app.connect("source-read", fill)
    return {"parallel_read_safe": True}


def _makers() -> Iterator[tuple[str, Any]]:
    """Find the functions that make findings."""
    for name, function in inspect.getmembers(findings, inspect.isfunction):
        if function.__module__ == findings.__name__ and not name.startswith("_"):
            yield name, function


def _commands(command: Any, words: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Name every command that does something, those of groups included."""
    inner = getattr(command, "commands", None)
    if inner is None:
        yield words
        return
    for name, one in inner.items():
        yield from _commands(one, (*words, name))


def _table(header: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    """Write a Markdown table."""
    lines = [header, tuple("---" for _ in header), *rows]
    return "\n".join(f"| {' | '.join(_cell(text) for text in line)} |" for line in lines)


def _cell(text: str) -> str:
    """Keep a bar in a text from ending its cell."""
    return text.replace("|", r"\|")
