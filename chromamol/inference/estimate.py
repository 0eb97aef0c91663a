"""One nucleus, ready to be estimated at any reaction length, with either method."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
import torch
from scipy import ndimage

from chromamol.equations.chromatin_phase_field import ChromatinPhaseField
from chromamol.equations.mark_turnover import MarkTurnover
from chromamol.errors import CallError, InputError
from chromamol.inference.chromatin import ChromatinWeakForm, Observation
from chromamol.inference.compaction import smooth_inside
from chromamol.inference.direct import DirectEstimator
from chromamol.inference.domain import Domain, MaskedBox, PeriodicBox
from chromamol.inference.grid import AnalysisGrid
from chromamol.inference.rate_map import Status
from chromamol.inference.reaction_length import ASSUMED_NM
from chromamol.inference.turnover import fit_turnover
from chromamol.settings import Role

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from chromamol.inference.channels import Channels
    from chromamol.inference.regression import Fit, Regression
    from chromamol.progress import Progress
    from chromamol.settings import Settings

# Bins are not coarser than this share of ell, where the image is finer.
_BINS_PER_ELL = 7
_PADDING_OVER_ELL = 1.0
# Rows are faded in over this distance from a cut, and the map is blanked along it.
_FADE_OVER_ELL, BLANK_OVER_ELL = 1.2, 0.85
# The posterior's samples are averaged over this share of the map's own smoothing length.
_SD_SMOOTHING = 2.0


@dataclass(frozen=True)
class Estimate:
    """Maps of one nucleus at one reaction length, (y, x) float64, NaN outside the mask.

    Attributes
    ----------
    rate, rate_sd, residual : (y, x) float64
    smoothing_nm : float or None
        Length below which the map follows the prior, nm; None for the direct method.
    noise_scale : float
        Residual over expected noise.
    status : Status
    """

    rate: NDArray[np.float64]
    rate_sd: NDArray[np.float64]
    residual: NDArray[np.float64]
    smoothing_nm: float | None
    noise_scale: float
    status: Status


class Nucleus:
    """The channels, the domain they live on, and the settings.

    Parameters
    ----------
    channels : Channels
    settings : Settings
    progress : Progress
        Told of every step; may cancel.
    """

    def __init__(self, channels: Channels, settings: Settings, progress: Progress) -> None:
        self.channels = channels
        self._settings = settings
        self._progress = progress
        self._device = choose_device(settings.device)
        self._periodic = settings.boundary == "periodic"
        if self._periodic and not channels.mask.all():
            msg = (
                "boundary is 'periodic', but the mask leaves pixels out; "
                "use 'auto', or give no mask."
            )
            raise CallError(msg)
        self._cut_distance_nm = distance_to_cut(
            channels.mask, channels.spacing_nm, settings.boundary
        )
        self.blanked = np.zeros(channels.mask.shape, dtype=bool)
        # One grid and one weight for every length that is tried: scores compare on equal data.
        stated = settings.reaction_length_nm
        self._scale_nm = ASSUMED_NM if stated == "fit" else stated
        self._grid, self._domain = self._make_grid()
        self._last: Fit | None = None

    def blanked_nm(self, ell_nm: float) -> float:
        """Return how far from a cut the map is left blank, nm."""
        return BLANK_OVER_ELL * ell_nm

    def score(self, ell_nm: float) -> tuple[float, int]:
        """Return the cross-validation score at a reaction length, and the number of rows.

        The score is infinite where the solver did not converge.
        """
        fit, regression, converged = self._fit(ell_nm)
        return (fit.score if converged else np.inf), regression.n_rows

    def rate_at(self, ell_nm: float) -> NDArray[np.float64] | None:
        """Return the rate at a reaction length over its mean; None if it did not converge."""
        fit, _, converged = self._fit(ell_nm)
        rate = self._grid.to_image(fit.rate)
        return rate / np.nanmean(rate) if converged else None

    def estimate(self, ell_nm: float) -> Estimate:
        """Estimate the rate at a reaction length (nm), with its uncertainty."""
        mask = self.channels.mask
        self.blanked = mask & (self._cut_distance_nm < self.blanked_nm(ell_nm))
        if self.blanked.sum() == mask.sum():
            self.blanked = np.zeros_like(mask)
            msg = (
                f"Nothing of this image is farther than {self.blanked_nm(ell_nm):.0f} nm from its "
                "border, where the flux is unknown. Use a larger image, or boundary 'no-flux'."
            )
            raise InputError(msg)
        if self._settings.method == "direct":
            return self._direct(ell_nm)
        grid = self._grid
        fit, regression, converged = self._fit(ell_nm)
        rate = grid.to_image(fit.rate)
        residual = grid.to_image(regression.residual(fit), order=1)
        rate_sd = np.full(mask.shape, np.nan)
        if converged:
            self._progress.begin("estimating the uncertainty")
            generator = torch.Generator().manual_seed(self._settings.seed)
            samples = regression.posterior_samples(fit, generator)
            variance = grid.to_image((samples**2).mean(dim=0), order=1)
            width_nm = _SD_SMOOTHING * fit.smoothing_nm
            rate_sd = np.sqrt(smooth_inside(variance, mask, width_nm, self.channels.spacing_nm))
        status = Status.CONVERGED if converged else Status.NOT_CONVERGED
        return Estimate(rate, rate_sd, residual, fit.smoothing_nm, fit.noise_scale, status)

    def _fit(self, ell_nm: float) -> tuple[Fit, Regression, bool]:
        """Solve the weak form, from the solution at the last length where there is one."""
        grid, domain = self._grid, self._domain
        densities = {
            role: grid.to_box(density, self._device)
            for role, density in self.channels.densities.items()
        }
        noise_sd = {role: sd / grid.factor for role, sd in self.channels.noise_sd.items()}
        fade = np.clip(self._cut_distance_nm / (_FADE_OVER_ELL * self._scale_nm), 0, 1)
        weight = grid.to_box(np.sin(np.pi / 2 * fade) ** 2, self._device)
        if Role.MARK in densities:
            fit, regression = fit_turnover(
                densities[Role.MARK],
                noise_sd[Role.MARK],
                MarkTurnover(ell_nm),
                domain,
                weight=weight,
                progress=self._progress,
            )
            return fit, regression, fit.converged
        first, second = (
            Observation(
                densities[role],
                has_euchromatin=role is not Role.HETEROCHROMATIN,
                has_heterochromatin=role is not Role.EUCHROMATIN,
                noise_sd=noise_sd[role],
            )
            for role in _ordered(densities)
        )
        solved = ChromatinWeakForm(first, second, self._equation(ell_nm), domain, weight).solve(
            self._progress, start=self._last
        )
        if solved.converged:
            self._last = solved.fit
        return solved.fit, solved.regression, solved.converged

    def _make_grid(self) -> tuple[AnalysisGrid, Domain]:
        mask, spacing_nm = self.channels.mask, self.channels.spacing_nm
        if self._periodic:
            shape = (mask.shape[0], mask.shape[1])
            return AnalysisGrid.periodic(mask, spacing_nm), PeriodicBox(
                shape, spacing_nm, self._device
            )
        grid = AnalysisGrid.for_mask(
            mask,
            spacing_nm,
            resolution_nm=self._scale_nm / _BINS_PER_ELL,
            padding_nm=_PADDING_OVER_ELL * self._scale_nm,
        )
        return grid, MaskedBox(grid.box_mask, grid.spacing_nm, self._device)

    def _direct(self, ell_nm: float) -> Estimate:
        channels = self.channels
        outside: Literal["wrap", "mirror"] = "wrap" if self._periodic else "mirror"
        estimator = DirectEstimator(channels.mask, channels.spacing_nm, ell_nm, outside)
        if Role.MARK in channels.densities:
            rate, rate_sd = estimator.turnover(
                channels.densities[Role.MARK], channels.noise_sd[Role.MARK], MarkTurnover(ell_nm)
            )
        else:
            euchromatin, heterochromatin, noise_sd = channels.species()
            rate, rate_sd = estimator.chromatin(
                euchromatin, heterochromatin, noise_sd, self._equation(ell_nm)
            )
        rate, rate_sd = (np.where(channels.mask, yx_map, np.nan) for yx_map in (rate, rate_sd))
        residual = np.full(channels.mask.shape, np.nan)
        return Estimate(rate, rate_sd, residual, None, 1.0, Status.CLOSED_FORM)

    def _equation(self, ell_nm: float) -> ChromatinPhaseField:
        return ChromatinPhaseField(
            ell_nm, self._settings.gradient_length_nm, self._settings.mixing_energy
        )


def choose_device(wanted: str) -> torch.device:
    """Return the device to compute on.

    Raises
    ------
    CallError
        If CUDA was asked for and is not there.
    """
    available = torch.cuda.is_available()
    if wanted == "cuda" and not available:
        msg = "No CUDA graphics card was found; set device to 'auto' or 'cpu'."
        raise CallError(msg)
    return torch.device("cuda" if available and wanted != "cpu" else "cpu")


def _ordered(densities: dict[Role, torch.Tensor]) -> tuple[Role, Role]:
    """Return the two roles, the one that holds euchromatin for certain last."""
    if Role.TOTAL not in densities:
        return Role.HETEROCHROMATIN, Role.EUCHROMATIN
    (partner,) = set(densities) - {Role.TOTAL}
    return Role.TOTAL, partner


def distance_to_cut(
    mask: NDArray[np.bool_], spacing_nm: tuple[float, float], boundary: str
) -> NDArray[np.float64]:
    """Return the distance of every pixel to the part of the image border that cuts the mask, nm."""
    edge = np.zeros_like(mask)
    if boundary in {"auto", "cut"}:
        edge[[0, -1], :] = mask[[0, -1], :]
        edge[:, [0, -1]] = mask[:, [0, -1]]
    if not edge.any():
        return np.full(mask.shape, np.inf)
    distance_nm: NDArray[np.float64] = ndimage.distance_transform_edt(~edge, sampling=spacing_nm)
    return distance_nm
