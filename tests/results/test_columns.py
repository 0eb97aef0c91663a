"""The dictionary of the columns and the files agree; the files are safe to open."""

from __future__ import annotations

import csv

import pandas as pd
import pytest

from chromamol.results.columns import COLUMNS, DOMAINS_FILE, NUCLEI_FILE, RATE_UNIT
from chromamol.results.measure import measure
from chromamol.results.tables import columns_table, write_table


def test_dictionary_has_exactly_the_columns_of_the_tables(analysis):
    dictionary = columns_table("")
    tables = {
        NUCLEI_FILE: measure(analysis).nuclei,
        DOMAINS_FILE: measure(analysis).domains,
        "columns.csv": dictionary,
    }
    assert set(dictionary.file) == set(tables)
    for file, table in tables.items():
        assert list(table.columns) == dictionary[dictionary.file == file].column.tolist()
        # No other columns than those of roles without a channel, and the interval of the mean of a
        # relative map, are empty in every row.
        empty = {"total_intensity", "mark_intensity", "rate_mean_low", "rate_mean_high"}
        assert set(table.columns[table.isna().all()]) == (empty if file == NUCLEI_FILE else set())


def test_every_header_ends_in_its_unit():
    for column in COLUMNS:
        ending = column.name.rpartition("_")[2]
        assert column.meaning.endswith(".")
        assert ("rate" in column.name.split("_") and ending != "fraction") == (
            column.unit == RATE_UNIT
        )
        if column.unit != RATE_UNIT:
            unit = column.unit.removeprefix("1/") if "_per_" in column.name else column.unit
            assert (ending in {"nm", "um", "um2"}) == bool(unit), column
            assert ending == unit or not unit


def test_every_column_says_how_it_is_computed_and_where_that_comes_from():
    for column in COLUMNS:
        assert column.formula, column.name
        assert not column.formula.endswith("."), column.name
        # What a spreadsheet would run gets an apostrophe, which a reader would stumble over.
        assert column.formula[0] not in "=+-@", column.name
        assert column.reference, column.name
        if column.formula == "none":
            assert (column.unit, column.reference) == ("", "this project"), column.name


def test_rates_have_the_unit_of_their_map():
    for unit in ("", "1/s"):
        units = columns_table(unit).set_index(["file", "column"]).unit
        assert units[NUCLEI_FILE, "rate_mean"] == unit
        assert units[DOMAINS_FILE, "rate_mean_sd"] == unit
        assert units[NUCLEI_FILE, "area_um2"] == "um2"
        assert units[NUCLEI_FILE, "rate_area_fraction"] == ""


@pytest.mark.parametrize("name", ["=1+2", "+cmd", "-cell", "@SUM(A1)", "\tx"])
def test_no_cell_is_a_formula(tmp_path, name):
    table = pd.DataFrame({"image": [name, "a=b"], "shift_nm": [-1.5, 2.0]})
    write_table(tmp_path / "t.csv", table)
    with (tmp_path / "t.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert rows[0] == {"image": f"'{name}", "shift_nm": "-1.5"}
    assert rows[1]["image"] == "a=b"


def test_numbers_come_back_as_they_were(tmp_path, analysis):
    table = measure(analysis).nuclei
    write_table(tmp_path / NUCLEI_FILE, table)
    back = pd.read_csv(tmp_path / NUCLEI_FILE)
    pd.testing.assert_frame_equal(back, table, check_dtype=False)
