"""Folders that are not as a batch left them: each thing is told, the rest goes on."""

from __future__ import annotations

import json
import shutil

import pandas as pd
import pytest

from chromamol.report.cohort import read_cohort
from chromamol.report.write import write_report

from .conftest import IMAGES


def test_results_that_no_batch_made(out, read_page) -> None:
    for file in [one for one in out.iterdir() if one.is_file()]:
        file.unlink()
    page = read_page(write_report(out))
    assert len(page.all("article")) == len(IMAGES)
    assert "No groups are compared: the batch had no sample sheet" in page.text
    assert "4 images 4 nuclei" in page.text
    assert not (out / "maps.svg").exists()
    assert "benjamini1995" not in (out / "references.bib").read_text()


def test_one_result_alone(out, read_page) -> None:
    page = read_page(write_report(out / "d"))
    assert len(page.all("article")) == 1


def test_damaged_and_lost_results(out, read_page) -> None:
    (out / "d/d.ome.zarr/rate/0/zarr.json").write_text("{")
    (out / "c & \"d\"  'e'/provenance.json").write_text("[]")
    shutil.rmtree(out / "=1+2 é")
    page = read_page(write_report(out))
    assert len(page.all("article")) == len(IMAGES)
    assert len([one for one in page.all("img") if one.get("loading")]) == 7
    assert "is not JSON: the OME-Zarr image is damaged" in page.text
    assert "The result c & \"d\" 'e' is left out" in page.text
    assert "The folders of these results are not there any more: =1+2 é.ome.tif" in page.text


def test_a_record_of_another_version(out, read_page) -> None:
    header = out / "d/d.ome.zarr/zarr.json"
    content = json.loads(header.read_text())
    content["attributes"]["chromamol"]["schema_version"] = 99
    header.write_text(json.dumps(content))
    text = read_page(write_report(out)).text
    assert "The result of d.ome.tif cannot be read." in text
    assert "3 images were analysed" in text


@pytest.mark.parametrize(
    ("file", "content", "said"),
    [
        ("nuclei.csv", "a,b\n1,2\n", "nuclei.csv has no column"),
        ("nuclei.csv", "", "nuclei.csv cannot be read"),
        ("batch.csv", '"\n', "batch.csv cannot be read"),
        ("comparisons.csv", "x\n1\n", "comparisons.csv has no column"),
        ("columns.csv", "\x00\x01", "columns.csv"),
    ],
)
def test_foreign_tables(out, file, content, said) -> None:
    (out / file).write_text(content)
    cohort = read_cohort(out)
    assert any(said in trouble for trouble in cohort.troubles)
    assert len(cohort.nuclei) == len(IMAGES)


def test_text_among_the_numbers(out, read_page) -> None:
    table = pd.read_csv(out / "nuclei.csv").astype(object)
    table.loc[0, "area_um2"] = "<img src=x onerror=alert(1)>"
    table.to_csv(out / "nuclei.csv", index=False)
    page = read_page(write_report(out))
    assert len(page.all("article")) == len(IMAGES)
    assert all("onerror" not in attributes for _, attributes in page.tags)
    table.loc[0, "nucleus"] = "one"
    table.to_csv(out / "nuclei.csv", index=False)
    assert "nuclei.csv holds text where nucleus is a number" in read_page(write_report(out)).text


def test_a_new_column_is_shown_with_its_meaning(out, read_page) -> None:
    table = pd.read_csv(out / "nuclei.csv")
    table.assign(shell_1_mean=[0.5, 1.25, 2.0, 4.0]).to_csv(out / "nuclei.csv", index=False)
    with (out / "columns.csv").open("a") as file:
        file.write("nuclei.csv,shell_1_mean,1/s,Mean of the outermost shell.\n")
    text = read_page(write_report(out)).text
    assert "shell_1_mean 1.25 1/s" in text
    assert "Mean of the outermost shell." in text
