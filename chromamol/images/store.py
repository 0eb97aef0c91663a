"""The input store: an image of any origin as OME-Zarr 0.5, written once, read lazily.

    NAME.ome.zarr/             attributes: ome (one image), chromamol_input (see `InputRecord`)
        0, 1, ...              the channels (c, y, x) at full, half, ... resolution

It is kept as long as its sources, and the settings that they were read with, are the same.
"""

from __future__ import annotations

import math
import os
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import zarr
from pydantic import BaseModel, ConfigDict, ValidationError
from yaozarrs import v05
from yaozarrs.write.v05 import prepare_image
from zarr.storage import LocalStore

import chromamol
from chromamol.errors import CallError, InputError
from chromamol.images.file_name import output_name
from chromamol.images.files import (
    changed,
    combined_sha256,
    open_files,
    source_files,
    state_of,
)
from chromamol.images.image import Image, SourceFile
from chromamol.images.intensities import check_intensities
from chromamol.images.localisations.read import is_table
from chromamol.images.multiscale import (
    CHUNK_PX,
    INPUT_KEY,
    create_array,
    multiscale,
    omero_channels,
)
from chromamol.images.ome_zarr_metadata import read_json
from chromamol.images.planes import LazyPlanes
from chromamol.images.pyramid import halved, level_shapes
from chromamol.output import appearing, disk_told
from chromamol.progress import Progress, Silent
from chromamol.settings import reading_settings

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from chromamol.images.source import Source
    from chromamol.settings import Settings


class InputRecord(BaseModel):
    """Where a store comes from, and what its reader understood besides the pixels."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    schema_version: Literal[1] = 1
    chromamol_version: str = chromamol.__version__
    sources: tuple[SourceFile, ...]
    reading: dict[str, Any]
    channel_names: tuple[str, ...]
    yx_spacing_nm: tuple[float, float] | None
    notes: tuple[str, ...]
    counts: bool
    psf_nm: float | None
    repeated_share: float | None = None
    levels: dict[str, tuple[int, int, int]]


def stored_image(
    paths: Sequence[Path], store: Path, settings: Settings, progress: Progress | None = None
) -> Image:
    """Return an image from its store, which is written first where it is missing or outdated.

    The store appears when it is complete; whatever happens before leaves nothing behind.

    Parameters
    ----------
    paths : sequence of Path
        One image, table or OME-Zarr folder; or several of the same field, each with other channels.
    store : Path
        Ends in ``.ome.zarr``. A folder that is no such store is never replaced.
    settings : Settings
        Those about reading.
    progress : Progress, optional

    Returns
    -------
    Image
        Its channels are read from the store when they are asked for.

    Raises
    ------
    InputError
        If the sources cannot be read, hold no image, or change while they are read.
    CallError
        If something else lies where the store belongs, or it cannot be written.
    Cancelled
        If `progress` asked to stop.
    """
    progress = progress or Silent()
    progress.begin("checking the source")
    _check_apart(paths, store)
    state = state_of(paths)
    sources = source_files(paths)
    reading = reading_settings(settings, of_table=is_table(paths[0]))
    if _is_current(store, sources, reading):
        return _open(paths, store)
    record = _record_of(store)
    if record is None and os.path.lexists(store):
        msg = f"{store} is in the way and was not written by chromamol. Move it, and run again."
        raise CallError(msg)
    replaced = frozenset({"zarr.json", *(record.levels if record else ())})
    try:
        with disk_told(store), appearing(store, replaces=replaced if record else None) as partial:
            partial.rmdir()  # the writer makes it
            with open_files(paths, settings) as source:
                record = InputRecord(
                    sources=sources,
                    reading=reading,
                    channel_names=source.channel_names,
                    yx_spacing_nm=source.yx_spacing_nm,
                    notes=source.notes,
                    counts=source.counts,
                    psf_nm=source.psf_nm,
                    repeated_share=None
                    if math.isnan(source.repeated_share)
                    else source.repeated_share,
                    levels={
                        str(level): shape
                        for level, shape in enumerate(level_shapes(source.cyx.shape))
                    },
                )
                _write(partial, source, record, progress)
            if state_of(paths) != state:
                raise InputError(changed(paths[0].name))
            _judge(paths[0].name, partial, record)
    except CallError:
        # Another process may have written the very same store in the meantime.
        if not _is_current(store, sources, reading):
            raise
    return _open(paths, store)


def _check_apart(paths: Sequence[Path], store: Path) -> None:
    """Refuse a store that would take the place of its own source."""
    target = store.resolve()
    for path in paths:
        source = path.resolve()
        if target == source or target in source.parents or source in target.parents:
            msg = (
                f"{path} lies where chromamol keeps what it read ({store}). Give another output "
                "folder, or the file that the image came from."
            )
            raise CallError(msg)


def _is_current(store: Path, sources: tuple[SourceFile, ...], reading: dict[str, Any]) -> bool:
    """Whether a store is whole, and was made of these sources in this way by this version."""
    record = _record_of(store)
    if record is None or (record.sources, record.reading) != (sources, reading):
        return False
    if record.chromamol_version != chromamol.__version__:
        return False
    try:
        levels = zip(_levels(store, record), record.levels.values(), strict=True)
        return all(
            level.shape == shape and level.nchunks_initialized == level.nchunks
            for level, shape in levels
        )
    except (OSError, LookupError, ValueError, TypeError):
        return False


def _write(folder: Path, source: Source, record: InputRecord, progress: Progress) -> None:
    """Write all levels of the pyramid, a band of rows at a time."""
    n_channels, height, _ = source.cyx.shape
    shapes = list(record.levels.values())
    scales = multiscale(len(shapes), record.yx_spacing_nm, "mean", has_channels=True)
    _, arrays = prepare_image(
        folder,
        v05.Image(multiscales=[scales]),
        [(shape, source.cyx.dtype) for shape in shapes],
        extra_attributes={INPUT_KEY: record.model_dump(mode="json")},
        writer=create_array,
    )
    levels = [arrays[str(level)] for level in range(len(shapes))]
    # A band holds whole pieces of the source, so that none is decoded twice.
    band = CHUNK_PX * -(-getattr(source.cyx, "piece_rows", 1) // CHUNK_PX)
    progress.begin("storing the image", n_channels * -(-height // band))
    for channel in range(n_channels):
        for top in range(0, height, band):
            rows = slice(top, min(top + band, height))
            levels[0][channel, rows] = np.asarray(source.cyx[channel, rows])
            progress.advance()
    for finer, coarser in pairwise(levels):
        for channel in range(n_channels):
            for top in range(0, coarser.shape[1], CHUNK_PX):
                rows = slice(2 * top, 2 * (top + CHUNK_PX))
                coarser[channel, top : top + CHUNK_PX] = halved(np.asarray(finer[channel, rows]))


def _judge(name: str, folder: Path, record: InputRecord) -> None:
    """Refuse values that are no intensities; write what viewers need to show the others."""
    group = zarr.open_group(folder, mode="r+")
    levels = _levels(folder, record)
    notes = check_intensities(name, levels[0], record.channel_names, counts=record.counts)
    coarsest = np.asarray(levels[-1][:])
    channels = omero_channels(coarsest, record.channel_names, active=True)
    omero = v05.Omero(channels=channels).model_dump(mode="json", exclude_none=True)
    attributes: dict[str, Any] = group.attrs.asdict()
    group.attrs["ome"] = {**attributes["ome"], "omero": omero}
    complete = record.model_copy(update={"notes": record.notes + notes})
    group.attrs[INPUT_KEY] = complete.model_dump(mode="json")


def _record_of(store: Path) -> InputRecord | None:
    """Return the record of a store; None where there is no store of this version."""
    header = store / "zarr.json"
    if store.is_symlink() or not header.is_file():
        return None
    try:
        return InputRecord.model_validate(read_json(header)["attributes"][INPUT_KEY])
    except (InputError, LookupError, TypeError, ValidationError):
        return None


def _open(paths: Sequence[Path], store: Path) -> Image:
    """Open a store; its pixels are read when they are asked for."""
    record = _record_of(store)
    if record is None:
        msg = f"{store} was removed or damaged while it was in use. Run again."
        raise InputError(msg)

    def decode(read: Callable[[], NDArray[Any]]) -> NDArray[Any]:
        try:
            return read()
        except (ValueError, RuntimeError, OSError, LookupError, TypeError) as error:
            msg = (
                f"{store} is damaged ({str(error)[:80]}). Delete it, and run again: it is made "
                "from the source."
            )
            raise InputError(msg) from error

    finest = LazyPlanes(_levels(store, record)[0], "CYX", {}, "", decode)
    return Image(
        name=output_name(paths[0]),
        path=paths[0],
        sha256=combined_sha256(record.sources),
        cyx=finest,
        channel_names=record.channel_names,
        yx_spacing_nm=record.yx_spacing_nm,
        notes=record.notes,
        counts=record.counts,
        psf_nm=record.psf_nm,
        sources=record.sources,
        repeated_share=math.nan if record.repeated_share is None else record.repeated_share,
    )


def _levels(store: Path, record: InputRecord) -> list[Any]:
    """Open the arrays of a pyramid, the finest first."""
    return [
        zarr.open_array(store=LocalStore(store / name, read_only=True), mode="r", zarr_format=3)
        for name in record.levels
    ]
