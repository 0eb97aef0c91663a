"""Synthetic analyses: two nuclei, one cut by the border, in an image that is not square."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest
from scipy import ndimage

from chromamol.analysis import Analysis, NucleusAnalysis
from chromamol.images.composition import Composition
from chromamol.images.image import Image
from chromamol.images.nuclei import Nuclei
from chromamol.inference.rate_map import Finding, Quantity, RateMap, Scale, Status
from chromamol.quality import Quality
from chromamol.settings import Role, Settings

SPACING_NM = (23.0, 17.0)
SHAPE = (150, 270)
DOMAIN_PERIOD_NM = 300.0
ACETYLATION_RATE_PER_S = 4e-4


@dataclass(frozen=True)
class IndependentPixels:
    """A posterior that is easy to average: the error of each pixel is its own."""

    rate_sd: np.ndarray

    def mean_sd(self, region: np.ndarray) -> float:
        return float(np.sqrt((self.rate_sd[region] ** 2).sum()) / region.sum())


def with_maps(analysis: Analysis, *changes: dict[str, object]) -> Analysis:
    """Change the rate map of each nucleus."""
    changed = [
        replace(nucleus, rate_map=replace(nucleus.rate_map, **change))
        for nucleus, change in zip(analysis.per_nucleus, changes, strict=True)
    ]
    return replace(analysis, per_nucleus=tuple(changed))


def no_map(analysis: Analysis, *findings: Finding, status: Status = Status.REJECTED) -> Analysis:
    """Take the maps away."""
    changes = []
    for nucleus in analysis.per_nucleus:
        maps = dict.fromkeys(
            ("rate", "rate_sd", "residual"), np.full(nucleus.rate_map.mask.shape, np.nan)
        )
        ended = {"status": status, "findings": findings, "reaction_length_nm": float("nan")}
        changes.append(maps | ended | {"posterior": None})
    return with_maps(analysis, *changes)


def _labels() -> np.ndarray:
    """Nucleus 1 is cut by the left border, nucleus 2 lies free."""
    y, x = np.mgrid[: SHAPE[0], : SHAPE[1]]
    y_nm, x_nm = y * SPACING_NM[0], x * SPACING_NM[1]
    labels = np.zeros(SHAPE, np.int32)
    labels[((y_nm - 1700) / 1300) ** 2 + ((x_nm - 700) / 1150) ** 2 < 1] = 1
    labels[((y_nm - 1750) / 1500) ** 2 + ((x_nm - 3100) / 1100) ** 2 < 1] = 2
    return labels


def _domains_at_a_period(rng: np.random.Generator) -> np.ndarray:
    """A random field whose spectrum is a ring at `DOMAIN_PERIOD_NM`, between 0 and 1."""
    ky = np.fft.fftfreq(SHAPE[0], SPACING_NM[0])[:, None]
    kx = np.fft.fftfreq(SHAPE[1], SPACING_NM[1])[None, :]
    k = np.hypot(ky, kx) * DOMAIN_PERIOD_NM
    ring = np.exp(-(((k - 1) / 0.2) ** 2))
    field = np.fft.ifft2(np.fft.fft2(rng.normal(size=SHAPE)) * ring).real
    return 1 / (1 + np.exp(-3 * field / field.std()))


def composition_of(densities: dict[Role, np.ndarray], *, calibrated: bool) -> Composition:
    """Channels that hold the densities themselves."""
    cyx = np.stack(list(densities.values()))
    image = Image("a", Path("a.tif"), "", cyx, ("",) * len(cyx), SPACING_NM)
    roles = {role: number for number, role in enumerate(densities)}
    nothing, one = dict.fromkeys(roles, 0.0), dict.fromkeys(roles, 1.0)
    return Composition(image, roles, nothing, one, calibrated)


QUALITY = Quality(0.002, 40.0, 900.0, 110.0, 1.1, 0.2)


def build_analysis(*, density_only: bool = False) -> Analysis:
    rng = np.random.default_rng(20)
    labels = _labels()
    heterochromatin = 0.1 + 0.6 * _domains_at_a_period(rng)
    euchromatin = 0.5 - 0.5 * heterochromatin
    y, x = np.mgrid[: SHAPE[0], : SHAPE[1]]
    rate = np.exp(0.4 * np.sin(y * SPACING_NM[0] / 400) + 0.3 * np.cos(x * SPACING_NM[1] / 500))
    compaction = ndimage.gaussian_filter(heterochromatin + euchromatin, (13, 18))

    roles = {Role.TOTAL: 0} if density_only else {Role.HETEROCHROMATIN: 0, Role.EUCHROMATIN: 1}
    volume_fractions = (
        [heterochromatin + euchromatin] if density_only else [heterochromatin, euchromatin]
    )
    cyx = np.stack([rng.poisson(80 * part * (labels > 0) + 2) for part in volume_fractions])
    settings = Settings(roles=dict(roles))
    findings = (
        Finding("ell-assumed", "The reaction-diffusion length is assumed: 140 nm.", 140.0),
        Finding("scale-relative", "Only ratios within this nucleus mean something.", float("nan")),
    )
    per_nucleus = []
    for label in (1, 2):
        window = ndimage.find_objects(labels)[label - 1]
        mask = labels[window] == label
        inside = np.where(mask, 1.0, np.nan)
        rate_map = RateMap(
            rate=rate[window] * inside,
            rate_sd=0.05 * rate[window] * inside,
            residual=rng.normal(size=mask.shape) * inside,
            compaction=compaction[window] / compaction[window][mask].mean() * inside,
            mask=mask,
            spacing_nm=SPACING_NM,
            settings=settings,
            quantity=Quantity.DENSITY_ONLY if density_only else Quantity.RATE_RATIO,
            scale=Scale.RELATIVE,
            exploratory=density_only,
            status=Status.CONVERGED,
            findings=findings,
            reaction_length_nm=140.0,
            posterior=IndependentPixels(0.05 * rate[window]),
        )
        per_nucleus.append(NucleusAnalysis(label, window, rate_map, QUALITY))
    return Analysis(
        image=Image(
            name="cell_3",
            path=Path("plate/cell_3.ome.tif"),
            sha256="ab" * 32,
            cyx=cyx.astype(np.uint16),
            channel_names=("DNA",) if density_only else ("H3K9me3", "H3K27ac"),
            yx_spacing_nm=SPACING_NM,
            notes=("The pixel size was read from the file.",),
        ),
        settings=settings,
        nuclei=Nuclei(labels, (True, False)),
        composition=composition_of(
            dict(zip(roles, volume_fractions, strict=True)), calibrated=not density_only
        ),
        per_nucleus=tuple(per_nucleus),
    )


@pytest.fixture(scope="session")
def analysis() -> Analysis:
    return build_analysis()


@pytest.fixture(scope="session")
def density_analysis() -> Analysis:
    return build_analysis(density_only=True)


@pytest.fixture(scope="session")
def rejected_analysis() -> Analysis:
    """A density-only analysis whose fit was rejected: no rate, no residual."""
    reason = Finding("density-only-rejected", "The gain of the density fit collapsed.", 1e-4)
    other = Finding("compaction-smoothing", "Smoothed over 230 nm.", 230.0)
    return no_map(build_analysis(density_only=True), other, reason)


@pytest.fixture(scope="session")
def absolute_analysis() -> Analysis:
    """A map whose rates are in 1/s."""
    analysis = build_analysis()
    settings = analysis.settings.replace(acetylation_rate_per_s=ACETYLATION_RATE_PER_S)
    changes = [
        {
            "rate": ACETYLATION_RATE_PER_S * nucleus.rate_map.rate,
            "rate_sd": ACETYLATION_RATE_PER_S * nucleus.rate_map.rate_sd,
            "scale": Scale.ABSOLUTE,
            "settings": settings,
        }
        for nucleus in analysis.per_nucleus
    ]
    return replace(with_maps(analysis, *changes), settings=settings)
