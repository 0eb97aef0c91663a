"""The OME-XML that lists the images of an OME-Zarr store for readers that ask for it."""

from __future__ import annotations

from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

import chromamol

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy as np
    from numpy.typing import NDArray

_NAMESPACE = "http://www.openmicroscopy.org/Schemas/OME/2016-06"
_TYPES = {"float32": "float", "float64": "double"}


def ome_xml(
    images: Mapping[str, tuple[NDArray[np.generic], Sequence[str]]],
    yx_spacing_nm: tuple[float, float],
) -> str:
    """Describe the images of a store.

    Parameters
    ----------
    images : mapping of str to (array, sequence of str)
        By path in the store: the (c, y, x) or (y, x) pixels and the names of the channels.
    yx_spacing_nm : (float, float)
        Pixel size, nm.

    Returns
    -------
    str
        ASCII; the image at path ``rate`` has the ID ``Image:rate``.
    """
    root = ET.Element("OME", {"xmlns": _NAMESPACE, "Creator": f"chromamol {chromamol.__version__}"})
    for path, (array, channel_names) in images.items():
        image = ET.SubElement(root, "Image", {"ID": f"Image:{path}", "Name": path})
        pixels = ET.SubElement(
            image,
            "Pixels",
            {
                "ID": f"Pixels:{path}",
                "DimensionOrder": "XYCZT",
                "Type": _TYPES.get(array.dtype.name, array.dtype.name),
                "SizeX": str(array.shape[-1]),
                "SizeY": str(array.shape[-2]),
                "SizeC": str(len(channel_names)),
                "SizeZ": "1",
                "SizeT": "1",
                "PhysicalSizeX": f"{yx_spacing_nm[1] / 1e3:.9g}",
                "PhysicalSizeXUnit": "µm",
                "PhysicalSizeY": f"{yx_spacing_nm[0] / 1e3:.9g}",
                "PhysicalSizeYUnit": "µm",
            },
        )
        for number, name in enumerate(channel_names):
            attributes = {"ID": f"Channel:{path}:{number}", "Name": name, "SamplesPerPixel": "1"}
            ET.SubElement(pixels, "Channel", attributes)
        ET.SubElement(pixels, "MetadataOnly")
    xml: bytes = ET.tostring(root, encoding="us-ascii", xml_declaration=True)
    return xml.decode("ascii")
