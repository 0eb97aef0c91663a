"""The dictionary of the tables: every column, its unit, meaning, formula and source."""

from __future__ import annotations

from dataclasses import dataclass

from chromamol.results.domain_columns import DOMAIN_COLUMNS
from chromamol.results.nucleus_columns import NUCLEUS_COLUMNS
from chromamol.results.sources import NONE, OURS, RATE_UNIT

__all__ = ["COLUMNS", "COLUMNS_FILE", "DOMAINS_FILE", "NUCLEI_FILE", "RATE_UNIT", "Column"]

NUCLEI_FILE = "nuclei.csv"
DOMAINS_FILE = "domains.csv"
COLUMNS_FILE = "columns.csv"


@dataclass(frozen=True)
class Column:
    """One column of one table.

    Attributes
    ----------
    file : str
        The table that has the column.
    name : str
        Its header; ends in the unit where there is one.
    unit : str
        Unit of its values; "" where they have none, `RATE_UNIT` for rates.
    meaning : str
        What the values are.
    formula : str
        How they are computed, in plain text; "none" for names and what is read off.
    reference : str
        Where the definition comes from: a paper, "standard" or "this project".
    """

    file: str
    name: str
    unit: str
    meaning: str
    formula: str
    reference: str


_COLUMNS = (
    ("file", "", "The table that has the column.", NONE, OURS),
    ("column", "", "Header of the column.", NONE, OURS),
    ("unit", "", "Unit of its values; empty where they have none.", NONE, OURS),
    ("meaning", "", "What the values are.", NONE, OURS),
    ("formula", "", "How they are computed; 'none' for names and what is read off.", NONE, OURS),
    (
        "reference",
        "",
        "Where the definition comes from: a paper, 'standard', or 'this project'.",
        NONE,
        OURS,
    ),
)

COLUMNS: tuple[Column, ...] = tuple(
    Column(file, *declaration)
    for file, declarations in (
        (NUCLEI_FILE, NUCLEUS_COLUMNS),
        (DOMAINS_FILE, DOMAIN_COLUMNS),
        (COLUMNS_FILE, _COLUMNS),
    )
    for declaration in declarations
)


def column_names(file: str) -> list[str]:
    """Return the headers of one table, in their order."""
    return [column.name for column in COLUMNS if column.file == file]
