"""The one entry to the inference: channels of a nucleus in, a `RateMap` out."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from chromamol.errors import CallError, InputError
from chromamol.inference import findings as say
from chromamol.inference.border import blanked_nm, distance_to_cut
from chromamol.inference.channels import Channels, check_channels
from chromamol.inference.compaction import compaction_map
from chromamol.inference.inspection import excluded_bodies, mask_pieces, undefined_rate
from chromamol.inference.model_fit import first_length_nm
from chromamol.inference.rate_map import Finding, Quantity, RateMap, Scale, Status
from chromamol.inference.threads import threads_for
from chromamol.progress import Progress, Silent
from chromamol.settings import Role, Settings

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import ArrayLike, NDArray

    from chromamol.inference.estimate import Estimate

# Coarser images than this share of ell cannot show the rate.
_COARSEST = 1 / 3
_ENDED_WITHOUT_MAP = (Status.NOT_CONVERGED, Status.NOT_TRAINED)
# How much larger than the noise the residual may be.
_MISFIT = 1.5
# A rate below this share of the mean is none: there the data ask for less than zero. And the share
# of such a map that is said, and that is too much to give the map.
_NOTHING = 0.02
_VANISHING_SHARE, _REJECTED_SHARE = 0.01, 0.2


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
        Full width at half maximum of the microscope's blur, nm; default: that of the settings.
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
    psf_nm = (settings.psf_nm or 0.0) if psf_nm is None else psf_nm
    model = _model(channels, settings)
    channels, about_input = _inspected(channels, settings)
    progress.begin("measuring compaction")
    compaction, smoothing_nm, smoothed_for = compaction_map(
        channels.total, channels.mask, channels.spacing_nm, channels.total_noise_sd
    )
    blank = np.full(channels.mask.shape, np.nan)
    ell_nm = first_length_nm(settings)
    if settings.section_nm and settings.section_nm < smoothing_nm:
        about_input.append(say.optical_section(settings.section_nm, smoothing_nm))
    base = RateMap(
        rate=blank,
        rate_sd=blank,
        residual=blank,
        compaction=compaction,
        mask=channels.mask,
        spacing_nm=channels.spacing_nm,
        settings=settings,
        quantity=model.quantity,
        scale=model.scale(calibrated, settings),
        exploratory=model.exploratory,
        status=Status.NOT_ASKED,
        findings=(say.smoothed_over(smoothing_nm, smoothed_for), *about_input),
        reaction_length_nm=ell_nm,
    )
    if model.exploratory and not settings.density_rate:
        return base
    grain_nm = max(*channels.spacing_nm, psf_nm)
    if grain_nm > _COARSEST * ell_nm:
        return _with(base, say.too_coarse(grain_nm, ell_nm), status=Status.REJECTED)
    with threads_for(channels.mask.size):
        if model.exploratory:
            return _density_only(base, channels, progress)
        return _estimated(base, channels, psf_nm, calibrated=calibrated, progress=progress)


@dataclass(frozen=True)
class _Model:
    """What a combination of channels can show."""

    quantity: Quantity

    @property
    def exploratory(self) -> bool:
        return self.quantity is Quantity.DENSITY_ONLY

    def scale(self, calibrated: bool, settings: Settings) -> Scale:
        if self.quantity is not Quantity.RATE_RATIO or not calibrated:
            return Scale.RELATIVE
        return Scale.ABSOLUTE if settings.acetylation_rate_per_s else Scale.RATIO


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


def _inspected(channels: Channels, settings: Settings) -> tuple[Channels, list[Finding]]:
    """Leave out what is too small to say anything, and say what is odd about the input."""
    found = list(channels.findings)
    pieces = mask_pieces(channels.mask)
    if pieces.count + pieces.too_small > 1:
        found.append(say.mask_in_pieces(pieces.count, pieces.too_small))
    if pieces.too_small:
        if not pieces.count:
            msg = (
                f"The mask is in {pieces.too_small} pieces, each of fewer than 64 pixels, which "
                "say nothing. Use a finer pixel, or check the outline."
            )
            raise InputError(msg)
        channels = replace(channels, mask=pieces.kept)
    ell_nm = first_length_nm(settings)
    bodies = excluded_bodies(
        [(density, channels.noise_sd[role]) for role, density in channels.densities.items()],
        channels.mask,
        channels.spacing_nm,
        ell_nm,
    )
    if bodies.count:
        found.append(say.excluded_bodies(bodies.count, bodies.share))
    return channels, found


def _with(rate_map: RateMap, *findings: Finding, **changes: object) -> RateMap:
    """Return the map with more findings and other changes."""
    return replace(rate_map, findings=rate_map.findings + findings, **changes)  # type: ignore[arg-type]


def _density_only(base: RateMap, channels: Channels, progress: Progress) -> RateMap:
    """Add the exploratory fit of a total density."""
    from chromamol.inference.density_only import fit_flat_potential

    ell_nm = base.reaction_length_nm
    fit = fit_flat_potential(channels, base.settings, ell_nm, progress)
    if fit.rejected:
        return _with(base, say.density_rejected(fit.rejected), status=Status.REJECTED)
    assumed = base.settings.reaction_length_nm == "fit"
    about_ell = say.ell_not_fitted(ell_nm) if assumed else say.ell_given(ell_nm)
    found = [say.density_only(), about_ell]
    distance_nm = distance_to_cut(channels.mask, channels.spacing_nm, base.settings.boundary)
    blanked = channels.mask & (distance_nm < blanked_nm(ell_nm))
    if blanked.any():
        found.append(say.cut(blanked_nm(ell_nm), float(blanked.sum() / channels.mask.sum())))
    rate, residual = (np.where(blanked, np.nan, yx) for yx in (fit.rate, fit.residual))
    return _with(
        base,
        *found,
        status=Status.CONVERGED,
        rate=_relative(rate, channels.mask),
        residual=residual,
    )


def _estimated(
    base: RateMap, channels: Channels, psf_nm: float, *, calibrated: bool, progress: Progress
) -> RateMap:
    """Add the map of two channels, or of one mark."""
    from chromamol.inference.map_checks import check_map
    from chromamol.inference.nucleus import COARSE_OVER_ELL, Nucleus
    from chromamol.inference.settle import settle_model

    settings, mask = base.settings, channels.mask
    found: list[Finding] = []
    undefined = np.zeros_like(mask)
    if base.quantity is Quantity.RATE_RATIO:
        undefined = _undefined(channels, settings)
    if undefined.any():
        found.append(say.undefined_rate(float(undefined.sum() / mask.sum())))
    if settings.method != "direct":
        channels, about_noise = channels.with_enough_noise(
            COARSE_OVER_ELL * first_length_nm(settings)
        )
        found += about_noise
    nucleus = Nucleus(channels, settings, psf_nm, progress, undefined)
    smallest_nm = max(*base.spacing_nm, psf_nm) / _COARSEST
    settled = settle_model(
        nucleus,
        settings,
        calibrated=calibrated,
        smallest_nm=smallest_nm,
        progress=progress,
    )
    model, ell_nm = settled.model, settled.model.reaction_length_nm
    estimate = nucleus.estimate(model, settled.others)
    uncertain_total = not calibrated and Role.TOTAL in channels.densities
    exploratory = uncertain_total or not settings.has_checks
    base = replace(base, reaction_length_nm=ell_nm, exploratory=exploratory)
    of_nucleus = tuple(found)  # which stay where there is no map
    found += settled.findings
    if base.quantity is Quantity.DEPOSITION:
        found.append(say.mark_is_sharpened_density(ell_nm))
    elif not calibrated:
        fitted = settled.length_is_fitted
        found.append(say.uncalibrated_total() if uncertain_total else say.uncalibrated(fitted))
    blank = nucleus.cut | undefined
    if nucleus.cut.any():
        share = float(nucleus.cut.sum() / mask.sum())
        found.append(say.cut(blanked_nm(ell_nm), share))
    rate, residual = (
        np.where(blank, np.nan, yx_map) for yx_map in (estimate.rate, estimate.residual)
    )
    del nucleus  # large, and not needed any more
    may_vanish = base.quantity is Quantity.DEPOSITION
    status, quality = _quality(estimate, rate[mask & ~blank], may_vanish=may_vanish)
    if status in _ENDED_WITHOUT_MAP:
        return _with(base, *of_nucleus, *estimate.findings, *quality, status=status)
    found += [*(estimate.findings or [_fineness(estimate)]), *quality]
    if status is Status.REJECTED:
        return _with(base, *found, residual=residual, status=status)
    unit, rated = _on_scale(base, estimate, rate)
    if estimate.posterior is not None:
        variation = float(np.nanstd(rate) / abs(np.nanmean(rate)))
        found.append(say.null_test(estimate.false_structure, variation))
        if base.quantity is Quantity.RATE_RATIO:
            found += check_map(
                rate,
                rated.rate_sd / unit,
                channels,
                model,
                settings,
                undefined=undefined,
                psf_nm=psf_nm,
                smallest_nm=smallest_nm,
                calibrated=calibrated,
                progress=progress,
            )
    return _with(rated, *found, residual=residual, status=status)


def _on_scale(
    base: RateMap, estimate: Estimate, rate: NDArray[np.float64]
) -> tuple[float, RateMap]:
    """Return the unit of the map, and the map in it with its uncertainty; blank where `rate` is."""
    unit, posterior = 1.0, estimate.posterior
    if base.scale is Scale.RELATIVE:
        unit = 1 / float(np.nanmean(rate))
        if posterior is not None:
            posterior = posterior.over_mean(rate)
    elif base.scale is Scale.ABSOLUTE:
        unit = base.settings.acetylation_rate_per_s or 1.0
        if posterior is not None:
            posterior = posterior.scaled(unit)
    rate_sd = unit * estimate.rate_sd if posterior is None else posterior.sd()
    rate_sd = np.where(np.isnan(rate), np.nan, rate_sd)
    return unit, replace(base, rate=unit * rate, rate_sd=rate_sd, posterior=posterior)


def _undefined(channels: Channels, settings: Settings) -> NDArray[np.bool_]:
    """Return where there is no euchromatin, and a ratio to it is undefined."""
    ell_nm = first_length_nm(settings)
    euchromatin, _, (noise_sd, _) = channels.species()
    mask = channels.mask
    undefined = undefined_rate(euchromatin, noise_sd, mask, channels.spacing_nm, ell_nm)
    if (mask & ~undefined).sum() == 0:
        msg = (
            "There is no euchromatin anywhere in this nucleus, and the rate is a ratio to it. "
            "Check the channel roles and the background."
        )
        raise InputError(msg)
    return undefined


def _fineness(estimate: Estimate) -> Finding:
    """Return what the map can show of fine and sharp changes."""
    if estimate.smoothing_nm is None:
        return say.plateaus()
    if estimate.edge_share:
        return say.averaged(estimate.edge_share)
    return say.smoothing(estimate.smoothing_nm)


def _quality(
    estimate: Estimate, shown: NDArray[np.float64], *, may_vanish: bool
) -> tuple[Status, list[Finding]]:
    """Return what the estimate itself shows, and whether a map may be given at all."""
    found = []
    if estimate.noise_scale > _MISFIT:
        found.append(say.misfit(estimate.noise_scale))
    if estimate.structure is not None and estimate.structure.structured:
        found.append(say.structured_residual(estimate.structure.structured_share))
    if estimate.status in _ENDED_WITHOUT_MAP:
        return estimate.status, found
    if not shown.size:
        return Status.REJECTED, found
    below = float((shown < _NOTHING * np.mean(shown)).mean())
    if below > _VANISHING_SHARE and not may_vanish:
        found.append(say.vanishing(below))
    rejected = below > _REJECTED_SHARE and not may_vanish
    return (Status.REJECTED if rejected else estimate.status), found


def _relative(rate: NDArray[np.float64], mask: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Divide by the mean inside the mask."""
    relative: NDArray[np.float64] = rate / np.nanmean(rate[mask])
    return relative
