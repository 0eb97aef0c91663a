"""Accuracy against known rates: ``chromamol benchmark accuracy``.

Every row is the mean over the seeds of the relative L2 error of the rate, not rescaled, and of
its correlation r with the truth. Channels are calibrated; the noise is white, with a standard
deviation of level x that of the first channel's signal (localisations are Poisson counts). All
estimators of an image see the same data.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, partial
from itertools import product
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from chromamol.benchmarks import cases
from chromamol.benchmarks.alternatives import gaussian_algebra, plain_blur, savitzky_golay
from chromamol.benchmarks.bayes_limit import bayes_limit, power_spectrum
from chromamol.benchmarks.tables import markdown
from chromamol.equations.chromatin_phase_field import ChromatinPhaseField
from chromamol.progress import Silent
from chromamol.simulation import GRADIENT_LENGTH_NM, PIXEL_NM, REACTION_LENGTH_NM, rate_field

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from chromamol.benchmarks.cases import Case
    from chromamol.progress import Progress
    from chromamol.simulation import FieldName

    # (field, seed, noise level) -> image
    Source = Callable[[FieldName, int, float], Case]

# Names of the limits, and whether the prior is one of the logarithm.
LIMITS = {"Bayes limit": False, "Bayes limit, logarithm": True}
_SEEDS, _QUICK_SEEDS = (0, 1, 2, 3, 4), (0,)
# More than one ell, or the one that is assumed without a fit could be right by chance.
_LENGTHS_NM = (100.0, REACTION_LENGTH_NM, 200.0)
_MIXED = ChromatinPhaseField(REACTION_LENGTH_NM, GRADIENT_LENGTH_NM, mixing_energy=0.3)
_PRIOR_DRAWS = 64
_KEYS = ["box", "field", "noise", "estimator"]
_LENGTH_BOX, _COUNTED_BOX = "ell unknown", "localisations"


@dataclass(frozen=True)
class _Image:
    """One image of one seed, and what is measured on it."""

    box: str
    field: str
    noise: float
    seed: int
    make: Callable[[], Case]
    measure: Callable[[Case], list[dict[str, object]]]


def accuracy(
    out_dir: Path | None, *, quick: bool = False, progress: Progress | None = None
) -> pd.DataFrame:
    """Measure every estimator, the alternatives and the limit on the test fields.

    Parameters
    ----------
    out_dir : Path, optional
        Folder for ``accuracy.csv``.
    quick : bool
        One seed instead of five.
    progress : Progress, optional
        Told of every image; may cancel.

    Returns
    -------
    pandas.DataFrame
        Columns box, field, noise (NaN: counts), estimator, seeds, relative_l2, r, ell_error (mean
        relative error of the ell that were fitted) and ell_fitted (the number of these).
        An error is NaN where one of the images gave no map.
    """
    progress = progress or Silent()
    images = list(_images(_QUICK_SEEDS if quick else _SEEDS))
    progress.begin("measuring accuracy", len(images))
    rows: list[dict[str, object]] = []
    for image in images:
        about = {"box": image.box, "field": image.field, "noise": image.noise, "seed": image.seed}
        rows.extend(about | row for row in image.measure(image.make()))
        progress.advance()
    table = average(rows)
    if out_dir is not None:
        out_dir.mkdir(parents=True, exist_ok=True)
        table.to_csv(out_dir / "accuracy.csv", index=False)
    return table


def average(rows: Sequence[dict[str, object]]) -> pd.DataFrame:
    """Average the rows of single images over the seeds."""
    columns = [*_KEYS, "seed", "relative_l2", "r", "ell_error", "ell_fitted"]
    return (
        pd.DataFrame(rows, columns=columns)
        .groupby(_KEYS, sort=False, dropna=False)
        .agg(
            seeds=("seed", "count"),
            # One image without a map leaves the mean undefined.
            relative_l2=("relative_l2", lambda errors: errors.mean(skipna=False)),
            r=("r", lambda errors: errors.mean(skipna=False)),
            ell_error=("ell_error", "mean"),
            ell_fitted=("ell_fitted", "sum"),
        )
        .reset_index()
    )


def to_markdown(table: pd.DataFrame) -> str:
    """Return tables in Markdown: errors, the localisations, the limit, ell unknown."""
    lengths, counted = table["box"] == _LENGTH_BOX, table["box"] == _COUNTED_BOX
    parts = (
        _error_table(table[~lengths & ~counted]),
        _counted_table(table[counted]),
        _limit_table(table),
        _length_table(table[lengths]),
    )
    return "\n\n".join(part for part in parts if part)


def _images(seeds: Sequence[int]) -> Iterator[_Image]:
    """Give all images; those that share a simulation one after the other."""
    boxes: dict[str, tuple[Source, tuple[FieldName, ...]]] = {
        "periodic": (cases.periodic, cases.FIELDS),
        "masked": (cases.masked, cases.FIELDS),
        "crop": (cases.crop, cases.FIELDS),
        "mark turnover": (cases.mark, cases.FIELDS),
        f"chi {_MIXED.mixing_energy:g}": (partial(cases.periodic, equation=_MIXED), ("smooth",)),
    }
    for box, (source, fields) in boxes.items():
        for field, seed, level in product(fields, seeds, cases.LEVELS):
            make = partial(source, field, seed, level)
            yield _Image(box, field, level, seed, make, partial(_compare, field))
    for seed in seeds:
        make = partial(cases.localised, seed)
        measure = partial(_compare, "smooth")
        yield _Image(_COUNTED_BOX, "smooth", float("nan"), seed, make, measure)
    kinds: list[tuple[FieldName, float]] = [("smooth", ell_nm) for ell_nm in _LENGTHS_NM]
    kinds += [("spots", REACTION_LENGTH_NM), ("step", REACTION_LENGTH_NM)]
    for (field, ell_nm), seed, level in product(kinds, seeds, cases.LEVELS):
        equation = ChromatinPhaseField(ell_nm, GRADIENT_LENGTH_NM)
        make = partial(cases.periodic, field, seed, level, equation=equation)
        name = f"{field}, ell {ell_nm:g} nm"
        yield _Image(_LENGTH_BOX, name, level, seed, make, _fit_length)


def _compare(field: FieldName, case: Case) -> list[dict[str, object]]:
    """Return one row for each estimator, and for each limit where that is defined."""
    maps: dict[str, NDArray[np.float64]] = {
        "plain blur": plain_blur(case),
        "Gaussian + algebra": gaussian_algebra(case),
        "Savitzky-Golay": savitzky_golay(case),
        "direct": case.infer("direct").rate,
        "weak-form": case.infer().rate,
    }
    rows: list[dict[str, object]] = [
        {"estimator": name, **case.errors(found)} for name, found in maps.items()
    ]
    if case.boundary == "periodic" and case.noise_sd is not None:
        for name, logarithm in LIMITS.items():
            prior = _prior(field, len(case.truth), logarithm=logarithm)
            limit = bayes_limit(case, prior, logarithm=logarithm)
            rows.append({"estimator": name, "relative_l2": limit})
    return rows


def _fit_length(case: Case) -> list[dict[str, object]]:
    """Return the rows with ell fitted and with ell known."""
    fitted, known = case.infer(ell_known=False), case.infer()
    found = any(finding.code == "ell-fitted" for finding in fitted.findings)
    error = abs(fitted.reaction_length_nm / case.equation.reaction_length_nm - 1)
    return [
        {
            "estimator": "ell fitted",
            **case.errors(fitted.rate),
            "ell_error": error if found else float("nan"),
            "ell_fitted": int(found),
        },
        {"estimator": "ell known", **case.errors(known.rate)},
    ]


@cache
def _prior(field: FieldName, side_px: int, *, logarithm: bool) -> NDArray[np.float64]:
    """Return the power spectrum of a kind of field over its mean, or of its logarithm."""
    draws = [rate_field(field, side_px, PIXEL_NM, seed) for seed in range(_PRIOR_DRAWS)]
    return power_spectrum(np.log(draw) if logarithm else draw / draw.mean() for draw in draws)


def _error_table(table: pd.DataFrame) -> str:
    """Return a row a field and estimator, a column a noise level."""
    levels = sorted(table["noise"].unique())
    head = ["box", "field", "estimator", *(f"L2 (r) at {100 * level:g} %" for level in levels)]
    rows = []
    for names, group in table.groupby(["box", "field", "estimator"], sort=False):
        by_level = group.set_index("noise")
        rows.append([*map(str, names), *(_error(by_level.loc[level]) for level in levels)])
    return markdown(head, rows) if rows else ""


def _counted_table(table: pd.DataFrame) -> str:
    """Return a row an estimator."""
    rows = [[str(row.estimator), _error(row)] for _, row in table.iterrows()]
    return markdown(["localisations", "L2 (r)"], rows) if rows else ""


def _limit_table(table: pd.DataFrame) -> str:
    """Return the weak form over the Bayes limit, a row a box, field and noise level."""
    rows = []
    for (box, field, noise), group in table.groupby(_KEYS[:3], sort=False):
        error = group.set_index("estimator")["relative_l2"]
        if error.index.isin(LIMITS).any():
            found = error["weak-form"]
            limits = [f"{error[name]:.4f} ({found / error[name]:.2f})" for name in LIMITS]
            rows.append([str(box), str(field), f"{100 * noise:g} %", f"{found:.4f}", *limits])
    head = ["box", "field", "noise", "weak-form", *(f"{name} (ratio)" for name in LIMITS)]
    return markdown(head, rows) if rows else ""


def _length_table(table: pd.DataFrame) -> str:
    """Return how well ell was found, a row a field and noise level."""
    rows = []
    for (field, noise), group in table.groupby(["field", "noise"], sort=False):
        by_estimator = group.set_index("estimator")
        fitted, known = by_estimator.loc["ell fitted"], by_estimator.loc["ell known"]
        error = f"{100 * fitted.ell_error:.1f} %" if fitted.ell_fitted else "-"
        rows.append(
            [
                str(field),
                f"{100 * noise:g} %",
                f"{fitted.ell_fitted:.0f} of {fitted.seeds}",
                error,
                _error(fitted),
                _error(known),
            ]
        )
    head = ["field", "noise", "ell found in", "error of ell", "L2 (r), ell fitted"]
    return markdown([*head, "L2 (r), ell known"], rows) if rows else ""


def _error(row: pd.Series) -> str:
    if row.relative_l2 != row.relative_l2:
        return "no map"
    if row.r != row.r:
        return f"{row.relative_l2:.4f}"
    return f"{row.relative_l2:.4f} ({row.r:.3f})"
