"""What a total density alone can say: ``chromamol benchmark density-only``.

Nuclei with a smooth rate are simulated, and only h + e is shown: as it is, and with one thing
that images have and the model does not hold. The rates are the same in every image of a nucleus,
so that whatever differs between their maps is no difference of the rates.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from functools import partial
from typing import TYPE_CHECKING, Literal

import numpy as np
import pandas as pd
from scipy import ndimage

from chromamol.benchmarks.tables import markdown
from chromamol.images.smoothing import FWHM_TO_SD, smooth_inside
from chromamol.inference.domain_spacing import domain_spacing_nm
from chromamol.inference.infer import infer_rates
from chromamol.progress import Silent
from chromamol.results.domains import find_domains, resolution_nm
from chromamol.settings import Settings
from chromamol.simulation import (
    GRADIENT_LENGTH_NM,
    PIXEL_NM,
    REACTION_LENGTH_NM,
    rate_field,
    simulate_masked,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from matplotlib.axes import Axes
    from matplotlib.image import AxesImage
    from numpy.random import Generator
    from numpy.typing import NDArray

    from chromamol.progress import Progress
    from chromamol.simulation import SimulatedNucleus

    Field = NDArray[np.float64]
    Mask = NDArray[np.bool_]
    # (density, 0 outside the mask; mask; generator) -> the same
    Disturbance = Callable[[Field, Mask, Generator], Field]

_SEEDS = 8
_SPACING_NM = (PIXEL_NM, PIXEL_NM)
# Maps are compared at the scale of the compaction map of typical domains.
_COMPARED_NM = 235.0
_RIM_SHARE = 0.25
_LAMINA_GAIN, _LAMINA_NM = 0.5, 40.0
_QUENCHED = 0.15
# Standard deviation of the logarithm of the smooth test field.
_FIELD_SD = 0.35
_BODIES, _BODY_NM = 2, 300.0
_GAIN, _OFFSET, _COUNTS = 1000.0, 0.1, 10.0
_DISTURBANCES = 2
# In the first nucleus the lamina makes the fit be rejected, which leaves nothing to see.
_DRAWN_SEED = 1


@dataclass(frozen=True)
class Image:
    """One way to show a density.

    Attributes
    ----------
    disturbances : sequence of functions
        What is done to the density, one after the other.
    bodies : str
        Whether there are bodies without chromatin, left in the mask or taken out of it.
    stated_psf_nm : float, optional
        Full width at half maximum of the blur, where the analysis is told.
    """

    disturbances: Sequence[Disturbance] = ()
    bodies: Literal["none", "left in", "masked"] = "none"
    stated_psf_nm: float | None = None


@dataclass(frozen=True)
class Maps:
    """The maps of one image, (y, x) float64, NaN where they are not compared.

    Attributes
    ----------
    density : the image that was analysed.
    truth : the rate ratio, smoothed.
    compaction : the compaction map, as given.
    rate : the density-only map, smoothed; NaN if there is none.
    """

    density: Field
    truth: Field
    compaction: Field
    rate: Field


@dataclass(frozen=True)
class Row:
    """What was measured on one image; NaN where there is no map.

    Attributes
    ----------
    image, seed : str, int
    rejected : str
        The finding that says why there is no density-only map; empty if there is one.
    even_l2, compaction_l2, rate_l2 : float
        Relative L2 error, after one global scale, of an even map and of the two maps.
    compaction_r, rate_r : float
        Correlation with the true rate.
    true_rim, compaction_rim, rate_rim : float
        Mean of the outer quarter of the area over that of the rest, less 1.
    changed : float
        Relative L2 difference, after one global scale, to the density-only map of the
        undisturbed image.
    condensed_area_fraction, plateau_over_mean, domain_spacing_nm : float
        As in ``nuclei.csv``.
    """

    image: str
    seed: int
    rejected: str
    even_l2: float
    compaction_l2: float
    compaction_r: float
    rate_l2: float
    rate_r: float
    true_rim: float
    compaction_rim: float
    rate_rim: float
    changed: float
    condensed_area_fraction: float
    plateau_over_mean: float
    domain_spacing_nm: float


def density_only(out_dir: Path | None, *, progress: Progress | None = None) -> pd.DataFrame:
    """Compare the maps of a total density with the rates, with and without disturbances.

    Parameters
    ----------
    out_dir : Path, optional
        Folder for ``density-only.csv`` and ``density-only.png``, the maps of one nucleus.
    progress : Progress, optional
        Told of every image; may cancel.

    Returns
    -------
    pandas.DataFrame
        The fields of a `Row`, for every nucleus and image.
    """
    progress = progress or Silent()
    progress.begin("measuring what a density says", _SEEDS * len(IMAGES))
    rows, shown = [], {}
    for seed in range(_SEEDS):
        nucleus = simulate_masked("smooth", seed)
        undisturbed = None
        for name in IMAGES:
            row, maps = measure(name, nucleus, seed, undisturbed)
            undisturbed = maps.rate if undisturbed is None else undisturbed
            rows.append(asdict(row))
            if seed == _DRAWN_SEED:
                shown[name] = maps
            progress.advance()
    table = pd.DataFrame(rows)
    if out_dir is not None:
        out_dir.mkdir(parents=True, exist_ok=True)
        table.to_csv(out_dir / "density-only.csv", index=False)
        draw({name: shown[name] for name in _DRAWN}, out_dir / "density-only.png")
    return table


def measure(
    name: str, nucleus: SimulatedNucleus, seed: int, undisturbed: Field | None = None
) -> tuple[Row, Maps]:
    """Make one of the `IMAGES` of a nucleus, analyse it, and compare its maps with the truth.

    Parameters
    ----------
    name : str
    nucleus : SimulatedNucleus
    seed : int
        Of the disturbances.
    undisturbed : (y, x) float64, optional
        The density-only map of the image without disturbances.
    """
    image = IMAGES[name]
    generator = np.random.default_rng([_DISTURBANCES, seed])
    # A rate has no meaning where there is no chromatin.
    chromatin = nucleus.mask
    if image.bodies != "none":
        chromatin = chromatin & ~draw_bodies(nucleus.mask, generator)
    density = np.where(chromatin, nucleus.heterochromatin + nucleus.euchromatin, 0.0)
    for disturb in image.disturbances:
        density = disturb(density, nucleus.mask, generator)
    mask = chromatin if image.bodies == "masked" else nucleus.mask
    found = infer_rates(
        total=density,
        spacing_nm=PIXEL_NM,
        mask=mask,
        psf_nm=image.stated_psf_nm,
        settings=Settings(
            reaction_length_nm=REACTION_LENGTH_NM, gradient_length_nm=GRADIENT_LENGTH_NM
        ),
    )
    truth, rate = (
        smooth_inside(field, chromatin, _COMPARED_NM * FWHM_TO_SD, _SPACING_NM)
        for field in (nucleus.rate, found.rate)
    )
    compaction = np.where(chromatin, found.compaction, np.nan)
    condensed = find_domains(density, mask, _SPACING_NM).labels > 0
    row = Row(
        image=name,
        seed=seed,
        rejected=next((one.sentence for one in found.findings if one.code in _REJECTIONS), ""),
        even_l2=scaled_error(np.where(chromatin, 1.0, np.nan), truth),
        compaction_l2=scaled_error(compaction, truth),
        compaction_r=_correlation(compaction, truth),
        rate_l2=scaled_error(rate, truth),
        rate_r=_correlation(rate, truth),
        true_rim=rim_contrast(truth, nucleus.mask),
        compaction_rim=rim_contrast(compaction, nucleus.mask),
        rate_rim=rim_contrast(rate, nucleus.mask),
        changed=0.0 if undisturbed is None else scaled_error(rate, undisturbed),
        condensed_area_fraction=float(condensed[mask].mean()),
        plateau_over_mean=float(density[condensed].mean() / density[mask].mean()),
        domain_spacing_nm=domain_spacing_nm(density, mask, _SPACING_NM, resolution_nm(_SPACING_NM)),
    )
    return row, Maps(np.where(mask, density, np.nan), truth, compaction, rate)


def scaled_error(found: Field, truth: Field) -> float:
    """Return the relative L2 error after the best global scale; NaN for no map."""
    both = np.isfinite(found) & np.isfinite(truth)
    if not both.any():
        return float("nan")
    found, truth = found[both], truth[both]
    scale = (found @ truth) / (found @ found)
    return float(np.linalg.norm(scale * found - truth) / np.linalg.norm(truth))


def rim_contrast(yx_map: Field, mask: Mask) -> float:
    """Return the mean of the outer quarter of the mask's area over that of the rest, less 1."""
    depth = ndimage.distance_transform_edt(np.pad(mask, 1))[1:-1, 1:-1]
    known = mask & np.isfinite(yx_map)
    rim = depth <= np.quantile(depth[mask], _RIM_SHARE)
    if not known.any():
        return float("nan")
    return float(yx_map[rim & known].mean() / yx_map[~rim & known].mean() - 1)


def to_markdown(table: pd.DataFrame) -> str:
    """Return a row an image, with the means over the nuclei that have a map."""
    rows = []
    for name, group in table.groupby("image", sort=False):
        given = group[group["rejected"] == ""]
        rows.append(
            [
                str(name),
                f"{len(given)} of {len(group)}",
                _cell(given, "rate"),
                _cell(group, "compaction"),
                f"{group['even_l2'].mean():.3f}",
                f"{given['changed'].mean():.3f}" if len(given) else "-",
                f"{100 * group['true_rim'].mean():+.0f} %",
                _rim(given, "rate"),
                _rim(group, "compaction"),
                f"{group['condensed_area_fraction'].mean():.2f}",
                f"{group['plateau_over_mean'].mean():.2f}",
                f"{group['domain_spacing_nm'].mean():.0f}",
            ]
        )
    return markdown(_HEAD, rows)


def draw(maps: dict[str, Maps], path: Path) -> None:
    """Draw the true rate of a nucleus, and below each of its images the two maps."""
    from matplotlib.figure import Figure

    undisturbed = next(iter(maps.values()))
    window = ndimage.find_objects(np.isfinite(undisturbed.density).astype(np.int8))[0]
    figure = Figure(figsize=(1.6 * (len(maps) + 1.5), 4.4), layout="constrained")
    panels = figure.subplots(3, len(maps) + 1)
    for axes in panels.flat:
        axes.set_axis_off()
    drawn = _draw_map(panels[1, 0], undisturbed.truth[window])
    panels[1, 0].set_title("true rate", size=9)
    for column, (name, one) in zip(panels.T[1:], maps.items(), strict=True):
        column[0].imshow(one.density[window], cmap="gray", vmin=0.0)
        column[0].set_title(name, size=9)
        _draw_map(column[1], one.compaction[window])
        _draw_map(column[2], one.rate[window])
    for axes, label in zip(panels[:, 1], ("image", "compaction", "density-\nonly"), strict=True):
        axes.text(-0.08, 0.5, label, transform=axes.transAxes, ha="right", va="center", size=9)
    bar = figure.colorbar(drawn, ax=panels[:, -1], shrink=0.6, extend="both")
    bar.set_ticks([-1, -0.5, 0, 0.5, 1], labels=["0.5", "0.7", "mean", "1.4", "2"])
    bar.set_label("over its mean, log scale", size=8)
    bar.ax.tick_params(labelsize=8)
    figure.savefig(path, dpi=120)


def _draw_map(axes: Axes, yx_map: Field) -> AxesImage:
    """Draw a map over its mean, on a log2 scale in colours that colour-blind people can read."""
    if np.isfinite(yx_map).any():
        yx_map = np.log2(yx_map / np.nanmean(yx_map))
    else:
        axes.text(0.5, 0.5, "rejected", transform=axes.transAxes, ha="center", size=9)
    return axes.imshow(yx_map, cmap="RdBu_r", vmin=-1.0, vmax=1.0)


def lamina(density: Field, mask: Mask, _: Generator) -> Field:
    """Enrich the rim by a factor 1 + 0.5 exp(-d / 40 nm), d being the distance to the edge."""
    depth_nm = PIXEL_NM * (ndimage.distance_transform_edt(np.pad(mask, 1))[1:-1, 1:-1] - 0.5)
    enriched = density * (1 + _LAMINA_GAIN * np.exp(-depth_nm / _LAMINA_NM))
    normalised: Field = enriched * density[mask].mean() / enriched[mask].mean()
    return normalised


def quench(density: Field, mask: Mask, generator: Generator) -> Field:
    """Multiply with a smooth random field that varies by 15 %."""
    side = max(mask.shape)
    smooth = rate_field("smooth", side, PIXEL_NM, int(generator.integers(2**31)))
    rows, columns = mask.shape
    quenched: Field = density * smooth[:rows, :columns] ** (_QUENCHED / _FIELD_SD)
    return quenched


def draw_bodies(mask: Mask, generator: Generator) -> Mask:
    """Draw two discs of 300 nm that do not touch each other or the rim."""
    y, x = np.indices(mask.shape)
    bodies = np.zeros_like(mask)
    for _ in range(_BODIES):
        room_nm = PIXEL_NM * ndimage.distance_transform_edt(np.pad(mask & ~bodies, 1))[1:-1, 1:-1]
        centre_y, centre_x = generator.choice(np.argwhere(room_nm > _BODY_NM / 2))
        bodies |= PIXEL_NM * np.hypot(y - centre_y, x - centre_x) <= _BODY_NM / 2
    return bodies


def blur(density: Field, mask: Mask, _: Generator, *, sd_nm: float) -> Field:
    """Blur with a Gaussian; light leaves the nucleus through its rim."""
    blurred = ndimage.gaussian_filter(density, sd_nm / PIXEL_NM, mode="constant")
    return np.where(mask, blurred, 0.0)


def amplify(density: Field, _: Mask, __: Generator) -> Field:
    """Give the density another unit."""
    return _GAIN * density


def offset(density: Field, mask: Mask, _: Generator) -> Field:
    """Leave a background of 10 % of the mean."""
    return np.where(mask, density + _OFFSET * density[mask].mean(), 0.0)


def count(density: Field, mask: Mask, generator: Generator) -> Field:
    """Draw Poisson counts, 10 a pixel on average."""
    counts: NDArray[np.int64] = generator.poisson(_COUNTS * density / density[mask].mean())
    return counts.astype(np.float64)


_blur_20, _blur_40 = partial(blur, sd_nm=20.0), partial(blur, sd_nm=40.0)
IMAGES: dict[str, Image] = {
    "undisturbed": Image(),
    "another gain": Image((amplify,)),
    "offset": Image((offset,)),
    "PSF 20 nm": Image((_blur_20,)),
    "PSF 40 nm": Image((_blur_40,)),
    "PSF 40 nm, stated": Image((_blur_40,), stated_psf_nm=40.0 / FWHM_TO_SD),
    "counts": Image((count,)),
    "PSF 20 nm, counts": Image((_blur_20, count)),
    "lamina": Image((lamina,)),
    "quenched density": Image((quench,)),
    "excluded bodies": Image(bodies="left in"),
    "excluded bodies, masked": Image(bodies="masked"),
    "all together": Image((lamina, quench, _blur_20, offset, count), bodies="left in"),
}
_DRAWN = ("undisturbed", "PSF 20 nm, counts", "lamina", "quenched density", "excluded bodies")
_REJECTIONS = frozenset({"density-only-rejected", "too-coarse"})
_HEAD = (
    "image",
    "map given",
    "density-only map, L2 (r)",
    "compaction map, L2 (r)",
    "even map, L2",
    "changed by",
    "true rim",
    "rim, density-only",
    "rim, compaction",
    "condensed area",
    "plateau / mean",
    "spacing, nm",
)


def _cell(group: pd.DataFrame, name: str) -> str:
    if group.empty:
        return "-"
    return f"{group[f'{name}_l2'].mean():.3f} ({group[f'{name}_r'].mean():.2f})"


def _rim(group: pd.DataFrame, name: str) -> str:
    """Write the mean contrast of the rim, and how often its sign is that of the truth."""
    if group.empty:
        return "-"
    contrast = group[f"{name}_rim"]
    right = int((contrast * group["true_rim"] > 0).sum())
    return f"{100 * contrast.mean():+.0f} % ({right} of {len(group)})"


def _correlation(found: Field, truth: Field) -> float:
    both = np.isfinite(found) & np.isfinite(truth)
    return float(np.corrcoef(found[both], truth[both])[0, 1]) if both.any() else float("nan")
