"""One analysed image: what flows from the inference to the results."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

import numpy as np

from chromamol.images.pixel_size import settle_spacing
from chromamol.quality import Quality

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from chromamol.images.composition import Composition
    from chromamol.images.image import Image
    from chromamol.images.nuclei import Nuclei
    from chromamol.inference.rate_map import RateMap
    from chromamol.settings import Settings

MapName = Literal["rate", "rate_sd", "residual", "compaction"]
MAP_NAMES: tuple[MapName, ...] = ("rate", "rate_sd", "residual", "compaction")


@dataclass(frozen=True)
class NucleusAnalysis:
    """One nucleus: its label, its window in the image, its map.

    Attributes
    ----------
    label : int
        Number of the nucleus in `Nuclei.labels`.
    window : (slice, slice)
        Rows and columns of the image that `rate_map` covers.
    rate_map : RateMap
        Maps of the window's shape; NaN outside this nucleus and in its holes.
    quality : Quality
        What its image is worth.
    """

    label: int
    window: tuple[slice, slice]
    rate_map: RateMap
    quality: Quality = field(default_factory=Quality)


@dataclass(frozen=True)
class Analysis:
    """One image, analysed.

    Attributes
    ----------
    image : Image
    settings : Settings
        With the roles that were used, by channel name where the file has names.
    nuclei : Nuclei
    composition : Composition
        Of the whole image.
    per_nucleus : tuple of NucleusAnalysis
        In the order of the labels.
    """

    image: Image
    settings: Settings
    nuclei: Nuclei
    composition: Composition
    per_nucleus: tuple[NucleusAnalysis, ...]

    @property
    def yx_spacing_nm(self) -> tuple[float, float]:
        """Pixel size along y and x, nm."""
        return settle_spacing(self.image, self.settings)

    @property
    def notes(self) -> tuple[str, ...]:
        """Everything that was assumed on the way, in sentences."""
        return self.image.notes + self.nuclei.notes + self.composition.notes

    def full_map(self, name: MapName) -> NDArray[np.float64]:
        """Return one map of all nuclei in the image's (y, x) frame, NaN outside them."""
        yx_map = np.full(self.nuclei.labels.shape, np.nan)
        for nucleus in self.per_nucleus:
            values = getattr(nucleus.rate_map, name)
            inside = nucleus.rate_map.mask
            yx_map[nucleus.window][inside] = values[inside]
        return yx_map
