"""Open files of microscope vendors through bioio, where it is installed (the extra `vendor`)."""

from __future__ import annotations

import math
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from chromamol.errors import InputError
from chromamol.images.pixel_size import believe
from chromamol.images.planes import LazyPlanes
from chromamol.images.source import Source
from chromamol.images.stack import Declared, choose

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from numpy.typing import NDArray

    from chromamol.settings import Settings

_AXES = "TCZYX"


@contextmanager
def open_vendor(path: Path, kind: str, settings: Settings) -> Iterator[Source]:
    """Open a 2-D image with channels, or the chosen part of a stack, of a vendor's file.

    Parameters
    ----------
    path : Path
    kind : str
        Name of the format, for messages.
    settings : Settings
        `z_plane`, `time_point`.

    Yields
    ------
    Source
        Its pixels are decoded when they are asked for.

    Raises
    ------
    InputError
        If the extra is not installed, bioio cannot read the file, or it is a stack of which no part
        was chosen.
    """
    try:
        from bioio import BioImage
    except ImportError as error:
        msg = (
            f"{path.name} is a {kind} file. To read it, install bioio with "
            "pip install 'chromamol[vendor]'; or export the image as OME-TIFF (in Fiji: Plugins > "
            "Bio-Formats > Bio-Formats Exporter)."
        )
        raise InputError(msg) from error

    @contextmanager
    def told() -> Iterator[None]:
        try:
            yield
        except InputError:
            raise
        except Exception as error:  # the readers of bioio raise whatever their libraries do
            msg = (
                f"{path.name} could not be read as {kind} by bioio ({str(error)[:120]}). "
                "Export the image as OME-TIFF."
            )
            raise InputError(msg) from error

    def decode(read: Callable[[], NDArray[Any]]) -> NDArray[Any]:
        with told():
            return read()

    with told():
        image = BioImage(path)
        source = _first_scene(path, image, settings, decode)
    yield source


def _first_scene(
    path: Path,
    image: Any,
    settings: Settings,
    decode: Callable[[Callable[[], NDArray[Any]]], NDArray[Any]],
) -> Source:
    """Open the image that a file holds, or the first of several."""
    array = image.dask_data  # (t, c, z, y, x)
    notes = []
    if len(image.scenes) > 1:
        notes.append(f"The file holds {len(image.scenes)} images; the first was read.")
    # Compressed as it pleases: the size of the file says nothing of that of the pixels.
    declared = Declared(_AXES, array.shape, array.dtype.itemsize, array.nbytes)
    choice = choose(path.name, declared, settings, lambda: array)
    rows = max(array.chunks[choice.axes.index("Y")])
    cyx = LazyPlanes(array, choice.axes, choice.fixed, choice.averaged, decode, rows)
    sizes = image.physical_pixel_sizes
    y_nm, x_nm = (math.nan if size is None else 1e3 * float(size) for size in (sizes.Y, sizes.X))
    pixels = f"{sizes.Y} x {sizes.X} um"
    spacing, spacing_notes = believe(y_nm, x_nm, f"The file states pixels of {pixels}")
    stated = [str(name) for name in image.channel_names or ()]
    names = tuple(stated) if len(stated) == cyx.shape[0] else ("",) * cyx.shape[0]
    return Source(cyx, names, spacing, (*notes, *choice.notes, *spacing_notes))
