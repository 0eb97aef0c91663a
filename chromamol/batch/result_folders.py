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
    that has a result under one of the two names keeps it when others of its name come or go, and
    never takes a folder that holds the result of another file.

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
        shared = counts[_on_disk(name)] > 1 and _made_from(out / name) != image.name
        if shared or (out / image / PROVENANCE_FILE).is_file():
            names = chain([image], numbered)
        else:
            names = chain([name, image], numbered)
        folder = next(
            one
            for one in names
            if _on_disk(one) not in taken and _made_from(out / one) in {None, image.name}
        )
        taken.add(_on_disk(folder))
        folders.append(out / folder)
    return folders


def _made_from(folder: Path) -> str | None:
    """Return the name of the file whose result a folder holds; None where that is unknown."""
    source = (provenance_of(folder) or {}).get("input")
    path = source.get("path") if isinstance(source, dict) else None
    return Path(path).name if isinstance(path, str) else None


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
        if short != folder and _made_from(short) == image.name and not folder.exists()
    ]


def with_number(images: Sequence[Path], folders: Sequence[Path]) -> list[str]:
    """Say which results go to a folder with a number, as both names of the image are taken.

    Parameters
    ----------
    images : sequence of Path
    folders : sequence of Path
        From `folders_of`.
    """
    return [
        f"The result of {image} goes to {folder.name}, as the results of other images have the "
        "names without a number."
        for image, folder in zip(images, folders, strict=True)
        if folder.name not in {output_name(image), image.name}
    ]


def may_be_folder_of(image: Path, folder: Path) -> bool:
    """Tell whether `folders_of` may have given a folder to an image.

    Parameters
    ----------
    image : Path
        Relative to the folder of the batch.
    folder : Path
        Relative to that of all results.
    """
    names = {output_name(image), image.name}
    return folder.parent == image.parent and (
        folder.name in names or folder.name.startswith(f"{image.name}-")
    )


def _on_disk(path: Path) -> str:
    """Return what a disk that knows neither case nor forms of accents sees of a path."""
    return unicodedata.normalize("NFC", path.as_posix()).casefold()
