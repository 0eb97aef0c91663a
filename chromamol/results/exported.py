"""Maps of stored results as TIFF files for other programs: values, grey values, colours."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from chromamol.errors import InputError
from chromamol.inference.rate_map import Scale
from chromamol.results.colour_picture import picture, zoom_of
from chromamol.results.in_words import in_words
from chromamol.results.map_colours import colours_of, common, kind_of, limits_of
from chromamol.results.record import describe_map, warnings_of
from chromamol.results.reopen import read_map, read_result
from chromamol.results.tiff import write_colours_tiff, write_map_imagej_tiff, write_map_tiff

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from chromamol.analysis import MapName
    from chromamol.results.greys import Greys
    from chromamol.results.map_colours import Limits
    from chromamol.results.result import Result


def result_with_map(store: Path, name: MapName) -> Result:
    """Read a stored result that has a map.

    Raises
    ------
    InputError
        If it cannot be read, or has no such map; the message says why.
    """
    result = read_result(store)
    if not np.isfinite(result.maps[name]).any():
        words = in_words(result.record.nuclei)
        reasons = " ".join(words.no_map or words.findings)
        msg = f"This result has no {name} map, so nothing is written. {reasons}"
        raise InputError(msg)
    return result


def write_values(path: Path, result: Result, name: MapName, greys: Greys, *, imagej: bool) -> None:
    """Write a map as values or as grey values.

    Parameters
    ----------
    path : Path
        Ends in ``.tif``.
    result : Result
    name : str
        Of the map.
    greys : Greys
        What the pixels hold.
    imagej : bool
        A TIFF of ImageJ; else OME-TIFF.

    Raises
    ------
    OSError
        If the file cannot be written.
    """
    pixels = greys.pixels(result.maps[name])
    about = f"{describe_map(result.record, name)} {greys.words}".strip()
    if imagej:
        write_map_imagej_tiff(path, pixels, result.yx_spacing_nm, about)
    else:
        write_map_tiff(path, pixels, result.yx_spacing_nm, name, description=about)


def write_colours(
    path: Path, result: Result, name: MapName, limits: Limits, *, imagej: bool
) -> None:
    """Write a map in the colours of the program, 8-bit RGB, with a labelled colour bar beside it.

    The pixels of the map are not resampled: they are the first rows and columns of the picture, in
    a small map each as a square of several pixels.

    Parameters
    ----------
    path : Path
        Ends in ``.tif``.
    result : Result
    name : str
        Of the map.
    limits : (float, float)
        The values at the ends of the colours, in the unit of the map.
    imagej : bool
        A TIFF of ImageJ; else OME-TIFF.

    Raises
    ------
    CallError
        If the limits do not fit the map.
    OSError
        If the file cannot be written.
    """
    record, yx_map = result.record, result.maps[name]
    colours = colours_of(record, name, limits)
    lines = ["light grey: no value"]
    if name in {"rate", "rate_sd"}:
        first = record.nuclei[0]
        lines.insert(0, Scale[first.scale].in_words(exploratory=first.exploratory))
    warning = "; ".join(warnings_of(record, name))
    zoom = zoom_of(yx_map.shape)
    height, width = (zoom * side for side in yx_map.shape)
    pixels = "one pixel" if zoom == 1 else f"a square of {zoom} x {zoom} pixels"
    about = (
        f"{describe_map(record, name)} {colours.words} The map is the first {height} rows and "
        f"{width} columns; each of its pixels is {pixels}."
    )
    yxs = picture(yx_map, colours, lines, warning)
    y_nm, x_nm = result.yx_spacing_nm
    write_colours_tiff(path, yxs, (y_nm / zoom, x_nm / zoom), name, about, imagej=imagej)


def limits_of_all(stores: Iterable[Path], name: MapName) -> dict[str, Limits]:
    """Find limits that fit a map of all results, so that their colours compare.

    Of each result only this map is read.

    Maps that must not be believed count only where there is no other: their values are of any size.

    Parameters
    ----------
    stores : iterable of Path
        Those without this map, or that cannot be read, are passed over.
    name : str
        Of the map.

    Returns
    -------
    dict of str to (float, float)
        By the kind of map (`kind_of`): a ratio and a deposition have no common colours.
    """
    believed: dict[str, Limits] = {}
    doubted: dict[str, Limits] = {}
    for store in stores:
        try:
            record, yx_map = read_map(store, name)
        except InputError:
            continue
        if not np.isfinite(yx_map).any():
            continue
        kind = kind_of(record, name)
        limits = limits_of(record, name, yx_map)
        found = doubted if warnings_of(record, name) else believed
        found[kind] = common([limits, found.get(kind, limits)])
    return doubted | believed
