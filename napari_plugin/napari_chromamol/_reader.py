"""Open images, with their pixel size and channel names, and results of chromamol."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from chromamol.errors import ChromamolError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from napari_chromamol._layers import LayerData

    Read = Callable[[str], list[LayerData] | list[tuple[None]]]

_SUFFIXES = (".tif", ".tiff", ".zarr")


def get_reader(path: str | Sequence[str]) -> Read | None:
    """Return the reader of a file or store that can be one of ours, None for anything else."""
    if not isinstance(path, str) or Path(path).suffix.lower() not in _SUFFIXES:
        return None
    return read


def read(path: str) -> list[LayerData] | list[tuple[None]]:
    """Read a file or store; what is wrong with it is said in a sentence, and nothing opened."""
    try:
        return layers_of(Path(path))
    except ChromamolError as error:
        from napari.utils.notifications import show_error

        show_error(str(error))
        return [(None,)]


def layers_of(path: Path) -> list[LayerData]:
    """Read the layers of an image or a result.

    Raises
    ------
    InputError
        If it cannot be read.
    """
    from chromamol.results.reopen import is_result, read_result
    from napari_chromamol._layers import channel_layers, image_layers, result_layers
    from napari_chromamol._placement import from_spacing

    if is_result(path):
        result = read_result(path)
        placement = from_spacing(result.yx_spacing_nm)
        record = result.record
        channels = channel_layers(
            record.image,
            result.cyx,
            record.channel_names,
            placement,
            notes=record.notes,
            counts=record.counts,
        )
        return channels + result_layers(result, placement)
    import numpy as np

    from chromamol.images.intensities import check_intensities
    from chromamol.images.read import open_image
    from chromamol.settings import Settings

    image = open_image([path], Settings())
    # An exported map is NaN outside the nuclei: good to look at, though nothing to analyse.
    check_intensities(path.name, np.nan_to_num(image.cyx[:]), image.channel_names)
    return image_layers(image, from_spacing(image.yx_spacing_nm))
