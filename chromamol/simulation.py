"""Simulated nuclei with a known rate map: test fields, the sample image, the benchmarks.

The fields are those of the accuracy tables: wave numbers and lengths are in nm on pixels of
10 nm, ell = 141.4 nm, delta = 10 nm, h_max = 0.8, mean h + e = 0.5.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
from scipy import ndimage

from chromamol.equations.chromatin_phase_field import ChromatinPhaseField
from chromamol.equations.mark_turnover import MarkTurnover
from chromamol.errors import CallError

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from chromamol.progress import Progress

    Field = NDArray[np.float64]

FieldName = Literal["smooth", "spots", "step"]
PIXEL_NM = 10.0
REACTION_LENGTH_NM = 141.4
GRADIENT_LENGTH_NM = 10.0
CORRELATION_NM = 256.0
COUNTS_PER_FRACTION = 2000.0
CHROMATIN = ChromatinPhaseField(REACTION_LENGTH_NM, GRADIENT_LENGTH_NM)
# The masked truth is computed on pixels of half the size.
_OVERSAMPLING = 2
_NOISE_STREAM = 1
_SIDE_PX = 128
_DURATION, _TIME_STEP = 40.0, 0.1


@dataclass(frozen=True)
class SimulatedNucleus:
    """A noise-free image with its truth.

    Attributes
    ----------
    heterochromatin, euchromatin, rate : (y, x) float64
        Volume fractions and rate ratio; NaN outside the mask.
    mask : (y, x) bool
    """

    heterochromatin: Field
    euchromatin: Field
    rate: Field
    mask: NDArray[np.bool_]

    def noise_sd(self, level: float) -> float:
        """Return level x std(h), volume fraction."""
        return level * float(np.nanstd(self.heterochromatin))

    def with_noise(self, level: float, seed: int) -> tuple[Field, Field, float]:
        """Add white noise of level x std(h) to both channels; return h, e and its sd."""
        # Not the generator of the field itself, whose white noise this would be.
        generator = np.random.default_rng([_NOISE_STREAM, seed])
        noise_sd = self.noise_sd(level)
        h, e = (
            species + noise_sd * generator.standard_normal(self.mask.shape)
            for species in (self.heterochromatin, self.euchromatin)
        )
        return h, e, noise_sd

    def with_localisations(
        self, count: float, precision_nm: float, seed: int
    ) -> tuple[Field, Field, float]:
        """Draw a localisation microscopy image: Poisson counts of blurred densities.

        Parameters
        ----------
        count : float
            Localisations expected in both channels together, in proportion to h and e.
        precision_nm : float
            Standard deviation of a localisation along each axis, nm; the box repeats.
        seed : int

        Returns
        -------
        h_counts, e_counts : (y, x) float64
            Localisations in each pixel.
        counts_per_fraction : float
            Expected localisations in a pixel with a volume fraction of 1.
        """
        generator = np.random.default_rng(seed)
        channels = (self.heterochromatin, self.euchromatin)
        counts_per_fraction = count / sum(float(species.sum()) for species in channels)
        h, e = (
            generator.poisson(
                counts_per_fraction
                * ndimage.gaussian_filter(species, precision_nm / PIXEL_NM, mode="wrap")
            ).astype(np.float64)
            for species in channels
        )
        return h, e, counts_per_fraction


@dataclass(frozen=True)
class SimulatedMark:
    """A noise-free image of one mark with its truth.

    Attributes
    ----------
    mark, deposition : (y, x) float64
        Density u, and s / gamma in its unit.
    """

    mark: Field
    deposition: Field

    def with_noise(self, level: float, seed: int) -> tuple[Field, float]:
        """Add white noise of level x std(u); return u and its sd."""
        noise_sd = level * float(self.mark.std())
        noise = np.random.default_rng(seed).standard_normal(self.mark.shape)
        return self.mark + noise_sd * noise, noise_sd


def rate_field(
    name: FieldName,
    side_px: int,
    pixel_nm: float,
    seed: int,
    *,
    correlation_nm: float = CORRELATION_NM,
) -> Field:
    """Draw a test field of the rate ratio, (side, side).

    smooth: exp(0.35 g), g a unit Gaussian field filtered by exp(-k^2 L^2 / 4), L `correlation_nm`.
    spots: 0.75 plus 4 to 8 Gaussians of sigma 80 to 120 nm and amplitude 0.6 to 1.2, at most 2.6.
    step: 1.6 in the rim, 0.7 inside, with a logistic edge of 15 nm.
    """
    generator = np.random.default_rng(seed)
    side_nm = side_px * pixel_nm
    if name == "smooth":
        white = generator.standard_normal((side_px, side_px))
        return _log_normal(white, pixel_nm, correlation_nm)
    y_nm, x_nm = (np.indices((side_px, side_px)) + 0.5) * pixel_nm
    if name == "spots":
        rate = np.full((side_px, side_px), 0.75)
        for _ in range(generator.integers(4, 9)):
            centre_y, centre_x = generator.uniform(0, side_nm, 2)
            sigma = generator.uniform(80.0, 120.0)
            dy = (y_nm - centre_y + side_nm / 2) % side_nm - side_nm / 2
            dx = (x_nm - centre_x + side_nm / 2) % side_nm - side_nm / 2
            rate += generator.uniform(0.6, 1.2) * np.exp(-(dy**2 + dx**2) / (2 * sigma**2))
        capped: Field = np.minimum(rate, 2.6)
        return capped
    angle = generator.uniform(0, 2 * np.pi)
    dy, dx = y_nm - side_nm / 2, x_nm - side_nm / 2
    along = (np.cos(angle) * dx + np.sin(angle) * dy) / (0.36 * side_nm)
    across = (np.cos(angle) * dy - np.sin(angle) * dx) / (0.30 * side_nm)
    depth_nm = (np.hypot(along, across) - 1) * 0.33 * side_nm
    step: Field = 0.7 + 0.9 / (1 + np.exp(-depth_nm / 15.0))
    return step


def wobbly_ellipse(side_px: int, seed: int) -> NDArray[np.bool_]:
    """Draw a nucleus: an ellipse with half axes 0.46 x 0.38 of the frame, and a wobble."""
    generator = np.random.default_rng(seed)
    y, x = (np.indices((side_px, side_px)) + 0.5) / side_px - 0.5
    angle = np.arctan2(y / 0.38, x / 0.46)
    wobble = sum(
        generator.uniform(-0.03, 0.03) * np.cos(n * angle + generator.uniform(0, 2 * np.pi))
        for n in (2, 3, 4, 5)
    )
    inside: NDArray[np.bool_] = np.hypot(y / 0.38, x / 0.46) < 0.97 * (1 + wobble)
    return inside


def simulate_field(
    name: FieldName,
    seed: int,
    *,
    side_px: int = _SIDE_PX,
    correlation_nm: float = CORRELATION_NM,
    equation: ChromatinPhaseField = CHROMATIN,
    progress: Progress | None = None,
) -> SimulatedNucleus:
    """Simulate a test field on a periodic box of 10 nm pixels."""
    rate = rate_field(name, side_px, PIXEL_NM, seed, correlation_nm=correlation_nm)
    h, e = equation.simulate(rate, (PIXEL_NM, PIXEL_NM), seed=seed, progress=progress)
    return SimulatedNucleus(h, e, rate, np.ones(rate.shape, dtype=bool))


def simulate_mark(name: FieldName, seed: int, *, side_px: int = _SIDE_PX) -> SimulatedMark:
    """Solve the turnover of one mark, its deposition a test field, on a periodic box."""
    deposition = rate_field(name, side_px, PIXEL_NM, seed)
    equation = MarkTurnover(REACTION_LENGTH_NM)
    return SimulatedMark(equation.simulate(deposition, (PIXEL_NM, PIXEL_NM)), deposition)


def simulate_masked(
    name: FieldName,
    seed: int,
    *,
    side_px: int = _SIDE_PX,
    pixel_nm: float = PIXEL_NM,
    mean_rate: float | None = None,
    duration: float = _DURATION,
    time_step: float = _TIME_STEP,
    progress: Progress | None = None,
) -> SimulatedNucleus:
    """Simulate a test field in a wobbly ellipse on pixels of half the size, and average.

    With `mean_rate` the field is scaled to that mean inside the nucleus. Times are in units of
    1 / Gamma_ac.
    """
    fine_px, fine_nm = side_px * _OVERSAMPLING, pixel_nm / _OVERSAMPLING
    rate = rate_field(name, fine_px, fine_nm, seed)
    inside = wobbly_ellipse(fine_px, seed)
    if mean_rate is not None:
        rate *= mean_rate / rate[inside].mean()
    return _simulate_finely(
        rate,
        inside,
        fine_nm,
        duration=duration,
        time_step=time_step,
        seed=seed,
        progress=progress,
    )


def simulate_box(
    seed: int, *, side_px: int = _SIDE_PX, progress: Progress | None = None
) -> SimulatedNucleus:
    """Simulate a smooth field in a square with no flux through its sides, finely as a mask.

    The rate is even about every side: the square with its mirror images around it is a steady
    state again, with no flux through any of the mirror lines.
    """
    fine_px, fine_nm = side_px * _OVERSAMPLING, PIXEL_NM / _OVERSAMPLING
    white = np.random.default_rng(seed).standard_normal((2 * fine_px, 2 * fine_px))
    white = white + white[::-1]
    white = white + white[:, ::-1]
    rate = _log_normal(white, fine_nm, CORRELATION_NM)[:fine_px, :fine_px]
    inside = np.ones(rate.shape, dtype=bool)
    return _simulate_finely(rate, inside, fine_nm, seed=seed, progress=progress)


def _simulate_finely(
    rate: Field,
    inside: NDArray[np.bool_],
    fine_nm: float,
    *,
    duration: float = _DURATION,
    time_step: float = _TIME_STEP,
    seed: int,
    progress: Progress | None,
) -> SimulatedNucleus:
    """Simulate on the fine pixels of a mask, and average to pixels of twice the size."""
    h, e = CHROMATIN.simulate(
        rate,
        (fine_nm, fine_nm),
        mask=inside,
        duration=duration,
        time_step=time_step,
        seed=seed,
        progress=progress,
    )
    share = _average(inside.astype(np.float64))
    mask = share >= 0.5
    h, e, rate = (
        np.where(mask, _average(np.where(inside, field, 0.0)) / np.maximum(share, 0.5), np.nan)
        for field in (h, e, rate)
    )
    return SimulatedNucleus(h, e, rate, mask)


def simulate_nucleus(
    out: Path,
    *,
    field: FieldName = "smooth",
    noise: float = 0.05,
    seed: int = 0,
    overwrite: bool = False,
    progress: Progress | None = None,
) -> list[Path]:
    """Write a simulated two-channel nucleus with its truth and its mask.

    Parameters
    ----------
    out : Path
        Files are OUT.ome.tif (counts, 2000 for a volume fraction of 1), OUT_rate.ome.tif (the
        true rate ratio) and OUT_mask.ome.tif.
    field : {"smooth", "spots", "step"}
        See `rate_field`.
    noise : float
        Standard deviation of the noise over that of the heterochromatin.
    seed : int
        Of the field, the outline and the noise.
    overwrite : bool
        Replace files that exist.
    progress : Progress, optional
        Told of every step; may cancel.

    Returns
    -------
    list of Path
        The files written.

    Raises
    ------
    CallError
        If a file exists and `overwrite` is false, or a number is out of its range.
    """
    from chromamol.results.tiff import write_channels_tiff, write_map_tiff

    if not 0 <= noise <= 10:
        msg = f"The noise must be between 0 and 10 times the spread of the signal, not {noise}."
        raise CallError(msg)
    image, truth, outline = (
        out.with_name(out.name + suffix)
        for suffix in (".ome.tif", "_rate.ome.tif", "_mask.ome.tif")
    )
    for path in (image, truth, outline):
        if path.exists() and not overwrite:
            msg = f"{path} exists. Choose another name, or give --overwrite."
            raise CallError(msg)
    nucleus = simulate_masked(field, seed, progress=progress)
    h, e, _ = nucleus.with_noise(noise, seed)
    counts = np.stack([np.nan_to_num(species) for species in (h, e)]) * COUNTS_PER_FRACTION
    cyx = np.clip(np.rint(counts), 0, 65535).astype(np.uint16)
    spacing = (PIXEL_NM, PIXEL_NM)
    write_channels_tiff(image, cyx, spacing, ("heterochromatin", "euchromatin"))
    write_map_tiff(truth, nucleus.rate, spacing, "true rate ratio")
    write_channels_tiff(outline, (255 * nucleus.mask).astype(np.uint8)[None], spacing, ("nucleus",))
    return [image, truth, outline]


def _log_normal(white: Field, pixel_nm: float, correlation_nm: float) -> Field:
    """Filter white noise on a periodic square, and return exp(0.35 g) of what is left."""
    k_y = 2 * np.pi * np.fft.fftfreq(white.shape[0], pixel_nm)[:, None]
    k_x = 2 * np.pi * np.fft.rfftfreq(white.shape[1], pixel_nm)[None, :]
    spectrum = np.fft.rfft2(white) * np.exp(-(k_y**2 + k_x**2) * correlation_nm**2 / 4)
    gaussian = np.fft.irfft2(spectrum, s=white.shape)
    field: Field = np.exp(0.35 * gaussian / gaussian.std())
    return field


def _average(field: Field) -> Field:
    """Average blocks of fine pixels."""
    rows, columns = (size // _OVERSAMPLING for size in field.shape)
    blocks = field.reshape(rows, _OVERSAMPLING, columns, _OVERSAMPLING)
    averaged: Field = blocks.mean(axis=(1, 3))
    return averaged
