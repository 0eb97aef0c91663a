"""A batch in this process: files, tables, log, and what is done again."""

from __future__ import annotations

import json
import re
import sys
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest
import tifffile

from chromamol import pipeline
from chromamol.batch import Ended, Status, plan_batch, run_batch
from chromamol.batch import one as one_module
from chromamol.batch.log import BatchLog
from chromamol.errors import CallError, Cancelled, InputError
from chromamol.pipeline import analyse
from chromamol.progress import Silent
from chromamol.results.result import result_of
from chromamol.statistics.measures import EXPLORATORY_REASON

from .conftest import QUICK, lines_of, run

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    FolderOf = Callable[..., Path]

pytestmark = pytest.mark.usefixtures("without_figures")


def dates(out: Path) -> dict[str, int]:
    return {
        path.parent.relative_to(out).as_posix(): path.stat().st_mtime_ns
        for path in out.rglob("provenance.json")
    }


def test_each_image_ends_and_the_tables_are_gathered(folder_of: FolderOf) -> None:
    folder = folder_of("a.ome.tif", "day 1/ü b.ome.tif")
    mask = tifffile.imread(folder / "a.ome.tif")[0] > 100
    tifffile.imwrite(folder / "mask.tif", mask.astype(np.uint8) * 255)
    labels = np.kron(np.arange(1, 13).reshape(3, 4), np.ones((16, 19))).astype(np.uint16)
    tifffile.imwrite(folder / "labels.tif", labels)
    (folder / "notes.txt").write_text("what I saw\n")
    (folder / "plate.csv").write_text("well,dose\nA1,3\n")
    (folder / "=1+2.tif").write_bytes((folder / "a.ome.tif").read_bytes()[:1500])
    tifffile.imwrite(folder / "bare.tif", tifffile.imread(folder / "a.ome.tif")[0])
    ended = run(folder)
    assert {name: one.status.value for name, one in ended.items()} == {
        "=1+2.tif": "failed",
        "a.ome.tif": "ok",
        "bare.tif": "failed",
        "day 1/ü b.ome.tif": "ok",
        "labels.tif": "skipped",
        "mask.tif": "skipped",
        "notes.txt": "skipped",
        "plate.csv": "skipped",
    }
    assert "states no pixel size" in ended["bare.tif"].reason
    out = folder.parent / "out"
    rows = lines_of(out)
    assert rows["'=1+2.tif"]["status"] == "failed"
    assert rows["a.ome.tif"]["nuclei"] == "1"
    assert float(rows["a.ome.tif"]["memory_mb"]) > 50

    nuclei = pd.read_csv(out / "nuclei.csv")
    assert list(nuclei["image"]) == ["a.ome.tif", "day 1/ü b.ome.tif"]
    alone = result_of(analyse(folder / "a.ome.tif", QUICK)).nuclei_table
    assert nuclei["rate_mean"][1] == pytest.approx(alone["rate_mean"][0])
    pd.testing.assert_frame_equal(pd.read_parquet(out / "nuclei.parquet"), nuclei)
    domains = pd.read_csv(out / "domains.csv")
    assert set(domains["image"]) == set(nuclei["image"])
    columns = pd.read_csv(out / "columns.csv")
    assert set(nuclei) <= set(columns["column"])


def test_a_second_batch_does_what_changed_and_nothing_else(folder_of: FolderOf) -> None:
    folder = folder_of("a.ome.tif", "b.ome.tif")
    run(folder)
    out = folder.parent / "out"
    first, logged = dates(out), lines_of(out)
    assert all(one.before and one.status is Status.OK for one in run(folder).values())
    assert dates(out) == first
    assert lines_of(out) == logged
    report = (out / "report.html").read_text(encoding="utf-8")
    assert "of 2 files analysed" in " ".join(re.sub("<[^>]*>", " ", report).split())

    # Other pixels in one file.
    changed = tifffile.imread(folder / "b.ome.tif")
    with tifffile.TiffFile(folder / "b.ome.tif") as file:
        description = file.ome_metadata
    changed[0, 24, 37] += 1
    tifffile.imwrite(folder / "b.ome.tif", changed, description=description, metadata=None)
    assert {name: one.before for name, one in run(folder).items()} == {
        "a.ome.tif": True,
        "b.ome.tif": False,
    }
    second = dates(out)
    assert second["a"] == first["a"]
    assert second["b"] > first["b"]
    # Other settings, and by wish.
    other = QUICK.replace(nucleus_smoothing_nm=200.0)
    assert not any(one.before for one in run(folder, other).values())
    assert not any(one.before for one in run(folder, other, overwrite=True).values())
    provenance = json.loads((out / "a" / "provenance.json").read_text(encoding="utf-8"))
    assert len(provenance["batch_key"]) == 64


def test_a_result_of_other_columns_or_formulas_is_made_again(
    folder_of: FolderOf, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = folder_of("a.ome.tif")
    now = one_module.COLUMNS
    other = replace(now[-1], formula="as it was computed once")
    for earlier in (now[:-1], (*now[:-1], other)):
        monkeypatch.setattr(one_module, "COLUMNS", earlier)
        run(folder)
        monkeypatch.setattr(one_module, "COLUMNS", now)
        assert not run(folder)["a.ome.tif"].before
    assert run(folder)["a.ome.tif"].before


def test_groups_are_in_the_tables(folder_of: FolderOf) -> None:
    folder = folder_of("a.ome.tif", "b.ome.tif")
    mask = np.zeros((48, 76), np.uint8)
    mask[10:40, 20:60] = 255
    tifffile.imwrite(folder / "mask.tif", mask)
    sheet = folder / "samples.csv"
    sheet.write_text(
        "image,group,replicate,nuclei\nb.ome.tif,=2+3,r1,mask.tif\na.ome.tif,control,r2,none.tif\n"
    )
    out = folder.parent / "out"
    plan = plan_batch(folder, out, sheet=sheet)
    ended = {one.name: one for one in run_batch(plan, QUICK, workers=0)}
    assert ended["b.ome.tif"].status is Status.OK
    assert ended["a.ome.tif"].status is Status.FAILED
    assert "none.tif" in ended["a.ome.tif"].reason
    nuclei = pd.read_csv(out / "nuclei.csv")
    assert list(nuclei.columns[:4]) == ["image", "group", "replicate", "block"]
    assert list(nuclei["group"]) == ["'=2+3"]
    assert nuclei["area_um2"][0] == pytest.approx(30 * 40 * 1.2e-3, rel=0.01)
    columns = pd.read_csv(out / "columns.csv")
    assert "replicate" in set(columns["column"])
    compared = pd.read_csv(out / "comparisons.csv")
    assert set(compared) == set(columns["column"][columns["file"] == "comparisons.csv"])
    assert columns[["meaning", "formula", "reference"]].notna().all(axis=None)
    assert list(compared["reference"].unique()) == ["'=2+3"]
    assert compared["p"].isna().all()
    assert compared["reason"].notna().all()
    reasons = compared.set_index("measure")["reason"]
    assert reasons["rate_mean"] == EXPLORATORY_REASON  # by the preview
    assert reasons["area_um2"] != EXPLORATORY_REASON
    assert (out / "comparisons.pdf").read_bytes().startswith(b"%PDF")

    # Without the sheet there is no comparison any more.
    assert run(folder)["b.ome.tif"].status is Status.OK
    assert not list(out.glob("comparisons.*"))
    assert "group" not in pd.read_csv(out / "nuclei.csv")
    assert "comparisons.csv" not in set(pd.read_csv(out / "columns.csv")["file"])


def test_a_cancel_leaves_what_is_done(folder_of: FolderOf) -> None:
    folder = folder_of("a.ome.tif", "b.ome.tif", "c.ome.tif")

    stages: list[str] = []

    class Stopping(Silent):
        def begin(self, stage: str, steps: int | None = None) -> None:
            stages.append(stage)
            if stages.count("starting") == 2 and stage.startswith("finding"):
                raise Cancelled

    with pytest.raises(Cancelled):
        run(folder, progress=Stopping())
    out = folder.parent / "out"
    assert set(lines_of(out)) == {"a.ome.tif"}
    assert set(dates(out)) == {"a"}
    assert [one.before for one in run(folder).values()] == [True, False, False]


def test_a_lost_line_of_the_log_is_written_again_as_far_as_it_is_known(
    folder_of: FolderOf,
) -> None:
    folder = folder_of("a.ome.tif")
    (first,) = run(folder).values()
    out = folder.parent / "out"
    line = lines_of(out)["a.ome.tif"]
    (out / "batch.csv").unlink()
    (again,) = run(folder).values()
    assert again.before
    assert (first.nuclei, first.maps, first.doubted) == (1, 1, 1)
    assert (again.nuclei, again.maps, again.doubted, again.memory_mb) == (1, 1, 1, None)
    found = lines_of(out)["a.ome.tif"]
    assert line["reason"].startswith("Do not believe the rate map")
    unknown = {"seconds": "", "memory_mb": "", "ended": found["ended"]}
    assert found == line | unknown


def test_faults_and_want_of_memory_fail_one_image(
    folder_of: FolderOf, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = folder_of("a.ome.tif", "b.ome.tif", "c.ome.tif")

    def analyse_some(image: object, *args: object, **options: object) -> object:
        if image.name == "a":
            raise MemoryError
        if image.name == "b":
            msg = "by nothing"
            raise ZeroDivisionError(msg)
        return analyse(image, *args, **options)

    monkeypatch.setattr(pipeline, "analyse", analyse_some)
    ended = run(folder)
    assert ended["a.ome.tif"].lacked_memory
    assert "not enough memory" in ended["a.ome.tif"].reason
    assert "ZeroDivisionError: by nothing" in ended["b.ome.tif"].reason
    assert ended["c.ome.tif"].status is Status.OK


def test_a_group_with_one_replicate_has_no_p_and_the_rest_is_done(folder_of: FolderOf) -> None:
    folder = folder_of("a.ome.tif", "b.ome.tif", "c.ome.tif")
    sheet = folder / "samples.csv"
    sheet.write_text("image,group,replicate\na.ome.tif,x,1\nb.ome.tif,x,2\nc.ome.tif,y,1\n")
    plan = plan_batch(folder, folder.parent / "out", sheet=sheet)
    ended = list(run_batch(plan, QUICK, workers=0))
    assert [one.status for one in ended] == [Status.OK] * 3
    compared = pd.read_csv(plan.out / "comparisons.csv").set_index("measure")
    assert compared["p"].isna().all()
    assert compared.loc["area_um2", "reason"].startswith("1 replicate in a group")


def test_a_torn_line_of_the_log_is_none(tmp_path: Path) -> None:
    log = BatchLog(tmp_path, ["a.tif", "b.tif"])
    log.add(Ended("a.tif", Status.OK, nuclei=3, seconds=1.24, memory_mb=100.4))
    log.add(Ended("b.tif", Status.FAILED, 'It "broke",\nbadly.', seconds=2))
    with (tmp_path / "batch.csv").open("a", encoding="utf-8") as file:
        file.write("c.tif,ok,no en")
    log._lock.release()  # as the end of the process does
    again = BatchLog(tmp_path, ["a.tif", "b.tif"])
    assert list(again.rows) == ["a.tif", "b.tif"]
    again.add(Ended("b.tif", Status.OK, seconds=3))
    again.add(Ended("a.tif", Status.OK, before=True))
    again.close()
    rows = lines_of(tmp_path)
    assert rows["a.tif"]["seconds"] == "1.2"
    assert rows["a.tif"]["nuclei"] == "3"
    assert rows["b.tif"]["status"] == "ok"
    assert [path.name for path in tmp_path.glob("[!.]*")] == ["batch.csv"]


def test_what_failed_now_is_in_no_table_though_it_was_done_before(folder_of: FolderOf) -> None:
    folder = folder_of("a.ome.tif", "b.ome.tif")
    run(folder)
    out = folder.parent / "out"
    (folder / "b.ome.tif").write_bytes(b"II*\0")
    assert run(folder)["b.ome.tif"].status is Status.FAILED
    assert list(pd.read_csv(out / "nuclei.csv")["image"]) == ["a.ome.tif"]
    # With nothing done, no table and no report tells of what was once.
    (folder / "a.ome.tif").unlink()
    assert set(run(folder)) == {"b.ome.tif"}
    assert {path.name for path in out.glob("[!.]*")} == {"batch.csv", "a", "b"}
    assert (out / "b" / "rate.ome.tif").is_file()


def test_a_first_batch_without_a_result_removes_nothing(folder_of: FolderOf) -> None:
    folder = folder_of("a.tif")
    (folder / "a.tif").write_bytes(b"II*\0")
    out = folder.parent / "out"
    out.mkdir()
    (out / "report.html").write_text("mine")
    assert run(folder)["a.tif"].status is Status.FAILED
    assert (out / "report.html").read_text() == "mine"


def test_the_table_holds_the_images_of_this_batch(folder_of: FolderOf) -> None:
    folder = folder_of("a.ome.tif", "=b.ome.tif")
    run(folder)
    out = folder.parent / "out"
    before = lines_of(out)
    assert set(before) == {"a.ome.tif", "'=b.ome.tif"}
    (folder / "=b.ome.tif").rename(folder / "c.ome.tif")
    plan = plan_batch(folder, out)
    assert plan.notes == (
        "No longer among the images: 1 image of an earlier batch (as '=b.ome.tif). Their results "
        "stay where they are; batch.csv and the tables leave them out.",
    )
    list(run_batch(plan, QUICK, workers=0))
    after = lines_of(out)
    assert set(after) == set(pd.read_csv(out / "nuclei.csv")["image"]) == {"a.ome.tif", "c.ome.tif"}
    assert after["a.ome.tif"] == before["a.ome.tif"]
    assert (out / "=b" / "rate.ome.tif").is_file()
    assert not plan_batch(folder, out).notes


def test_a_result_that_is_not_whole_is_made_again_and_one_of_run_is_not_replaced(
    folder_of: FolderOf,
) -> None:
    folder = folder_of("a.ome.tif")
    run(folder)
    out = folder.parent / "out"
    (out / "a" / "rate.ome.tif").write_bytes(b"")
    assert not run(folder)["a.ome.tif"].before
    (out / "a" / "a.ome.zarr" / "zarr.json").write_text("{")
    assert not run(folder)["a.ome.tif"].before
    provenance = out / "a" / "provenance.json"
    entries = json.loads(provenance.read_text(encoding="utf-8"))
    # As early versions left it.
    del entries["batch_image"]
    provenance.write_text(json.dumps(entries))
    assert not run(folder)["a.ome.tif"].before
    del entries["batch_key"]
    for torn, said in ((json.dumps(entries), "Add --overwrite"), ("{", "cannot be read. If it")):
        provenance.write_text(torn)
        ended = run(folder)["a.ome.tif"]
        assert ended.status is Status.FAILED
        assert said in ended.reason
    assert run(folder, overwrite=True)["a.ome.tif"].status is Status.OK


def test_a_damaged_table_of_a_result_is_named(folder_of: FolderOf) -> None:
    folder = folder_of("a.ome.tif")
    run(folder)
    table = folder.parent / "out" / "a" / "domains.csv"
    for damaged in (b"\x96\xff\x00", b"x,y\n1,2\n"):
        table.write_bytes(damaged)
        with pytest.raises(InputError, match=r"domains\.csv is damaged"):
            run(folder)


def test_one_batch_at_a_time_and_no_table_of_others(folder_of: FolderOf) -> None:
    folder = folder_of("a.ome.tif")
    out = folder.parent / "out"
    log = BatchLog(out, [])
    with pytest.raises(CallError, match="Another batch is writing"):
        run_batch(plan_batch(folder, out), QUICK, workers=0)  # before an image is asked for
    log.close()
    (out / "batch.csv").write_text("well;dose\nA1;3\n")
    with pytest.raises(CallError, match="is not the table of a batch"):
        run(folder)
    assert (out / "batch.csv").read_text() == "well;dose\nA1;3\n"
    (out / "batch.csv").unlink()
    assert run(folder)["a.ome.tif"].status is Status.OK


@pytest.mark.skipif(sys.platform != "linux", reason="other disks take no such names")
def test_names_that_are_no_text(folder_of: FolderOf) -> None:
    folder = folder_of("d\udcff/a.ome.tif", "b.ome.tif")
    ended = run(folder)
    assert "Rename the file" in ended["d\\udcff/a.ome.tif"].reason
    assert ended["b.ome.tif"].status is Status.OK
    assert "d\\udcff/a.ome.tif" in lines_of(folder.parent / "out")
