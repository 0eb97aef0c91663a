"""The channels of a nucleus on the bins of one size, and the problem that they pose."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch
from numpy.polynomial import Polynomial

from chromamol.equations.chromatin_phase_field import ChromatinPhaseField
from chromamol.equations.mark_turnover import MarkTurnover
from chromamol.inference.chromatin import ChromatinWeakForm, Observation, species
from chromamol.inference.device import choose_device, is_worth_a_card
from chromamol.inference.domain import Domain, PeriodicBox
from chromamol.inference.grid import Grid, MaskGrid, PeriodicGrid, resample
from chromamol.inference.masked_box import MaskedBox
from chromamol.inference.point_spread import PointSpread
from chromamol.inference.residual_structure import ResidualStructure, residual_structure
from chromamol.inference.turnover import TurnoverWeakForm
from chromamol.settings import Role

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from chromamol.inference.channels import Channels
    from chromamol.inference.gauss_newton import Problem
    from chromamol.inference.model_fit import Model
    from chromamol.settings import Settings

# Rows of less weight, near a cut, do not count in the residual.
_USED = 0.9
_PADDING_OVER_ELL = 1.0
# Edge cells within this many reaction lengths of each other are solved together: so many at most.
_REACH_OVER_ELL, _MOST_EDGE_CELLS = 20, 3000


class Level:
    """The channels on the bins of one size.

    Parameters
    ----------
    channels : Channels
    settings : Settings
    yx_weight : (y, x) float64
        Between 0 and 1: how far a pixel is to be used.
    psf_nm : float
        Full width at half maximum of the blur, nm.
    scale_nm : float
        Reaction length that the padding is made for, nm.
    resolution_nm : float
        Bins are about as large as this, and not smaller than a pixel, nm.
    """

    def __init__(
        self,
        channels: Channels,
        settings: Settings,
        yx_weight: NDArray[np.float64],
        *,
        psf_nm: float,
        scale_nm: float,
        resolution_nm: float,
    ) -> None:
        self._settings = settings
        self.positive = Role.MARK not in channels.densities
        mask, spacing_nm = channels.mask, channels.spacing_nm
        device = choose_device(
            settings.device, worth_a_card=is_worth_a_card(settings.method, mask.size)
        )
        self.grid: Grid
        self._domain: Domain
        if settings.boundary == "periodic":
            shape = (mask.shape[0], mask.shape[1])
            self.grid = PeriodicGrid(shape, spacing_nm, resolution_nm)
            self._domain = PeriodicBox(self.grid.box_shape, self.grid.spacing_nm, device)
            self._weight = self.grid.to_box(yx_weight, device).clamp(0, 1)
        else:
            padding_nm = _PADDING_OVER_ELL * scale_nm
            grid = MaskGrid.of(mask, spacing_nm, resolution_nm=resolution_nm, padding_nm=padding_nm)
            # A mask as rough as noise has more edge than can be solved: on coarser bins then.
            while grid.cells.most_edge_cells(_reach(grid, scale_nm)) > _MOST_EDGE_CELLS:
                resolution_nm = 1.01 * (grid.factor + 1) * max(spacing_nm)
                grid = MaskGrid.of(
                    mask, spacing_nm, resolution_nm=resolution_nm, padding_nm=padding_nm
                )
            self.grid = grid
            self._domain = MaskedBox(grid.cells, grid.spacing_nm, device)
            self._weight = self.grid.to_box(yx_weight, device)
        self._densities = {
            role: self._domain.root_share * self.grid.to_box(density, device)
            for role, density in channels.densities.items()
        }
        self._noise_sd = {
            role: sd * self.grid.noise_factor for role, sd in channels.noise_sd.items()
        }
        self._point_spread = PointSpread(psf_nm, self._domain)
        self._last: tuple[Model, Problem] | None = None

    def problem(self, model: Model) -> Problem:
        """Return what relates the map to the data, under a model; that of the last one is kept."""
        if self._last is None or self._last[0] != model:
            self._last = None  # before the next one takes its room
            self._last = model, self._measured_problem(model)
        return self._last[1]

    def _measured_problem(self, model: Model) -> Problem:
        densities, noise_sd = dict(self._densities), dict(self._noise_sd)
        if Role.TOTAL in densities and len(densities) > 1:
            _, partner = _ordered(densities)
            densities[partner] = model.partner_gain * densities[partner]
            noise_sd[partner] *= model.partner_gain
        return self._problem(densities, noise_sd, model)

    def uniform_problem(self, model: Model, generator: torch.Generator) -> Problem:
        """Return the same for a nucleus with these domains, but a uniform rate."""
        measured, inside = self._densities, self._domain.inside
        uniform: dict[Role, torch.Tensor] = {}
        if Role.MARK in measured:
            mean = measured[Role.MARK][inside].sum() / self._domain.root_share[inside].sum()
            uniform[Role.MARK] = mean * self._domain.root_share
        else:
            first, second = self._observations(measured, self._noise_sd)
            euchromatin, heterochromatin = species(first, second)
            equation = chromatin_of(model, self._settings)
            mean_rate = float(heterochromatin[inside].mean() / euchromatin[inside].mean())
            symbol = mean_rate + equation.transport_symbol(
                Polynomial([0.0, 1.0]), self._domain.stencil_nm2
            )
            mixed = equation.mix(heterochromatin, self._domain.minus_laplacian)
            euchromatin = self._domain.inverse(symbol.trim(), single=True)(mixed)
            uniform[Role.HETEROCHROMATIN] = heterochromatin
            uniform[Role.EUCHROMATIN] = euchromatin
            uniform[Role.TOTAL] = heterochromatin + euchromatin
        noisy = {}
        for role, sd in self._noise_sd.items():
            white = torch.randn(inside.shape, generator=generator, dtype=torch.float64)
            noise = sd * white.to(inside.device) * inside
            # The measured domains are blurred already.
            noisy[role] = uniform[role] + noise
        return self._problem(noisy, self._noise_sd, model)

    def _problem(
        self, densities: Mapping[Role, torch.Tensor], noise_sd: Mapping[Role, float], model: Model
    ) -> Problem:
        if Role.MARK in densities:
            return TurnoverWeakForm(
                densities[Role.MARK],
                noise_sd[Role.MARK],
                MarkTurnover(model.reaction_length_nm),
                self._domain,
                weight=self._weight,
                point_spread=self._point_spread,
            )
        return ChromatinWeakForm(
            self._observations(densities, noise_sd),
            chromatin_of(model, self._settings),
            self._domain,
            self._weight,
            self._point_spread,
        )

    def _observations(
        self, densities: Mapping[Role, torch.Tensor], noise_sd: Mapping[Role, float]
    ) -> tuple[Observation, Observation]:
        first, second = (
            Observation(
                densities[role],
                has_euchromatin=role is not Role.HETEROCHROMATIN,
                has_heterochromatin=role is not Role.EUCHROMATIN,
                noise_sd=noise_sd[role],
            )
            for role in _ordered(densities)
        )
        return first, second

    def image_of(self, field: torch.Tensor) -> NDArray[np.float64]:
        """Return the map of a field of these bins, (y, x) of the image."""
        image = self.grid.to_image(field)
        return np.exp(image) if self.positive else image

    @property
    def inside(self) -> torch.Tensor:
        """Bins of the domain, (y, x) bool."""
        return self._domain.inside

    @property
    def used(self) -> torch.Tensor:
        """Bins whose rows count in full, (y, x) bool."""
        return (self._weight > _USED) & self._domain.inside

    def structure_of(self, problem: Problem, field: torch.Tensor) -> ResidualStructure | None:
        """Tell whether what a field leaves unexplained is white."""
        left = problem.unexplained(field).cpu().numpy()
        return residual_structure(left, self.used.cpu().numpy(), self.grid.spacing_nm)

    def transfer(self, box: torch.Tensor, other: Level) -> torch.Tensor:
        """Interpolate a field of these bins at those of another level."""
        if other is self:
            return box
        if isinstance(self.grid, MaskGrid) and isinstance(other.grid, MaskGrid):
            return other.grid.from_coarser(box, self.grid)
        return resample(box, other.grid.box_shape)


def chromatin_of(model: Model, settings: Settings) -> ChromatinPhaseField:
    """Return the equation of a model."""
    return ChromatinPhaseField(
        model.reaction_length_nm, settings.gradient_length_nm, model.mixing_energy
    )


def _reach(grid: MaskGrid, scale_nm: float) -> int:
    """Return how far edge cells feel each other at most, in bins."""
    return int(_REACH_OVER_ELL * scale_nm / min(grid.spacing_nm))


def _ordered(densities: Mapping[Role, torch.Tensor]) -> tuple[Role, Role]:
    """Return the two roles, the one that holds euchromatin for certain last."""
    if Role.TOTAL not in densities:
        return Role.HETEROCHROMATIN, Role.EUCHROMATIN
    (partner,) = set(densities) - {Role.TOTAL}
    return Role.TOTAL, partner
