"""The files that one image comes from: their state, their hashes, and their content as one."""

from __future__ import annotations

import hashlib
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from chromamol.errors import InputError
from chromamol.images.file_name import output_name
from chromamol.images.formats import open_source
from chromamol.images.image import SourceFile
from chromamol.images.localisations.read import is_table, read_localisations
from chromamol.images.planes import JoinedPlanes

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from chromamol.images.source import Source
    from chromamol.settings import Settings


def source_files(paths: Sequence[Path]) -> tuple[SourceFile, ...]:
    """Hash the files of an image, with those that belong to them.

    Raises
    ------
    InputError
        If a file cannot be read, or a store holds a link to the outside.
    """
    found = []
    for path in with_companions(paths):
        try:
            found.append(SourceFile(name=path.name, sha256=sha256_of(path)))
        except OSError as error:
            raise InputError(unreadable(path, error)) from error
    return tuple(found)


def combined_sha256(sources: Sequence[SourceFile]) -> str:
    """Return the hash of the one file, or one hash for all files."""
    if len(sources) == 1:
        return sources[0].sha256
    return hashlib.sha256("".join(one.sha256 for one in sources).encode()).hexdigest()


def state_of(paths: Sequence[Path]) -> tuple[tuple[int, int], ...]:
    """Return size and time of change of every file, to notice one that changes."""
    files = [
        file
        for path in with_companions(paths)
        for file in (sorted(path.rglob("*")) if path.is_dir() else [path])
    ]
    try:
        return tuple((one.st_size, one.st_mtime_ns) for one in (file.stat() for file in files))
    except OSError as error:
        raise InputError(unreadable(paths[0], error)) from error


def with_companions(paths: Sequence[Path]) -> list[Path]:
    """Add the files that may be read along with a table: the YAML beside Picasso's HDF5."""
    return [
        one
        for path in paths
        for one in (path, path.with_suffix(".yaml"))
        if one == path or (one.is_file() and path.is_file() and is_table(path))
    ]


def sha256_of(path: Path) -> str:
    """Hash the bytes of a file; of a store, the names and bytes of its files in order."""
    if path.is_file():
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    from chromamol.images.ome_zarr import store_files

    digest = hashlib.sha256()
    for file_path in store_files(path):
        digest.update(f"{file_path.relative_to(path).as_posix()}\0".encode())
        with file_path.open("rb") as file:
            digest.update(hashlib.file_digest(file, "sha256").digest())
    return digest.hexdigest()


@contextmanager
def open_files(paths: Sequence[Path], settings: Settings) -> Iterator[Source]:
    """Open the files of one field of view as one image; the channels of all, one after the other.

    Parameters
    ----------
    paths : sequence of Path
        Images of one shape and pixel size, or localisation tables in the same coordinates.
    settings : Settings
        Those about reading.

    Yields
    ------
    Source
        Its pixels can be read as long as the block lasts.

    Raises
    ------
    InputError
        If a file cannot be read, or the files do not belong together.
    """
    _check_different(paths)
    tables = [path for path in paths if is_table(path)]
    if len(tables) == len(paths):
        _check_no_choice(paths[0].name, settings)
        try:
            source = read_localisations(paths, settings)
        except OSError as error:
            raise InputError(unreadable(paths[0], error)) from error
        yield source
        return
    if settings.columns:
        msg = f"{paths[0].name} is no localisation table: leave --columns out."
        raise InputError(msg)
    if tables:
        msg = (
            f"{tables[0].name} is a localisation table and the other files are images: they have "
            "no common pixels. Give tables with tables, or images with images."
        )
        raise InputError(msg)
    with ExitStack() as stack:
        sources = [stack.enter_context(open_source(path, settings)) for path in paths]
        yield sources[0] if len(sources) == 1 else _side_by_side(paths, sources)


def _check_different(paths: Sequence[Path]) -> None:
    """Refuse a file that is given twice."""
    seen: set[Path] = set()
    for path in paths:
        if path.resolve() in seen:
            msg = f"{path} was given twice. Give each file of the field once."
            raise InputError(msg)
        seen.add(path.resolve())


def _check_no_choice(name: str, settings: Settings) -> None:
    """Refuse the choice of a part of a stack where there is none."""
    for option, value in (
        ("--axes", settings.axes),
        ("--z-plane", settings.z_plane),
        ("--time-point", settings.time_point),
    ):
        if value is not None:
            msg = f"{name} is a localisation table, and no stack: leave {option} {value} out."
            raise InputError(msg)


def _side_by_side(paths: Sequence[Path], sources: Sequence[Source]) -> Source:
    """Make one image of several that show the same field."""
    first = sources[0]
    for path, source in zip(paths[1:], sources[1:], strict=True):
        if source.cyx.shape[1:] != first.cyx.shape[1:]:
            sizes = [f"{one.cyx.shape[1]} x {one.cyx.shape[2]}" for one in (first, source)]
            msg = (
                f"{paths[0].name} has {sizes[0]} pixels (y, x) and {path.name} {sizes[1]}: images "
                "of one field have the same size. Check that they belong together."
            )
            raise InputError(msg)
        one, other = first.yx_spacing_nm, source.yx_spacing_nm
        if one and other and not np.allclose(one, other, rtol=1e-3):
            msg = (
                f"{paths[0].name} has pixels of {one[0]:g} x {one[1]:g} nm (y, x) and {path.name} "
                f"of {other[0]:g} x {other[1]:g} nm: images of one field have the same. Check that "
                "they belong together."
            )
            raise InputError(msg)
    spacings = [source.yx_spacing_nm for source in sources if source.yx_spacing_nm]
    names = [
        name or (output_name(path) if len(source.channel_names) == 1 else "")
        for path, source in zip(paths, sources, strict=True)
        for name in source.channel_names
    ]
    notes = [
        f"{path.name}: {note}"
        for path, source in zip(paths, sources, strict=True)
        for note in source.notes
    ]
    return replace(
        first,
        cyx=JoinedPlanes([source.cyx for source in sources]),
        channel_names=tuple(names),
        yx_spacing_nm=spacings[0] if spacings else None,
        notes=tuple(notes),
    )


def changed(name: str) -> str:
    """Say that a file changed while it was read."""
    return (
        f"{name} changed while it was read. Is it still being written or copied? Wait until it is "
        "complete, and run again."
    )


def unreadable(path: Path, error: OSError) -> str:
    """Say why a file cannot be opened."""
    if isinstance(error, FileNotFoundError):
        return f"There is no file {path}. Check the name and the folder."
    return f"{path} cannot be read ({error.strerror})."
