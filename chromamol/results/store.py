"""The OME-Zarr 0.5 store of an analysis.

    IMAGE.ome.zarr/            attributes: ome (bioformats2raw layout), chromamol (see `Record`)
        OME/                   the list of the images, and METADATA.ome.xml
        image/                 the channels that were read (c, y, x), pyramid 0, 1, ...
            labels/nuclei/     the nuclei (y, x), 0 in their holes; nuclei.csv as properties
            labels/domains/    the condensed domains; domains.csv as properties
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

from chromamol.analysis import MAP_NAMES
from chromamol.images.multiscale import create_array, multiscale, omero_channels
from chromamol.images.pyramid import pyramid
from chromamol.results.ome_xml import ome_xml

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import pandas as pd
    from numpy.typing import NDArray

    from chromamol.results.result import Result

IMAGE_GROUP = "image"
LABELS_GROUP = f"{IMAGE_GROUP}/labels"
NUCLEI, DOMAINS = "nuclei", "domains"

_OME_TYPES = ("int8", "int16", "int32", "uint8", "uint16", "uint32", "float32", "float64")


def write_store(path: Path, result: Result) -> None:
    """Write a result as one OME-Zarr 0.5 store.

    Parameters
    ----------
    path : Path
        Ends in ``.ome.zarr``; must not exist.
    result : Result

    Raises
    ------
    OSError
        If the store exists or cannot be written.
    """
    record, spacing = result.record, result.yx_spacing_nm
    images: dict[str, tuple[NDArray[Any], Sequence[str]]] = {
        IMAGE_GROUP: (_representable(result.cyx), record.channel_names)
    }
    for map_name in MAP_NAMES:
        images[map_name] = (result.maps[map_name], (map_name,))
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

    nuclei, domains = result.nuclei_table, result.domains_table
    label_images = LabelsBuilder(path / LABELS_GROUP, writer=create_array)
    for name, labels, table, numbers in (
        (NUCLEI, result.labels, nuclei, list(nuclei["nucleus"])),
        (DOMAINS, result.domains, domains, list(range(1, len(domains) + 1))),
    ):
        levels = pyramid(labels, "nearest")
        described = v05.LabelImage(
            multiscales=[multiscale(len(levels), spacing, "nearest", has_channels=False)],
            **{"image-label": v05.ImageLabel(source=v05.LabelSource(image="../../"))},
        )
        label_images.write_label(name, described, levels)
        _add_properties(path / LABELS_GROUP / name, table, numbers)


def _add_properties(folder: Path, table: pd.DataFrame, labels: Sequence[int]) -> None:
    """Write the rows of a table, each about one label, to the metadata of a label image."""
    if table.empty:
        return
    rows = table.astype(object).where(table.notna(), None).to_dict("records")
    properties = [{"label-value": int(n), **row} for n, row in zip(labels, rows, strict=True)]
    group = zarr.open_group(folder, mode="r+")
    attributes: dict[str, Any] = group.attrs.asdict()
    ome = attributes["ome"]
    group.attrs["ome"] = {**ome, "image-label": {**ome["image-label"], "properties": properties}}


def _representable(cyx: NDArray[Any]) -> NDArray[Any]:
    """Return the channels in a pixel type that OME knows."""
    if cyx.dtype.newbyteorder("=").name in _OME_TYPES:
        return cyx.astype(cyx.dtype.newbyteorder("="), copy=False)
    return cyx.astype(np.uint8 if cyx.dtype == np.bool_ else np.float64)
