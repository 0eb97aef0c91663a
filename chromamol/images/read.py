"""Read one image, from files of any format, and refuse what cannot be analysed."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from chromamol.errors import InputError
from chromamol.images.file_name import output_name
from chromamol.images.files import (
    changed,
    combined_sha256,
    open_files,
    source_files,
    state_of,
)
from chromamol.images.image import Image
from chromamol.images.intensities import check_intensities
from chromamol.progress import Progress, Silent
from chromamol.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Sequence


def read_image(
    files: Path | str | Sequence[Path | str],
    settings: Settings | None = None,
    *,
    store: Path | None = None,
    progress: Progress | None = None,
) -> Image:
    """Read a 2-D image with channels, or a localisation table as one.

    Formats are told by their content: TIFF, OME-TIFF and ImageJ TIFF; OME-Zarr 0.4 and 0.5 at the
    highest resolution; tables of localisations, which are counted in pixels.

    Parameters
    ----------
    files : path, or sequence of paths
        File or OME-Zarr folder; several files of the same field of view give its channels.
    settings : Settings, optional
        Those about reading. Default: `Settings()`.
    store : Path, optional
        Where the image is kept as OME-Zarr: written there unless it is there already and the files
        are unchanged, and read part by part. Default: it is read into memory.
    progress : Progress, optional

    Returns
    -------
    Image
        Values as stored, with the channel names and the pixel size (nm) where the file states
        them, and notes on what was ignored or assumed.

    Raises
    ------
    InputError
        If there is nothing to read, or what is there is damaged, not 2-D, in colour, smaller than
        8 x 8 pixels, constant, or not finite; or a file changes while it is read.
    CallError
        If a setting does not fit, or the store cannot be written.
    Cancelled
        If `progress` asked to stop.
    """
    paths = [Path(files)] if isinstance(files, (str, Path)) else [Path(one) for one in files]
    settings, progress = settings or Settings(), progress or Silent()
    if store is not None:
        from chromamol.images.store import stored_image

        return stored_image(paths, store, settings, progress)
    progress.begin("reading the image")
    state = state_of(paths)
    image = open_image(paths, settings)
    if state_of(paths) != state:
        raise InputError(changed(paths[0].name))
    notes = check_intensities(paths[0].name, image.cyx, image.channel_names, counts=image.counts)
    return replace(image, notes=image.notes + notes)


def open_image(paths: Sequence[Path], settings: Settings) -> Image:
    """Read an image to look at: as `read_image`, but its values are not judged.

    Raises
    ------
    InputError
        If there is nothing to read, or what is there is damaged, not 2-D, or in colour.
    """
    sources = source_files(paths)
    with open_files(paths, settings) as source:
        return Image(
            name=output_name(paths[0]),
            path=paths[0],
            sha256=combined_sha256(sources),
            cyx=source.cyx[:],
            channel_names=source.channel_names,
            yx_spacing_nm=source.yx_spacing_nm,
            notes=source.notes,
            counts=source.counts,
            psf_nm=source.psf_nm,
            sources=sources,
            repeated_share=source.repeated_share,
        )
