"""``chromamol batch``: what is said, and the exit code."""

from __future__ import annotations

import io
import json
import shlex
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from markupsafe import escape
from typer.testing import CliRunner

from chromamol.batch import Ended, Plan, Status
from chromamol.batch.log import BatchLog
from chromamol.batch.task import Task
from chromamol.cli.app import app
from chromamol.cli.batch import _told

if TYPE_CHECKING:
    from typer.testing import Result

pytestmark = pytest.mark.usefixtures("without_figures")

QUICK = ("--set", "method=direct", "--set", "nucleus_min_area_um2=0.5", "--workers", "0")


@pytest.fixture
def folder(tmp_path: Path, photons, write_tiff) -> Path:
    """Two images and a mask."""
    folder = tmp_path / "my images"
    write_tiff(folder / "a.ome.tif", photons)
    write_tiff(folder / "day 1" / "ü.ome.tif", photons)
    return folder


def batch(*words: object) -> Result:
    return CliRunner().invoke(app, ["batch", *map(str, words)])


def test_a_folder_and_again(folder: Path, tmp_path: Path) -> None:
    (folder / "day 1" / "notes.txt").write_text("nothing\n")
    done = batch(folder, "-o", tmp_path / "out", *QUICK)
    assert done.exit_code == 0, done.output
    assert "[1/3] a.ome.tif: ok" in done.stdout
    assert done.stdout.index("[3/3]") < done.stdout.index("Making the report.")
    typed = shlex.join(sys.argv)
    provenance = json.loads((tmp_path / "out" / "a" / "provenance.json").read_text())
    assert provenance["command"] == typed
    report = (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    assert f"What was typed</dt><dd><code>{escape(typed)}</code>" in report
    said = " ".join(done.stdout.split())
    assert "2 of 3 images are done, 0 failed, 1 skipped." in said
    table = tmp_path / "out" / "nuclei.csv"
    assert f"2 of 2 rate maps should not be interpreted: see the column findings of {table}" in said
    assert done.stderr.startswith("No rate map of an image with two channels of this batch can be")
    assert (tmp_path / "out" / "day 1" / "ü" / "rate.ome.tif").is_file()
    again = batch(folder, "-o", tmp_path / "out", *QUICK)
    said = " ".join(again.stdout.split())
    assert "2 of 3 images are done (2 were before)" in said
    assert "2 of 2 rate maps should not be interpreted" in said
    (folder / "bad.tif").write_bytes(b"II*\0")
    failed = batch(folder, "-o", tmp_path / "out", *QUICK)
    assert failed.exit_code == 1
    assert "bad.tif: failed" in failed.stdout
    for path in folder.rglob("*.ome.tif"):
        path.unlink()
    nothing = batch(folder, "-o", tmp_path / "out", *QUICK)
    assert "those of the earlier batch are removed. Mend what" in nothing.stderr
    assert not table.exists()


def test_nothing_done_is_no_success(folder: Path, tmp_path: Path) -> None:
    shutil.rmtree(folder)
    folder.mkdir()
    (folder / "notes.txt").write_text("nothing\n")
    done = batch(folder, "-o", tmp_path / "out", *QUICK)
    assert done.exit_code == 1
    assert "0 of 1 image is done" in done.stdout
    again = batch(folder, "-o", tmp_path / "out", *QUICK)
    for stderr in (done.stderr, again.stderr):
        assert "no report. Mend what the lines above name" in stderr
    assert not (tmp_path / "out" / "nuclei.csv").exists()


def test_of_a_folder_that_is_in_use_nothing_else_is_said(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    log = BatchLog(out, ["a.ome.tif", "gone.tif"])
    log.add(Ended("gone.tif", Status.OK))
    done = batch(folder, "-o", out, *QUICK)
    assert done.exit_code == 2
    assert done.stderr == f"Another batch is writing to {out}. Wait until it is done, or stop it.\n"
    log.close()
    done = batch(folder, "-o", out, *QUICK)
    assert "No longer among the images" in done.stderr


def test_sheet_and_channel_files(folder: Path, tmp_path: Path) -> None:
    sheet = tmp_path / "samples.csv"
    sheet.write_text("image,group,replicate\na.ome.tif,x,1\nb.ome.tif,y,1\n")
    done = batch(folder, "-o", tmp_path / "out", "--sheet", sheet, *QUICK)
    assert done.exit_code == 1
    assert "b.ome.tif: failed, 0.0 s. The sample sheet names it" in done.stdout
    assert "It is not in the sample sheet." in " ".join(done.stdout.split())
    sheet.write_text("image,group,replicate\nfolder/a.ome.tif,x,1\n")
    done = batch(folder, "-o", tmp_path / "none", "--sheet", sheet, *QUICK)
    assert done.exit_code == 2
    assert "The nearest that is there is 'a.ome.tif'." in " ".join(done.stderr.split())
    sheet.write_bytes("image,group,replicate\nä.tif,x,1\n".encode("latin-1"))
    done = batch(folder, "-o", tmp_path / "none", "--sheet", sheet, *QUICK)
    assert "Save it as 'CSV UTF-8'" in " ".join(done.stderr.split())
    done = batch(folder, "-o", tmp_path / "pairs", "--channel-files", "*_1.tif,*_2.tif", *QUICK)
    assert done.exit_code == 1
    assert "is left to be analysed" in done.stderr


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--workers", "1", "--scheduler", "tcp://x:1"), "Give one of"),
        (("--workers", "-1"), "0 or more"),
        (("--sheet", "none.csv"), "cannot be read"),
        (("--channel-files", "*.tif"), "each with one *"),
        (("--set", "metod=direct"), "did you mean 'method'?"),
        (("--slurm", "none.yaml"), "does not describe jobs"),
    ],
)
def test_wrong_calls(folder: Path, tmp_path: Path, words: tuple[str, ...], said: str) -> None:
    done = batch(folder, "-o", tmp_path / "out", *words)
    assert done.exit_code == 2
    assert said in done.stderr
    assert "Traceback" not in done.output


def test_a_scheduler_that_cannot_be_reached(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chromamol.batch.workers._CONNECT_S", 1)
    done = batch(folder, "-o", tmp_path / "out", "--scheduler", "tcp://127.0.0.1:1")
    assert done.exit_code == 2
    assert "cannot be reached" in done.stderr
    assert "Traceback" not in done.output


def test_images_that_are_all_broken(folder: Path, tmp_path: Path) -> None:
    for path in folder.rglob("*.tif"):
        path.write_bytes(path.read_bytes()[:1500])
    done = batch(folder, "-o", tmp_path / "out", *QUICK)
    assert done.exit_code == 1
    assert "0 of 2 images are done, 2 failed" in " ".join(done.stdout.split())
    assert not (tmp_path / "out" / "nuclei.csv").exists()


def test_folders_that_cannot_be(folder: Path, tmp_path: Path) -> None:
    assert batch(folder, "-o", folder).exit_code == 2
    assert batch(tmp_path / "none", "-o", tmp_path / "out").exit_code == 2
    (tmp_path / "empty").mkdir()
    assert batch(tmp_path / "empty", "-o", tmp_path / "out").exit_code == 1
    (tmp_path / "file").write_text("in the way")
    done = batch(folder, "-o", tmp_path / "file", *QUICK)
    assert done.exit_code == 2
    assert "cannot be written" in done.stderr


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_terminal_sees_the_images_and_the_report(monkeypatch: pytest.MonkeyPatch) -> None:
    screen = Terminal()
    monkeypatch.setattr("sys.stderr", screen)
    monkeypatch.setenv("TERM", "xterm")
    task = Task("a.tif", (Path("a.tif"),), Path("a"))
    with _told(Plan(Path("out"), (task,))) as (tell, progress):
        tell(Ended("a.tif", Status.OK))
        progress.begin("drawing the nuclei", 3)
        progress.advance()
    last = screen.getvalue().rpartition("a.tif: ok")[2]
    assert "images" in last
    assert "1/1" in last
    assert "drawing the nuclei" in last
    assert "1/3" in last
