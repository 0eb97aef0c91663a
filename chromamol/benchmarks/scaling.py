"""Time and memory against the size of the image: ``chromamol benchmark scaling``.

Every image is analysed in a process of its own, the choice of the smoothing and the uncertainty
included. A large image with a known rate costs one small simulation: a periodic steady state
repeated side by side is a steady state again, and so is a box without flux through its sides
with its mirror images around it.
"""

from __future__ import annotations

import time
from concurrent.futures.process import BrokenProcessPool
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Literal

import numpy as np
import pandas as pd
from scipy import ndimage

from chromamol.benchmarks.device import Memory, check_device
from chromamol.benchmarks.process import in_fresh_process
from chromamol.benchmarks.tables import markdown
from chromamol.benchmarks.traffic import bytes_moved, copy_bandwidth
from chromamol.errors import CallError
from chromamol.inference.infer import infer_rates
from chromamol.progress import Silent
from chromamol.settings import Settings
from chromamol.simulation import (
    GRADIENT_LENGTH_NM,
    PIXEL_NM,
    REACTION_LENGTH_NM,
    SimulatedNucleus,
    simulate_box,
    simulate_field,
)

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from numpy.typing import NDArray

    from chromamol.benchmarks.device import Device
    from chromamol.inference.rate_map import RateMap
    from chromamol.progress import Progress

Box = Literal["periodic", "rectangle", "ellipse"]

TILE_PX = 128
SIDES_PX, MASKED_SIDES_PX = (256, 512, 1024, 2048, 4096), (512, 1024)
_LEVEL = 0.05
_BORDER_PX = 8
# The ellipse cuts through chromatin, and the flux there is not zero: judged further inside only.
_INSIDE_NM = 3 * REACTION_LENGTH_NM


@dataclass(frozen=True)
class Cost:
    """Cost and error of one inference.

    Attributes
    ----------
    box : {"periodic", "rectangle", "ellipse"}
        The last two are masks with no flux through their edge.
    side_px : int
        Of the image: a multiple of 128.
    pixels : int
        Inside the mask.
    seconds : float
        Wall time of `infer_rates`.
    peak_mb : float
        Peak memory above that of the process with its data loaded, MB (on CUDA: the device's).
    float64_images : float
        The same in images of one float64 a pixel.
    relative_l2 : float
        Of the ellipse, the part further than 3 ell from its edge.
    bandwidth_share : float
        On CUDA: what the operations read and write in a second, over what a copy does.
    """

    box: Box
    side_px: int
    pixels: int = 0
    seconds: float = float("nan")
    peak_mb: float = float("nan")
    float64_images: float = float("nan")
    relative_l2: float = float("nan")
    bandwidth_share: float = float("nan")


def scaling(
    out_dir: Path | None,
    *,
    sides_px: Iterable[int] = SIDES_PX,
    masked_sides_px: Iterable[int] = MASKED_SIDES_PX,
    device: Device = "cpu",
    progress: Progress | None = None,
) -> pd.DataFrame:
    """Measure time, memory and error for images of several sizes.

    Parameters
    ----------
    out_dir : Path, optional
        Folder for ``scaling.csv``.
    sides_px, masked_sides_px : iterable of int
        Sides of the periodic images, and of those with a mask; multiples of 128.
    device : {"cpu", "cuda"}
    progress : Progress, optional
        Told of every image; may cancel.

    Returns
    -------
    pandas.DataFrame
        A row for each `Cost`; NaN where the process was killed for want of memory.

    Raises
    ------
    CallError
        If a side is no multiple of 128, or there is no such device.
    """
    check_device(device)
    costs = [Cost("periodic", side) for side in sides_px]
    costs += [Cost(box, side) for side in masked_sides_px for box in ("rectangle", "ellipse")]
    for cost in costs:
        if cost.side_px < TILE_PX or cost.side_px % TILE_PX:
            msg = f"The side of an image must be a multiple of {TILE_PX}, not {cost.side_px}."
            raise CallError(msg)
    progress = progress or Silent()
    progress.begin("measuring time and memory", len(costs))
    tiles: dict[bool, SimulatedNucleus] = {}
    rows: list[Cost] = []
    for cost in costs:
        repeats = cost.box == "periodic"
        if repeats not in tiles:
            tiles[repeats] = simulate_field("smooth", 0) if repeats else simulate_box(0)
        measured = cost
        with suppress(BrokenProcessPool):  # killed for want of memory: nothing is measured
            measured = in_fresh_process(measure, cost, tiles[repeats], device)
        rows.append(measured)
        progress.advance()
        table = pd.DataFrame([asdict(row) for row in rows])
        if out_dir is not None:
            # What is known stays if the next image stops the computer.
            out_dir.mkdir(parents=True, exist_ok=True)
            table.to_csv(out_dir / "scaling.csv", index=False)
    return table


def measure(cost: Cost, tile: SimulatedNucleus, device: Device = "cpu") -> Cost:
    """Return the cost with its measurements; for a process of its own."""
    image, judged = large_image(cost.box, cost.side_px, tile)
    h, e, noise_sd = image.with_noise(_LEVEL, 1)
    settings = Settings(
        reaction_length_nm=REACTION_LENGTH_NM,
        gradient_length_nm=GRADIENT_LENGTH_NM,
        boundary="periodic" if cost.box == "periodic" else "no-flux",
        device=device,
        forward_check=False,
    )

    def infer(window: tuple[slice, slice] | slice) -> RateMap:
        return infer_rates(
            h[window],
            e[window],
            spacing_nm=PIXEL_NM,
            mask=image.mask[window],
            calibrated=True,
            noise_sd=noise_sd,
            settings=settings,
        )

    # What libraries load on their first use is not the image's.
    tile_px = len(tile.rate)
    middle = slice((cost.side_px - tile_px) // 2, (cost.side_px + tile_px) // 2)
    infer((middle, middle))
    memory = Memory(device)
    start = time.perf_counter()
    found = infer(np.s_[:])
    seconds = time.perf_counter() - start
    peak_bytes = memory.peak_bytes()
    bandwidth_share = (
        bytes_moved(lambda: infer(np.s_[:])) / seconds / copy_bandwidth()
        if device == "cuda"
        else float("nan")
    )
    truth = image.rate[judged]
    return replace(
        cost,
        pixels=int(image.mask.sum()),
        seconds=seconds,
        peak_mb=peak_bytes / 1e6,
        float64_images=peak_bytes / h.nbytes,
        relative_l2=float(np.linalg.norm(found.rate[judged] - truth) / np.linalg.norm(truth)),
        bandwidth_share=bandwidth_share,
    )


def large_image(
    box: Box, side_px: int, tile: SimulatedNucleus
) -> tuple[SimulatedNucleus, NDArray[np.bool_]]:
    """Cover a large image with a tile and its copies, or mirror images.

    Returns
    -------
    image : SimulatedNucleus
        Masks have an empty border of 8 pixels around the image.
    judged : (y, x) bool
        Where the error is measured.
    """
    mode: Literal["wrap", "symmetric"] = "wrap" if box == "periodic" else "symmetric"
    extra, border = side_px - len(tile.rate), 0 if box == "periodic" else _BORDER_PX
    h, e, rate = (
        np.pad(np.pad(field, (0, extra), mode=mode), border, constant_values=np.nan)
        for field in (tile.heterochromatin, tile.euchromatin, tile.rate)
    )
    mask = np.isfinite(rate)
    judged = mask
    if box == "ellipse":
        y, x = np.linspace(-1, 1, len(mask))[:, None], np.linspace(-1, 1, len(mask))[None, :]
        mask = mask & (np.hypot(y / 0.76, x / 0.92) < 1)
        judged = ndimage.distance_transform_edt(mask, sampling=PIXEL_NM) > _INSIDE_NM
    h, e, rate = (np.where(mask, field, np.nan) for field in (h, e, rate))
    return SimulatedNucleus(h, e, rate, mask), judged


def exponent(table: pd.DataFrame) -> float:
    """Return the p of time = c pixels^p, fitted to the periodic images; NaN for fewer than two."""
    timed = table[(table["box"] == "periodic") & table["seconds"].notna()]
    if len(timed) < 2:
        return float("nan")
    slope, _ = np.polyfit(np.log(timed["pixels"]), np.log(timed["seconds"]), 1)
    return float(slope)


def to_markdown(table: pd.DataFrame) -> str:
    """Return the measurements as a table in Markdown, and the fitted exponent below it."""
    head = ["box", "image", "pixels", "seconds", "peak memory", "relative L2", "of bandwidth"]
    if table["bandwidth_share"].isna().all():
        head.pop()
    rows = [
        [str(row.box), f"{row.side_px} x {row.side_px}", *_measurements(row)][: len(head)]
        for row in table.itertuples()
    ]
    power = exponent(table)
    below = "" if np.isnan(power) else f"\n\nPeriodic: time grows as pixels^{power:.2f}."
    return markdown(head, rows) + below


def _measurements(row: Cost) -> list[str]:
    if np.isnan(row.seconds):
        return ["-", "killed: not enough memory", "-", "-", "-"]
    return [
        f"{row.pixels}",
        f"{row.seconds:.1f}",
        f"{row.peak_mb:.0f} MB, {row.float64_images:.1f} images",
        f"{row.relative_l2:.4f}",
        "-" if np.isnan(row.bandwidth_share) else f"{100 * row.bandwidth_share:.0f} %",
    ]
