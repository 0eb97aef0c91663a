"""Whether results may go to a folder; light, so that it is asked before any work."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

from chromamol.errors import CallError

if TYPE_CHECKING:
    from pathlib import Path

    from chromamol.analysis import MapName

PROVENANCE_FILE = "provenance.json"
# Entry of the provenance that holds the version.
_WRITER = "chromamol"
_LARGEST_BYTES = 2**28
TIFF_MAPS: tuple[MapName, ...] = ("rate", "rate_sd", "compaction")


def check_place(out_dir: Path, *, overwrite: bool) -> None:
    """Refuse a place for results that must not be replaced.

    Parameters
    ----------
    out_dir : Path
        Folder of the results of one image; it may be missing or empty.
    overwrite : bool
        Whether an earlier result may be replaced.

    Raises
    ------
    CallError
        If a file, a link, an earlier result or another folder is in the way.
    """
    if not os.path.lexists(out_dir) or (_is_folder(out_dir) and not any(out_dir.iterdir())):
        return
    if not _is_folder(out_dir):
        msg = f"{out_dir} is a file or a link. Give a folder for the results."
        raise CallError(msg)
    if not overwrite:
        msg = (
            f"The result {out_dir} exists already. Add --overwrite to replace it, "
            "or give another output folder."
        )
        raise CallError(msg)
    if not (out_dir / PROVENANCE_FILE).is_file():
        msg = (
            f"{out_dir} is not a result of chromamol (it has no {PROVENANCE_FILE}) and is not "
            "overwritten. Give another output folder."
        )
        raise CallError(msg)


def provenance_of(folder: Path) -> dict[str, Any] | None:
    """Return the provenance of a result, None where there is none: other programs use the name.

    Parameters
    ----------
    folder : Path
    """
    path = folder / PROVENANCE_FILE
    try:
        if path.stat().st_size > _LARGEST_BYTES:
            return None
        entries = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return None
    return entries if isinstance(entries, dict) and _WRITER in entries else None


def _is_folder(path: Path) -> bool:
    """Whether a path is a folder itself and no link to one."""
    return path.is_dir() and not path.is_symlink()
