"""A result appears whole or not at all."""

from __future__ import annotations

import errno
import json
from pathlib import Path

import numpy as np
import pytest
import tifffile

from chromamol.errors import CallError, Cancelled
from chromamol.progress import Silent
from chromamol.results import figure, write
from chromamol.results.reopen import read_result
from chromamol.results.write import write_results
from chromamol.settings import Settings

FILES = {
    "cell_3.ome.zarr",
    "rate.ome.tif",
    "rate_sd.ome.tif",
    "compaction.ome.tif",
    "nuclei.csv",
    "domains.csv",
    "columns.csv",
    "settings.yaml",
    "provenance.json",
    "figure.png",
    "figure.pdf",
}


@pytest.fixture
def no_figure(monkeypatch):
    """Leave out what takes longest and is not the question."""
    monkeypatch.setattr(figure, "draw_figure", lambda analysis, yx_truth: None)

    def save(_, png: Path, pdf: Path) -> None:
        png.write_bytes(b"png")
        pdf.write_bytes(b"pdf")

    monkeypatch.setattr(figure, "save_figure", save)


def names(folder):
    return {entry.name for entry in folder.iterdir()}


def test_every_file_of_the_contract_is_there(analysis, tmp_path):
    out = write_results(
        analysis,
        tmp_path / "out" / "plate" / "cell_3",
        provenance={"command": "chromamol run cell_3.ome.tif", "nuclei_file": Path("mask.tif")},
    )
    assert out == tmp_path / "out" / "plate" / "cell_3"
    assert names(out) == FILES
    assert names(out.parent) == {"cell_3"}
    rate = analysis.full_map("rate").astype(np.float32)
    np.testing.assert_array_equal(tifffile.imread(out / "rate.ome.tif"), rate)
    np.testing.assert_array_equal(read_result(out / "cell_3.ome.zarr").maps["rate"], rate)
    assert Settings.from_yaml(out / "settings.yaml") == analysis.settings
    provenance = json.loads((out / "provenance.json").read_text(encoding="utf-8"))
    assert provenance["command"] == "chromamol run cell_3.ome.tif"
    assert provenance["nuclei_file"] == "mask.tif"
    assert provenance["input"] == {"path": "plate/cell_3.ome.tif", "sha256": "ab" * 32, "files": []}
    assert provenance["packages"]["numpy"] == np.__version__
    assert provenance["result"]["yx_spacing_nm"] == [23.0, 17.0]
    assert provenance["result"]["notes"] == list(analysis.notes)
    first = provenance["result"]["nuclei"][0]
    assert first["status"] == "CONVERGED"
    assert first["findings"][0]["sentence"].startswith("The reaction-diffusion length")


@pytest.mark.usefixtures("no_figure")
def test_a_result_is_replaced_only_when_asked(analysis, density_analysis, tmp_path):
    out = tmp_path / "cell_3"
    write_results(density_analysis, out)
    (out / "my notes.txt").write_text("keep me")
    before = (out / "nuclei.csv").read_text()
    with pytest.raises(CallError, match=r"exists already.*--overwrite"):
        write_results(analysis, out)
    assert (out / "nuclei.csv").read_text() == before
    write_results(analysis, out, overwrite=True)
    assert (out / "nuclei.csv").read_text() != before
    assert read_result(out / "cell_3.ome.zarr").channel_names == ("H3K9me3", "H3K27ac")
    assert (out / "my notes.txt").read_text() == "keep me"
    assert names(tmp_path) == {"cell_3"}


def test_a_folder_that_is_no_result_is_never_replaced(analysis, tmp_path):
    (tmp_path / "thesis").mkdir()
    (tmp_path / "thesis" / "chapter.tex").write_text("x")
    with pytest.raises(CallError, match="not a result of chromamol"):
        write_results(analysis, tmp_path / "thesis", overwrite=True)
    (tmp_path / "link").symlink_to(tmp_path / "thesis")
    with pytest.raises(CallError, match="link"):
        write_results(analysis, tmp_path / "link", overwrite=True)
    assert (tmp_path / "thesis" / "chapter.tex").read_text() == "x"


def test_a_file_in_the_way_is_named(analysis, tmp_path):
    (tmp_path / "out").write_text("a file")
    with pytest.raises(CallError, match="is a file"):
        write_results(analysis, tmp_path / "out")
    with pytest.raises(CallError, match="a file is in the way"):
        write_results(analysis, tmp_path / "out" / "cell_3")
    assert names(tmp_path) == {"out"}


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (errno.ENOSPC, "disk is full"),
        (errno.EACCES, "may not write"),
        (errno.EROFS, "read-only"),
        (errno.EIO, "error"),
    ],
)
def test_a_disk_that_refuses_leaves_nothing_behind(analysis, tmp_path, monkeypatch, number, words):
    def fail(path: Path, *_args: object, **_options: object) -> None:
        path.write_bytes(b"half")
        raise OSError(number, "Input/output error")

    monkeypatch.setattr(write, "write_map_tiff", fail)
    with pytest.raises(CallError, match=f"cannot be written to .*{words}"):
        write_results(analysis, tmp_path / "out" / "cell_3")
    assert names(tmp_path) == set()


@pytest.mark.usefixtures("no_figure")
@pytest.mark.parametrize("stop", [KeyboardInterrupt, Cancelled])
def test_stopping_keeps_the_old_result_and_no_half_one(analysis, tmp_path, stop):
    class Stopped(Silent):
        def advance(self, steps: int = 1) -> None:
            raise stop

    with pytest.raises(stop):
        write_results(analysis, tmp_path / "new" / "cell_3", progress=Stopped())
    assert names(tmp_path) == set()
    out = write_results(analysis, tmp_path / "cell_3")
    with pytest.raises(stop):
        write_results(analysis, out, overwrite=True, progress=Stopped())
    assert names(tmp_path) == {"cell_3"}
    assert names(out) == FILES


@pytest.mark.usefixtures("no_figure")
def test_when_the_last_step_fails_the_old_result_is_put_back(analysis, tmp_path, monkeypatch):
    out = write_results(analysis, tmp_path / "cell_3")
    rename = Path.rename

    def fail_into_place(self: Path, target: Path) -> Path:
        if ".partial-" in self.name:
            raise OSError(errno.EACCES, "Permission denied")
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", fail_into_place)
    with pytest.raises(CallError, match="may not write"):
        write_results(analysis, out, overwrite=True)
    assert names(tmp_path) == {"cell_3"}
    assert names(out) == FILES
