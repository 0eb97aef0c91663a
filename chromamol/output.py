"""Output that appears when it is complete, or not at all."""

from __future__ import annotations

import errno
import os
import platform
import re
import secrets
import shutil
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TYPE_CHECKING

from chromamol.errors import CallError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

# Several computers may share a disk.
_COMPUTER = platform.node() or "unknown"
# Files of a store that wait for the disk together: eight take a tenth of the time of one by one.
_AT_ONCE = 8
_REASONS = {
    errno.ENOSPC: "the disk is full",
    errno.EDQUOT: "your quota on this disk is used up",
    errno.EACCES: "you may not write there",
    errno.EPERM: "you may not write there",
    errno.EROFS: "the disk is read-only",
    errno.ENOTDIR: "a file is in the way where a folder is needed",
    errno.EEXIST: "a file is in the way where a folder is needed",
    errno.ENOTEMPTY: "another run wrote a result there in the meantime",
    errno.ENAMETOOLONG: "its name is too long for this disk",
}


@contextmanager
def appearing(folder: Path, *, replaces: frozenset[str] | None) -> Iterator[Path]:
    """Give a hidden folder that takes the place of `folder` when all went well.

    Its files are on the disk before they get their name: a power cut leaves no torn ones. What a
    process that was killed had left beside it is removed.

    Parameters
    ----------
    folder : Path
        Its parents are made, and removed again if nothing came of it.
    replaces : frozenset of str or None
        Entries of an earlier folder that are replaced; its others are kept. None: there is none.
    """
    made = _make_parents(folder)
    remove_orphans(folder)
    mine = f"{_COMPUTER}-{os.getpid()}-{secrets.token_hex(4)}"
    partial = folder.with_name(f".{folder.name}.partial-{mine}")
    replaced = folder.with_name(f".{folder.name}.replaced-{mine}")
    try:
        partial.mkdir()
        yield partial
        _tree_to_disk(partial)
        if replaces is not None and folder.exists():
            folder.rename(replaced)
        partial.rename(folder)
        _names_to_disk(folder.parent)
    finally:
        shutil.rmtree(partial, ignore_errors=True)
        if replaced.exists() and not folder.exists():
            replaced.rename(folder)
        if not folder.exists():
            for parent in made:
                if not any(parent.iterdir()):
                    parent.rmdir()
    if replaced.exists() and replaces is not None:
        for entry in replaced.iterdir():
            if entry.name not in replaces and not (folder / entry.name).exists():
                entry.rename(folder / entry.name)
        shutil.rmtree(replaced)


@contextmanager
def appearing_file(path: Path) -> Iterator[Path]:
    """Give a hidden file that takes the place of `path` when all went well, and is on the disk.

    Parameters
    ----------
    path : Path
        Replaced if it is there. The hidden file has its suffix, as some writers ask for.
    """
    partial = path.with_name(f".{os.getpid()}-{secrets.token_hex(4)}-{path.name}")
    try:
        yield partial
        _to_disk(partial)
        partial.replace(path)
        _names_to_disk(path.parent)
    finally:
        partial.unlink(missing_ok=True)


@contextmanager
def disk_told(folder: Path) -> Iterator[None]:
    """Turn what the operating system says about an output folder into a sentence.

    Raises
    ------
    CallError
        In place of an OSError.
    """
    try:
        yield
    except OSError as error:
        reason = _REASONS.get(error.errno or 0, error.strerror or str(error))
        msg = (
            f"The results cannot be written to {folder}: {reason}. Nothing was left behind; "
            "give another output folder, or make room, and run again."
        )
        raise CallError(msg) from error


def _tree_to_disk(folder: Path) -> None:
    """Wait until the disk holds all in a folder; disks write many files at once."""
    tree = list(os.walk(folder))
    paths = [os.path.join(where, name) for where, _, files in tree for name in files]  # noqa: PTH118
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        for wait, where in ((_to_disk, paths), (_names_to_disk, [where for where, *_ in tree])):
            for _ in pool.map(wait, where):
                pass


def _to_disk(path: Path | str) -> None:
    """Wait until the disk holds a file; what it has no room for is told here at the latest."""
    handle = os.open(path, os.O_RDWR)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _names_to_disk(folder: Path | str) -> None:
    """Wait until the disk holds the names in a folder, where the system can be asked to."""
    if os.name != "posix":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    except OSError as error:  # some network disks know of files only
        if error.errno != errno.EINVAL:
            raise
    finally:
        os.close(handle)


def _make_parents(folder: Path) -> list[Path]:
    """Make the folders above; return those that were not there, the deepest first."""
    missing = [parent for parent in folder.parents if not parent.exists()]
    folder.parent.mkdir(parents=True, exist_ok=True)
    return missing


def remove_orphans(folder: Path) -> None:
    """Remove what processes of this computer that live no more left of a folder.

    One that was killed between its two renames had put the earlier folder aside: it comes back.

    Parameters
    ----------
    folder : Path
        As it was to be called.
    """
    # Elsewhere asking for a process can end it.
    if os.name != "posix" or not folder.parent.is_dir():
        return
    left = re.compile(
        rf"\.{re.escape(folder.name)}\.(partial|replaced)-{re.escape(_COMPUTER)}-(\d+)-[0-9a-f]+"
    )
    for entry in list(folder.parent.iterdir()):
        match = left.fullmatch(entry.name)
        if match is None or _lives(int(match[2])):
            continue
        if match[1] == "replaced" and not folder.exists():
            entry.rename(folder)
        else:
            shutil.rmtree(entry, ignore_errors=True)


def _lives(process: int) -> bool:
    """Whether there is a process of this number."""
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True
