"""A file appears when it is complete, or not at all."""

from __future__ import annotations

import pytest

from chromamol.output import appearing_file


def test_a_file_takes_its_place_when_all_went_well(tmp_path):
    path = tmp_path / "map.ome.tif"
    path.write_text("old")
    with appearing_file(path) as partial:
        assert partial.suffix == ".tif"
        partial.write_text("new")
        assert path.read_text() == "old"
    assert path.read_text() == "new"
    assert list(tmp_path.iterdir()) == [path]


def test_what_fails_leaves_the_earlier_file_and_nothing_else(tmp_path):
    path = tmp_path / "map.ome.tif"
    path.write_text("old")
    with pytest.raises(FileNotFoundError), appearing_file(path) as partial:
        partial.write_text((tmp_path / "no such file").read_text())
    with pytest.raises(UnicodeEncodeError), appearing_file(path) as partial:
        partial.write_text("half, then µ", encoding="ascii")
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]
