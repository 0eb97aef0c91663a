"""Tables as CSV files that are safe to open in a spreadsheet."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from chromamol.results.columns import COLUMNS, COLUMNS_FILE, RATE_UNIT, column_names

if TYPE_CHECKING:
    from pathlib import Path

_STARTS_A_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def write_table(path: Path, table: pd.DataFrame) -> None:
    """Write a table as UTF-8 CSV, full precision, empty cells where there is no value.

    A text that a spreadsheet would run as a formula (an image named ``=1+2``) gets an
    apostrophe in front.
    """
    table.map(defused).to_csv(path, index=False, encoding="utf-8", lineterminator="\n")


def columns_table(rate_unit: str) -> pd.DataFrame:
    """Return the dictionary of all tables, as `columns.csv` has it.

    Parameters
    ----------
    rate_unit : str
        Unit of the rates of this analysis, "" where they have none.
    """
    rows = [
        (
            column.file,
            column.name,
            rate_unit if column.unit == RATE_UNIT else column.unit,
            column.meaning,
            column.formula,
            column.reference,
        )
        for column in COLUMNS
    ]
    return pd.DataFrame(rows, columns=column_names(COLUMNS_FILE))


def armed(cell: str) -> str:
    """Return a text as it was before `defused`."""
    return cell[1:] if cell[:1] == "'" and cell[1:].startswith(_STARTS_A_FORMULA) else cell


def defused(cell: object) -> object:
    """Keep a spreadsheet from taking a text for a formula."""
    if isinstance(cell, str) and cell.startswith(_STARTS_A_FORMULA):
        return f"'{cell}"
    return cell
