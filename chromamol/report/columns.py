"""What the report says of each nucleus in numbers: columns of the tables, and main measures."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from chromamol.results.columns import NUCLEI_FILE
from chromamol.statistics.measures import MEASURES, is_doubted, values_of

if TYPE_CHECKING:
    from chromamol.report.cohort import Cohort
    from chromamol.statistics.measures import Measure

OK, EXPLORATORY, DOUBTED, NO_MAP = "believed", "exploratory", "doubted", "no map"
SIGNS = {OK: "✓", EXPLORATORY: "?", DOUBTED: "⚠", NO_MAP: "∅"}
# Said elsewhere in the section of a nucleus.
_SAID = {"image", "nucleus", "group", "replicate", "block", "findings", "status", "quantity"}
_SAID |= {"scale", "exploratory"}
# Of columns whose name is no words.
_TITLES = {
    "ccp": "chromatin condensation parameter (%)",
    "hc_ec_ratio": "HC/EC ratio",
    "rhf": "relative heterochromatin fraction",
    "rate_iqr_low": "first quartile of the rate",
    "rate_iqr_high": "third quartile of the rate",
}


@dataclass(frozen=True)
class Number:
    """One number of a nucleus: what it is called, its value and unit."""

    title: str
    value: str
    unit: str


def states_of(nuclei: pd.DataFrame) -> pd.Series:
    """Tell of each nucleus whether its rate map is believed, exploratory, doubted, or not there.

    An exploratory map, which only suggests what to look for, is none that may be believed.

    Parameters
    ----------
    nuclei : pandas.DataFrame
        ``nuclei.csv``.
    """
    states = pd.Series(OK, index=nuclei.index)
    states[nuclei["exploratory"].astype(bool)] = EXPLORATORY
    states[is_doubted(nuclei)] = DOUBTED
    if "rate_mean" in nuclei:
        states[nuclei["rate_mean"].isna()] = NO_MAP
    return states


def main_measures(nuclei: pd.DataFrame) -> dict[Measure, pd.Series]:
    """Return what groups are compared by, where the table has it for any nucleus.

    NaN is what does not count.
    """
    values = {}
    for measure in MEASURES:
        try:
            column = values_of(measure, nuclei)
        except (KeyError, ValueError, TypeError):  # an older table, or one that was edited
            continue
        if column.notna().any():
            values[measure] = column
    return values


class Dictionary:
    """What the columns of the tables mean.

    Parameters
    ----------
    cohort : Cohort

    Attributes
    ----------
    columns : list of dict
        Rows of ``columns.csv`` about the nuclei, with `title`, their name for people.
    """

    def __init__(self, cohort: Cohort) -> None:
        table = cohort.columns
        rows = table[table["file"] == NUCLEI_FILE].fillna("").to_dict("records")
        self.columns = [
            row
            | {name: _in_symbols(str(row[name])) for name in ("unit", "meaning")}
            | {"title": title_of(str(row["column"]), str(row["unit"]))}
            for row in rows
        ]
        self._by_name = {row["column"]: row for row in self.columns}

    def numbers(self, row: pd.Series) -> list[Number]:
        """Return the numbers of a nucleus that has a value."""
        numbers = []
        for name, value in row.items():
            if name in _SAID or _is_missing(value):
                continue
            known = self._by_name.get(name, {})
            title = known.get("title", title_of(str(name), ""))
            numbers.append(Number(title, number(value), known.get("unit", "")))
        return numbers


def title_of(column: str, unit: str) -> str:
    """Name a column in words, without the unit that it ends in: area_um2 is area.

    Parameters
    ----------
    column, unit : str
        As ``columns.csv`` has them.
    """
    name = column.removesuffix(f"_{unit.replace('1/', 'per_')}") if unit else column
    return _TITLES.get(column, name.replace("_", " "))


def number(value: object) -> str:
    """Write a number with four digits at most, and a truth as yes or no."""
    if _is_missing(value):
        return "–"
    if isinstance(value, (bool, np.bool_)):
        return "yes" if value else "no"
    if isinstance(value, (int, np.integer)):
        return str(value)
    return rounded(value) if isinstance(value, float) else str(value)


def rounded(value: float, digits: int = 4) -> str:
    """Write a number with so many digits; an exponent only where it is very small or large."""
    if value and not 1e-4 <= abs(value) < 1e6:
        return f"{value:.{digits}g}"
    return np.format_float_positional(value, digits, unique=False, fractional=False, trim="-")


def _in_symbols(text: str) -> str:
    """Write the units of the tables, which hold ASCII, as people do; not those in names."""
    return re.sub(r"\bum\b", "µm", re.sub(r"\bum2\b", "µm²", text))


def _is_missing(value: object) -> bool:
    return value is None or (isinstance(value, float) and math.isnan(value))
