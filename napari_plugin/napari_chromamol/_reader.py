"""Open images and tables, with their pixel size and channel names, and results of chromamol."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

from chromamol.errors import ChromamolError
from chromamol.images.file_name import IMAGE_SUFFIXES, TABLE_SUFFIXES, VENDOR_SUFFIXES

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from chromamol.results.record import Record
    from chromamol.settings import Settings
    from napari_chromamol._layers import LayerData

    Read = Callable[[str], list[LayerData] | list[tuple[None]]]

# How a table of points begins that napari wrote, and reads itself.
_OF_NAPARI = b"index,"
_MORE = "How a file is read can be said in Plugins > Open with choices (chromamol)."


def get_reader(path: str | Sequence[str]) -> Read | None:
    """Return the reader of a file or store that can be one of ours, None for anything else."""
    if not isinstance(path, str):
        return None
    name = path.lower().rstrip("/\\")
    if name.endswith(TABLE_SUFFIXES):
        return read if _is_ours(Path(path)) else None
    return read if name.endswith((*IMAGE_SUFFIXES, *VENDOR_SUFFIXES)) else None


def read(path: str) -> list[LayerData] | list[tuple[None]]:
    """Read a file or store; what is wrong with it is said in a sentence, and nothing opened."""
    import napari

    from napari_chromamol._fields import for_window
    from napari_chromamol._on_screen import follow

    follow(napari.current_viewer())
    try:
        return layers_of([Path(path)])
    except ChromamolError as error:
        from napari.utils.notifications import show_error

        said = for_window(str(error))
        show_error(f"{said}{'' if said.endswith('.') else '.'} {_MORE}")
        return [(None,)]


def layers_of(paths: Sequence[Path], settings: Settings | None = None) -> list[LayerData]:
    """Read the layers of an image, of several files of one field, or of a result.

    Parameters
    ----------
    paths : sequence of Path
    settings : Settings, optional
        Those about reading; default: `Settings()`.

    Raises
    ------
    InputError
        If it cannot be read.
    CallError
        If a setting does not fit.
    """
    from chromamol.results.reopen import is_result, read_result
    from napari_chromamol._layers import channel_layers, image_layers, labels_layer, result_layers
    from napari_chromamol._placement import from_spacing

    if len(paths) == 1 and paths[0].is_dir() and is_result(paths[0]):
        result = read_result(paths[0])
        placement = from_spacing(result.yx_spacing_nm)
        record = result.record
        channels = channel_layers(
            record.image,
            result.cyx,
            record.channel_names,
            placement,
            counts=record.counts,
            psf_nm=record.psf_nm,
            repeated_share=math.nan if record.repeated_share is None else record.repeated_share,
            files=_files_of(record),
            reading=_changed_reading(record.settings),
            stated_nm=None if record.settings.pixel_size_nm else record.yx_spacing_nm,
        )
        return channels + result_layers(result, placement)
    import numpy as np

    from chromamol.images.intensities import check_intensities, looks_like_labels
    from chromamol.images.read import open_image
    from chromamol.settings import Settings

    settings = settings or Settings()
    image = open_image(paths, settings)
    if len(image.cyx[:]) == 1 and not image.counts and looks_like_labels(image.cyx[0]):
        return [labels_layer(image, from_spacing(image.yx_spacing_nm))]
    # An exported map is NaN outside the nuclei: good to look at, though nothing to analyse.
    cyx = np.nan_to_num(image.cyx[:])
    is_map = not np.array_equal(cyx, image.cyx[:])
    check_intensities(paths[0].name, cyx, image.channel_names, counts=image.counts or is_map)
    spacing_nm = image.yx_spacing_nm
    if settings.pixel_size_nm is not None and not image.counts:
        spacing_nm = (settings.pixel_size_nm, settings.pixel_size_nm)
    reading = _changed_reading(settings, of_table=image.counts)
    return image_layers(image, from_spacing(spacing_nm), paths, reading)


def _changed_reading(settings: Settings, *, of_table: bool = False) -> dict[str, Any]:
    """Return the settings about reading that are not the defaults."""
    from chromamol.settings import reading_settings

    changed = settings.model_dump(exclude_defaults=True)
    reading = reading_settings(settings, of_table=of_table)
    return {name: value for name, value in reading.items() if name in changed}


def _files_of(record: Record) -> tuple[str, ...]:
    """Return the files that a result was made from, as far as they are still there."""
    files = [Path(record.image_path).with_name(one.name) for one in record.image_files]
    return tuple(map(str, files)) if all(file.exists() for file in files) else ()


def _is_ours(path: Path) -> bool:
    """Whether a file with the name of a table is one, and none of napari's own."""
    from chromamol.images.localisations.read import is_table

    if not is_table(path):
        return False
    with path.open("rb") as file:
        return not file.read(len(_OF_NAPARI)).startswith(_OF_NAPARI)
