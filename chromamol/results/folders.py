"""Where each image's result goes, and whether it may go there, before any long work."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from chromamol.errors import CallError
from chromamol.images.file_name import output_name
from chromamol.output import disk_told
from chromamol.results.place import check_place

if TYPE_CHECKING:
    from collections.abc import Sequence


def result_folders(images: Sequence[Path], out: Path) -> list[Path]:
    """Give every image its own folder in `out`.

    It has the image's name; where two images share a name, their folders below the one that holds
    them all are mirrored.

    Parameters
    ----------
    images : sequence of Path
    out : Path

    Returns
    -------
    list of Path
        In the order of the images.

    Raises
    ------
    CallError
        If two images would still share a folder, or one be inside another's.
    """
    folders = [out / output_name(image) for image in images]
    if len(set(folders)) < len(folders):
        parents = [Path(os.path.abspath(image.parent)) for image in images]  # noqa: PTH100
        common = os.path.commonpath(parents)
        folders = [
            out / parent.relative_to(common) / output_name(image)
            for image, parent in zip(images, parents, strict=True)
        ]
    owners: dict[Path, Path] = {}
    for image, folder in zip(images, folders, strict=True):
        if folder in owners:
            raise CallError(_clash(owners[folder], image, folder))
        owners[folder] = image
    for folder, image in owners.items():
        for above in folder.parents:
            if above in owners:
                raise CallError(_clash(owners[above], image, above))
    return folders


def input_store(folder: Path, out: Path) -> Path:
    """Return where the image behind a result is kept as OME-Zarr: hidden, mirroring `out`."""
    place = out / ".inputs" / folder.relative_to(out)
    return place.with_name(f"{place.name}.ome.zarr")


def _clash(one: Path, other: Path, folder: Path) -> str:
    """Say which images cannot be analysed in one call."""
    return (
        f"The results of {one} and {other} would both go to {folder}. "
        "Name each image once, rename one of them, or analyse them in two calls with different "
        "output folders."
    )


def check_folder(folder: Path, *, overwrite: bool) -> None:
    """Refuse a result folder that is taken, or in which nothing can be made.

    Raises
    ------
    CallError
        With what to do instead.
    """
    with disk_told(folder):
        check_place(folder, overwrite=overwrite)
        above = next(parent for parent in folder.parents if os.path.lexists(parent))
        Path(tempfile.mkdtemp(prefix=".chromamol-", dir=above)).rmdir()
