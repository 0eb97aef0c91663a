"""An image as the readers understood it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from pydantic import BaseModel, ConfigDict

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np


class Planes(Protocol):
    """A (channel, y, x) array in memory, or in a store: indexing it gives a numpy array."""

    @property
    def shape(self) -> tuple[int, ...]:
        """Number of channels, rows and columns."""

    @property
    def dtype(self) -> np.dtype[Any]:
        """Type of the values."""

    def __getitem__(self, key: Any, /) -> Any:
        """Read a part."""


class SourceFile(BaseModel):
    """A file (or store) that an image was read from.

    Attributes
    ----------
    name : str
        Without its folder.
    sha256 : str
        Of its bytes; of a store, of the names and bytes of its files in order.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    sha256: str


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
        Intensities in the source's own type and units. It may lie in a store and be read when it
        is asked for: index it, `cyx[0]` or `cyx[0, 10:20]`, before anything else.
    channel_names : tuple of str
        One for each channel; "" where the file names none.
    yx_spacing_nm : (float, float) or None
        Pixel size along y and x, nm; None where the file states none that can be one.
    notes : tuple of str
        What was understood and what was ignored, in sentences.
    counts : bool
        Whether the values are numbers of localisations.
    psf_nm : float or None
        Full width at half maximum of the blur, nm, where the source tells.
    sources : tuple of SourceFile
        All files that it was read from.
    repeated_share : float
        Share of localisations that are another of the same molecule; NaN where none are known to
        be.
    """

    name: str
    path: Path
    sha256: str
    cyx: Planes
    channel_names: tuple[str, ...]
    yx_spacing_nm: tuple[float, float] | None
    notes: tuple[str, ...] = ()
    counts: bool = False
    psf_nm: float | None = None
    sources: tuple[SourceFile, ...] = ()
    repeated_share: float = math.nan
