"""A batch on many images, on few and many workers, and killed: ``chromamol benchmark batch``.

Workers are compared on a simulated study, analysed as one is, and on the hard case for what a batch
adds: counts of a small nucleus with two channels and the direct estimator, where reading, writing
and drawing take the largest part. All else is measured on the latter.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import matplotlib.image
import numpy as np
import pandas as pd
import tifffile

from chromamol.batch import Status, plan_batch, run_batch
from chromamol.batch.place import LOCK_FILE
from chromamol.benchmarks.tables import markdown
from chromamol.errors import ChromamolError
from chromamol.memory import resident_bytes
from chromamol.progress import Silent
from chromamol.results.reopen import read_result
from chromamol.settings import Settings
from chromamol.simulated_study import SETTINGS_FILE, SHEET_FILE, simulate_study

if TYPE_CHECKING:
    from chromamol.batch import Ended
    from chromamol.progress import Progress

SETTINGS = Settings(method="direct", nucleus_min_area_um2=0.5)
_SHAPE, _SPACING_UM = (48, 76), (0.040, 0.030)
_LATEST_KILL_S = 20.0


@dataclass(frozen=True)
class Row:
    """One number.

    Attributes
    ----------
    what : str
    measured : str
    asked : str
        Empty where nothing was.
    """

    what: str
    measured: str
    asked: str = ""


def batch(
    *, images: int = 40, many: int = 1_000, kills: int = 30, progress: Progress | None = None
) -> list[Row]:
    """Measure batches.

    Parameters
    ----------
    images : int
        Of each comparison of one worker with two: a multiple of 4.
    many : int
        Of the batch whose memory is watched.
    kills : int
        Of the batch that is killed and continued.
    progress : Progress, optional
    """
    progress = progress or Silent()
    progress.begin("batches", 4)
    with tempfile.TemporaryDirectory() as name:
        place = Path(name)
        study, small = place / "study", place / "small"
        simulate_study(study, replicates=2, nuclei=images // 4)
        rows = _workers(
            "a study", study, Settings.from_yaml(study / SETTINGS_FILE), study / SHEET_FILE
        )
        progress.advance()
        _make_images(small, images)
        rows += _workers("small images", small, SETTINGS)
        progress.advance()
        rows += _memory(place / "many", many)
        progress.advance()
        rows.append(_killed(place / "killed", 2 * kills, kills))
        progress.advance()
    return rows


def to_markdown(rows: list[Row]) -> str:
    """Return the table."""
    return markdown(
        ("What", "Measured", "Asked"), [(row.what, row.measured, row.asked) for row in rows]
    )


def _make_images(folder: Path, count: int) -> None:
    """Write images of a nucleus that differ in their noise."""
    folder.mkdir(parents=True)
    y, x = np.mgrid[: _SHAPE[0], : _SHAPE[1]]
    inside = ((y - 24) / 19) ** 2 + ((x - 37) / 30) ** 2 < 1
    wave = 0.03 * np.cos(2 * np.pi / 0.6 * _SPACING_UM[1] * x)
    expected = 2000 * np.stack([0.25 + 3 * wave, 0.25 + wave]) * inside + 5
    rng = np.random.default_rng(0)
    for number in range(count):
        tifffile.imwrite(
            folder / f"{number:05}.ome.tif",
            rng.poisson(expected).astype(np.uint16),
            metadata={
                "axes": "CYX",
                "Channel": {"Name": ["H3K9me3", "H3K27ac"]},
                "PhysicalSizeY": _SPACING_UM[0],
                "PhysicalSizeX": _SPACING_UM[1],
                "PhysicalSizeYUnit": "µm",
                "PhysicalSizeXUnit": "µm",
            },
        )


def _workers(what: str, folder: Path, settings: Settings, sheet: Path | None = None) -> list[Row]:
    """Compare one worker with two, start and report included."""
    one_s, one = _timed(folder, settings, sheet, 1)
    two_s, _ = _timed(folder, settings, sheet, 2)
    compute_s = float(np.mean([ended.seconds for ended in one]))
    return [
        Row(
            f"{what}: two workers against one, {len(one)} images: efficiency",
            f"{one_s / (2 * two_s):.2f} ({one_s:.0f} s, {two_s:.0f} s)",
            "at least 0.85",
        ),
        Row(
            f"{what}: what a batch adds to an image of {compute_s:.1f} s",
            f"{(one_s / len(one) - compute_s) / compute_s:.0%}",
            "at most 10 %",
        ),
    ]


def _timed(
    folder: Path, settings: Settings, sheet: Path | None, workers: int
) -> tuple[float, list[Ended]]:
    """Return the seconds of a batch, and how its images ended."""
    start = time.perf_counter()
    plan = plan_batch(folder, folder.with_name(f"{folder.name}-{workers}"), sheet=sheet)
    ended = list(run_batch(plan, settings, workers=workers))
    seconds = time.perf_counter() - start
    images = [one for one in ended if one.name in {task.name for task in plan.tasks}]
    _check_all_ok(images)
    return seconds, images


def _memory(place: Path, many: int) -> list[Row]:
    """Watch the memory of a batch of many images."""
    _make_images(place / "in", many)
    plan = plan_batch(place / "in", place / "out")
    ended, here_mb = [], []
    for one in run_batch(plan, SETTINGS, workers=2):
        ended.append(one)
        here_mb.append(resident_bytes() / 2**20)
    _check_all_ok(ended)
    workers_mb = [one.memory_mb or 0.0 for one in ended]
    tenth = max(1, many // 10)
    parts = {"a worker": workers_mb, "the command": here_mb}
    return [
        Row(
            f"memory of {who}: images {tenth + 1} to {2 * tenth}, and the last {tenth} of {many}",
            f"{np.mean(values[tenth : 2 * tenth]):.0f} MB, {np.mean(values[-tenth:]):.0f} MB",
            "flat",
        )
        for who, values in parts.items()
    ]


def _killed(place: Path, images: int, kills: int) -> Row:
    """Kill a batch at random moments, continue it, and look at what is there."""
    _make_images(place / "in", images)
    out = place / "out"
    call = [sys.executable, "-m", "chromamol", "batch", str(place / "in"), "-o", str(out)]
    call += ["--workers", "2", "--set", "method=direct", "--set", "nucleus_min_area_um2=0.5"]
    rng = np.random.default_rng(1)
    done: dict[Path, int] = {}
    twice = 0
    for _ in range(kills):
        running = subprocess.Popen(call, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)  # noqa: S603
        time.sleep(rng.uniform(0.0, _LATEST_KILL_S))
        running.kill()
        running.wait()
        time.sleep(1.0)  # its workers notice
        twice += _note(out, done)
    last = subprocess.run(call, capture_output=True, text=True, check=False)  # noqa: S603
    twice += _note(out, done)
    torn = _torn(out)
    return Row(
        f"{kills} kills at random moments, then continued: images there, torn, done twice",
        f"{len(done)} of {images}, {torn}, {twice} (exit code {last.returncode})",
        f"{images} of {images}, 0, 0",
    )


def _note(out: Path, done: dict[Path, int]) -> int:
    """Note the results that are there in whole; return how many were made again."""
    again = 0
    for path in out.rglob("provenance.json"):
        if not any(part.startswith(".") for part in path.relative_to(out).parts):
            written = path.stat().st_mtime_ns
            again += done.setdefault(path, written) != written
    return again


def _torn(out: Path) -> int:
    """Open every result and table, and count what cannot be, and what was left half-written."""
    torn = 0
    for path in out.rglob("*"):
        parts = path.relative_to(out).parts
        if parts[0] in {".inputs", LOCK_FILE} or any(one.endswith(".zarr") for one in parts[:-1]):
            continue
        try:
            if path.name.startswith("."):
                torn += 1
            elif path.name.endswith(".ome.zarr"):
                read_result(path)
            elif path.suffix == ".csv":
                pd.read_csv(path)
            elif path.suffix == ".parquet":
                pd.read_parquet(path)
            elif path.suffix in {".tif", ".png"}:
                (tifffile.imread if path.suffix == ".tif" else matplotlib.image.imread)(path)
        except (OSError, ValueError, ChromamolError):
            torn += 1
    return torn


def _check_all_ok(ended: list[Ended]) -> None:
    """Refuse a measurement of images that failed."""
    bad = [one for one in ended if one.status is not Status.OK]
    if bad:
        msg = f"{len(bad)} images failed, the first: {bad[0].reason}"
        raise RuntimeError(msg)
