"""The images of a folder and its subfolders, told by their names; nothing is opened."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from chromamol.batch.place import WRITTEN
from chromamol.errors import CallError, InputError
from chromamol.images.file_name import named_as_image
from chromamol.results.place import PROVENANCE_FILE, provenance_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from chromamol.progress import Progress

_MOST_NAMED = 3


@dataclass(frozen=True)
class Found:
    """What a folder holds.

    Attributes
    ----------
    images : tuple of Path
        Images and localisation tables, sorted; an OME-Zarr folder is one image.
    others : int
        How many other files there are.
    first_others : tuple of str
        The first few of them, below the folder.
    not_searched : tuple of str
        Subfolders that cannot be opened, or are links, and why.
    results : tuple of Path
        Subfolders with results of chromamol, which are not searched.
    """

    images: tuple[Path, ...]
    others: int
    first_others: tuple[str, ...]
    not_searched: tuple[str, ...]
    results: tuple[Path, ...]


def find_images(folder: Path, out: Path | None, progress: Progress) -> Found:
    """Find images and localisation tables.

    Parameters
    ----------
    folder : Path
    out : Path or None
        Where results go: not searched. Nor are earlier results and hidden files and folders.
    progress : Progress
        Told of every folder; may cancel.

    Raises
    ------
    CallError
        If the folder cannot be opened.
    InputError
        If it holds no image.
    Cancelled
        If `progress` asked to stop.
    """
    _check_opens(folder)
    skipped = None if out is None else out.resolve()
    found: list[Path] = []
    others = 0
    first_others: list[str] = []
    closed: list[str] = []
    results: list[Path] = []
    walk = os.walk(
        folder, onerror=lambda error: closed.append(f"{error.filename} ({error.strerror})")
    )
    for where, subfolders, files in walk:
        progress.advance()
        here = Path(where)
        if PROVENANCE_FILE in files and provenance_of(here) is not None:
            results.append(here)
            subfolders.clear()
            continue
        inside = [here / name for name in subfolders if not name.startswith(".")]
        stores = [path for path in inside if path.suffix.lower() == ".zarr"]
        subfolders[:] = sorted(
            path.name for path in inside if path not in stores and path.resolve() != skipped
        )
        closed += [f"{here / name} (a link)" for name in subfolders if (here / name).is_symlink()]
        visible = [name for name in files if not name.startswith(".") and name not in WRITTEN]
        images = [name for name in visible if named_as_image(Path(name))]
        strange = sorted(set(visible) - set(images))
        others += len(strange)
        first_others += [
            (here / name).relative_to(folder).as_posix()
            for name in strange[: _MOST_NAMED - len(first_others)]
        ]
        found += [path for path in stores if not _is_result(path)]
        found += [here / name for name in images]
    if not found:
        msg = (
            f"No image was found in {folder}. Expected, there or in its subfolders: images (.tif, "
            ".ome.tif, .nd2, .czi, .lif), OME-Zarr folders (.zarr), or localisation tables (.csv, "
            ".hdf5 and others). Results of chromamol do not count. Choose another folder."
        )
        raise InputError(msg)
    return Found(
        images=tuple(sorted(found)),
        others=others,
        first_others=tuple(first_others),
        not_searched=tuple(closed),
        results=tuple(sorted(results)),
    )


def paired(
    images: Sequence[Path], patterns: Sequence[str]
) -> tuple[list[tuple[Path, ...]], dict[Path, str]]:
    """Join the files that are channels of one field.

    Parameters
    ----------
    images : sequence of Path
    patterns : sequence of str
        Of file names, one for each channel, each with one ``*`` for what they share:
        ``*_K9me3.tif``, ``*_K27ac.tif``. Files of one folder are joined.

    Returns
    -------
    joined : list of tuple of Path
        The files of each field in the order of the patterns.
    left_out : dict of Path to str
        Files that are no part of a field, and why.

    Raises
    ------
    CallError
        If a pattern has not exactly one ``*``, or there is one pattern only.
    """
    if len(patterns) < 2 or any(pattern.count("*") != 1 for pattern in patterns):
        msg = (
            "The patterns of channel files are at least two, each with one * for what the files "
            f"of one field share, as in *_K9me3.tif,*_K27ac.tif; found: {','.join(patterns)}"
        )
        raise CallError(msg)
    ends = [pattern.split("*") for pattern in patterns]
    there, joined, left_out = set(images), [], {}
    for image in images:
        number = next((i for i, (head, tail) in enumerate(ends) if _fits(image, head, tail)), None)
        if number is None:
            left_out[image] = "Its name fits no pattern of the channels."
            continue
        head, tail = ends[number]
        shared = image.name[len(head) : len(image.name) - len(tail)]
        files = tuple(image.with_name(shared.join(one)) for one in ends)
        missing = [file.name for file in files if file not in there]
        if missing:
            left_out[image] = f"The other channel is missing: {', '.join(missing)}."
        elif number == 0:
            joined.append(files)
    return joined, left_out


def _fits(image: Path, head: str, tail: str) -> bool:
    """Whether a name begins and ends so, with something in between."""
    name = image.name
    return len(name) > len(head) + len(tail) and name.startswith(head) and name.endswith(tail)


def _check_opens(folder: Path) -> None:
    """Refuse what is no folder, or a closed one."""
    try:
        os.scandir(folder).close()
    except OSError as error:
        msg = (
            f"The folder {folder} cannot be opened ({error.strerror}). Choose the folder that "
            "holds the images."
        )
        raise CallError(msg) from error


def _is_result(store: Path) -> bool:
    """Whether a store is a result; what a damaged one is, its reader says."""
    from chromamol.results.reopen import is_result

    try:
        return is_result(store)
    except InputError:
        return False
