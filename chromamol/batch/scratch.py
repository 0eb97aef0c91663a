"""The private folder of worker processes, and what a batch that was killed left of its own."""

from __future__ import annotations

import os
import re
import shutil
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import psutil

if TYPE_CHECKING:
    from collections.abc import Iterator

_PREFIX = "chromamol-workers-"
_OF_PROCESS = re.compile(rf"{_PREFIX}(\d+)-\w+")


@contextmanager
def scratch_folder() -> Iterator[Path]:
    """Give workers a folder, and remove those of processes of this user that live no more.

    It is not dask's own: workers take code from there, and others may write to that one.
    """
    with tempfile.TemporaryDirectory(prefix=f"{_PREFIX}{os.getpid()}-") as name:
        mine = Path(name)
        _remove_orphans(mine)
        yield mine


def _remove_orphans(mine: Path) -> None:
    """Remove the folders beside one that nobody uses any more."""
    owner = mine.lstat().st_uid
    for entry in mine.parent.glob(f"{_PREFIX}*"):
        match = _OF_PROCESS.fullmatch(entry.name)
        if match is None or psutil.pid_exists(int(match[1])):
            continue
        try:
            is_mine = entry.lstat().st_uid == owner
        except FileNotFoundError:  # another batch removes it
            continue
        if is_mine:
            shutil.rmtree(entry, ignore_errors=True)
