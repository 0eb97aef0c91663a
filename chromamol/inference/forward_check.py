"""Does the model explain the image? It is simulated with the inferred map, and compared.

Where domains lie is chance, in the nucleus as in the simulation: only statistics compare. The map
is first smoothed over the domains: a finer one holds the image's own domains in place, and then
even a map into which a wrong reaction length printed them explains the image.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from skimage.measure import block_reduce

from chromamol.images.smoothing import FWHM_TO_SD, smooth_inside
from chromamol.inference.domain_spacing import domain_spacing_nm
from chromamol.inference.domain_statistics import DomainStatistics, domain_statistics
from chromamol.inference.imprint import halving_sd_nm
from chromamol.inference.simulated_window import depth_nm, simulated_window

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from chromamol.equations.chromatin_phase_field import ChromatinPhaseField
    from chromamol.progress import Progress

    Field = NDArray[np.float64]
    Mask = NDArray[np.bool_]

_BIN_NM = 20.0
# The time of a simulation grows with its bins; a strip of so many holds the distance from rim to
# centre and a few domains across.
_MOST_BINS = 10_000
# The map keeps half of what it shows at so many domain spacings, and less of what is finer. Where
# no spacing is found, it is that of simulated domains under a uniform rate, over ell.
_SMOOTHED_SPACINGS, _SPACING_OVER_ELL = 1.5, 1.6
_SIMULATIONS, _BISECTIONS = 3, 4
_DURATION, _TIME_STEP = 40.0, 0.2
# A simulation needs rates above zero; over the mean.
_LEAST_RATE = 0.02
# What counts as agreement: a share of the simulated number, or so many spreads.
_TOLERANCE, _SPREADS = 0.25, 3.0


@dataclass(frozen=True)
class Statistic:
    """One number of the image, and the same of the simulations.

    Attributes
    ----------
    name : str
        In words.
    unit : str
        "nm", or empty for none.
    measured : float
        Of the image.
    simulated, spread : float
        Mean and standard deviation over the simulations.
    """

    name: str
    unit: str
    measured: float
    simulated: float
    spread: float

    @property
    def agrees(self) -> bool:
        """Whether the two differ by less than 25 % or three spreads, whichever is more."""
        allowed = max(_TOLERANCE * abs(self.simulated), _SPREADS * self.spread)
        return abs(self.measured - self.simulated) <= allowed


@dataclass(frozen=True)
class ForwardCheck:
    """An image beside simulations of it.

    Attributes
    ----------
    statistics : tuple of Statistic
        Those that could be measured in the image and in every simulation.
    radial_measured, radial_simulated, radial_spread : (shell,) float64
        Heterochromatin's share of chromatin in four shells of equal area, from the rim to the
        centre; `radial_spread` over the simulations. NaN where no rim is in view.
    h_max : float
        Volume fraction of the condensed phase that gives the plateau of the image.
    share : float
        Of the nucleus that was simulated, 0 to 1.
    coarse : bool
        Whether the map smoothed over the domains was simulated; otherwise that one did not
        explain the image, and all of this is about the map as it is.
    """

    statistics: tuple[Statistic, ...]
    radial_measured: Field
    radial_simulated: Field
    radial_spread: Field
    h_max: float
    share: float
    coarse: bool

    @property
    def explained(self) -> bool:
        """Whether every statistic agrees."""
        return all(statistic.agrees for statistic in self.statistics)


def forward_check(
    yx_rate: Field,
    yx_heterochromatin: Field,
    yx_euchromatin: Field,
    yx_mask: Mask,
    spacing_nm: tuple[float, float],
    *,
    equation: ChromatinPhaseField,
    noise_sd: float = 0.0,
    psf_nm: float = 0.0,
    periodic: bool = False,
    seed: int = 0,
    progress: Progress | None = None,
) -> ForwardCheck:
    """Simulate the image with the inferred rate, and compare statistics of both.

    The rate is smoothed inside the mask with a Gaussian that halves waves of 1.5 domain spacings;
    if that does not explain the image, it is taken as it is.

    Bins are of at most 20 nm (pixels are averaged, or split). A nucleus of more than 10 000 bins
    is simulated in part, with no flux through the sides of the window: a strip from the rim to
    the centre, where the two are closest along y or x; the middle, where no rim is in view. h_max
    of the free energy is bisected until the condensed regions are as dense as in the image. Blur
    and noise of the image are added to the simulations.

    Parameters
    ----------
    yx_rate : (y, x) float64
        lambda itself, not over its mean; NaN, and values near zero or below, are replaced by its
        mean and by 2 % of it.
    yx_heterochromatin, yx_euchromatin : (y, x) float64
        Volume fractions; values outside the mask are ignored and may be NaN.
    yx_mask : (y, x) bool
        The nucleus.
    spacing_nm : (float, float)
        Pixel size, nm.
    equation : ChromatinPhaseField
        Its `h_max` is not used.
    noise_sd : float
        Of the white noise of the heterochromatin, volume fraction.
    psf_nm : float
        Full width at half maximum of the image's blur, nm.
    periodic : bool
        Whether the image repeats.
    seed : int
        Of the first simulation and of the noise.
    progress : Progress, optional
        Told of every step; may cancel.

    Returns
    -------
    ForwardCheck
    """
    image = _Image.of(yx_heterochromatin, yx_euchromatin, yx_mask, spacing_nm)
    most_bins = _MOST_BINS // math.prod(_parts(image.spacing_nm))
    window = simulated_window(image.depth_nm, image.mask, image.spacing_nm, most_bins)
    seen = image.cropped(window)
    simulator = _Simulator(
        seen,
        equation,
        noise_sd=noise_sd / math.sqrt(math.prod(image.factors)),
        psf_nm=psf_nm,
        repeats=periodic and seen.mask.shape == image.mask.shape,
        seed=seed,
        progress=progress,
    )
    share = float(seen.mask.sum() / image.mask.sum())
    smooth = _smoothed(yx_rate, yx_heterochromatin, yx_mask, spacing_nm, equation)
    check = _compare(simulator, _simulable(smooth, yx_mask, image.factors)[window], share)
    if not check.explained:
        check = _compare(simulator, _simulable(yx_rate, yx_mask, image.factors)[window], share)
        check = replace(check, coarse=False)
    return check


def _compare(simulator: _Simulator, rate: Field, share: float) -> ForwardCheck:
    """Compare the image with simulations with one map, on its bins."""
    image = simulator.image
    measured = image.statistics((image.heterochromatin, image.euchromatin))
    h_max = _fitting_h_max(
        measured.plateau, lambda h_max: image.statistics(simulator.run(rate, h_max, 0))
    )
    simulated = [
        image.statistics(simulator.run(rate, h_max, number))
        for number in range(1, _SIMULATIONS + 1)
    ]
    statistics = []
    for (name, unit), number in measured.numbers.items():
        others = np.array([one.numbers[name, unit] for one in simulated])
        if math.isfinite(number) and np.isfinite(others).all():
            spread = float(others.std(ddof=1))
            statistics.append(Statistic(name, unit, number, float(others.mean()), spread))
    radial = np.array([one.radial for one in simulated])
    return ForwardCheck(
        statistics=tuple(statistics),
        radial_measured=measured.radial,
        radial_simulated=radial.mean(axis=0),
        radial_spread=radial.std(axis=0, ddof=1),
        h_max=h_max,
        share=share,
        coarse=True,
    )


@dataclass(frozen=True)
class _Image:
    """The channels on bins: (y, x) arrays, NaN outside the mask."""

    heterochromatin: Field
    euchromatin: Field
    mask: Mask
    depth_nm: Field
    spacing_nm: tuple[float, float]
    factors: tuple[int, int]

    @classmethod
    def of(cls, h: Field, e: Field, mask: Mask, spacing_nm: tuple[float, float]) -> _Image:
        """Bin the channels."""
        factor_y, factor_x = (max(int(_BIN_NM / side), 1) for side in spacing_nm)
        factors = (factor_y, factor_x)
        bin_nm = (factor_y * spacing_nm[0], factor_x * spacing_nm[1])
        binned = block_reduce(mask.astype(np.float64), factors, np.mean) >= 0.5
        h_bins, e_bins = (
            np.where(binned, _binned(field, mask, factors), np.nan) for field in (h, e)
        )
        return cls(h_bins, e_bins, binned, depth_nm(binned, bin_nm), bin_nm, factors)

    def cropped(self, window: tuple[slice, slice]) -> _Image:
        """Return a window of it; depths are those in the whole nucleus."""
        return replace(
            self,
            heterochromatin=self.heterochromatin[window],
            euchromatin=self.euchromatin[window],
            mask=self.mask[window],
            depth_nm=self.depth_nm[window],
        )

    def statistics(self, species: tuple[Field, Field]) -> DomainStatistics:
        """Measure h and e on these bins."""
        return domain_statistics(*species, self.mask, self.depth_nm, self.spacing_nm)


def _fitting_h_max(plateau: float, measure: Callable[[float], DomainStatistics]) -> float:
    """Find the h_max, at most 1, with which a simulation has this plateau.

    A plateau grows with h_max and stays below it.
    """
    low, high = min(plateau, 1.0), 1.0
    for _ in range(_BISECTIONS):
        middle = (low + high) / 2
        if measure(middle).plateau < plateau:
            low = middle
        else:
            high = middle
    return (low + high) / 2


@dataclass(frozen=True)
class _Simulator:
    """Everything of a simulation but the rate and h_max."""

    image: _Image
    equation: ChromatinPhaseField
    noise_sd: float
    psf_nm: float
    repeats: bool
    seed: int
    progress: Progress | None

    def run(self, rate: Field, h_max: float, number: int) -> tuple[Field, Field]:
        """Return h and e of one simulation as the microscope would show them."""
        image, seed = self.image, self.seed + number
        split = _parts(image.spacing_nm)
        fine = (image.spacing_nm[0] / split[0], image.spacing_nm[1] / split[1])
        chromatin = image.heterochromatin[image.mask] + image.euchromatin[image.mask]
        species = replace(self.equation, h_max=h_max).simulate(
            np.kron(rate, np.ones(split)).astype(np.float64),
            fine,
            mask=None if self.repeats else np.kron(image.mask, np.ones(split, dtype=bool)),
            chromatin_fraction=float(chromatin.mean()),
            duration=_DURATION,
            time_step=_TIME_STEP,
            seed=seed,
            progress=self.progress,
        )
        h, e = (block_reduce(field, split, np.mean) for field in species)
        if self.psf_nm:
            sd_nm = FWHM_TO_SD * self.psf_nm
            h, e = (smooth_inside(field, image.mask, sd_nm, image.spacing_nm) for field in (h, e))
        noise = np.random.default_rng(seed).standard_normal(h.shape)
        return h + self.noise_sd * noise, e


def _parts(spacing_nm: tuple[float, float]) -> tuple[int, int]:
    """Return how many parts a bin is split in: it may be wider than the model's interfaces."""
    part_y, part_x = (math.ceil(side / _BIN_NM - 1e-9) for side in spacing_nm)
    return part_y, part_x


def _smoothed(
    yx_rate: Field,
    yx_heterochromatin: Field,
    yx_mask: Mask,
    spacing_nm: tuple[float, float],
    equation: ChromatinPhaseField,
) -> Field:
    """Smooth a map over the domains; NaN where it has no value."""
    finest_nm = 3 * max(spacing_nm)
    period_nm = domain_spacing_nm(yx_heterochromatin, yx_mask, spacing_nm, finest_nm)
    if math.isnan(period_nm):
        period_nm = _SPACING_OVER_ELL * equation.reaction_length_nm
    sd_nm = halving_sd_nm(_SMOOTHED_SPACINGS * period_nm)
    return smooth_inside(yx_rate, yx_mask & np.isfinite(yx_rate), sd_nm, spacing_nm)


def _simulable(yx_rate: Field, yx_mask: Mask, factors: tuple[int, int]) -> Field:
    """Bin a map, and put positive rates where it has none."""
    rate = _binned(yx_rate, yx_mask & np.isfinite(yx_rate), factors)
    mean = float(np.nanmean(rate))
    return np.maximum(np.where(np.isfinite(rate), rate, mean), _LEAST_RATE * mean)


def _binned(yx_field: Field, yx_mask: Mask, factors: tuple[int, int]) -> Field:
    """Average blocks over the pixels of the mask; NaN where a block has none."""
    total = block_reduce(np.where(yx_mask, yx_field, 0.0), factors, np.sum)
    count = block_reduce(yx_mask.astype(np.float64), factors, np.sum)
    mean: Field = np.divide(total, count, out=np.full(total.shape, np.nan), where=count > 0)
    return mean
