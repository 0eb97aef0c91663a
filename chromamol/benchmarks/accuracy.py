"""Accuracy against known rates: ``chromamol benchmark accuracy``.

Every row is the mean over the seeds of the relative L2 error of the rate, not rescaled, and of
its correlation r with the truth. The reaction length is known; two calibrated channels with
white noise of level x std(h) in both.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from chromamol.inference.compaction import smooth_inside
from chromamol.inference.infer import infer_rates
from chromamol.progress import Silent
from chromamol.settings import Settings
from chromamol.simulation import (
    GRADIENT_LENGTH_NM,
    PIXEL_NM,
    REACTION_LENGTH_NM,
    SimulatedNucleus,
    simulate_field,
    simulate_masked,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from typing import Literal

    from numpy.typing import NDArray

    from chromamol.progress import Progress
    from chromamol.simulation import FieldName

    Method = Literal["direct", "weak-form"]

_FIELDS: tuple[FieldName, ...] = ("smooth", "spots", "step")
_LEVELS = (0.01, 0.05, 0.10)
_METHODS: tuple[Method, ...] = ("direct", "weak-form")
_BLUR_NM = 80.0
_SEEDS, _QUICK_SEEDS = (0, 1, 2), (0,)


def accuracy(
    out_dir: Path | None, *, quick: bool = False, progress: Progress | None = None
) -> pd.DataFrame:
    """Measure every estimator, and a plain blur, on the test fields.

    Parameters
    ----------
    out_dir : Path, optional
        Folder for ``accuracy.csv``.
    quick : bool
        One seed instead of three.
    progress : Progress, optional
        Told of every case; may cancel.

    Returns
    -------
    pandas.DataFrame
        Columns box, field, noise, estimator, seeds, relative_l2, r.
    """
    progress = progress or Silent()
    seeds = _QUICK_SEEDS if quick else _SEEDS
    progress.begin("measuring accuracy", 2 * len(_FIELDS) * len(seeds))
    rows: list[dict[str, object]] = []
    for box, simulate in (("periodic", simulate_field), ("masked", simulate_masked)):
        for field in _FIELDS:
            for seed in seeds:
                nucleus = simulate(field, seed)
                for level in _LEVELS:
                    rows.extend(
                        {"box": box, "field": field, "noise": level, "seed": seed, **row}
                        for row in _cases(nucleus, level, seed, periodic=box == "periodic")
                    )
                progress.advance()
    cases = pd.DataFrame(rows)
    keys = ["box", "field", "noise", "estimator"]
    table = (
        cases.groupby(keys, sort=False)
        .agg(seeds=("seed", "count"), relative_l2=("relative_l2", "mean"), r=("r", "mean"))
        .reset_index()
    )
    if out_dir is not None:
        out_dir.mkdir(parents=True, exist_ok=True)
        table.to_csv(out_dir / "accuracy.csv", index=False)
    return table


def to_markdown(table: pd.DataFrame) -> str:
    """Return the table as Markdown: a row a field and estimator, a column a noise level."""
    levels = sorted(table["noise"].unique())
    heads = ["box", "field", "estimator", *(f"L2 (r) at {100 * level:.0f} %" for level in levels)]
    lines = [heads, ["---"] * len(heads)]
    for (box, field, estimator), group in table.groupby(["box", "field", "estimator"], sort=False):
        by_level = group.set_index("noise")
        cells = [
            f"{by_level.loc[level, 'relative_l2']:.4f} ({by_level.loc[level, 'r']:.3f})"
            for level in levels
        ]
        lines.append([str(box), str(field), str(estimator), *cells])
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _cases(
    nucleus: SimulatedNucleus, level: float, seed: int, *, periodic: bool
) -> list[dict[str, object]]:
    """Return one row for each estimator."""
    h, e, noise_sd = nucleus.with_noise(level, seed)

    def infer(method: Method) -> NDArray[np.float64]:
        settings = Settings(
            method=method,
            reaction_length_nm=REACTION_LENGTH_NM,
            gradient_length_nm=GRADIENT_LENGTH_NM,
            boundary="periodic" if periodic else "no-flux",
        )
        return infer_rates(
            h,
            e,
            spacing_nm=PIXEL_NM,
            mask=nucleus.mask,
            calibrated=True,
            noise_sd=noise_sd,
            settings=settings,
        ).rate

    estimators: dict[str, Callable[[], NDArray[np.float64]]] = {
        "plain blur": lambda: _blur(h + e, nucleus.mask, float(np.nanmean(h) / np.nanmean(e))),
        "direct": lambda: infer("direct"),
        "weak-form": lambda: infer("weak-form"),
    }
    return [
        {"estimator": name, **_errors(estimate(), nucleus)} for name, estimate in estimators.items()
    ]


def _blur(
    density: NDArray[np.float64], mask: NDArray[np.bool_], mean_rate: float
) -> NDArray[np.float64]:
    """Blur the density and give it the mean rate: what a map looks like without a model."""
    smooth = smooth_inside(density, mask, _BLUR_NM, (PIXEL_NM, PIXEL_NM))
    blurred: NDArray[np.float64] = mean_rate * smooth / np.nanmean(smooth)
    return blurred


def _errors(rate: NDArray[np.float64], nucleus: SimulatedNucleus) -> dict[str, float]:
    """Return the relative L2 error, not rescaled, and the correlation, inside the mask."""
    found, truth = rate[nucleus.mask], nucleus.rate[nucleus.mask]
    return {
        "relative_l2": float(np.linalg.norm(found - truth) / np.linalg.norm(truth)),
        "r": float(np.corrcoef(found, truth)[0, 1]),
    }
