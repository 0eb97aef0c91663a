"""Images with a known rate: what every estimator of the benchmarks is given.

Simulations are kept for the time of a run: the same noise-free image serves every noise level.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache
from typing import TYPE_CHECKING, Literal

import numpy as np

from chromamol.equations.chromatin_phase_field import ChromatinPhaseField
from chromamol.equations.mark_turnover import MarkTurnover
from chromamol.images.smoothing import FWHM_TO_SD
from chromamol.inference.infer import infer_rates
from chromamol.settings import Settings
from chromamol.simulation import (
    CHROMATIN,
    PIXEL_NM,
    REACTION_LENGTH_NM,
    SimulatedNucleus,
    simulate_field,
    simulate_mark,
    simulate_masked,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from chromamol.inference.rate_map import RateMap
    from chromamol.simulation import FieldName

    Field = NDArray[np.float64]

Method = Literal["direct", "weak-form"]
Boundary = Literal["periodic", "no-flux", "cut"]

FIELDS: tuple[FieldName, ...] = ("smooth", "spots", "step")
LEVELS = (0.01, 0.05, 0.10)
# A crop is judged where the outermost pixels are more than 12 pixels (0.85 ell) away.
_JUDGED_FROM_PX = 13
# 2 million on 1024 x 1024 pixels.
LOCALISATIONS_PER_PIXEL = 2e6 / 1024**2
PRECISION_NM, LOCALISED_CORRELATION_NM = 20.0, 400.0
_CUT_FROM_PX = 192


@dataclass(frozen=True)
class Case:
    """One image, what is known of it, and the truth.

    Attributes
    ----------
    channels : mapping of str to (y, x) float64
        Calibrated densities by their role, as `infer_rates` takes them; NaN outside the mask.
    truth : (y, x) float64
        The map that is sought: the rate ratio, or the deposition over its mean.
    factor : (y, x) float64
        What the truth is multiplied with in the equation: the true euchromatin, or the mean
        deposition.
    mask, judged : (y, x) bool
        Where there is data, and where the error is measured.
    equation : ChromatinPhaseField or MarkTurnover
        With its true lengths.
    boundary : str
        As in `Settings`.
    noise_sd : float, optional
        Where it is known to the estimator.
    psf_nm : float, optional
        Full width at half maximum of the blur.
    """

    channels: Mapping[str, Field]
    truth: Field
    factor: Field
    mask: NDArray[np.bool_]
    judged: NDArray[np.bool_]
    equation: ChromatinPhaseField | MarkTurnover
    boundary: Boundary
    noise_sd: float | None = None
    psf_nm: float | None = None

    def infer(self, method: Method = "weak-form", *, ell_known: bool = True) -> RateMap:
        """Give the image to `infer_rates`."""
        equation = self.equation
        lengths: dict[str, float] = {}
        if isinstance(equation, ChromatinPhaseField):
            lengths["gradient_length_nm"] = equation.gradient_length_nm
            lengths["mixing_energy"] = equation.mixing_energy
        settings = Settings(
            method=method,
            reaction_length_nm=equation.reaction_length_nm if ell_known else "fit",
            boundary=self.boundary,
            forward_check=False,
            **lengths,
        )
        return infer_rates(
            self.channels.get("heterochromatin"),
            self.channels.get("euchromatin"),
            mark=self.channels.get("mark"),
            spacing_nm=PIXEL_NM,
            mask=self.mask,
            calibrated=True,
            noise_sd=self.noise_sd,
            psf_nm=self.psf_nm,
            settings=settings,
        )

    def errors(self, found: Field) -> dict[str, float]:
        """Return the relative L2 error, not rescaled, and the correlation; NaN for no map."""
        found, truth = found[self.judged], self.truth[self.judged]
        with np.errstate(divide="ignore", invalid="ignore"):  # an even map has no correlation
            r = float(np.corrcoef(found, truth)[0, 1])
        error = np.linalg.norm(found - truth) / np.linalg.norm(truth)
        return {"relative_l2": float(error), "r": r}


def periodic(
    field: FieldName,
    seed: int,
    level: float,
    *,
    draw: int = 0,
    equation: ChromatinPhaseField = CHROMATIN,
) -> Case:
    """Return two channels of a box that repeats; `draw` is another noise on the same image."""
    image = _field(field, seed, equation=equation)
    return _two_channels(image, level, _noise_seed(seed, draw), "periodic", equation)


def masked(field: FieldName, seed: int, level: float, *, draw: int = 0) -> Case:
    """Return two channels of a nucleus; the whole mask is judged, its rim included."""
    return _two_channels(_nucleus(field, seed), level, _noise_seed(seed, draw), "no-flux")


def crop(field: FieldName, seed: int, level: float) -> Case:
    """Return a window of a larger box, judged at more than 12 pixels from its border."""
    whole = _field(field, seed, side_px=_CUT_FROM_PX)
    inner = slice(_CUT_FROM_PX // 6, -_CUT_FROM_PX // 6)
    window = SimulatedNucleus(
        whole.heterochromatin[inner, inner],
        whole.euchromatin[inner, inner],
        whole.rate[inner, inner],
        whole.mask[inner, inner],
    )
    case = _two_channels(window, level, _noise_seed(seed), "cut")
    judged = np.zeros_like(case.mask)
    judged[_JUDGED_FROM_PX:-_JUDGED_FROM_PX, _JUDGED_FROM_PX:-_JUDGED_FROM_PX] = True
    return replace(case, judged=judged)


def mark(field: FieldName, seed: int, level: float) -> Case:
    """Return one mark on a box that repeats; the truth is its deposition over the mean."""
    image = _mark(field, seed)
    density, noise_sd = image.with_noise(level, _noise_seed(seed))
    everywhere = np.ones(density.shape, dtype=bool)
    mean = image.deposition.mean()
    return Case(
        {"mark": density},
        image.deposition / mean,
        np.full(density.shape, mean),
        everywhere,
        everywhere,
        MarkTurnover(REACTION_LENGTH_NM),
        "periodic",
        noise_sd,
    )


def localised(seed: int, *, side_px: int = 1024) -> Case:
    """Return the localisations of a smooth field, over those of a volume fraction of 1."""
    image = _field("smooth", seed, side_px=side_px, correlation_nm=LOCALISED_CORRELATION_NM)
    count = LOCALISATIONS_PER_PIXEL * image.mask.size
    h, e, per_fraction = image.with_localisations(count, PRECISION_NM, _noise_seed(seed))
    return Case(
        {"heterochromatin": h / per_fraction, "euchromatin": e / per_fraction},
        image.rate,
        image.euchromatin,
        image.mask,
        image.mask,
        CHROMATIN,
        "periodic",
        psf_nm=PRECISION_NM / FWHM_TO_SD,
    )


_field = cache(simulate_field)
_nucleus = cache(simulate_masked)
_mark = cache(simulate_mark)


def _noise_seed(seed: int, draw: int = 0) -> int:
    """Return a seed that is not that of a field, which would make the noise its likeness."""
    return 1000 * (draw + 1) + seed


def _two_channels(
    image: SimulatedNucleus,
    level: float,
    noise_seed: int,
    boundary: Boundary,
    equation: ChromatinPhaseField = CHROMATIN,
) -> Case:
    h, e, noise_sd = image.with_noise(level, noise_seed)
    channels = {"heterochromatin": h, "euchromatin": e}
    return Case(
        channels,
        image.rate,
        image.euchromatin,
        image.mask,
        image.mask,
        equation,
        boundary,
        noise_sd,
    )
