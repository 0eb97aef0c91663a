"""An image as the readers understood it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True)
class Image:
    """A 2-D image with channels, its pixel size, and where it came from.

    Attributes
    ----------
    name : str
        File name without its suffixes; the name of the outputs.
    path : Path
        The file or store that was read.
    sha256 : str
        Hash of the source's bytes.
    cyx : (channel, y, x) array
        Intensities in the source's own type and units.
    channel_names : tuple of str
        One for each channel; "" where the file names none.
    yx_spacing_nm : (float, float) or None
        Pixel size along y and x, nm; None where the file states none that can be one.
    notes : tuple of str
        What was understood and what was ignored, in sentences.
    counts : bool
        Whether the values are numbers of localisations.
    """

    name: str
    path: Path
    sha256: str
    cyx: NDArray[np.generic]
    channel_names: tuple[str, ...]
    yx_spacing_nm: tuple[float, float] | None
    notes: tuple[str, ...] = ()
    counts: bool = False
