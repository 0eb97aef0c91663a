"""Whether a batch finds the change of a rate that is known: ``chromamol benchmark study``.

Three studies of images, each simulated and analysed as a user would: with a change of the rate,
without one, and with one whose images have gains that nobody knows.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from chromamol.batch import plan_batch, run_batch
from chromamol.batch.place import COMPARISONS_FILE
from chromamol.benchmarks.tables import markdown
from chromamol.errors import CallError
from chromamol.progress import Silent
from chromamol.settings import Settings
from chromamol.simulated_study import (
    EFFECT,
    GROUPS,
    NUCLEI,
    REPLICATES,
    SETTINGS_FILE,
    SHEET_FILE,
    TRUTH_FILE,
    simulate_study,
)

if TYPE_CHECKING:
    from pathlib import Path

    from chromamol.progress import Progress

_STUDIES: dict[str, dict[str, Any]] = {
    "effect": {"effect": EFFECT},
    "no-effect": {"effect": 1.0},
    "unknown-gain": {"effect": EFFECT, "calibrated": False},
}
# Nuclei in a replicate of unknown gain: fitting the reaction length takes minutes each, and the
# level is refused however many there are.
_FEW = 2
_MEASURES = ("rate_mean", "rate_variation")


@dataclass(frozen=True)
class Found:
    """What a batch says of one measure, and what is true.

    Attributes
    ----------
    study, measure : str
    nuclei : int
        That count.
    true_ratio : float
        Treated over control, of the nuclei that were drawn: their replicates differ by chance, too.
    ratio, low, high, p : float
        From ``comparisons.csv``; NaN where it does not compare.
    reason : str
        Why not.
    """

    study: str
    measure: str
    nuclei: int
    true_ratio: float
    ratio: float
    low: float
    high: float
    p: float
    reason: str


def simulated_study(
    folder: Path,
    *,
    replicates: int = REPLICATES,
    nuclei: int = NUCLEI,
    workers: int | None = None,
    progress: Progress | None = None,
) -> list[Found]:
    """Simulate the studies, analyse them, and compare what is found with the truth.

    Parameters
    ----------
    folder : Path
        Kept: images that are there are not simulated again, nor results made again.
    replicates, nuclei : int
        Replicates in each group, nuclei in each replicate.
    workers : int, optional
        As of `chromamol.batch.run_batch`.
    progress : Progress, optional

    Raises
    ------
    CallError
        If the folder holds studies of other numbers, or one whose truth cannot be read.
    """
    progress = progress or Silent()
    found = []
    for name, options in _STUDIES.items():
        images, results = folder / name / "images", folder / name / "results"
        few = nuclei if options.get("calibrated", True) else min(nuclei, _FEW)
        if (images / TRUTH_FILE).is_file():
            _check_size(images, _read_truth(images), replicates, few)
        else:
            simulate_study(images, **options, replicates=replicates, nuclei=few, progress=progress)
        plan = plan_batch(images, results, sheet=images / SHEET_FILE)
        settings = Settings.from_yaml(images / SETTINGS_FILE)
        progress.begin(f"analysing {name}", len(plan.names))
        for _ in run_batch(plan, settings, workers=workers):
            progress.advance()
        compared = pd.read_csv(results / COMPARISONS_FILE).set_index("measure")
        truth = true_ratios(_read_truth(images))
        found += [_found(name, compared.loc[one], truth[one]) for one in _MEASURES]
    return found


def _read_truth(images: Path) -> pd.DataFrame:
    """Read what is true of the nuclei of a study; refuse a table that was damaged or edited."""
    path = images / TRUTH_FILE
    texts, numbers = ["group", "replicate"], ["rate_mean", "rate_sd_of_map"]
    types = dict.fromkeys(texts, "str") | dict.fromkeys(numbers, "float64")
    try:
        truth = pd.read_csv(path, dtype=types, usecols=[*texts, *numbers])
    except (OSError, ValueError) as error:
        truth, why = pd.DataFrame(), str(error).splitlines()[0][:80]
    else:
        is_whole = truth[numbers].gt(0).all(axis=None) and set(truth["group"]) == set(GROUPS)
        why = "" if is_whole else "groups or rates are missing"
    if why:
        msg = (
            f"{path} is not the truth of a simulated study ({why}). Remove the folder "
            f"{images.parent}, and it is simulated again, or give another one."
        )
        raise CallError(msg)
    return truth


def _check_size(images: Path, truth: pd.DataFrame, replicates: int, nuclei: int) -> None:
    """Refuse a study of other numbers than are asked for."""
    in_replicates = truth.groupby(["group", "replicate"]).size()
    in_groups = in_replicates.groupby("group").size()
    if set(in_groups) != {replicates} or set(in_replicates) != {nuclei}:
        msg = (
            f"{images} holds a study with {in_groups.max()} replicates in a group and "
            f"{in_replicates.max()} nuclei in a replicate; {replicates} and {nuclei} were asked "
            "for. Give another folder, or the numbers of the study."
        )
        raise CallError(msg)


def true_ratios(truth: pd.DataFrame) -> dict[str, float]:
    """Return what the comparison of a study has to find.

    Parameters
    ----------
    truth : pandas.DataFrame
        ``truth.csv``.

    Returns
    -------
    dict of str to float
        Treated over control: the geometric mean of replicates, each that of its nuclei.
    """
    logs = pd.DataFrame(
        {
            "rate_mean": np.log(truth["rate_mean"]),
            "rate_variation": np.log(truth["rate_sd_of_map"] / truth["rate_mean"]),
        }
    )
    replicates = logs.groupby([truth["group"], truth["replicate"]]).mean()
    control, treated = (replicates.loc[group].mean() for group in GROUPS)
    return {str(name): float(ratio) for name, ratio in np.exp(treated - control).items()}


def to_markdown(found: list[Found]) -> str:
    """Return the table."""
    head = ("Study", "Measure", "Nuclei", "True ratio", "Found", "95 % interval", "p")
    return markdown(head, [_cells(one) for one in found])


def _found(study: str, row: pd.Series, true_ratio: float) -> Found:
    """Put a row of the comparisons beside the truth."""
    counted = row[["nuclei_reference", "nuclei_group"]].fillna(0).sum()
    return Found(
        study=study,
        measure=str(row.name),
        nuclei=int(counted),
        true_ratio=true_ratio,
        ratio=float(row["ratio"]),
        low=float(row["ratio_low"]),
        high=float(row["ratio_high"]),
        p=float(row["p"]),
        reason="" if pd.isna(row["reason"]) else str(row["reason"]),
    )


def _cells(one: Found) -> list[str]:
    """Write a row."""
    known = [one.study, one.measure]
    if not np.isfinite(one.ratio):
        return [*known, "", f"{one.true_ratio:.3f}", f"not compared: {one.reason}", "", ""]
    interval = f"{one.low:.3f} to {one.high:.3f}"
    true, ratio = f"{one.true_ratio:.3f}", f"{one.ratio:.3f}"
    return [*known, str(one.nuclei), true, ratio, interval, f"{one.p:.2g}"]
