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
from yaozarrs import v05
from yaozarrs.write.v05 import Bf2RawBuilder, LabelsBuilder

from chromamol.analysis import MAP_NAMES
from chromamol.images.multiscale import create_array, multiscale, omero_channels
from chromamol.images.pyramid import pyramid
from chromamol.results.ome_xml import ome_xml
from chromamol.results.record import record_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from chromamol.analysis import Analysis

IMAGE_GROUP = "image"
NUCLEI_GROUP = f"{IMAGE_GROUP}/labels/nuclei"

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
        IMAGE_GROUP: (_representable(np.asarray(analysis.image.cyx[:])), record.channel_names)
    }
    for map_name in MAP_NAMES:
        images[map_name] = (analysis.full_map(map_name).astype(np.float32), (map_name,))
    shown = {IMAGE_GROUP, "rate" if np.isfinite(images["rate"][0]).any() else "compaction"}

    builder = Bf2RawBuilder(
        path,
        ome_xml=ome_xml(images, spacing),
        extra_attributes={"chromamol": record.model_dump(mode="json")},
        writer=create_array,
    )
    for name, (array, names) in images.items():
        levels = pyramid(array, "mean")
        scales = multiscale(len(levels), spacing, "mean", has_channels=array.ndim == 3)
        omero = v05.Omero(channels=omero_channels(array, names, active=name in shown))
        image = v05.Image(multiscales=[scales], omero=omero)
        builder.write_image(name, image, levels)

    levels = pyramid(analysis.nuclei.chromatin, "nearest")
    nuclei = v05.LabelImage(
        multiscales=[multiscale(len(levels), spacing, "nearest", has_channels=False)],
        **{"image-label": v05.ImageLabel(source=v05.LabelSource(image="../../"))},
    )
    labels_path, _, label_name = NUCLEI_GROUP.rpartition("/")
    labels = LabelsBuilder(path / labels_path, writer=create_array)
    labels.write_label(label_name, nuclei, levels)


def _representable(cyx: NDArray[Any]) -> NDArray[Any]:
    """Return the channels in a pixel type that OME knows."""
    if cyx.dtype.newbyteorder("=").name in _OME_TYPES:
        return cyx.astype(cyx.dtype.newbyteorder("="), copy=False)
    return cyx.astype(np.uint8 if cyx.dtype == np.bool_ else np.float64)
