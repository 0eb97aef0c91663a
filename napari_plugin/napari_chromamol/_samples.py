"""The sample images of chromamol, with the outlines of their nuclei."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chromamol.images.nuclei import nuclei_from_file
from chromamol.images.read import read_image
from chromamol.samples import STED_PIXEL_SIZE_NM, sample_path
from napari_chromamol._layers import KEY, image_layers
from napari_chromamol._placement import from_spacing

if TYPE_CHECKING:
    from napari_chromamol._layers import LayerData


def sted_nucleus() -> list[LayerData]:
    """Open the DNA of a fibroblast nucleus under a STED microscope."""
    square = (STED_PIXEL_SIZE_NM, STED_PIXEL_SIZE_NM)
    return _with_outlines("sted", "sted-mask", "outlines (authors)", square)


def simulated_nucleus() -> list[LayerData]:
    """Open hetero- and euchromatin of a simulated nucleus."""
    return _with_outlines("simulated", "simulated-mask", "outlines (simulation)", None)


def _with_outlines(
    sample: str, mask: str, outlines: str, yx_spacing_nm: tuple[float, float] | None
) -> list[LayerData]:
    """Open a sample and the mask of its nuclei.

    Parameters
    ----------
    sample, mask : str
        Names of `chromamol.samples`.
    outlines : str
        Name of the layer of the nuclei.
    yx_spacing_nm : (float, float) or None
        Pixel size where the file states none, nm.
    """
    image = read_image(sample_path(sample))
    nuclei = nuclei_from_file(sample_path(mask), image.cyx[0])
    placement = from_spacing(image.yx_spacing_nm or yx_spacing_nm)
    shown = {
        "name": outlines,
        "opacity": 0.3,
        "visible": False,
        "metadata": {KEY: {"image": image.name}},
    }
    return [*image_layers(image, placement), (nuclei.labels, shown | placement, "labels")]
