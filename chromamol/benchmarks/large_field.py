"""Time and memory of a large image, in a process of its own.

A periodic steady state repeated side by side is a steady state again, so that a large image with
a known rate costs one small simulation.
"""

from __future__ import annotations

import time
from dataclasses import dataclass

import numpy as np

from chromamol.benchmarks.process import in_fresh_process, peak_resident_bytes, resident_bytes
from chromamol.simulation import (
    GRADIENT_LENGTH_NM,
    PIXEL_NM,
    REACTION_LENGTH_NM,
    SimulatedNucleus,
    simulate_field,
)

_LEVEL = 0.05


@dataclass(frozen=True)
class LargeField:
    """Cost and error of one inference, uncertainty and choice of the smoothing included.

    Attributes
    ----------
    side_px : int
    seconds : float
        Wall time of `infer_rates`.
    peak_mb : float
        Peak resident memory above that of the process with its data loaded, MB.
    relative_l2 : float
    """

    side_px: int
    seconds: float
    peak_mb: float
    relative_l2: float


def measure_large_field(side_px: int) -> LargeField:
    """Infer the rate of a periodic field of side_px (a multiple of 128) in a fresh process."""
    return in_fresh_process(_measure, side_px)


def to_markdown(field: LargeField) -> str:
    """Return the measurement as a table in Markdown."""
    lines = (
        "| image | seconds | peak memory, MB | relative L2 |",
        "| --- | --- | --- | --- |",
        f"| {field.side_px} x {field.side_px} | {field.seconds:.0f} | {field.peak_mb:.0f} "
        f"| {field.relative_l2:.4f} |",
    )
    return "\n".join(lines)


def _measure(side_px: int) -> LargeField:
    import torch

    from chromamol.inference.infer import infer_rates
    from chromamol.settings import Settings

    tile = simulate_field("smooth", 0)
    repeats = side_px // tile.rate.shape[0]
    h, e, rate = (
        np.tile(field, (repeats, repeats))
        for field in (tile.heterochromatin, tile.euchromatin, tile.rate)
    )
    mask = np.ones(h.shape, dtype=bool)
    h, e, noise_sd = SimulatedNucleus(h, e, rate, mask).with_noise(_LEVEL, 0)
    settings = Settings(
        reaction_length_nm=REACTION_LENGTH_NM,
        gradient_length_nm=GRADIENT_LENGTH_NM,
        boundary="periodic",
    )
    torch.fft.rfft2(torch.zeros(8, 8))
    before = resident_bytes()
    start = time.perf_counter()
    found = infer_rates(
        h, e, spacing_nm=PIXEL_NM, mask=mask, calibrated=True, noise_sd=noise_sd, settings=settings
    ).rate
    seconds = time.perf_counter() - start
    peak = peak_resident_bytes() - before
    error = np.linalg.norm((found - rate)[mask]) / np.linalg.norm(rate[mask])
    return LargeField(side_px, seconds, peak / 1e6, float(error))
