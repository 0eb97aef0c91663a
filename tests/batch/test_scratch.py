"""Folders of workers go with their batch, or with the next one."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from chromamol.batch.scratch import scratch_folder

# As a batch that is killed: it tells its folder, and does not come to remove it.
KILLED = """
import os
from chromamol.batch.scratch import scratch_folder
with scratch_folder() as folder:
    (folder / "worker-1").mkdir()
    print(folder, flush=True)
    os._exit(9)
"""


@pytest.fixture
def _own_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))


@pytest.mark.usefixtures("_own_place")
def test_what_a_killed_batch_left_is_removed_and_nothing_else(tmp_path: Path) -> None:
    killed = subprocess.run(
        [sys.executable, "-c", KILLED], capture_output=True, text=True, check=False
    )
    left = Path(killed.stdout.strip())
    assert left.parent == tmp_path
    assert (left / "worker-1").is_dir()
    gone = left.name.split("-")[2]
    elsewhere = tmp_path / "elsewhere"
    (elsewhere / "kept").mkdir(parents=True)
    link = tmp_path / f"chromamol-workers-{gone}-link"
    others = [
        tmp_path / f"chromamol-workers-{os.getppid()}-abc",  # of a process that lives
        tmp_path / f"chromamol-workers-{gone}",
        tmp_path / "chromamol-workers-mine",
    ]
    for one in others:
        one.mkdir()
    link.symlink_to(elsewhere)
    with scratch_folder() as first, scratch_folder() as second:
        assert first != second
        assert first.is_dir()
        assert not left.exists()
    assert sorted(tmp_path.iterdir()) == sorted([*others, elsewhere, link])
    assert (elsewhere / "kept").is_dir()


@pytest.mark.usefixtures("_own_place")
@pytest.mark.skipif(not hasattr(os, "chown") or os.getuid() != 0, reason="only root gives away")
def test_what_belongs_to_another_user_stays(tmp_path: Path) -> None:
    other = tmp_path / f"chromamol-workers-{2**22 + 1}-abc"  # no process has this number
    other.mkdir()
    os.chown(other, 12345, -1)
    with scratch_folder():
        assert other.is_dir()
