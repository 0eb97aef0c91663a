"""Open files of microscope vendors through bioio, where it is installed (the extra `vendor`)."""

from __future__ import annotations

import importlib
import logging
import re
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from chromamol.errors import InputError
from chromamol.images.pixel_size import Spacing, believe
from chromamol.images.planes import LazyPlanes
from chromamol.images.source import Source
from chromamol.images.stack import Declared, choose

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from numpy.typing import NDArray

    from chromamol.settings import Settings

# What bioio calls a channel without a name.
_MADE_UP_NAME = re.compile(r"^Channel:\d+:\d+$")


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
        bioio = importlib.import_module("bioio")
        reader = importlib.import_module(f"bioio_{kind.rsplit(maxsplit=1)[-1].lower()}").Reader
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
            said = " ".join(str(error).split())[:120]
            msg = (
                f"{path.name} could not be read as {kind} by bioio ({said}). "
                "Export the image as OME-TIFF."
            )
            raise InputError(msg) from error

    def decode(read: Callable[[], NDArray[Any]]) -> NDArray[Any]:
        with told():
            return read()

    with told():
        # It prints what goes wrong, which is raised as well.
        logging.getLogger("bioio").setLevel(logging.CRITICAL)
        image = bioio.BioImage(path, reader=reader)
        source = _first_scene(path, image, settings, decode)
    yield source


def _first_scene(
    path: Path,
    image: Any,
    settings: Settings,
    decode: Callable[[Callable[[], NDArray[Any]]], NDArray[Any]],
) -> Source:
    """Open the image that a file holds, or the first of several."""
    array, axes = image.dask_data, image.dims.order
    notes = []
    if len(image.scenes) > 1:
        notes.append(f"The file holds {len(image.scenes)} images; the first was read.")
    if "S" in axes and array.shape[axes.index("S")] > 1:
        msg = (
            f"{path.name} is a colour (RGB) picture, not intensities. Export the channels from the "
            "microscope's software."
        )
        raise InputError(msg)
    # Compressed as it pleases: the size of the file says nothing of that of the pixels.
    declared = Declared(axes, array.shape, array.dtype.itemsize, array.nbytes)
    choice = choose(path.name, declared, settings, lambda: array)
    rows = max(array.chunks[choice.axes.index("Y")])
    cyx = LazyPlanes(array, choice.axes, choice.fixed, choice.averaged, decode, rows)
    spacing, spacing_notes = _pixel_size(image.physical_pixel_sizes)
    stated = [_MADE_UP_NAME.sub("", str(name)) for name in image.channel_names or ()]
    names = tuple(stated) if len(stated) == cyx.shape[0] else ("",) * cyx.shape[0]
    return Source(cyx, names, spacing, (*notes, *choice.notes, *spacing_notes))


def _pixel_size(sizes: Any) -> tuple[Spacing | None, tuple[str, ...]]:
    """Pixel size (y, x), nm, of what bioio says in um; 1 x 1 um stands for unknown."""
    y_um, x_um = sizes.Y, sizes.X
    if not y_um or not x_um or y_um == x_um == 1:
        return None, ("The file states no pixel size.",)
    stated = f"The file states a pixel size of {y_um:g} x {x_um:g} µm"
    return believe(1e3 * y_um, 1e3 * x_um, stated)
