"""Folders that are not as a batch left them: each thing is told, the rest goes on."""

from __future__ import annotations

import json
import shutil

import pandas as pd
import pytest

from chromamol.batch import Ended, Status
from chromamol.batch.log import BatchLog
from chromamol.errors import InputError
from chromamol.report import write
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
    assert "What was typed" not in page.text  # nothing was: the batch was called from Python
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
    assert "provenance.json in it cannot be read" in page.text
    assert "The result c & \"d\" 'e' is left out" in page.text
    assert "The folders of these results are not there any more: =1+2 é.ome.tif" in page.text


def test_each_damage_is_told_once(out) -> None:
    (out / "d/provenance.json").write_text("{")
    troubles = read_cohort(out).troubles
    assert troubles == (
        "The result d is left out: provenance.json in it cannot be read. Delete its folder, and "
        "run the batch again.",
    )
    # What an image that fails now left earlier is not missed.
    (out / "nuclei.csv").write_text(
        "".join(
            line
            for line in (out / "nuclei.csv").read_text().splitlines(keepends=True)
            if "d.ome.tif" not in line
        )
    )
    with (out / "batch.csv").open("a") as file:
        file.write("d.ome.tif,failed,why,,1.0,100,2026-01-01T00:00:00+00:00\n")
    assert not read_cohort(out).troubles


def test_results_of_an_early_version(out, read_page) -> None:
    for name in ("d", "=1+2 é"):
        file = out / name / "provenance.json"
        entries = json.loads(file.read_text(encoding="utf-8"))
        del entries["batch_image"]
        file.write_text(json.dumps(entries))
    (trouble,) = read_cohort(out).troubles
    assert "an early version of chromamol" in trouble
    assert "did not note their image: =1+2 é, d. Run the batch again" in trouble
    text = read_page(write_report(out)).text
    assert "not there any more" not in text
    assert "The result of this nucleus could not be read" in text


def test_a_batch_without_a_result(tmp_path) -> None:
    log = BatchLog(tmp_path, ["a.tif"])
    log.add(Ended("a.tif", Status.FAILED, "why"))
    log.close()
    with pytest.raises(InputError, match=r"Why no image could be analysed is in .*batch\.csv"):
        write_report(tmp_path)


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
        ("nuclei.csv", "group\n1\n", "replicate"),
        ("batch.csv", '"\n', "batch.csv is not the table of a batch"),
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
    said = "nuclei.csv holds something else where nucleus is a number"
    assert said in read_page(write_report(out)).text


def test_a_line_that_a_kill_has_torn(out, read_page) -> None:
    with (out / "batch.csv").open("a") as file:
        file.write("torn.ome.tif,failed,another reason,,1.0,100,2026-01-01T00:00:00+00:00\ne.ome.t")
    page = read_page(write_report(out))
    assert "4 of 5 files analysed 1 failed" in page.text
    assert "torn.ome.tif failed another reason" in page.text


@pytest.mark.parametrize(
    "change",
    [
        {"nucleus": float("inf")},
        {"findings": 3.5},
        {"findings": None, "quantity": None, "scale": None},
        {"rate_mean": 0.0, "rate_sd_of_map": 0.0},
        {"rate_mean": float("inf")},
        {"area_um2": None, "touches_border": None, "exploratory": None},
    ],
)
def test_tables_that_were_edited(out, read_page, change) -> None:
    pd.read_csv(out / "nuclei.csv").assign(**change).to_csv(out / "nuclei.csv", index=False)
    assert len(read_page(write_report(out)).all("article")) == len(IMAGES)


def test_groups_without_replicates(out, read_page) -> None:
    table = pd.read_csv(out / "nuclei.csv").drop(columns="replicate")
    table.to_csv(out / "nuclei.csv", index=False)
    text = read_page(write_report(out)).text
    assert "nuclei.csv has no column replicate" in text
    assert "comparisons.csv is left out, as it may be of an earlier batch" in text


def test_a_figure_that_cannot_be_drawn(out, read_page, monkeypatch) -> None:
    def fail(*_: object) -> None:
        msg = "?"
        raise IndexError(msg)

    assert (out / "maps.svg").exists()
    monkeypatch.setattr(write, "draw_maps", fail)
    page = read_page(write_report(out))
    assert "The maps of the groups cannot be drawn (IndexError: ?)" in page.text
    assert not list(out.glob("maps.*"))  # those of the earlier batch


def test_comparisons_of_an_earlier_batch(out, read_page) -> None:
    table = pd.read_csv(out / "nuclei.csv").drop(columns=["group", "replicate", "block"])
    table.to_csv(out / "nuclei.csv", index=False)
    page = read_page(write_report(out))
    assert "No groups are compared" in page.text
    assert "comparisons.csv is left out" in page.text
    assert "benjamini1995" not in (out / "references.bib").read_text()
    assert not list(out.glob("maps.*"))


def test_a_file_of_another_program_is_no_result(out, read_page) -> None:
    other = out / "another-program"
    other.mkdir()
    (other / "provenance.json").write_text('{"tool": "another"}')
    assert "another-program" not in read_page(write_report(out)).text


def test_a_new_column_is_shown_with_its_meaning(out, read_page) -> None:
    table = pd.read_csv(out / "nuclei.csv")
    table.assign(shell_1_mean=[0.5, 1.25, 2.0, 4.0]).to_csv(out / "nuclei.csv", index=False)
    with (out / "columns.csv").open("a") as file:
        file.write("nuclei.csv,shell_1_mean,1/s,Mean of the outermost shell.\n")
    text = read_page(write_report(out)).text
    assert "shell 1 mean 1.25 1/s" in text
    assert "Mean of the outermost shell." in text


def test_images_with_and_without_an_acetylation_rate(out, monkeypatch) -> None:
    header = out / "d/d.ome.zarr/zarr.json"
    content = json.loads(header.read_text())
    content["attributes"]["chromamol"]["settings"]["acetylation_rate_per_s"] = 3e-4
    header.write_text(json.dumps(content))
    whites = []
    monkeypatch.setattr(write, "rate_limits", lambda _, white: whites.append(white) or {})
    write_report(out)
    assert whites == [3e-4]
