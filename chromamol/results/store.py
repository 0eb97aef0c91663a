"""The OME-Zarr 0.5 store of an analysis.

    IMAGE.ome.zarr/            attributes: ome (bioformats2raw layout), chromamol (see `Record`)
        OME/                   the list of the images, and METADATA.ome.xml
        image/                 the channels that were read (c, y, x), pyramid 0, 1, ...
            labels/nuclei/     the nuclei (y, x), 0 in their holes
        rate/  rate_sd/  residual/  compaction/      the maps (y, x), float32, NaN outside

Every group below the root is an OME-Zarr image of its own, with pixel size and unit. The
bioformats2raw layout is the one way in OME-Zarr 0.5 to keep several images in one store; a
reader that knows it opens them all at once, and any other opens each by its path.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import zarr
from yaozarrs import v05
from yaozarrs.write.v05 import Bf2RawBuilder, LabelsBuilder
from zarr.codecs import BloscCodec

from chromamol.analysis import MAP_NAMES
from chromamol.results.ome_xml import ome_xml
from chromamol.results.pyramid import pyramid
from chromamol.results.record import record_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from chromamol.analysis import Analysis

IMAGE_GROUP = "image"
NUCLEI_GROUP = f"{IMAGE_GROUP}/labels/nuclei"

_CHUNK_PX = 1024
_COLOURS = ("FF00FF", "00FF00", "00FFFF", "FFFF00", "FF8000")
_WHITE = "FFFFFF"
_OME_TYPES = ("int8", "int16", "int32", "uint8", "uint16", "uint32", "float32", "float64")


def write_store(path: Path, analysis: Analysis) -> None:
    """Write an analysis as one OME-Zarr 0.5 store.

    Parameters
    ----------
    path : Path
        Ends in ``.ome.zarr``; must not exist.
    analysis : Analysis

    Raises
    ------
    OSError
        If the store exists or cannot be written.
    """
    record, spacing = record_of(analysis), analysis.yx_spacing_nm
    images: dict[str, tuple[NDArray[Any], Sequence[str]]] = {
        IMAGE_GROUP: (_representable(analysis.image.cyx), record.channel_names)
    }
    for map_name in MAP_NAMES:
        images[map_name] = (analysis.full_map(map_name).astype(np.float32), (map_name,))
    shown = {IMAGE_GROUP, "rate" if np.isfinite(images["rate"][0]).any() else "compaction"}

    builder = Bf2RawBuilder(
        path,
        ome_xml=ome_xml(images, spacing),
        extra_attributes={"chromamol": record.model_dump(mode="json")},
        writer=_create_array,
    )
    for name, (array, names) in images.items():
        levels = pyramid(array, "mean")
        omero = v05.Omero(channels=_channels(array, names, active=name in shown))
        image = v05.Image(multiscales=[_multiscale(levels, spacing, "mean")], omero=omero)
        builder.write_image(name, image, levels)

    levels = pyramid(analysis.nuclei.chromatin, "nearest")
    nuclei = v05.LabelImage(
        multiscales=[_multiscale(levels, spacing, "nearest")],
        **{"image-label": v05.ImageLabel(source=v05.LabelSource(image="../../"))},
    )
    labels_path, _, label_name = NUCLEI_GROUP.rpartition("/")
    labels = LabelsBuilder(path / labels_path, writer=_create_array)
    labels.write_label(label_name, nuclei, levels)


def _representable(cyx: NDArray[Any]) -> NDArray[Any]:
    """Return the channels in a pixel type that OME knows."""
    if cyx.dtype.newbyteorder("=").name in _OME_TYPES:
        return cyx.astype(cyx.dtype.newbyteorder("="), copy=False)
    return cyx.astype(np.uint8 if cyx.dtype == np.bool_ else np.float64)


def _multiscale(
    levels: Sequence[NDArray[Any]], yx_spacing_nm: tuple[float, float], how: str
) -> v05.Multiscale:
    """Declare axes, pixel size and position of every level of a pyramid, nm."""
    space = [v05.SpaceAxis(name=name, unit="nanometer") for name in ("y", "x")]
    has_channels = levels[0].ndim == 3
    datasets = []
    for level in range(len(levels)):
        scale = [step * 2**level for step in yx_spacing_nm]
        # A pixel of an averaged level is centred between those that it stands for.
        offset = (2**level - 1) / 2 if how == "mean" else 0.0
        shift = [step * offset for step in yx_spacing_nm]
        transforms: list[v05.ScaleTransformation | v05.TranslationTransformation] = [
            v05.ScaleTransformation(scale=[1.0, *scale] if has_channels else scale)
        ]
        if offset:
            translation = [0.0, *shift] if has_channels else shift
            transforms.append(v05.TranslationTransformation(translation=translation))
        datasets.append(v05.Dataset(path=str(level), coordinateTransformations=transforms))
    axes = [v05.ChannelAxis(name="c"), *space] if has_channels else space
    return v05.Multiscale(axes=axes, datasets=datasets, type=how)


def _channels(array: NDArray[Any], names: Sequence[str], *, active: bool) -> list[v05.OmeroChannel]:
    """Name, colour and range of every channel, for viewers."""
    channels = []
    for number, (yx, name) in enumerate(
        zip(array.reshape(-1, *array.shape[-2:]), names, strict=True)
    ):
        values = yx[np.isfinite(yx)]
        low, start, end, high = (
            np.percentile(values, (0, 0.5, 99.5, 100)) if values.size else (0.0, 0.0, 1.0, 1.0)
        )
        colour = _COLOURS[number % len(_COLOURS)] if len(names) > 1 else _WHITE
        window = v05.OmeroWindow(
            min=low, start=start, end=end if end > start else start + 1, max=high
        )
        channels.append(v05.OmeroChannel(window=window, label=name, color=colour, active=active))
    return channels


def _create_array(
    path: Path,
    shape: tuple[int, ...],
    dtype: Any,
    chunks: tuple[int, ...],  # the writer's proposal, which may cut a plane oddly
    *,
    dimension_names: list[str] | None,
    **_options: Any,
) -> Any:
    """Create one level of a pyramid: square chunks of one plane, zstd, NaN where it is empty."""
    return zarr.create_array(
        str(path),
        shape=shape,
        dtype=dtype,
        chunks=(*(1 for _ in shape[:-2]), *(min(_CHUNK_PX, size) for size in shape[-2:])),
        dimension_names=dimension_names,
        fill_value=np.nan if np.issubdtype(dtype, np.floating) else 0,
        compressors=BloscCodec(cname="zstd", clevel=3, shuffle="shuffle"),
        zarr_format=3,
    )
