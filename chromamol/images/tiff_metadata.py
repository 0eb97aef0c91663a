"""Pixel size and channel names from the metadata of a TIFF: OME-XML, ImageJ, resolution tags."""

from __future__ import annotations

import math
import re
import xml.etree.ElementTree as ET
from typing import TYPE_CHECKING

from chromamol.images.pixel_size import LARGEST_NM, SMALLEST_NM, Spacing, believe, nm_per_unit

if TYPE_CHECKING:
    import tifffile

_Found = tuple[Spacing | None, tuple[str, ...]]
_SLICE_PREFIX = re.compile(r"^(?:[czt]:\d+/\d+\s*)+-?\s*")


def pixel_size(tiff: tifffile.TiffFile, page: tifffile.TiffPage) -> _Found:
    """Find the pixel size (y, x), nm, or the reason why there is none.

    OME metadata go before ImageJ's, and both before the resolution tags, which most programs
    fill with a printing resolution.
    """
    xml = _ome_pixels(tiff)
    if xml is not None:
        return _ome_size(xml)
    y_density, x_density = (_density(page, tag) for tag in ("YResolution", "XResolution"))
    if y_density is None or x_density is None:
        return None, ()
    unit = (tiff.imagej_metadata or {}).get("unit")
    if unit is not None:
        return _imagej_size(str(unit), y_density, x_density)
    return _resolution_size(page, y_density, x_density)


def channel_names(tiff: tifffile.TiffFile, n_channels: int) -> tuple[str, ...]:
    """Names of the channels, "" where the file gives none."""
    xml = _ome_pixels(tiff)
    names: list[str] = []
    if xml is not None:
        names = [c.get("Name", "").strip() for c in xml.findall("{*}Channel")]
    elif tiff.imagej_metadata:
        labels = tiff.imagej_metadata.get("Labels", [])
        if isinstance(labels, list | tuple):
            # One for each page, and the channels change fastest.
            first = [str(label) for label in labels[:n_channels]]
            names = [_SLICE_PREFIX.sub("", label).strip() for label in first]
            if len(names) > 1 and len(set(names)) == 1:
                names = []  # the title of the image, repeated for every slice
    return tuple(names) if len(names) == n_channels else ("",) * n_channels


def _ome_pixels(tiff: tifffile.TiffFile) -> ET.Element | None:
    """Return the Pixels element of the first image of the OME metadata."""
    xml = tiff.ome_metadata if tiff.is_ome else None
    if not xml:
        return None
    return ET.fromstring(xml).find("{*}Image/{*}Pixels")  # noqa: S314 (entities were refused)


def _ome_size(pixels: ET.Element) -> _Found:
    """Pixel size from PhysicalSizeX and PhysicalSizeY; without a unit they are um."""
    stated = {axis: pixels.get(f"PhysicalSize{axis}") for axis in "YX"}
    if all(value is None for value in stated.values()):
        return None, ()
    sizes, texts = {}, []
    for axis, value in stated.items():
        if value is None:
            continue
        unit = pixels.get(f"PhysicalSize{axis}Unit", "\u00b5m")
        texts.append(f"{value} {unit}")
        sizes[axis] = _number(value) * (nm_per_unit(unit) or math.nan)
    notes: tuple[str, ...] = ()
    if len(sizes) == 1:
        notes = (
            f"The OME metadata give the pixel size along {next(iter(sizes))} only; "
            "square pixels were assumed.",
        )
    one = next(iter(sizes.values()))
    spacing, doubts = believe(
        sizes.get("Y", one),
        sizes.get("X", one),
        f"The OME metadata state a pixel size of {' x '.join(texts)}",
    )
    return spacing, notes + doubts if spacing else doubts


def _imagej_size(unit: str, y_density: float, x_density: float) -> _Found:
    """Pixel size from the resolution tags in pixels per ImageJ unit."""
    length = nm_per_unit(unit)
    if length is None:
        return None, (
            f"ImageJ's unit in the file is '{unit[:20]}', which is no length; "
            "there is no pixel size.",
        )
    stated = f"ImageJ's metadata state {y_density:.6g} x {x_density:.6g} pixels per {unit[:20]}"
    return believe(_inverse(length, y_density), _inverse(length, x_density), stated)


def _resolution_size(page: tifffile.TiffPage, y_density: float, x_density: float) -> _Found:
    """Pixel size from resolution tags in pixels per cm or inch, where it can be one."""
    unit = getattr(page.tags.valueof("ResolutionUnit", 2), "name", "INCH")
    length = {"INCH": 2.54e7, "CENTIMETER": 1e7}.get(unit)
    if length is None:
        return None, ()
    y_nm, x_nm = _inverse(length, y_density), _inverse(length, x_density)
    if all(SMALLEST_NM <= v <= LARGEST_NM for v in (y_nm, x_nm)):
        return (y_nm, x_nm), ()
    if unit == "INCH" and x_density >= 1:
        return None, (
            f"The file states {x_density:g} dpi, which is a printing resolution, not a pixel size.",
        )
    return believe(
        y_nm,
        x_nm,
        f"The file states {y_density:g} x {x_density:g} pixels per "
        f"{'inch' if unit == 'INCH' else 'cm'}",
    )


def _density(page: tifffile.TiffPage, tag: str) -> float | None:
    """Return the value of a resolution tag; NaN where it is no number."""
    value = page.tags.valueof(tag)
    if value is None:
        return None
    if isinstance(value, tuple) and len(value) == 2:
        return value[0] / value[1] if value[1] else math.nan
    return math.nan


def _inverse(length: float, density: float) -> float:
    """Return the length of a pixel from the number of pixels per unit; NaN where there is none."""
    return length / density if density else math.nan


def _number(text: str) -> float:
    """Return the number in some text, NaN where there is none."""
    try:
        return float(text)
    except ValueError:
        return math.nan
