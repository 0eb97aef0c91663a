"""Open TIFF, OME-TIFF and ImageJ TIFF through tifffile."""

from __future__ import annotations

import contextlib
import logging
import math
import re
import struct
import xml.etree.ElementTree as ET
from typing import TYPE_CHECKING, Any

import tifffile
import zarr

from chromamol.errors import InputError
from chromamol.images.planes import LazyPlanes, PlainNumbers
from chromamol.images.source import Source
from chromamol.images.stack import Declared, choose
from chromamol.images.tiff_chain import check_chain
from chromamol.images.tiff_metadata import channel_names, pixel_size

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from numpy.typing import NDArray

    from chromamol.settings import Settings

TIFF_MAGIC = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")

# What tifffile and the codecs raise on damaged files, seen by cutting and overwriting valid ones.
_DAMAGE = (
    ValueError,
    struct.error,
    AssertionError,
    LookupError,
    TypeError,
    AttributeError,
    ArithmeticError,
    RuntimeError,
    OSError,
    MemoryError,
    ET.ParseError,
)
_COMPLAINTS_OF_DAMAGE = re.compile(
    r"invalid page offset|corrupted|missing required tags|invalid value offset|invalid offset"
)
_Z_LABEL = re.compile(r"\bz:\d+/\d+")
_FILE_NAME = re.compile(r'<UUID[^<>]*FileName="([^"]*)"')
_UUID = re.compile(r"<UUID[^<>]*?(?:/>|>[^<]*</UUID>)")
_COLOUR = {"RGB", "YCBCR", "CIELAB", "ICCLAB", "ITULAB", "SEPARATED"}


@contextlib.contextmanager
def open_tiff(path: Path, settings: Settings) -> Iterator[Source]:
    """Open a 2-D image with channels, or the chosen part of a stack, of the TIFF family.

    Parameters
    ----------
    path : Path
        An existing file that begins as a TIFF does.
    settings : Settings
        `axes`, `z_plane`, `time_point`.

    Yields
    ------
    Source
        Its pixels are decoded when they are asked for, as long as the block lasts.

    Raises
    ------
    InputError
        If the file is damaged, incomplete, in colour, no image, or a stack without a choice.
    """
    with contextlib.ExitStack() as stack:
        with _told(path):
            check_chain(path)
            xml = _own_ome_xml(path)
            tiff = stack.enter_context(tifffile.TiffFile(path, omexml=xml, _multifile=False))
            source = _first_series(path, tiff, settings)
        yield source


@contextlib.contextmanager
def _told(path: Path) -> Iterator[None]:
    """Turn what tifffile raises, or only logs, on a damaged file into a sentence."""
    with _listening() as complaints:
        try:
            yield
        except _DAMAGE as error:
            raise InputError(_damaged(path, str(error))) from error
        finally:  # damage goes before what else is wrong: a cut file lacks its metadata, too
            for complaint in filter(_COMPLAINTS_OF_DAMAGE.search, complaints):
                raise InputError(_damaged(path, complaint))


def _damaged(path: Path, detail: str) -> str:
    """Say that a file is damaged, with what the decoder said."""
    detail = re.sub(r"<tifffile\.\S+(?: '[^']*')?(?: \d+)?(?: @\d+)?>\s*", "", detail)
    return (
        f"{path.name} is damaged or was cut short ({detail[:120] or 'out of memory'}). "
        "Copy it again from its source, or export it again as OME-TIFF."
    )


@contextlib.contextmanager
def _listening() -> Iterator[list[str]]:
    """Collect what tifffile logs, instead of showing it to the user.

    tifffile goes on with the pages that are left when a file was cut short, and only says so there.
    """
    complaints: list[str] = []
    handler = logging.Handler(logging.WARNING)
    handler.emit = lambda record: complaints.append(record.getMessage())  # type: ignore[method-assign]
    logger = logging.getLogger("tifffile")
    propagate, logger.propagate = logger.propagate, False
    logger.addHandler(handler)
    try:
        yield complaints
    finally:
        logger.removeHandler(handler)
        logger.propagate = propagate


def _own_ome_xml(path: Path) -> str | None:
    """Return the OME metadata without their references to files, None where there are none.

    A renamed file still refers to its former name, and a hostile one to anything: only the pages
    of this file are read, and they have to be all of them.
    """
    with tifffile.TiffFile(path, _multifile=False) as tiff:
        xml = tiff.ome_metadata if tiff.is_ome else None
        n_pages = len(tiff.pages)
    if xml is None:
        return None
    if "<!ENTITY" in xml:
        msg = f"{path.name} defines XML entities in its OME metadata; it is not read for safety."
        raise InputError(msg)
    others = set(_FILE_NAME.findall(xml)) - {path.name}
    if others and n_pages < _declared_planes(xml):
        msg = (
            f"{path.name} is one part of an image in several files ({sorted(others)[0][:80]} ...). "
            "Save the image as one OME-TIFF."
        )
        raise InputError(msg)
    return _UUID.sub("", xml)


def _declared_planes(xml: str) -> int:
    """Count the planes of the first image of some OME metadata."""
    pixels = ET.fromstring(xml).find("{*}Image/{*}Pixels")  # noqa: S314 (entities are refused)
    if pixels is None:
        return 1
    return math.prod(int(pixels.get(f"Size{axis}", "1")) for axis in "CZT")


def _first_series(path: Path, tiff: tifffile.TiffFile, settings: Settings) -> Source:
    """Open the image that a file holds, or the first of several."""
    series = tiff.series[0]
    page = series.keyframe
    notes = []
    if len(tiff.series) > 1:
        notes.append(f"The file holds {len(tiff.series)} images; the first was read.")
    photometric = getattr(page.photometric, "name", str(page.photometric))
    if photometric in _COLOUR:
        msg = (
            f"{path.name} is a colour (RGB) picture, not intensities. Export the channels from the "
            "microscope's file; in Fiji: Image > Color > Split Channels, then choose or merge them."
        )
        raise InputError(msg)
    if photometric == "PALETTE":
        notes.append("The file has a colour table; the stored values were read as intensities.")
    if photometric == "MINISWHITE" and series.dtype != bool:
        notes.append("The file asks to be shown inverted; the stored values were read as they are.")
    if series.dtype is None:
        raise InputError(_damaged(path, "unknown type of values"))
    stored = tiff.filehandle.size
    _check_bytes_are_there(path, series, stored)
    axes = series.axes if _names_its_planes(tiff, series) else series.axes.replace("Z", "I")
    declared = Declared(axes, series.shape, series.dtype.itemsize, stored)
    choice = choose(path.name, declared, settings, lambda: _array(path, tiff, series))

    def decode(read: Callable[[], NDArray[Any]]) -> NDArray[Any]:
        with _told(path):
            return read()

    array = _array(path, tiff, series)
    rows = array.chunks[choice.axes.index("Y")] if hasattr(array, "chunks") else 1
    cyx = LazyPlanes(array, choice.axes, choice.fixed, choice.averaged, decode, rows)
    spacing, spacing_notes = pixel_size(tiff, page)
    names = channel_names(tiff, cyx.shape[0])
    return Source(cyx, names, spacing, (*notes, *choice.notes, *spacing_notes))


def _names_its_planes(tiff: tifffile.TiffFile, series: tifffile.TiffPageSeries) -> bool:
    """Tell whether planes are really z: ImageJ calls the pages of any plain stack slices."""
    if series.kind != "imagej":
        return True
    metadata = tiff.imagej_metadata or {}
    labels = metadata.get("Labels") or [""]
    return bool(metadata.get("hyperstack")) or bool(_Z_LABEL.search(str(labels[0])))


def _array(path: Path, tiff: tifffile.TiffFile, series: tifffile.TiffPageSeries) -> Any:
    """Return the pixels as an array that is read by parts: the file itself, or strips and tiles."""
    if series.dataoffset is not None:
        dtype = series.dtype.newbyteorder(tiff.byteorder)
        return PlainNumbers(path, series.dataoffset, series.shape, dtype)
    return zarr.open_array(store=series.aszarr(level=0), mode="r")


def _check_bytes_are_there(path: Path, series: tifffile.TiffPageSeries, stored: int) -> None:
    """Refuse a file that ends before its pixels do: tifffile may fill the rest with zeros."""
    if series.dataoffset is not None and series.dataoffset + series.nbytes > stored:
        raise InputError(_damaged(path, f"it has {stored} bytes, its pixels need more"))
    for page in series.pages:
        if page is None:
            raise InputError(_damaged(path, "a page is missing"))
        for offset, count in zip(page.dataoffsets, page.databytecounts, strict=True):
            if offset <= 0 or count <= 0 or offset + count > stored:
                raise InputError(_damaged(path, "a part of the pixels is not in the file"))
