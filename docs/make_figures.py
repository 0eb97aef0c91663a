"""Make the figures of the science page in docs/images, from simulations whose rate is known.

python docs/make_figures.py
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.figure import Figure

from chromamol.benchmarks import cases
from chromamol.inference.infer import infer_rates
from chromamol.settings import Settings
from chromamol.simulation import GRADIENT_LENGTH_NM, PIXEL_NM, REACTION_LENGTH_NM

if TYPE_CHECKING:
    from collections.abc import Iterator

    from matplotlib.axes import Axes
    from matplotlib.colorbar import Colorbar
    from matplotlib.image import AxesImage
    from numpy.typing import NDArray

    from chromamol.benchmarks.cases import Case
    from chromamol.inference.rate_map import RateMap

    Field = NDArray[np.float64]

IMAGES = Path(__file__).parent / "images"
NOISE = 0.05
LOWEST, HIGHEST = 0.4, 2.5
SD_HIGHEST = 0.2


def main() -> None:
    IMAGES.mkdir(exist_ok=True)
    estimators(IMAGES / "science-estimators.png")
    findings(IMAGES / "science-findings.png")


def estimators(path: Path) -> None:
    """Draw each kind of field in a nucleus: image, truth, both estimators, the uncertainty."""
    figure = Figure(figsize=(9, 5.6), layout="constrained")
    axes = figure.subplots(3, 5)
    for row, field in zip(axes, cases.FIELDS, strict=True):
        case = cases.masked(field, 0, NOISE)
        weak, direct = case.infer(), case.infer("direct")
        gray = row[0].imshow(_whole(case), cmap="gray", vmin=0, vmax=0.8)
        for panel, yx_rate in zip(row[1:4], (case.truth, direct.rate, weak.rate), strict=True):
            rates = _draw_rate(panel, np.where(case.mask, yx_rate, np.nan))
        sd = row[4].imshow(weak.rate_sd, cmap="viridis", vmin=0, vmax=SD_HIGHEST)
        row[0].text(-0.05, 0.5, field, transform=row[0].transAxes, ha="right", va="center", size=9)
    for panel, title in zip(
        axes[0],
        (
            f"heterochromatin,\n{100 * NOISE:g} % noise",
            "true rate",
            "direct",
            "weak-form",
            "its sd",
        ),
        strict=True,
    ):
        panel.set_title(title, size=9)
    for panel in axes.flat:
        panel.set_axis_off()
    for image, column, label in (
        (gray, axes[:, 0], "volume fraction"),
        (rates, axes[:, 3], "rate ratio, log scale"),
        (sd, axes[:, 4], "rate ratio"),
    ):
        bar = figure.colorbar(image, ax=column, location="bottom", shrink=0.9, label=label)
        if image is rates:
            _label_rates(bar)
    figure.savefig(path, dpi=120)


def findings(path: Path) -> None:
    """Draw maps with a finding, each with the true rate beside it."""
    shown = list(_maps_with_findings())
    figure = Figure(figsize=(9, 8.4), layout="constrained")
    axes = figure.subplots(len(shown) // 2, 4)
    for pair, (code, about, truth, found) in zip(axes.reshape(-1, 2), shown, strict=True):
        codes = {finding.code for finding in found.findings}
        if code not in codes:
            msg = f"The map of '{about}' should have the finding {code}; it has {sorted(codes)}."
            raise RuntimeError(msg)
        rates = _draw_rate(pair[0], truth)
        _draw_rate(pair[1], found.rate)
        pair[0].set_title("true rate", size=8)
        pair[1].set_title(f"{about}\n{code}", size=8)
    for panel in axes.flat:
        panel.set_axis_off()
    bar = figure.colorbar(
        rates, ax=axes, location="bottom", shrink=0.4, label="rate ratio, log scale"
    )
    _label_rates(bar)
    figure.savefig(path, dpi=120)


def _maps_with_findings() -> Iterator[tuple[str, str, Field, RateMap]]:
    """Give code, description, true rate and map."""
    smooth = cases.periodic("smooth", 1, NOISE)
    yield "resolution-of-the-map", "the right length", smooth.truth, _infer(smooth)
    for factor, name in ((1 / 1.3, "short"), (1.3, "long")):
        found = _infer(smooth, length_nm=factor * REACTION_LENGTH_NM)
        yield "ell-doubtful", f"a length 1.3 times too {name}", smooth.truth, found
    wrong = _infer(smooth, length_nm=1.4 * REACTION_LENGTH_NM)
    yield "domain-imprint", "a length 1.4 times too long", smooth.truth, wrong
    step = cases.periodic("step", 0, NOISE)
    yield "map-with-edges", "two zones", step.truth, step.infer()
    tie = cases.masked("step", 1, 0.1)
    truth = np.where(tie.mask, tie.truth, np.nan)
    yield "map-averaged", "two zones, 10 % noise", truth, tie.infer()
    crop = cases.crop("smooth", 0, NOISE)
    yield "cut-by-border", "cut out of a nucleus", crop.truth, crop.infer()
    loud = replace(smooth, noise_sd=smooth.noise_sd / 3)
    yield "model-misfit", "noise said to be a third", smooth.truth, loud.infer()


def _label_rates(bar: Colorbar) -> None:
    """Label a log2 scale with ratios."""
    ratios = (0.5, 1, 2)
    bar.set_ticks([float(np.log2(ratio)) for ratio in ratios], labels=[f"{r:g}" for r in ratios])


def _infer(case: Case, length_nm: float = REACTION_LENGTH_NM) -> RateMap:
    settings = Settings(
        reaction_length_nm=length_nm, gradient_length_nm=GRADIENT_LENGTH_NM, boundary="periodic"
    )
    return infer_rates(
        **case.channels,
        spacing_nm=PIXEL_NM,
        calibrated=True,
        noise_sd=case.noise_sd,
        settings=settings,
    )


def _whole(case: Case) -> Field:
    return np.where(case.mask, case.channels["heterochromatin"], np.nan)


def _draw_rate(axes: Axes, yx_rate: Field) -> AxesImage:
    """Draw a rate ratio on a log scale, in colours that colour-blind people can read."""
    limits = np.log2(LOWEST), np.log2(HIGHEST)
    shown = np.log2(np.clip(yx_rate, LOWEST, None))
    return axes.imshow(shown, cmap="RdBu_r", vmin=limits[0], vmax=limits[1])


if __name__ == "__main__":
    main()
