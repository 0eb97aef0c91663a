"""The one entry to the inference: channels of a nucleus in, a `RateMap` out."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from chromamol.errors import CallError
from chromamol.inference import findings as say
from chromamol.inference.channels import Channels, check_channels
from chromamol.inference.compaction import compaction_map
from chromamol.inference.rate_map import Finding, Quantity, RateMap, Scale, Status
from chromamol.inference.reaction_length import (
    ASSUMED_NM,
    ReactionLength,
    profile_reaction_length,
)
from chromamol.inference.threads import threads_for
from chromamol.progress import Progress, Silent
from chromamol.settings import Role, Settings

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import ArrayLike, NDArray

    from chromamol.inference.estimate import Estimate, Nucleus

# Coarser images than this share of ell cannot show the rate.
_COARSEST = 1 / 3
# How much larger than the noise the residual may be.
_MISFIT = 1.5
# Share of a map below zero that is said, and that is too much to give the map.
_NEGATIVE_SHARE, _REJECTED_SHARE = 0.01, 0.2


def infer_rates(
    heterochromatin: ArrayLike | None = None,
    euchromatin: ArrayLike | None = None,
    *,
    total: ArrayLike | None = None,
    mark: ArrayLike | None = None,
    spacing_nm: float | tuple[float, ...],
    mask: ArrayLike | None = None,
    calibrated: bool = False,
    noise_sd: float | Mapping[str, float] | None = None,
    psf_nm: float | None = None,
    settings: Settings | None = None,
    progress: Progress | None = None,
) -> RateMap:
    """Infer the map of the local epigenetic reaction rates of one nucleus.

    Parameters
    ----------
    heterochromatin, euchromatin, total, mark : (y, x) array, optional
        Densities above background: two of the first three, or `total` alone, or one `mark`.
    spacing_nm : float or (float, float)
        Pixel size along y and x, nm.
    mask : (y, x) bool array, optional
        The nucleus; values outside are ignored and may be NaN. Default: every pixel.
    calibrated : bool
        Whether the arrays are volume fractions (0 to 1). Otherwise their gain is unknown, and
        the map is relative.
    noise_sd : float or mapping of role name to float, optional
        Standard deviation of the white noise, in the unit of the arrays; default: estimated.
    psf_nm : float, optional
        Full width at half maximum of the microscope's blur, nm.
    settings : Settings, optional
        Default: `Settings()`.
    progress : Progress, optional
        Told what is going on; may cancel.

    Returns
    -------
    RateMap
        What it may be taken for is in `scale`, `exploratory`, `status` and `findings`.

    Raises
    ------
    CallError
        If the arrays or the settings do not fit each other.
    InputError
        If the values cannot be analysed.
    Cancelled
        If `progress` asked to stop.
    """
    settings = settings or Settings()
    progress = progress or Silent()
    channels = check_channels(
        {
            Role.HETEROCHROMATIN: heterochromatin,
            Role.EUCHROMATIN: euchromatin,
            Role.TOTAL: total,
            Role.MARK: mark,
        },
        spacing_nm=spacing_nm,
        mask=mask,
        noise_sd=noise_sd,
        mean_fraction=None if calibrated else settings.chromatin_fraction,
    )
    if psf_nm is not None and not (np.isfinite(psf_nm) and psf_nm >= 0):
        msg = f"psf_nm must be a width in nm, zero or more, not {psf_nm}."
        raise CallError(msg)
    model = _model(channels, settings)
    progress.begin("measuring compaction")
    compaction, smoothing_nm, measured = compaction_map(
        channels.total, channels.mask, channels.spacing_nm
    )
    blank = np.full(channels.mask.shape, np.nan)
    ell_nm = settings.reaction_length_nm
    ell_nm = ASSUMED_NM if ell_nm == "fit" else ell_nm
    base = RateMap(
        rate=blank,
        rate_sd=blank,
        residual=blank,
        compaction=compaction,
        mask=channels.mask,
        spacing_nm=channels.spacing_nm,
        settings=settings,
        quantity=model.quantity,
        scale=model.scale(calibrated),
        exploratory=model.exploratory,
        status=Status.NOT_ASKED,
        findings=(say.smoothed_over(smoothing_nm, measured),),
        reaction_length_nm=ell_nm,
    )
    if model.exploratory and not settings.density_rate:
        return base
    grain_nm = max(*channels.spacing_nm, psf_nm or 0.0)
    if grain_nm > _COARSEST * ell_nm:
        return _with(base, say.too_coarse(grain_nm, ell_nm), status=Status.REJECTED)
    with threads_for(channels.mask.size):
        if model.exploratory:
            return _density_only(base, channels, progress)
        return _estimated(base, channels, grain_nm, calibrated=calibrated, progress=progress)


@dataclass(frozen=True)
class _Model:
    """What a combination of channels can show."""

    quantity: Quantity

    @property
    def exploratory(self) -> bool:
        return self.quantity is Quantity.DENSITY_ONLY

    def scale(self, calibrated: bool) -> Scale:
        ratio = self.quantity is Quantity.RATE_RATIO and calibrated
        return Scale.RATIO if ratio else Scale.RELATIVE


def _model(channels: Channels, settings: Settings) -> _Model:
    """Choose the model by the channels, or check the one that was set."""
    one_mark = Role.MARK in channels.densities
    fitting = "mark-turnover" if one_mark else "chromatin"
    if settings.equation not in {"auto", fitting}:
        msg = (
            f"The equation '{settings.equation}' does not fit these channels "
            f"({', '.join(role.value for role in channels.densities)}); use '{fitting}' or 'auto'."
        )
        raise CallError(msg)
    if one_mark:
        return _Model(Quantity.DEPOSITION)
    if len(channels.densities) == 1:
        return _Model(Quantity.DENSITY_ONLY)
    return _Model(Quantity.RATE_RATIO)


def _with(rate_map: RateMap, *findings: Finding, **changes: object) -> RateMap:
    """Return the map with more findings and other changes."""
    return replace(rate_map, findings=rate_map.findings + findings, **changes)  # type: ignore[arg-type]


def _density_only(base: RateMap, channels: Channels, progress: Progress) -> RateMap:
    """Add the exploratory fit of a total density."""
    from chromamol.inference.density_only import fit_flat_potential
    from chromamol.inference.estimate import BLANK_OVER_ELL, distance_to_cut

    ell_nm = base.reaction_length_nm
    fit = fit_flat_potential(channels, base.settings, ell_nm, progress)
    if fit.rejected:
        return _with(base, say.density_rejected(fit.rejected), status=Status.REJECTED)
    assumed = base.settings.reaction_length_nm == "fit"
    about_ell = say.ell_not_fitted(ell_nm) if assumed else say.ell_given(ell_nm)
    found = [say.density_only(), about_ell]
    blank_nm = BLANK_OVER_ELL * ell_nm
    distance_nm = distance_to_cut(channels.mask, channels.spacing_nm, base.settings.boundary)
    blanked = channels.mask & (distance_nm < blank_nm)
    if blanked.any():
        found.append(say.cut(blank_nm, float(blanked.sum() / channels.mask.sum())))
    rate, residual = (np.where(blanked, np.nan, yx) for yx in (fit.rate, fit.residual))
    return _with(
        base,
        *found,
        status=Status.CONVERGED,
        rate=_relative(rate, channels.mask),
        residual=residual,
    )


def _estimated(
    base: RateMap, channels: Channels, grain_nm: float, *, calibrated: bool, progress: Progress
) -> RateMap:
    """Add the map of two channels, or of one mark."""
    from chromamol.inference.estimate import Nucleus

    settings = base.settings
    nucleus = Nucleus(channels, settings, progress)
    ell_nm, about_ell = _settle_ell(base, nucleus, grain_nm, progress)
    progress.begin("inferring the rate")
    estimate = nucleus.estimate(ell_nm)
    found = [about_ell]
    if base.quantity is Quantity.DEPOSITION:
        found.append(say.mark_is_sharpened_density(ell_nm))
    elif not calibrated and Role.TOTAL in channels.densities:
        found.append(say.uncalibrated_total())
        base = replace(base, exploratory=True)
    elif not calibrated:
        found.append(say.uncalibrated(about_ell.code == "ell-fitted"))
    if nucleus.blanked.any():
        share = float(nucleus.blanked.sum() / channels.mask.sum())
        found.append(say.cut(nucleus.blanked_nm(ell_nm), share))
    status, quality = _quality(estimate, nucleus)
    found.extend(quality)
    rate, rate_sd, residual = (
        np.where(nucleus.blanked, np.nan, yx_map)
        for yx_map in (estimate.rate, estimate.rate_sd, estimate.residual)
    )
    if status in {Status.NOT_CONVERGED, Status.REJECTED}:
        return _with(base, *found, residual=residual, status=status, reaction_length_nm=ell_nm)
    if base.scale is Scale.RELATIVE:
        average = float(np.nanmean(rate))
        rate, rate_sd = rate / average, rate_sd / average
    return _with(
        base,
        *found,
        rate=rate,
        rate_sd=rate_sd,
        residual=residual,
        status=status,
        reaction_length_nm=ell_nm,
    )


def _settle_ell(
    base: RateMap, nucleus: Nucleus, grain_nm: float, progress: Progress
) -> tuple[float, Finding]:
    """Take ell from the settings, from the image, or assume it."""
    stated = base.settings.reaction_length_nm
    if stated != "fit":
        return stated, say.ell_given(stated)
    if base.quantity is Quantity.DEPOSITION or base.settings.method == "direct":
        return ASSUMED_NM, say.ell_not_fitted(ASSUMED_NM)
    progress.begin("estimating the reaction-diffusion length")
    fitted: ReactionLength = profile_reaction_length(
        nucleus.score, smallest_nm=grain_nm / _COARSEST
    )
    if fitted.sharp:
        return fitted.best_nm, say.ell_fitted(fitted)
    shorter, here, longer = (
        nucleus.rate_at(ASSUMED_NM * factor) for factor in (0.5**0.5, 1.0, 2**0.5)
    )
    changes = [
        float(np.sqrt(np.nanmean((other - here) ** 2)))
        for other in (shorter, longer)
        if here is not None and other is not None
    ]
    return ASSUMED_NM, say.ell_assumed(ASSUMED_NM, max(changes, default=None))


def _quality(estimate: Estimate, nucleus: Nucleus) -> tuple[Status, list[Finding]]:
    """Return what the estimate itself shows, and whether a map may be given at all."""
    found = []
    if estimate.smoothing_nm is None:
        found.append(say.noise_only_sd())
    else:
        found.append(say.smoothing(estimate.smoothing_nm))
    if estimate.noise_scale > _MISFIT:
        found.append(say.misfit(estimate.noise_scale))
    shown = estimate.rate[nucleus.channels.mask & ~nucleus.blanked]
    below = float((shown < 0).mean())
    if below > _NEGATIVE_SHARE:
        found.append(say.negative(below))
    rejected = estimate.status is not Status.NOT_CONVERGED and below > _REJECTED_SHARE
    return (Status.REJECTED if rejected else estimate.status), found


def _relative(rate: NDArray[np.float64], mask: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Divide by the mean inside the mask."""
    relative: NDArray[np.float64] = rate / np.nanmean(rate[mask])
    return relative
