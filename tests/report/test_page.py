"""The page: one file, nothing from outside, everything that the tables hold."""

from __future__ import annotations

import errno
import re
from pathlib import Path

import pandas as pd
import pytest

from chromamol.errors import CallError, Cancelled, InputError
from chromamol.inference.rate_map import Status
from chromamol.report import page as page_module
from chromamol.report import section
from chromamol.report.cohort import read_cohort
from chromamol.report.columns import states_of
from chromamol.report.page import shown_rows
from chromamol.report.write import write_report
from chromamol.results.record import FindingRecord, NucleusRecord

from .conftest import IMAGES


def one_space(text: str) -> str:
    """As `Page.text` has it."""
    return " ".join(text.split())


def rows_of(study: Path) -> list[tuple[str, str]]:
    """The images in the order of the table, and what to think of their maps."""
    cohort = read_cohort(study)
    return list(zip(cohort.nuclei["image"], states_of(cohort.nuclei), strict=True))


def test_it_is_one_file_and_names_are_no_tags(study, read_page) -> None:
    page = read_page(study / "report.html")
    assert len(page.all("script")) == 1
    assert not page.all("link")
    for _, attributes in page.tags:
        assert not any(name.startswith("on") for name in attributes)
        assert (attributes.get("src") or "data:").startswith("data:")
    for link in page.all("a"):
        assert re.match(r"#|https://(doi|arxiv)\.org/", link["href"]), link
    for name, (group, _) in IMAGES.items():
        assert one_space(name) in page.text
        assert one_space(group) in page.text
    html = (study / "report.html").read_text(encoding="utf-8")
    assert "<script>alert" not in html
    assert '<b>"treated' not in html
    # A name that holds a quote ends no attribute.
    titles = [one["title"] for one in page.all("a") if "title" in one]
    assert titles == [f"{name}, nucleus 1: {state}" for name, state in rows_of(study)]
    described = [one["alt"] for one in page.all("img")]
    assert all(f"{name}, nucleus 1, {state}" in described for name, state in rows_of(study))


def test_a_training_that_was_stopped_is_said() -> None:
    how = {"status": "STOPPED", "status_sentence": Status.STOPPED.value}
    doubt = FindingRecord(code="model-misfit", sentence="It does not fit.")
    note = FindingRecord(code="network", sentence="A network.")
    nucleus = NucleusRecord.model_construct(**how, findings=(note, doubt))
    said = [(one.kind, one.sentence) for one in section._said(nucleus)]
    assert said == [
        ("doubt", "It does not fit."),
        ("note", Status.STOPPED.value),
        ("note", "A network."),
    ]


def test_the_filter_asks_for_names_as_they_are(study, read_page) -> None:
    page = read_page(study / "report.html")
    values = [one["value"] for one in page.all("option") if one.get("value")]
    groups = dict.fromkeys(group for group, _ in IMAGES.values())
    assert values[: len(groups)] == [*groups]
    assert {"A", "B"} <= set(values)


def test_links_lead_somewhere_and_pictures_are_described(study, read_page) -> None:
    page = read_page(study / "report.html")
    ids = [attributes["id"] for _, attributes in page.tags if "id" in attributes]
    assert len(ids) == len(set(ids))
    targets = [one["href"] for tag in ("a", "use") for one in page.all(tag)]
    assert {target[1:] for target in targets if target.startswith("#")} <= set(ids)
    assert all(picture["alt"] for picture in page.all("img"))
    assert page.all("html")[0]["lang"] == "en"
    assert {one["scope"] for one in page.all("th")} == {"row", "col"}
    lazy = [one for one in page.all("img") if one["src"].startswith("data:image/webp")]
    assert all(one["loading"] == "lazy" for one in lazy)
    # A table that is too wide scrolls by itself, with a shadow where it goes on.
    before = [
        one for one, (tag, _) in zip(page.tags, page.tags[1:], strict=False) if tag == "table"
    ]
    assert all("wide" in attributes["class"].split() for _, attributes in before)
    # Of each nucleus a thumbnail, two channels, rate, compaction, uncertainty, domains.
    assert len(lazy) == len(IMAGES) * 7


def test_it_says_what_the_tables_say(study, read_page) -> None:
    page = read_page(study / "report.html")
    nuclei = pd.read_csv(study / "nuclei.csv")
    comparisons = pd.read_csv(study / "comparisons.csv")
    assert len(page.all("article")) == len(nuclei) == len(IMAGES)
    assert "4 of 5 files analysed 1 failed 0 skipped 4 nuclei" in page.text
    assert "torn.ome.tif failed" in page.text
    for area in nuclei["area_um2"]:
        assert f" area {float(f'{area:.4g}'):g} µm²" in page.text
    tested = comparisons[comparisons["p"].notna()]
    assert len(tested)
    for _, row in tested.iterrows():
        effect = f"{row['ratio']:.2f} ({row['ratio_low']:.2f} to {row['ratio_high']:.2f})"
        assert f"{effect} {row['p']:.2g} {row['q']:.2g}" in page.text
    for reason in comparisons.loc[comparisons["p"].isna(), "reason"]:
        assert " ".join(reason.split()) in page.text
    assert 'method: "direct"' in page.text
    assert not re.search("(?<!_)um2", page.text)  # but in names of columns and settings
    assert "image The file of the image, below the folder of the batch." in page.text
    assert " area µm² Area of the whole nucleus, with its holes. area_um2 " in page.text
    assert "· rate ratio " in page.text
    assert "nuclear area (µm²)" in page.text


def test_exploratory_maps_are_not_believed(out, read_page) -> None:
    table = pd.read_csv(out / "nuclei.csv")
    table["exploratory"] = [True, True, True, False]
    table["findings"] = ["density-only", "density-only;low-signal", "density-only", ""]
    table.loc[2, "rate_mean"] = float("nan")
    table.to_csv(out / "nuclei.csv", index=False)
    page = read_page(write_report(out))
    states = [one["data-state"] for one in page.all("tr") if "data-row" in one]
    assert states == ["exploratory", "doubted", "no map", "believed"]
    assert "✓ 1 map believed ? 1 map exploratory ⚠ 1 map doubted ∅ 1 without a map" in page.text
    assert "The rate map of 1 of 4 nuclei must not be believed. It does not count" in page.text
    believed = [int(last) for last in re.findall(r" [AB] 1 1 (\d)", page.text)]
    assert sum(believed) == 1
    assert "Map all believed exploratory doubted no map" in page.text


def test_an_earlier_report_is_kept_until_the_new_one_is_whole(out, monkeypatch) -> None:
    before = (out / "report.html").read_bytes()

    class Stop:
        def begin(self, stage: str, steps: int | None = None) -> None:
            pass

        def advance(self, steps: int = 1) -> None:
            raise Cancelled

    files = sorted(out.iterdir())
    with pytest.raises(Cancelled):
        write_report(out, progress=Stop())
    assert (out / "report.html").read_bytes() == before
    assert sorted(out.iterdir()) == files

    def refuse(*_: object) -> None:
        raise OSError(errno.EROFS, "Read-only file system")

    monkeypatch.setattr(Path, "replace", refuse)
    with pytest.raises(CallError, match="the disk is read-only"):
        write_report(out)
    assert (out / "report.html").read_bytes() == before
    assert sorted(out.iterdir()) == files


def test_a_folder_with_nothing_to_report(tmp_path) -> None:
    with pytest.raises(InputError, match="There is no result in"):
        write_report(tmp_path)
    with pytest.raises(CallError, match="is no folder"):
        write_report(tmp_path / "none")
    assert not list(tmp_path.iterdir())


def test_of_very_many_nuclei_some_are_shown(out, monkeypatch, read_page) -> None:
    for count in (1, 1000, 1001, 5555):
        shown = shown_rows(count)
        assert len(shown) <= 1000
        assert len(shown) * shown.step >= count
    monkeypatch.setattr(page_module, "MOST_SHOWN", 2)
    page = read_page(write_report(out))
    assert len(page.all("article")) == 2
    assert "One in 2 has its maps here" in page.text
    assert len([one for one in page.all("tr") if "data-row" in one]) == len(IMAGES)
