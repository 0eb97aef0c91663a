"""Which files of a folder are images, which belong together, and where their results go."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from chromamol.batch import Status, plan_batch
from chromamol.batch.sheet import Sample, read_sheet
from chromamol.errors import CallError, Cancelled, InputError
from chromamol.progress import Silent

if TYPE_CHECKING:
    from collections.abc import Callable

    FolderOf = Callable[..., Path]


def test_images_are_found_and_subfolders_mirrored(folder_of: FolderOf, tmp_path: Path) -> None:
    folder = folder_of("b.ome.tif", "day 1/a.tif", "day 1/Größe.tif", ".hidden.tif")
    (folder / "notes.md").write_text("what I saw")
    (folder / "day 1" / "points.csv").write_text("x,y\n1,2\n")
    store = folder / "cells.zarr"
    store.mkdir()
    result = folder / "earlier.ome.zarr"
    result.mkdir()
    (result / "zarr.json").write_text(json.dumps({"attributes": {"chromamol": {}}}))
    (folder / "old" / "cell").mkdir(parents=True)
    (folder / "old" / "cell" / "provenance.json").write_text('{"chromamol": "0.1.0"}')
    (folder / "old" / "cell" / "rate.ome.tif").write_text("")
    plan = plan_batch(folder, folder / "results")
    assert [(task.name, task.folder.relative_to(plan.out).as_posix()) for task in plan.tasks] == [
        ("b.ome.tif", "b"),
        ("cells.zarr", "cells"),
        ("day 1/Größe.tif", "day 1/Größe"),
        ("day 1/a.tif", "day 1/a"),
        ("day 1/points.csv", "day 1/points"),
    ]
    assert plan.notes == (
        "Passed by, as no image has such a name: notes.md.",
        f"Not searched: 1 result of chromamol (as {Path('old/cell')}).",
    )
    assert not plan.left_out
    assert not (folder / "results").exists()


def test_names_that_collide_get_folders_of_their_own(folder_of: FolderOf, tmp_path: Path) -> None:
    folder = folder_of("a.tif", "a.csv", "a/b.tif", "b.tif", "b/a.tif")
    plan = plan_batch(folder, tmp_path / "out")
    folders = [task.folder.relative_to(plan.out).as_posix() for task in plan.tasks]
    assert sorted(folders) == ["a.csv", "a.tif", "a/b", "b.tif", "b/a"]
    assert len(set(folders)) == len(folders)
    for one in folders:
        assert not any(other.startswith(f"{one}/") for other in folders)


@pytest.mark.parametrize("foreign", ['{"who": "me"}', "[1", "[" * 100_000, "null"])
def test_the_provenance_of_others_hides_no_images(
    folder_of: FolderOf, tmp_path: Path, foreign: str
) -> None:
    folder = folder_of("day/a.tif", "day/deep/b.tif")
    (folder / "day" / "provenance.json").write_text(foreign)
    plan = plan_batch(folder, tmp_path / "out")
    assert [task.name for task in plan.tasks] == ["day/a.tif", "day/deep/b.tif"]
    assert plan.notes == ("Passed by, as no image has such a name: day/provenance.json.",)


def test_of_many_files_that_are_no_images_the_first_are_named(
    folder_of: FolderOf, tmp_path: Path
) -> None:
    folder = folder_of("a.tif", "day/b.tif")
    for name in ("z.md", "day/y.md", "day/x.md", "day/w.md", "night/v.md"):
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).touch()
    (note,) = plan_batch(folder, tmp_path / "out").notes
    said = "z.md, day/w.md, day/x.md and 2 more"
    assert note == f"Passed by, as no image has such a name: {said}."


def _pretend_done(image: Path, where: Path) -> None:
    where.mkdir(parents=True)
    entries = {"chromamol": "0.1.0", "input": {"path": str(image)}}
    (where / "provenance.json").write_text(json.dumps(entries))


def test_a_result_keeps_its_folder_when_namesakes_come_and_go(
    folder_of: FolderOf, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    folder = folder_of("day/cell.tif")
    _pretend_done(folder / "day/cell.tif", out / "day/cell")
    folder_of("day/cell.csv")

    def folders() -> dict[str, str]:
        plan = plan_batch(folder, out)
        assert not plan.notes
        return {task.name: task.folder.relative_to(out).as_posix() for task in plan.tasks}

    both = {"day/cell.csv": "day/cell.csv", "day/cell.tif": "day/cell"}
    assert folders() == both
    _pretend_done(folder / "day/cell.csv", out / "day/cell.csv")
    assert folders() == both
    (folder / "day/cell.tif").unlink()
    assert folders() == {"day/cell.csv": "day/cell.csv"}


def test_the_result_of_an_image_that_is_gone_is_not_overwritten(
    folder_of: FolderOf, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    folder = folder_of("cell.tif")
    _pretend_done(folder / "cell.ome.tif", out / "cell")
    (task,) = plan_batch(folder, out).tasks
    assert task.folder == out / "cell.tif"
    _pretend_done(folder / "cell.tif", task.folder)
    assert plan_batch(folder, out).tasks == (task,)
    # Nor by its whole file name: 'cell.csv' was the short name of another one.
    (folder / "cell.tif").rename(folder / "cell.csv")
    _pretend_done(folder / "cell.csv.gz.tif", out / "cell.csv")
    plan = plan_batch(folder, out)
    assert plan.tasks[0].folder == out / "cell.csv-2"
    assert plan.notes == (
        "The result of cell.csv goes to cell.csv-2, as the results of other images have the names "
        "without a number.",
    )


def test_a_result_that_has_to_move_is_said(folder_of: FolderOf, tmp_path: Path) -> None:
    out = tmp_path / "out"
    folder = folder_of("cell.tif")
    _pretend_done(folder / "cell.tif", out / "cell")
    folder_of("cell/b.tif")
    plan = plan_batch(folder, out)
    assert [task.folder for task in plan.tasks] == [out / "cell" / "b", out / "cell.tif"]
    assert plan.notes == (
        f"The earlier result of cell.tif stays in {out / 'cell'}; a new one goes to cell.tif, as "
        "cell is a folder of images now.",
    )


def test_folders_stay_apart_on_every_disk(folder_of: FolderOf, tmp_path: Path) -> None:
    names = ("cell.tif", "cell.csv", "cell.tif.csv", "Cell.tif", "a/x.tif", "a.tif", "a.tif.csv")
    plan = plan_batch(folder_of(*names), tmp_path / "out")
    folders = [task.folder.relative_to(plan.out).as_posix().casefold() for task in plan.tasks]
    assert len(set(folders)) == len(names)
    for one in folders:
        assert not any(other.startswith(f"{one}/") for other in folders)


def test_what_is_not_searched_is_said(folder_of: FolderOf, tmp_path: Path) -> None:
    folder = folder_of("a.tif")
    (tmp_path / "elsewhere").mkdir()
    (folder / "link").symlink_to(tmp_path / "elsewhere")
    plan = plan_batch(folder, tmp_path / "out")
    assert plan.notes == (f"Not searched: {folder / 'link'} (a link).",)


def test_channel_files_are_joined(folder_of: FolderOf, tmp_path: Path) -> None:
    folder = folder_of(
        "1_K9.tif", "1_K27.tif", "2_K9.tif", "2_mask.tif", "day/1_K27.tif", "day/1_K9.tif"
    )
    plan = plan_batch(folder, tmp_path / "out", channel_files=("*_K9.tif", "*_K27.tif"))
    assert [[file.name for file in task.files] for task in plan.tasks] == [
        ["1_K9.tif", "1_K27.tif"],
        ["1_K9.tif", "1_K27.tif"],
    ]
    assert {one.name: one.reason for one in plan.left_out} == {
        "2_K9.tif": "The other channel is missing: 2_K27.tif.",
        "2_mask.tif": "Its name fits no pattern of the channels.",
    }
    assert all(one.status is Status.SKIPPED for one in plan.left_out)
    for wrong in (("*_K9.tif",), ("K9", "K27"), ("*_*", "*_K27.tif")):
        with pytest.raises(CallError, match="each with one \\*"):
            plan_batch(folder, tmp_path / "out", channel_files=wrong)
    with pytest.raises(InputError, match="is left to be analysed: 6 were left out"):
        plan_batch(folder, tmp_path / "out", channel_files=("*_A.tif", "*_B.tif"))


def test_a_sample_sheet_says_what_is_analysed(folder_of: FolderOf, tmp_path: Path) -> None:
    folder = folder_of("a.tif", "day/b.tif", "c.tif", "masks/a.tif")
    sheet = folder / "samples.csv"
    sheet.write_text(
        "Image;group;replicate;nuclei\na.tif;treated;1;masks/a.tif\nday\\b.tif;control;2;\n"
        "gone.tif;control;1;\n",
        encoding="utf-8-sig",
    )
    plan = plan_batch(folder, tmp_path / "out", sheet=sheet)
    first, second = plan.tasks
    assert (first.name, first.group, first.replicate, first.nuclei) == (
        "a.tif",
        "treated",
        "1",
        folder / "masks/a.tif",
    )
    assert (second.name, second.group, second.block, second.nuclei) == (
        "day/b.tif",
        "control",
        "",
        None,
    )
    assert [(one.name, one.status, one.reason) for one in plan.left_out] == [
        ("gone.tif", Status.FAILED, "The sample sheet names it, and it is not there."),
        ("c.tif", Status.SKIPPED, "It is not in the sample sheet."),
    ]
    assert plan.groups == ("treated", "control")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("image,group\na.tif,x\n", "Expected: image, group, replicate"),
        ("image,group,replicate,colour\na.tif,x,1,red\n", "Expected"),
        ("image,group,replicate\na.tif,x,1\na.tif,y,2\n", "twice .* line 3"),
        ("image,group,replicate\na.tif,,1\n", "Line 2 .* has no group"),
        ("image,group,replicate\n", "no line but its heading"),
        ("image,group,replicate,block\na,x,1,d\nb,y,1,\n", "block of some images only"),
        ("", "cannot be read"),
    ],
)
def test_wrong_sheets_are_sentences(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "samples.csv"
    path.write_text(text)
    with pytest.raises(CallError, match=said):
        read_sheet(path)


def test_sheets_of_other_kinds(tmp_path: Path) -> None:
    with pytest.raises(CallError, match="cannot be read"):
        read_sheet(tmp_path / "none.csv")
    (tmp_path / "binary.csv").write_bytes(b"\xff\xfe\x00\x01" * 40)
    with pytest.raises(CallError, match="not UTF-8"):
        read_sheet(tmp_path / "binary.csv")
    path = tmp_path / "tabs.tsv"
    path.write_text("image\tgroup\treplicate\tblock\n'=1.tif\tNA\t01\tday 3\n")
    assert read_sheet(path) == {"=1.tif": Sample("=1.tif", "NA", "01", "day 3")}


def test_folders_that_cannot_be(folder_of: FolderOf, tmp_path: Path) -> None:
    folder = folder_of("a.tif")
    with pytest.raises(CallError, match="is the folder of the images"):
        plan_batch(folder, folder)
    with pytest.raises(CallError, match="cannot be opened"):
        plan_batch(tmp_path / "none", tmp_path / "out")
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match="No image was found"):
        plan_batch(tmp_path / "empty", tmp_path / "out")

    class Stopped(Silent):
        def advance(self, steps: int = 1) -> None:
            raise Cancelled

    with pytest.raises(Cancelled):
        plan_batch(folder, tmp_path / "out", progress=Stopped())
