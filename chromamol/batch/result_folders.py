"""Where the results of a batch go: a folder for each image, apart from all others."""

from __future__ import annotations

import unicodedata
from collections import Counter
from itertools import chain, count
from pathlib import Path
from typing import TYPE_CHECKING

from chromamol.images.file_name import output_name
from chromamol.results.place import PROVENANCE_FILE, provenance_of

if TYPE_CHECKING:
    from collections.abc import Sequence


def folders_of(images: Sequence[Path], out: Path) -> list[Path]:
    """Give every image a folder of its name; of its full file name where two would share one.

    Folders that some disks take for one, as they differ in case only, are shared, too. An image
    that has a result under one of the two names keeps it when others of its name come or go.

    Parameters
    ----------
    images : sequence of Path
        Relative to the folder of the batch.
    out : Path
        Folder of all results.
    """
    short = [image.with_name(output_name(image)) for image in images]
    counts = Counter(map(_on_disk, short))
    taken = {_on_disk(parent) for image in images for parent in image.parents}
    folders = []
    for image, name in zip(images, short, strict=True):
        numbered = (image.with_name(f"{image.name}-{number}") for number in count(2))
        shared = counts[_on_disk(name)] > 1
        if (out / image / PROVENANCE_FILE).is_file() or (shared and not _has_result(image, out)):
            names = chain([image], numbered)
        else:
            names = chain([name, image], numbered)
        folder = next(one for one in names if _on_disk(one) not in taken)
        taken.add(_on_disk(folder))
        folders.append(out / folder)
    return folders


def _has_result(image: Path, out: Path) -> bool:
    """Whether the folder of its short name holds a result of this image, and of no namesake."""
    made_from = (provenance_of(out / image.with_name(output_name(image))) or {}).get("input")
    path = made_from.get("path") if isinstance(made_from, dict) else None
    return isinstance(path, str) and Path(path).name == image.name


def moved(images: Sequence[Path], folders: Sequence[Path], out: Path) -> list[str]:
    """Say which results are made anew in another folder, as a subfolder of images has the name.

    Parameters
    ----------
    images : sequence of Path
    folders : sequence of Path
        From `folders_of`.
    out : Path
    """
    return [
        f"The earlier result of {image} stays in {short}; a new one goes to {folder.name}, as "
        f"{short.name} is a folder of images now."
        for image, folder in zip(images, folders, strict=True)
        for short in [out / image.with_name(output_name(image))]
        if short != folder and _has_result(image, out) and not folder.exists()
    ]


def _on_disk(path: Path) -> str:
    """Return what a disk that knows neither case nor forms of accents sees of a path."""
    return unicodedata.normalize("NFC", path.as_posix()).casefold()
