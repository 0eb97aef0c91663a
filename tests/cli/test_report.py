"""``chromamol report``: one page about a folder of results."""

from __future__ import annotations

import html
import json

import pytest


@pytest.fixture(scope="module")
def results(cli, write_tiff, photons, tmp_path_factory):
    folder = tmp_path_factory.mktemp("results")
    image = write_tiff(folder / "cell 3.ome.tif", photons)
    words = ("--set", "nucleus_min_area_um2=0.5", "--set", "method=direct")
    assert cli("run", image, "-o", folder / "out", *words).exit_code == 0
    return folder / "out"


def test_it_is_written_and_replaced(cli, results) -> None:
    for _ in range(2):
        done = cli("report", results)
        assert done.exit_code == 0, done.stderr
        assert "Written:" in done.stdout
    page = (results / "report.html").read_text(encoding="utf-8")
    assert "cell 3, nucleus 1" in page
    (path,) = results.rglob("provenance.json")
    provenance = json.loads(path.read_text(encoding="utf-8"))
    assert html.escape(provenance["command"]) in page


def test_folders_that_hold_nothing(cli, tmp_path) -> None:
    (tmp_path / "empty").mkdir()
    for folder, code in (("empty", 1), ("none", 2)):
        done = cli("report", tmp_path / folder)
        assert done.exit_code == code
        assert len(done.stderr.splitlines()) == 1
    assert not list((tmp_path / "empty").iterdir())
