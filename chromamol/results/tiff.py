"""Maps as OME-TIFF that Fiji, napari and every other reader opens with its pixel size."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
import tifffile

import chromamol
from chromamol.errors import CallError

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

# A classic TIFF addresses 4 GiB; compressed data can outgrow the array by a little.
_CLASSIC_LIMIT_BYTES = 2**32 - 2**27


def write_map_tiff(
    path: Path,
    yx_map: NDArray[Any],
    yx_spacing_nm: tuple[float, float],
    name: str,
    *,
    description: str = "",
) -> None:
    """Write one map as a float32 OME-TIFF, NaN outside the nuclei; grey values in their own type.

    The pixel size is in the OME-XML (um, for Bio-Formats) and in the resolution tags (per
    centimetre, which ImageJ turns into um). Compression is plain zlib without a predictor,
    which every reader knows; files above 4 GB are BigTIFF.

    Parameters
    ----------
    path : Path
        Ends in ``.ome.tif``.
    yx_map : (y, x) float, uint16 or uint8
    yx_spacing_nm : (float, float)
        Pixel size, nm.
    name : str
        Name of the image and of its channel: what the map shows.
    description : str
        Free text about the map, in the file's metadata.

    Raises
    ------
    OSError
        If the file cannot be written.
    """
    data = np.ascontiguousarray(yx_map, dtype=_pixel_type(yx_map))
    _write(
        path,
        data,
        yx_spacing_nm,
        "YX",
        name=name,
        description=description or name,
        channel={"Name": name},
    )


def write_map_imagej_tiff(
    path: Path, yx_map: NDArray[Any], yx_spacing_nm: tuple[float, float], description: str
) -> None:
    """Write one map as a TIFF of ImageJ, as `write_map_tiff`; pixel size in um.

    Parameters
    ----------
    path : Path
        Ends in ``.tif``.
    yx_map : (y, x) float, uint16 or uint8
    yx_spacing_nm : (float, float)
        Pixel size, nm.
    description : str
        Shown by Image > Show Info in ImageJ; letters beyond ASCII are replaced.

    Raises
    ------
    CallError
        If the file would be larger than 4 GB.
    OSError
        If the file cannot be written.
    """
    data = np.ascontiguousarray(yx_map, dtype=_pixel_type(yx_map))
    _write_imagej(path, data, yx_spacing_nm, "YX", description)


def write_colours_tiff(
    path: Path,
    yxs: NDArray[np.uint8],
    yx_spacing_nm: tuple[float, float],
    name: str,
    description: str,
    *,
    imagej: bool,
) -> None:
    """Write a picture in red, green and blue, with the pixel size of its map.

    Parameters
    ----------
    path : Path
        Ends in ``.tif``.
    yxs : (y, x, 3) uint8
    yx_spacing_nm : (float, float)
        Pixel size, nm.
    name : str
        What the picture shows.
    description : str
        Free text, in the file's metadata.
    imagej : bool
        A TIFF of ImageJ; else OME-TIFF.

    Raises
    ------
    CallError
        If a TIFF of ImageJ would be larger than 4 GB.
    OSError
        If the file cannot be written.
    """
    if imagej:
        _write_imagej(path, yxs, yx_spacing_nm, "YXS", description)
    else:
        _write(
            path,
            yxs,
            yx_spacing_nm,
            "YXS",
            name=name,
            description=description,
            channel={"Name": name},
        )


def write_channels_tiff(
    path: Path,
    cyx: NDArray[np.generic],
    yx_spacing_nm: tuple[float, float],
    channel_names: tuple[str, ...],
) -> None:
    """Write channels as an OME-TIFF in their own type.

    Parameters
    ----------
    path : Path
        Ends in ``.ome.tif``.
    cyx : (channel, y, x) array
    yx_spacing_nm : (float, float)
        Pixel size, nm.
    channel_names : tuple of str
        One for each channel.

    Raises
    ------
    OSError
        If the file cannot be written.
    """
    name = path.name.removesuffix(".ome.tif")
    _write(
        path,
        cyx,
        yx_spacing_nm,
        "CYX",
        name=name,
        description=name,
        channel={"Name": list(channel_names)},
    )


def _pixel_type(yx_map: NDArray[Any]) -> str:
    """Return the type of the pixels of a file."""
    return yx_map.dtype.str if yx_map.dtype.kind == "u" else "<f4"


def _write_imagej(
    path: Path,
    data: NDArray[np.generic],
    yx_spacing_nm: tuple[float, float],
    axes: str,
    description: str,
) -> None:
    """Write an array with its pixel size as ImageJ does.

    Raises
    ------
    CallError
        If the file would be larger than such files can be.
    """
    if data.nbytes > _CLASSIC_LIMIT_BYTES:
        msg = (
            f"A TIFF of ImageJ holds up to 4 GB, and this map has {data.nbytes / 2**30:.1f}. Write "
            "OME-TIFF (--format ome), which Fiji opens, too."
        )
        raise CallError(msg)
    y_um, x_um = (step / 1e3 for step in yx_spacing_nm)
    tifffile.imwrite(
        path,
        data,
        imagej=True,
        resolution=(1 / x_um, 1 / y_um),
        metadata={
            "axes": axes,
            "unit": "um",
            "Info": description.encode("ascii", "replace").decode("ascii"),
        },
    )


def _write(
    path: Path,
    data: NDArray[np.generic],
    yx_spacing_nm: tuple[float, float],
    axes: str,
    *,
    name: str,
    description: str,
    channel: dict[str, object],
) -> None:
    """Write an array with its pixel size in the OME-XML and in the resolution tags."""
    y_um, x_um = (step / 1e3 for step in yx_spacing_nm)
    tifffile.imwrite(
        path,
        data,
        ome=True,
        bigtiff=data.nbytes > _CLASSIC_LIMIT_BYTES,
        photometric="rgb" if axes.endswith("S") else "minisblack",
        compression="zlib",
        rowsperstrip=max(
            1, 2**20 // max(1, data.itemsize * math.prod(data.shape[axes.index("X") :]))
        ),
        resolution=(1e4 / x_um, 1e4 / y_um),
        resolutionunit="CENTIMETER",
        software=f"chromamol {chromamol.__version__}",
        metadata={
            "axes": axes,
            "Name": name,
            "Description": description,
            "PhysicalSizeX": x_um,
            "PhysicalSizeXUnit": "µm",
            "PhysicalSizeY": y_um,
            "PhysicalSizeYUnit": "µm",
            "Channel": channel,
        },
    )
