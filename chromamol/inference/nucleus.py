"""One nucleus, ready to be estimated at any reaction length, with any method."""

from __future__ import annotations

import math
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import torch
from scipy import ndimage, optimize

from chromamol.equations.mark_turnover import MarkTurnover
from chromamol.errors import CallError, InputError
from chromamol.inference.blend import Blend
from chromamol.inference.border import blanked_nm, distance_to_cut
from chromamol.inference.by_network import MOST_BINS, bins_around, estimate_by_network
from chromamol.inference.direct import estimate_directly
from chromamol.inference.estimate import Estimate
from chromamol.inference.gauss_newton import (
    map_of,
    solve_alike,
    solve_smooth,
    solve_with_edges,
    uniform_field,
)
from chromamol.inference.level import Level, chromatin_of
from chromamol.inference.model_fit import Model, ModelFit, first_length_nm, fit_model
from chromamol.inference.posterior import Posterior
from chromamol.inference.rate_map import Status
from chromamol.settings import Role

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from chromamol.equations.chromatin_phase_field import ChromatinPhaseField
    from chromamol.inference.channels import Channels
    from chromamol.inference.gauss_newton import Problem, Solution
    from chromamol.inference.regression import Fit
    from chromamol.progress import Progress
    from chromamol.settings import Settings

# Bins are not coarser than this share of ell, where the image is finer: on the grid where lengths
# are found and uncertainties drawn, and on the one of the final map.
COARSE_OVER_ELL, _FINE_OVER_ELL = 1 / 3.5, 1 / 7
# What the coarse grid cannot hold of a smooth map, as the data's share in its shortest wave.
_NEGLIGIBLE = 1e-3
# Scores of smooth maps and maps with edges that are nearer than this ratio are rivals.
_RIVAL = 1.1
# The fine grid shifts the logarithm of a reaction length by this much at most.
_SHIFT, _SHIFT_TOLERANCE = 0.08, 2e-3
# Draws from the posterior, four to a batch: its spread is then known to 1 / sqrt(2 * 48), 10 %, in
# each pixel.
_BATCHES = 12
# Rows are faded in over this distance from a cut, and this one from where there is no euchromatin.
_FADE_OVER_ELL = 1.2
_UNDEFINED_FADE_OVER_ELL = 0.3
# The spread of the draws is averaged over this share of the map's own smoothing length, and for a
# map with edges over this share of ell.
_SD_SMOOTHING, _SD_SMOOTHING_EDGES = 0.5, 0.2


class Nucleus:
    """The channels, the domain they live on, and the settings.

    Parameters
    ----------
    channels : Channels
    settings : Settings
    psf_nm : float
        Full width at half maximum of the blur, nm.
    progress : Progress
        Told of every step; may cancel.
    undefined : (y, x) bool array, optional
        Where there can be no rate: not to be used, and blanked.
    """

    def __init__(
        self,
        channels: Channels,
        settings: Settings,
        psf_nm: float,
        progress: Progress,
        undefined: NDArray[np.bool_] | None = None,
    ) -> None:
        self.channels = channels
        self._settings = settings
        self._psf_nm = psf_nm
        self._progress = progress
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
        self._undefined = np.zeros(channels.mask.shape, bool) if undefined is None else undefined
        self.cut = np.zeros(channels.mask.shape, dtype=bool)
        # One grid and one weight for every length that is tried: scores compare on equal data.
        self._scale_nm = first_length_nm(settings)
        self._coarse = self._level(COARSE_OVER_ELL)
        self._last: dict[bool, Fit] = {}

    @cached_property
    def _fine(self) -> Level:
        return self._level(_FINE_OVER_ELL)

    def fit_model(self, start: Model, *, mixing: bool, smallest_nm: float) -> ModelFit:
        """Find the reaction length if the settings ask for it, and the mixing energy.

        Parameters
        ----------
        start : Model
        mixing : bool
            Whether to fit the mixing energy.
        smallest_nm : float
            Shortest reaction length that the image resolves, nm.
        """
        length = self._settings.reaction_length_nm == "fit"
        fit = fit_model(
            self.deviance,
            self._is_rival,
            start,
            length=length,
            mixing=mixing,
            smallest_nm=smallest_nm,
        )
        cut_bins = not self._periodic and fit.length_is_known and not fit.has_edges
        return self._refine_length(fit) if cut_bins else fit

    def rate_at(self, model: Model) -> NDArray[np.float64] | None:
        """Return the rate of a model over its mean; None if it did not converge."""
        solution = self._solve(model, edges=False)
        rate = self._coarse.image_of(solution.fit.field)
        return rate / np.nanmean(rate) if solution.converged else None

    def estimate(self, model: Model, others: Sequence[tuple[Model, Model]] = ()) -> Estimate:
        """Estimate the rate under a model, with its uncertainty.

        Parameters
        ----------
        model : Model
        others : sequence of (Model, Model)
            Models one standard deviation from this one, to both sides: what is not known of the
            model widens the uncertainty of the map.
        """
        ell_nm = model.reaction_length_nm
        mask = self.channels.mask
        self.cut = mask & (self._cut_distance_nm < blanked_nm(ell_nm))
        if self.cut.sum() == mask.sum():
            self.cut = np.zeros_like(mask)
            msg = (
                f"Nothing of this image is farther than {blanked_nm(ell_nm):.0f} nm from its "
                "border, where the flux is unknown. Use a larger image, or boundary 'no-flux'."
            )
            raise InputError(msg)
        self._progress.begin("inferring the rate")
        if self._settings.method == "direct":
            equation = self._equation(model)
            return estimate_directly(self.channels, equation, periodic=self._periodic)
        if self._settings.method == "network":
            return self._by_network(model)
        level = self._coarse
        smooth = self._solve(model, edges=False)
        # The cost of an edge is chosen anew, whatever was tried before.
        self._last.pop(True, None)
        edges = self._solve(model, edges=True, smooth=smooth)
        rivals = self._rivals(smooth, edges)
        blend = Blend.of(rivals)
        if blend.converged and self._finer_is_needed(rivals):
            level = self._fine
            problem = level.problem(model)
            blend = Blend.of([self._refine(level, problem, each) for each in rivals])
        posterior, false_structure = None, math.nan
        if blend.converged:
            self._progress.begin("estimating the uncertainty")
            posterior = self._draw(level, blend, smooth, others)
            false_structure = self._false_structure(model, smooth.fit)
        return Estimate(
            rate=level.image_of(blend.field),
            residual=level.grid.to_image(blend.residual),
            rate_sd=np.broadcast_to(np.nan, mask.shape),
            posterior=posterior,
            smoothing_nm=None if blend.edge_share == 1 else blend.solutions[0].fit.strength,
            edge_share=blend.edge_share,
            noise_scale=blend.leading.fit.noise_scale,
            structure=level.structure_of(blend.leading.problem, blend.field),
            false_structure=false_structure,
            status=Status.CONVERGED if blend.converged else Status.NOT_CONVERGED,
        )

    def _equation(self, model: Model) -> ChromatinPhaseField | MarkTurnover:
        if Role.MARK in self.channels.densities:
            return MarkTurnover(model.reaction_length_nm)
        return chromatin_of(model, self._settings)

    def _by_network(self, model: Model) -> Estimate:
        level = self._fine
        if bins_around(level.grid, self.channels.mask) > MOST_BINS:
            level = self._coarse
        return estimate_by_network(
            self.channels,
            level.grid,
            self._equation(model),
            self._settings,
            used=~self._undefined,
            progress=self._progress,
        )

    def deviance(self, model: Model, *, edges: bool) -> float:
        """Return -2 log likelihood: n log(score), for n rows of white noise; infinite if none."""
        solution = self._solve(model, edges=edges)
        if not solution.converged:
            return float("inf")
        return solution.regression.n_rows * math.log(solution.fit.score)

    def _is_rival(self, model: Model) -> bool:
        """Tell whether a map with edges is about as likely as a smooth one, or likelier."""
        smooth = self._solve(model, edges=False)
        edges = self._solve(model, edges=True, smooth=smooth)
        return edges.converged and edges.fit.score < _RIVAL * smooth.fit.score

    def _solve(self, model: Model, *, edges: bool, smooth: Solution | None = None) -> Solution:
        """Solve on the coarse grid, from the solution of the last model where there is one.

        A map with edges without one starts from the smooth map of the model, `smooth` if given.
        """
        problem = self._coarse.problem(model)
        if edges:
            start = self._last.get(True) or self._last.get(False)
            start = start or (smooth or self._solve(model, edges=False)).fit
            solution = solve_with_edges(problem, self._progress, start)
        else:
            solution = solve_smooth(problem, self._progress, start=self._last.get(False))
        if solution.converged:
            self._last[edges] = solution.fit
        return solution

    def _refine(self, level: Level, problem: Problem, solution: Solution) -> Solution:
        """Solve a problem of finer bins, from a solution on the coarse ones."""
        fit = solution.fit
        start = replace(fit, field=self._coarse.transfer(fit.field, level))
        if fit.has_edges:
            return solve_with_edges(problem, self._progress, start)
        return solve_smooth(problem, self._progress, start=start)

    def length_at_gain(self, model: Model, gain: float) -> Model:
        """Return a model with another gain, and the reaction length that fits best with it."""

        def at(log_ratio: float) -> Model:
            ell_nm = model.reaction_length_nm * math.exp(log_ratio)
            return replace(model, reaction_length_nm=ell_nm, partner_gain=gain)

        if self._settings.reaction_length_nm != "fit":
            return at(0.0)
        found = optimize.minimize_scalar(
            lambda log_ratio: self.deviance(at(log_ratio), edges=False),
            bounds=(-math.log(1.5), math.log(1.5)),
            method="bounded",
            options={"xatol": 1e-2},
        )
        return at(float(found.x))

    def _refine_length(self, fit: ModelFit) -> ModelFit:
        """Find the best length on the fine grid: bins that the outline cuts shift it a little."""
        level = self._fine
        last = self._solve(fit.model, edges=False)

        def deviance(shift: float) -> float:
            ell_nm = fit.model.reaction_length_nm * math.exp(shift)
            problem = level.problem(replace(fit.model, reaction_length_nm=ell_nm))
            found = self._refine(level, problem, last)
            if not found.converged:
                return math.inf
            return found.regression.n_rows * math.log(found.fit.score)

        shift = float(
            optimize.minimize_scalar(
                deviance,
                bounds=(-_SHIFT, _SHIFT),
                method="bounded",
                options={"xatol": _SHIFT_TOLERANCE},
            ).x
        )
        if abs(shift) > _SHIFT - 2 * _SHIFT_TOLERANCE:
            return fit  # no minimum near the coarse one
        ell_nm = fit.model.reaction_length_nm * math.exp(shift)
        return replace(
            fit,
            model=replace(fit.model, reaction_length_nm=ell_nm),
            log_length=fit.log_length.shifted(shift) if fit.log_length else None,
        )

    def _rivals(self, smooth: Solution, edges: Solution) -> tuple[Solution, ...]:
        """Return the solutions that may have a share in the map."""
        if self._periodic or not smooth.converged:
            return Blend.of([smooth, edges]).solutions
        # Bins that the outline cuts need the fine grid to weigh near rivals.
        near = edges.converged and edges.fit.score < _RIVAL * smooth.fit.score
        return (smooth, edges) if near else (smooth,)

    def _finer_is_needed(self, rivals: Sequence[Solution]) -> bool:
        """Tell whether the coarse grid leaves out what the final map can hold."""
        first = rivals[0]
        if not self._periodic or len(rivals) > 1 or first.fit.has_edges:
            return True
        return first.regression.share_of_shortest_wave(first.fit) > _NEGLIGIBLE

    def _draw(
        self,
        level: Level,
        blend: Blend,
        smooth: Solution,
        others: Sequence[tuple[Model, Model]],
    ) -> Posterior:
        """Draw from the posterior: of an average, from both in proportion, about the average.

        That of a smooth map is drawn on the coarse grid, which holds it as well as the fine one.
        """
        coarse, generator = self._coarse, torch.Generator().manual_seed(self._settings.seed)
        drawn = level if blend.edge_share else coarse
        with_edges = round(_BATCHES * blend.edge_share)
        drawn_about = replace(blend, edge_share=with_edges / _BATCHES).field
        parts = []
        for solution in blend.solutions:
            has_edges = solution.fit.has_edges
            source, at = (solution, level) if has_edges else (smooth, coarse)
            batches = with_edges if has_edges else _BATCHES - with_edges
            some = source.regression.posterior_samples(
                source.fit, batches, generator, self._progress
            )
            if len(blend.solutions) > 1:
                some = torch.stack([at.transfer(draw, drawn) for draw in some])
                some += (solution.fit.field - drawn_about).cpu().float()
            parts.append(some)
        errors = torch.cat(parts)
        for pair in others:
            one, other = (self._solve(model, edges=blend.edge_share > 0.5) for model in pair)
            if not (one.converged and other.converged):
                continue
            change = coarse.transfer((one.fit.field - other.fit.field) / 2, drawn).cpu().float()
            for index, white in enumerate(torch.randn(len(errors), generator=generator)):
                errors[index] += white * change
        field = blend.field if blend.edge_share else smooth.fit.field
        level_map = map_of(smooth.problem, field).cpu()
        if not drawn.positive:
            level_map = torch.ones_like(level_map)
        errors *= level_map.float()
        width_nm = (
            _SD_SMOOTHING_EDGES * self._scale_nm
            if blend.edge_share
            else _SD_SMOOTHING * blend.leading.fit.strength
        )
        return Posterior(
            errors.numpy(), level_map.numpy(), drawn.inside.cpu().numpy(), drawn.grid, width_nm
        )

    def _false_structure(self, model: Model, alike: Fit) -> float:
        """Return how much a map of a nucleus of uniform rate would vary, over its mean.

        The nucleus has the heterochromatin of this one, the euchromatin that a uniform rate gives
        it, and noise of the same size; its map is as smooth as a given one. Infinite if there is
        none.
        """
        generator = torch.Generator().manual_seed(self._settings.seed)
        problem = self._coarse.uniform_problem(model, generator)
        start = replace(alike, field=uniform_field(problem))
        solution = solve_alike(problem, start, self._progress)
        found = map_of(problem, solution.fit.field)[self._coarse.used]
        return float(found.std() / found.mean()) if solution.converged else math.inf

    def _level(self, bins_over_ell: float) -> Level:
        fade = np.clip(self._cut_distance_nm / (_FADE_OVER_ELL * self._scale_nm), 0, 1)
        if self._undefined.any():
            away_nm = ndimage.distance_transform_edt(
                ~self._undefined, sampling=self.channels.spacing_nm
            )
            fade = np.minimum(fade, away_nm / (_UNDEFINED_FADE_OVER_ELL * self._scale_nm))
        return Level(
            self.channels,
            self._settings,
            np.sin(np.pi / 2 * fade) ** 2,
            psf_nm=self._psf_nm,
            scale_nm=self._scale_nm,
            resolution_nm=bins_over_ell * self._scale_nm,
        )
