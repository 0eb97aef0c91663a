"""A file appears when it is complete, or not at all."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from chromamol.errors import CallError
from chromamol.output import appearing, appearing_file, disk_told


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


def test_files_are_on_the_disk_before_they_get_their_name(tmp_path, monkeypatch):
    """A power cut after the renaming finds whole files: each was synced before."""
    synced, at_renaming = set(), {}
    rename = Path.rename

    def fsync(handle):
        synced.add(os.fstat(handle).st_ino)

    def renaming(self, target):
        at_renaming[target] = set(synced)
        return rename(self, target)

    monkeypatch.setattr(os, "fsync", fsync)
    monkeypatch.setattr(Path, "rename", renaming)
    monkeypatch.setattr(Path, "replace", renaming)
    folder = tmp_path / "cell"
    with appearing(folder, replaces=None) as partial:
        (partial / "chunks" / "0").mkdir(parents=True)
        (partial / "chunks" / "0" / "1").write_bytes(b"values")
        (partial / "table.csv").write_text("a\n1\n")
    with appearing_file(tmp_path / "all.csv") as partial:
        partial.write_text("a\n1\n")
    inside = {path.stat().st_ino for path in [folder, *folder.rglob("*")]}
    assert len(inside) == 5
    assert inside <= at_renaming[folder]
    assert (tmp_path / "all.csv").stat().st_ino in at_renaming[tmp_path / "all.csv"]
    assert tmp_path.stat().st_ino in synced


def test_a_disk_that_is_full_at_the_end_leaves_the_earlier_result(tmp_path, monkeypatch):
    """Some disks say that they are full only when they are asked to hold what was written."""
    folder, path = tmp_path / "cell", tmp_path / "all.csv"
    with appearing(folder, replaces=None) as partial:
        (partial / "table.csv").write_text("old")
    path.write_text("old")

    def fsync(_handle):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", fsync)
    with (
        pytest.raises(CallError, match="the disk is full"),
        disk_told(folder),
        appearing(folder, replaces=frozenset({"table.csv"})) as partial,
    ):
        (partial / "table.csv").write_text("new")
    with (
        pytest.raises(CallError, match="the disk is full"),
        disk_told(path),
        appearing_file(path) as partial,
    ):
        partial.write_text("new")
    assert (folder / "table.csv").read_text() == path.read_text() == "old"
    assert sorted(tmp_path.iterdir()) == [path, folder]
