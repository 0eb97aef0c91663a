"""A localisation table as its reader hands it on, and the same with the columns understood."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    Chunk = Mapping[str, NDArray[Any]]

# More rows than an experiment has; a million takes about 0.1 GB.
MAX_ROWS = 100_000_000
CHUNK_ROWS = 1_000_000


@dataclass(frozen=True)
class RawTable:
    """A table as it stands in its file: names of columns, and rows on demand.

    Attributes
    ----------
    kind : str
        Format, for people ("Picasso HDF5").
    names : tuple of str
        Names of the columns as they stand in the file.
    rows : function
        Takes names of columns and yields mappings of name to (rows,) array, a chunk of rows after
        the other: float64 where all are numbers (NaN: missing), else object, of numbers and text.
    units : mapping of str to str
        Units of columns that the format fixes ("nm", "um", "px"), where the names do not tell.
    yx_camera_pixel_nm : (float, float) or None
        Size of a camera pixel along y and x, nm, where the file states it.
    notes : tuple of str
        What was ignored or assumed, in sentences.
    """

    kind: str
    names: tuple[str, ...]
    rows: Callable[[Sequence[str]], Iterator[Chunk]]
    units: Mapping[str, str] = field(default_factory=dict)
    yx_camera_pixel_nm: tuple[float, float] | None = None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Localisations:
    """Localisations with known units, one entry for each row; None for what the table lacks.

    Attributes
    ----------
    x_nm, y_nm : (rows,) float64
    z_nm : (rows,) float32 or None
    precision_nm : (rows,) float32 or None
        Standard deviation of a position along one axis.
    photons : (rows,) float32 or None
    frame : (rows,) int64 or None
    channel : (rows,) int64 or None
        Number of the channel, in the order in which they appear; -1 for none.
    track : (rows,) int64 or None
        Number of the molecule or trajectory; negative for a row that belongs to none.
    failed : (rows,) bool or None
        Whether the fit failed.
    detections : (rows,) int64 or None
        How many localisations the program that wrote the table had merged into this one.
    """

    x_nm: NDArray[np.float64]
    y_nm: NDArray[np.float64]
    z_nm: NDArray[np.float32] | None = None
    precision_nm: NDArray[np.float32] | None = None
    photons: NDArray[np.float32] | None = None
    frame: NDArray[np.int64] | None = None
    channel: NDArray[np.int64] | None = None
    track: NDArray[np.int64] | None = None
    failed: NDArray[np.bool_] | None = None
    detections: NDArray[np.int64] | None = None

    def __len__(self) -> int:
        return len(self.x_nm)

    def where(self, kept: NDArray[np.bool_]) -> Localisations:
        """Return the rows where `kept` (rows,) is true."""
        if kept.all():
            return self
        return Localisations(**{name: column[kept] for name, column in self.columns()})

    def columns(self) -> Iterator[tuple[str, NDArray[Any]]]:
        """Name each column that is there, with its values."""
        for one in fields(self):
            column = getattr(self, one.name)
            if column is not None:
                yield one.name, column


def concatenate(parts: Sequence[Localisations]) -> Localisations:
    """Put tables with the same columns below each other; at least one."""
    names = [name for name, _ in parts[0].columns()]
    return Localisations(
        **{name: np.concatenate([getattr(part, name) for part in parts]) for name in names}
    )
