"""Is the truth inside the intervals as often as they say: ``chromamol benchmark coverage``.

Intervals are those of 95 %. A draw is a field with noise of its own. Pixels count one by one, of
a sharp step those near its edge apart; so do means over regions: the nucleus, its domains as
found in the image, and zones of equal area from its rim to its centre (of a box: its border).
"""

from __future__ import annotations

import multiprocessing
from concurrent.futures import ProcessPoolExecutor
from itertools import product
from typing import TYPE_CHECKING, Literal

import numpy as np
import pandas as pd
from scipy import ndimage, stats

from chromamol.benchmarks import cases
from chromamol.benchmarks.tables import markdown
from chromamol.progress import Silent
from chromamol.results.domains import find_domains
from chromamol.simulation import PIXEL_NM

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from chromamol.benchmarks.cases import Case
    from chromamol.progress import Progress
    from chromamol.simulation import FieldName

    Field = NDArray[np.float64]
    Mask = NDArray[np.bool_]

Box = Literal["periodic", "masked"]

BOXES: tuple[Box, ...] = ("periodic", "masked")
_SEEDS, _DRAWS = 8, 5
_QUICK_SEEDS, _QUICK_DRAWS = 2, 2
_WORKERS = 2
_LEVEL = 0.95
_EDGE_NM = 30.0
# Of the rate between the two sides of the step.
_MIDDLE_OF_STEP = 1.15
_ZONES = 3
_KEYS = ["box", "field", "noise"]
_PARTS = ("pixels", "edge", "nucleus", "domains", "zones")


def coverage(
    out_dir: Path | None, *, quick: bool = False, progress: Progress | None = None
) -> pd.DataFrame:
    """Measure how often intervals hold the truth, for every box, field and noise level.

    Parameters
    ----------
    out_dir : Path, optional
        Folder for ``coverage.csv``.
    quick : bool
        2 fields with 2 draws of the noise each instead of 8 with 5.
    progress : Progress, optional
        Told of every field; may cancel.

    Returns
    -------
    pandas.DataFrame
        Columns box, field, noise, part ("pixels", "edge", "nucleus", "domains", "zones"), draws,
        intervals, covered (the share of them that holds the truth; NaN where a draw gave no map)
        and width (mean width of an interval, rate ratio).
    """
    progress = progress or Silent()
    seeds, draws = (_QUICK_SEEDS, _QUICK_DRAWS) if quick else (_SEEDS, _DRAWS)
    tasks = list(product(BOXES, cases.FIELDS, range(seeds)))
    progress.begin("measuring coverage", len(tasks))
    rows: list[dict[str, object]] = []
    spawn = multiprocessing.get_context("spawn")
    pool = ProcessPoolExecutor(_WORKERS, mp_context=spawn, initializer=_one_thread)
    try:
        for fields in [pool.submit(measure, *task, draws) for task in tasks]:
            rows.extend(fields.result())
            progress.advance()
    finally:
        pool.shutdown(cancel_futures=True)
    table = summarise(rows)
    if out_dir is not None:
        out_dir.mkdir(parents=True, exist_ok=True)
        table.to_csv(out_dir / "coverage.csv", index=False)
    return table


def measure(box: Box, field: FieldName, seed: int, draws: int) -> list[dict[str, object]]:
    """Return a row for each noise level, draw and part of one field.

    Columns as those of `coverage`, with `inside`, the number of intervals that hold the truth.
    """
    source = cases.periodic if box == "periodic" else cases.masked
    rows: list[dict[str, object]] = []
    for level, draw in product(cases.LEVELS, range(draws)):
        case = source(field, seed, level, draw=draw)
        found = case.infer()
        about = {"box": box, "field": field, "noise": level, "seed": seed, "draw": draw}
        for part, pixels in _pixels(case, field).items():
            low, high = (bound[pixels] for bound in found.interval(_LEVEL))
            rows.append(about | {"part": part, **_count(low, high, case.truth[pixels])})
        for part, regions in _regions(case).items():
            means = np.array([found.mean_over(region) for region in regions]).reshape(-1, 2)
            truth = np.array([case.truth[region].mean() for region in regions])
            half_width = stats.norm.ppf(0.5 + _LEVEL / 2) * means[:, 1]
            low, high = means[:, 0] - half_width, means[:, 0] + half_width
            rows.append(about | {"part": part, **_count(low, high, truth)})
    return rows


def summarise(rows: list[dict[str, object]]) -> pd.DataFrame:
    """Add the draws of a cell together."""
    drawn = pd.DataFrame(rows)
    table = (
        drawn[drawn["intervals"] > 0]
        .groupby([*_KEYS, "part"], sort=False)
        .agg(
            draws=("seed", "count"),
            intervals=("intervals", "sum"),
            # One draw without a map leaves the coverage undefined.
            covered=("inside", lambda counts: counts.sum(skipna=False)),
            width=("width", lambda widths: widths.mean(skipna=False)),
        )
        .reset_index()
    )
    table["covered"] /= table["intervals"]
    return table


def to_markdown(table: pd.DataFrame) -> str:
    """Return a row a box, field and noise level: coverage in per cent and width of each part."""
    rows = []
    for (box, field, noise), group in table.groupby(_KEYS, sort=False):
        by_part = group.set_index("part")
        cells = [_cell(by_part.loc[part]) if part in by_part.index else "-" for part in _PARTS]
        draws = str(by_part.loc["pixels", "draws"])
        rows.append([str(box), str(field), f"{100 * noise:g} %", draws, *cells])
    return markdown(["box", "field", "noise", "draws", *_PARTS], rows)


def _cell(row: pd.Series) -> str:
    if np.isnan(row.covered):
        return "no map"
    return f"{100 * row.covered:.1f} % ({row.width:.2g})"


def _count(low: Field, high: Field, truth: Field) -> dict[str, float]:
    """Count the intervals that hold the truth; NaN where one of them is missing."""
    width = high - low
    missing = bool(np.isnan(width).any())
    return {
        "intervals": truth.size,
        "inside": float("nan") if missing else int(((low <= truth) & (truth <= high)).sum()),
        "width": float(width.mean()) if truth.size else float("nan"),
    }


def _pixels(case: Case, field: FieldName) -> dict[str, Mask]:
    """Return the pixels that are counted one by one; of a step, those near its edge apart."""
    if field != "step":
        return {"pixels": case.mask}
    above = case.mask & (case.truth > _MIDDLE_OF_STEP)
    below = case.mask & ~above
    to_above, to_below = (
        ndimage.distance_transform_edt(~side, sampling=PIXEL_NM) for side in (above, below)
    )
    edge = case.mask & (np.maximum(to_above, to_below) <= _EDGE_NM)
    return {"pixels": case.mask & ~edge, "edge": edge}


def _regions(case: Case) -> dict[str, list[Mask]]:
    """Return the regions over which means are taken."""
    labels = find_domains(case.channels["heterochromatin"], case.mask, (PIXEL_NM, PIXEL_NM)).labels
    depth = ndimage.distance_transform_edt(np.pad(case.mask, 1))[1:-1, 1:-1]
    bounds = np.quantile(depth[case.mask], np.arange(1, _ZONES) / _ZONES)
    zones = np.where(case.mask, np.digitize(depth, bounds), -1)
    return {
        "nucleus": [case.mask],
        "domains": [labels == number for number in range(1, labels.max() + 1)],
        "zones": [zones == number for number in range(_ZONES)],
    }


def _one_thread() -> None:
    import torch

    torch.set_num_threads(1)
