"""Time and memory of reading: ``chromamol benchmark io``.

The files are made first, into a temporary folder; then each is read in a process of its own, as
``chromamol run`` reads it.
"""

from __future__ import annotations

import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import tifffile

from chromamol.benchmarks.process import in_fresh_process
from chromamol.benchmarks.tables import markdown
from chromamol.memory import peak_resident_bytes
from chromamol.progress import Silent
from chromamol.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from numpy.typing import NDArray

    from chromamol.progress import Progress

ROWS, SIDES_PX = (1_000_000, 3_000_000, 10_000_000), (5_000, 10_000, 20_000)
PIXEL_NM = 10.0
_FIELD_NM = 30_000.0
_BLOCK_ROWS = 500_000
_TILE_PX = 512
_NAMES = ("id", "frame", "x [nm]", "y [nm]", "sigma [nm]", "intensity [photon]")
_MORE_NAMES = ("offset [photon]", "bkgstd [photon]", "chi2", "uncertainty [nm]")


@dataclass(frozen=True)
class Cost:
    """Cost of reading one file.

    Attributes
    ----------
    file : str
        What it is.
    size : str
        Rows, or pixels.
    megabytes : float
        Of the file.
    task : str
        What was done.
    seconds : float
        Wall time, without the start of Python.
    peak_mb : float
        Most memory that the process held, MB.
    """

    file: str
    size: str
    megabytes: float
    task: str
    seconds: float
    peak_mb: float


def input_output(
    out_dir: Path | None,
    *,
    rows: Iterable[int] = ROWS,
    sides_px: Iterable[int] = SIDES_PX,
    progress: Progress | None = None,
) -> pd.DataFrame:
    """Measure time and memory of reading tables and images of several sizes.

    Parameters
    ----------
    out_dir : Path, optional
        Folder for ``io.csv``.
    rows : iterable of int
        Rows of the localisation tables (ThunderSTORM CSV).
    sides_px : iterable of int
        Sides of the images (TIFF, uint16), plain and in compressed tiles.
    progress : Progress, optional
        Told of every file; may cancel.

    Returns
    -------
    DataFrame
        One row for each task, the fields of `Cost`.
    """
    progress = progress or Silent()
    rows, sides_px = tuple(rows), tuple(sides_px)
    progress.begin("reading files", len(rows) + 2 * len(sides_px))
    costs: list[Cost] = []
    with tempfile.TemporaryDirectory(prefix="chromamol-io-") as name:
        folder = Path(name)
        for n_rows in rows:
            costs += _of_table(folder, n_rows)
            progress.advance()
        for side_px in sides_px:
            for tiled in (False, True):
                costs.append(_of_image(folder, side_px, tiled=tiled))
                progress.advance()
    table = pd.DataFrame([asdict(cost) for cost in costs])
    if out_dir is not None:
        out_dir.mkdir(parents=True, exist_ok=True)
        table.to_csv(out_dir / "io.csv", index=False)
    return table


def to_markdown(table: pd.DataFrame) -> str:
    """Return the table of costs in Markdown."""
    rows = [
        (
            one.file,
            one.size,
            f"{one.megabytes:.0f}",
            one.task,
            f"{one.seconds:.1f}",
            f"{one.peak_mb:.0f}",
        )
        for one in table.itertuples()
    ]
    return markdown(("file", "size", "file, MB", "task", "time, s", "peak memory, MB"), rows)


def _of_table(folder: Path, n_rows: int) -> list[Cost]:
    """Make a table, and measure what is done with it."""
    path = folder / "table.csv"
    _write_thunderstorm(path, n_rows)
    known = ("ThunderSTORM CSV", f"{n_rows / 1e6:g} million rows", path.stat().st_size / 1e6)
    costs = [
        Cost(*known, "read, filter, count in 10 nm pixels", *in_fresh_process(_count_table, path)),
        Cost(*known, "the same, into the store", *in_fresh_process(_store, path)),
    ]
    path.unlink()
    return costs


def _of_image(folder: Path, side_px: int, *, tiled: bool) -> Cost:
    """Make an image, and measure its way into the store."""
    path = folder / "image.tif"
    tifffile.imwrite(
        path,
        _tiles(side_px) if tiled else _noise(side_px, side_px),
        shape=(side_px, side_px),
        dtype=np.uint16,
        photometric="minisblack",
        bigtiff=True,
        tile=(_TILE_PX, _TILE_PX) if tiled else None,
        compression="zlib" if tiled else None,
    )
    kind = "TIFF, zlib in tiles" if tiled else "TIFF, uncompressed"
    known = (kind, f"{side_px} x {side_px} pixels", path.stat().st_size / 1e6)
    cost = Cost(*known, "into the store, with its pyramid", *in_fresh_process(_store, path))
    path.unlink()
    return cost


def _count_table(path: Path) -> tuple[float, float]:
    from chromamol.images.localisations.read import read_localisations

    start = time.perf_counter()
    read_localisations([path], Settings(pixel_size_nm=PIXEL_NM))
    return time.perf_counter() - start, peak_resident_bytes() / 1e6


def _store(path: Path) -> tuple[float, float]:
    from chromamol.images.store import stored_image

    start = time.perf_counter()
    with tempfile.TemporaryDirectory(dir=path.parent) as folder:
        stored_image([path], Path(folder) / "a.ome.zarr", Settings(pixel_size_nm=PIXEL_NM))
        return time.perf_counter() - start, peak_resident_bytes() / 1e6


def _write_thunderstorm(path: Path, n_rows: int) -> None:
    """Write a table as ThunderSTORM exports it, in a field of 30 x 30 um."""
    rng = np.random.default_rng(0)
    with path.open("w", encoding="ascii") as file:
        file.write(",".join(f'"{name}"' for name in (*_NAMES, *_MORE_NAMES)) + "\n")
        for first in range(0, n_rows, _BLOCK_ROWS):
            n = min(_BLOCK_ROWS, n_rows - first)
            columns = (
                np.arange(first + 1.0, first + n + 1.0),
                np.sort(rng.integers(1, 30_000, n)).astype(np.float64),
                rng.uniform(0, _FIELD_NM, n),
                rng.uniform(0, _FIELD_NM, n),
                rng.normal(140, 20, n),
                rng.exponential(800, n),
                rng.exponential(50, n),
                rng.exponential(8, n),
                rng.exponential(1e5, n),
                rng.gamma(4, 4, n),
            )
            pd.DataFrame(dict(enumerate(columns))).to_csv(file, header=False, index=False)


def _noise(height: int, width: int, seed: int = 0) -> NDArray[np.uint16]:
    """Return noise in part of the range, which compresses as measured images do."""
    return np.random.default_rng(seed).integers(100, 1_000, (height, width), dtype=np.uint16)


def _tiles(side_px: int) -> Iterator[NDArray[np.uint16]]:
    """Yield the tiles of an image, so that it is never whole in memory."""
    for number in range((-(-side_px // _TILE_PX)) ** 2):
        yield _noise(_TILE_PX, _TILE_PX, number)
