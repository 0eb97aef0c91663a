"""Folders and disks that take no results."""

from __future__ import annotations

import errno
import os
from typing import TYPE_CHECKING

import pytest

from chromamol import output
from chromamol.batch import Status, plan_batch, run_batch
from chromamol.batch import log as log_module
from chromamol.errors import CallError

from .conftest import lines_of, run

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    FolderOf = Callable[..., Path]

pytestmark = pytest.mark.usefixtures("without_figures")


def test_what_cannot_be_written_is_told(folder_of: FolderOf) -> None:
    folder = folder_of("a.ome.tif")
    out = folder.parent / "out"
    out.write_text("a file in the way")
    with pytest.raises(CallError, match="cannot be written"):
        run(folder)
    out.unlink()
    (out / "a").mkdir(parents=True)
    (out / "a" / "mine.txt").write_text("no result")
    ended = run(folder)
    assert "is not a result of chromamol" in ended["a.ome.tif"].reason
    assert (out / "a" / "mine.txt").read_text() == "no result"
    with pytest.raises(CallError, match="0 or more"):
        list(run_batch(plan_batch(folder, out), workers=-1))


def test_a_full_disk_fails_what_does_not_fit_and_the_rest_goes_on(
    folder_of: FolderOf, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The folder of one image takes no bytes; then the log takes none."""
    folder = folder_of("a.ome.tif", "day 1/b.ome.tif")
    out = folder.parent / "out"
    to_disk = output._to_disk

    def full(path: Path | str) -> None:
        if "day 1" in str(path):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        to_disk(path)

    monkeypatch.setattr(output, "_to_disk", full)
    ended = run(folder)
    assert ended["a.ome.tif"].status is Status.OK
    failed = ended["day 1/b.ome.tif"]
    assert failed.status is Status.FAILED
    assert "the disk is full" in failed.reason
    assert "make room" in failed.reason
    assert not (out / "day 1").exists()
    assert lines_of(out)["day 1/b.ome.tif"]["reason"] == failed.reason
    monkeypatch.setattr(output, "_to_disk", to_disk)

    # The log: no room for a line, then none for the whole table either.
    opened = log_module._opened
    refused: list[str] = []

    def full_log(path: Path, mode: str) -> object:
        if mode in modes and (mode == "a" or refused):
            refused.append(mode)
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return opened(path, mode)

    monkeypatch.setattr(log_module, "_opened", full_log)
    modes = "a"
    run(folder)
    assert refused == ["a"]
    assert lines_of(out)["day 1/b.ome.tif"]["status"] == "ok"
    (out / "day 1" / "b" / "rate.ome.tif").unlink()
    refused.clear()
    modes = "aw"
    with pytest.raises(CallError, match=r"batch\.csv cannot be written \(No space left"):
        run(folder)
    assert (out / "day 1" / "b" / "rate.ome.tif").is_file()
    assert set(lines_of(out)) == {"a.ome.tif", "day 1/b.ome.tif"}


def test_a_disk_that_is_read_only_is_told_before_any_work(
    folder_of: FolderOf, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = folder_of("a.ome.tif")

    def mkdir(path: Path, *_: object, **__: object) -> None:
        raise OSError(errno.EROFS, os.strerror(errno.EROFS), str(path))

    monkeypatch.setattr(type(folder), "mkdir", mkdir)
    with pytest.raises(CallError, match="the disk is read-only"):
        run(folder)
