"""The OME metadata of a zarr group: which array, which axes, which units and names."""

from __future__ import annotations

import json
import math
import warnings
from typing import TYPE_CHECKING, Any

from pydantic import TypeAdapter, ValidationError
from yaozarrs import v04, v05

from chromamol.errors import InputError
from chromamol.images.pixel_size import Spacing, believe, nm_per_unit

if TYPE_CHECKING:
    from pathlib import Path

OmeImage = v04.Image | v05.Image

_METADATA: dict[int, TypeAdapter[Any]] = {
    2: TypeAdapter(v04.OMEZarrGroupJSON),
    3: TypeAdapter(v05.OMEMetadata),
}
_MAX_METADATA_BYTES = 16 * 2**20


def image_metadata(path: Path) -> tuple[OmeImage, list[Any], int]:
    """Read and validate the OME metadata of an image group, version 0.4 or 0.5.

    Returns
    -------
    image : v04.Image or v05.Image
        Validated, but for the rendering hints of OMERO, which many writers leave incomplete.
    channels : list
        The channels of the rendering hints, as they stand there.
    zarr_format : int
        2 or 3.

    Raises
    ------
    InputError
        If the metadata are missing, of another version, not valid, or of a collection.
    """
    if (path / "zarr.json").is_file():
        zarr_format, group = 3, read_json(path / "zarr.json")
        attributes = group.get("attributes")
        ome = attributes.get("ome") if isinstance(attributes, dict) else None
        version = ome.get("version") if isinstance(ome, dict) else None
    else:
        zarr_format = 2
        ome = read_json(path / ".zattrs") if (path / ".zattrs").is_file() else None
        version = "0.4"
        if ome and isinstance(ome.get("multiscales"), list) and ome["multiscales"]:
            first = ome["multiscales"][0]
            version = first.get("version", "0.4") if isinstance(first, dict) else None
    if not ome:
        msg = (
            f"{path.name} is a zarr folder without OME metadata, so its axes and pixel size are "
            "unknown. Convert it to OME-Zarr 0.4 or 0.5, or to OME-TIFF."
        )
        raise InputError(msg)
    if version != ("0.5" if zarr_format == 3 else "0.4"):
        msg = f"{path.name} is OME-Zarr version {str(version)[:20]}; versions 0.4 and 0.5 are read."
        raise InputError(msg)
    omero = ome.get("omero")
    channels = omero.get("channels") if isinstance(omero, dict) else None
    ome = {key: value for key, value in ome.items() if key != "omero"}
    try:
        with warnings.catch_warnings():  # a unit that is none is dealt with below
            warnings.simplefilter("ignore")
            content = _METADATA[zarr_format].validate_python(ome)
    except ValidationError as error:
        first_error = error.errors()[0]
        reason = first_error["msg"].splitlines()[0].removeprefix("Value error, ")
        reason = f"{'.'.join(str(part) for part in first_error['loc'])}: {reason}"
        msg = f"{path.name} is not valid OME-Zarr {version}: {reason}"
        raise InputError(msg) from error
    if not isinstance(content, v04.Image | v05.Image):
        msg = (
            f"{path.name} is a collection ({type(content).__name__}), not one image. "
            f"Give the folder of one image inside it, for example {path.name}/{_first_image(path)}"
        )
        raise InputError(msg)
    return content, channels if isinstance(channels, list) else [], zarr_format


def _first_image(path: Path) -> str:
    """Name the first image of a collection: of its list (bioformats2raw layout), else 0."""
    header = path / "OME" / ("zarr.json" if (path / "zarr.json").is_file() else ".zattrs")
    attributes = read_json(header) if header.is_file() else {}
    for key in ("attributes", "ome"):
        inner = attributes.get(key)
        attributes = inner if isinstance(inner, dict) else attributes
    series = attributes.get("series")
    return str(series[0])[:80] if isinstance(series, list) and series else "0"


def read_json(path: Path, most_bytes: int = _MAX_METADATA_BYTES) -> dict[str, Any]:
    """Read a JSON object of a store, of a size that can be.

    Raises
    ------
    InputError
        If the file is missing, too large, or no JSON object.
    """
    where = f"{path.parent.name}/{path.name}"
    try:
        if path.stat().st_size > most_bytes:
            msg = f"{where} is larger than {most_bytes} bytes: no metadata of an image."
            raise InputError(msg)
        content = json.loads(path.read_bytes())
    except OSError as error:
        msg = f"{where} is missing or cannot be read: the OME-Zarr image is incomplete."
        raise InputError(msg) from error
    except (ValueError, RecursionError) as error:
        msg = f"{where} is not JSON: the OME-Zarr image is damaged."
        raise InputError(msg) from error
    if not isinstance(content, dict):
        msg = f"{where} is not a JSON object: the OME-Zarr image is damaged."
        raise InputError(msg)
    return content


def axis_letter(axis: Any) -> str:
    """Letter of an axis in tifffile's alphabet; "?" for what is none of them."""
    if axis.type == "channel":
        return "C"
    name = str(axis.name).upper()
    return name if name in {"T", "C", "Z", "Y", "X"} else "?"


def pixel_size(
    multiscale: v04.Multiscale | v05.Multiscale, axes: str
) -> tuple[Spacing | None, tuple[str, ...]]:
    """Pixel size (y, x) of the highest resolution, nm: its scale times the common one."""
    scale = [1.0] * len(axes)
    for transform in (
        *multiscale.datasets[0].coordinateTransformations,
        *(multiscale.coordinateTransformations or ()),
    ):
        if transform.type == "scale":
            scale = [a * b for a, b in zip(scale, transform.scale, strict=True)]
    index = [axes.index("Y"), axes.index("X")]
    units = [getattr(multiscale.axes[i], "unit", None) for i in index]
    if None in units:
        return None, ("The OME-Zarr metadata give no unit for y and x; there is no pixel size.",)
    y_nm, x_nm = (
        scale[i] * (nm_per_unit(unit) or math.nan) for i, unit in zip(index, units, strict=True)
    )
    stated = " x ".join(
        f"{scale[i]:g} {str(unit)[:20]}" for i, unit in zip(index, units, strict=True)
    )
    return believe(y_nm, x_nm, f"The OME-Zarr metadata state a pixel size of {stated}")


def channel_names(channels: list[Any], n_channels: int) -> tuple[str, ...]:
    """Return the labels of the channels, "" where there is none."""
    labels = [channel.get("label") if isinstance(channel, dict) else None for channel in channels]
    names = tuple(label.strip() if isinstance(label, str) else "" for label in labels)
    return names if len(names) == n_channels else ("",) * n_channels
