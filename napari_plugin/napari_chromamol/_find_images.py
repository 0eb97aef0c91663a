"""The images of a folder and its subfolders, told by their names; nothing is opened."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from chromamol.errors import InputError
from chromamol.images.file_name import named_as_image
from chromamol.results.place import PROVENANCE_FILE
from napari_chromamol._batch_log import BATCH_FILE

if TYPE_CHECKING:
    from chromamol.progress import Progress


def find_images(folder: Path, out: Path | None, progress: Progress) -> list[Path]:
    """Find images and localisation tables; an OME-Zarr folder is one image.

    Parameters
    ----------
    folder : Path
    out : Path or None
        Where results go: not searched. Nor are earlier results and hidden files and folders.
    progress : Progress
        Told of every folder; may cancel.

    Returns
    -------
    list of Path
        Sorted.

    Raises
    ------
    InputError
        If the folder cannot be opened, or holds no image.
    Cancelled
        If `progress` asked to stop.
    """
    _check_opens(folder)
    skipped = None if out is None else out.resolve()
    found: list[Path] = []
    for where, subfolders, files in os.walk(folder):
        progress.advance()
        here = Path(where)
        if PROVENANCE_FILE in files:
            subfolders.clear()
            continue
        inside = [here / name for name in subfolders if not name.startswith(".")]
        stores = [path for path in inside if path.suffix.lower() == ".zarr"]
        subfolders[:] = [
            path.name for path in inside if path not in stores and path.resolve() != skipped
        ]
        found += [path for path in stores if not _is_result(path)]
        found += [here / name for name in files if _is_named_as_input(name)]
    if not found:
        msg = (
            f"No image was found in {folder}. Expected, there or in its subfolders: images (.tif, "
            ".ome.tif, .nd2, .czi, .lif), OME-Zarr folders (.zarr), or localisation tables (.csv, "
            ".hdf5 and others). Results of chromamol do not count. Choose another folder."
        )
        raise InputError(msg)
    return sorted(found)


def _check_opens(folder: Path) -> None:
    """Refuse what is no folder, or a closed one."""
    try:
        os.scandir(folder).close()
    except OSError as error:
        msg = (
            f"The folder {folder} cannot be opened ({error.strerror}). Choose the folder that "
            "holds the images."
        )
        raise InputError(msg) from error


def _is_named_as_input(name: str) -> bool:
    """Whether a file may be an image or a table, and was not written by a batch."""
    return not name.startswith(".") and name != BATCH_FILE and named_as_image(Path(name))


def _is_result(store: Path) -> bool:
    """Whether a store is a result; what a damaged one is, its reader says."""
    from chromamol.results.reopen import is_result

    try:
        return is_result(store)
    except InputError:
        return False
