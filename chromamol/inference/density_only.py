r"""A total density alone: the rate ratio that would make the nucleoplasm's potential flat.

With rho = h + e alone, every positive rate has an exact pair (h, e): the e-form says nothing.
What is left is the closure at steady state that the chemical potential of the nucleoplasm is
uniform, mu_h + mu_e = const, with

    (1 + rate) e + ell^2 (-lap + delta^2 lap lap) e = rho,    h = rho - e,
    mu_h + mu_e = 2 h (h_max - h)(h_max - 2 h) + 2 e - 2 delta^2 lap rho.

The gain of the image is unknown, and degenerate with the free energy. So rate (smooth: a cubic
spline with a knot every 160 nm), mean chromatin fraction and h_max are fitted together to the
flattest potential. The result is exploratory, relative, and rejected when the gain or h_max runs
to one of its bounds: then the image is not a volume fraction that this free energy could hold.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch
from numpy.polynomial import Polynomial
from torch.nn import functional

from chromamol.equations.chromatin_phase_field import ChromatinPhaseField
from chromamol.inference.conjugate_gradients import conjugate_gradients
from chromamol.inference.cut_cells import CutCells
from chromamol.inference.grid import MaskGrid
from chromamol.inference.masked_box import MaskedBox

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from chromamol.inference.channels import Channels
    from chromamol.progress import Progress
    from chromamol.settings import Settings

_KNOT_NM = 160.0
# Euchromatin is smooth over ell: finer bins would cost time for nothing.
_BINS_PER_ELL = 3.5
# The fit has settled when so many steps lower the loss by no more than this share.
_MOST_STEPS, _SETTLING_STEPS, _SETTLED = 80, 5, 1e-3
_ROUGHNESS = 1e-4
_SOLVE_TOLERANCE = 1e-4
# Mean chromatin fraction: where the fit starts, and outside of what it has collapsed.
_START_FRACTION, _START_H_MAX = 0.4, 0.8
_LEAST_FRACTION, _MOST_FRACTION = 0.1, 0.9
_LEAST_H_MAX, _MOST_H_MAX = 0.2, 0.98
# The potential has to become this much flatter than at the start, with a uniform rate.
_LEAST_GAIN_IN_FLATNESS = 0.05


@dataclass(frozen=True)
class FlatPotential:
    """Outcome of the fit.

    Attributes
    ----------
    rate, residual : (y, x) float64
        The rate ratio; the potential left over, in units of its standard deviation.
    rejected : str
        Why the fit is not to be used; empty if it may be.
    """

    rate: NDArray[np.float64]
    residual: NDArray[np.float64]
    rejected: str


def fit_flat_potential(
    channels: Channels, settings: Settings, ell_nm: float, progress: Progress
) -> FlatPotential:
    """Fit the smooth rate, the gain and h_max that make the potential flattest.

    Parameters
    ----------
    channels : Channels
        With a total density alone.
    settings : Settings
    ell_nm : float
        Reaction-diffusion length, nm.
    progress : Progress
        Told of every step; may cancel.
    """
    problem = _Potential(channels, settings, ell_nm)
    losses = [float(problem.loss().detach())]
    optimiser = torch.optim.LBFGS(
        problem.unknowns, lr=1, max_iter=1, history_size=10, line_search_fn="strong_wolfe"
    )

    def closure() -> torch.Tensor:
        optimiser.zero_grad()
        loss = problem.loss()
        loss.backward()  # type: ignore[no-untyped-call]
        return loss

    progress.begin("fitting the density-only model (exploratory)", _MOST_STEPS)
    rejected = f"it had not settled after {_MOST_STEPS} steps"
    for _ in range(_MOST_STEPS):
        progress.advance()
        optimiser.step(closure)  # type: ignore[no-untyped-call]
        losses.append(float(problem.loss().detach()))
        if problem.collapse():
            rejected = problem.collapse()
            break
        if (
            len(losses) > _SETTLING_STEPS
            and losses[-1] > (1 - _SETTLED) * losses[-1 - _SETTLING_STEPS]
        ):
            rejected = ""
            break
    if not rejected and losses[-1] > (1 - _LEAST_GAIN_IN_FLATNESS) * losses[0]:
        rejected = "it left the potential hardly flatter than a uniform rate at its start"
    return FlatPotential(
        problem.grid.to_image(problem.rate().detach()),
        problem.grid.to_image(problem.deviation().detach()),
        rejected,
    )


class _Potential:
    """The potential as a function of the knots of the log rate, the gain and h_max."""

    def __init__(self, channels: Channels, settings: Settings, ell_nm: float) -> None:
        from chromamol.inference.device import choose_device, is_worth_a_card

        worth_a_card = is_worth_a_card(settings.method, channels.mask.size)
        device = choose_device(settings.device, worth_a_card=worth_a_card)
        self.grid = MaskGrid.of(
            channels.mask,
            channels.spacing_nm,
            resolution_nm=ell_nm / _BINS_PER_ELL,
            padding_nm=ell_nm,
        )
        self._domain = MaskedBox(CutCells.of_mask(self.grid.box_mask), self.grid.spacing_nm, device)
        self._equation = ChromatinPhaseField(ell_nm, settings.gradient_length_nm)
        self._inside = self._domain.inside
        density = self.grid.to_box(channels.total, device)
        self._shape = density / density[self._inside].mean()
        knots = [
            max(int(size * side / _KNOT_NM) + 1, 4)
            for size, side in zip(self.grid.box_mask.shape, self.grid.spacing_nm, strict=True)
        ]
        self._knots = torch.zeros((1, 1, *knots), dtype=torch.float64, device=device)
        self._gauge = torch.tensor(
            [_logit(_START_FRACTION), _logit(_START_H_MAX)], dtype=torch.float64, device=device
        )
        self.unknowns = [self._knots.requires_grad_(), self._gauge.requires_grad_()]
        self.last_euchromatin = torch.zeros_like(density)

    def collapse(self) -> str:
        """Say which of the gain and h_max has left its range; empty if neither."""
        fraction, h_max = torch.sigmoid(self._gauge.detach()).tolist()
        if not _LEAST_FRACTION < fraction < _MOST_FRACTION:
            return f"it ended at a mean chromatin fraction of {fraction:.2f}, which no nucleus has"
        if not _LEAST_H_MAX < h_max < _MOST_H_MAX:
            return f"the volume fraction of condensed chromatin ran to {h_max:.2f}"
        return ""

    def rate(self) -> torch.Tensor:
        """Return the rate ratio on the box."""
        smooth = functional.interpolate(
            self._knots, size=tuple(self._inside.shape), mode="bicubic", align_corners=True
        )
        return torch.exp(smooth[0, 0])

    def loss(self) -> torch.Tensor:
        """Return the relative variance of the potential, and a little roughness."""
        potential, euchromatin = self._potential()
        inside = potential[self._inside]
        bend = (
            torch.diff(self._knots, n=2, dim=-1).square().mean()
            + torch.diff(self._knots, n=2, dim=-2).square().mean()
        )
        flatness = inside.var() / (2 * euchromatin[self._inside].mean()).square()
        return flatness + _ROUGHNESS * bend

    def deviation(self) -> torch.Tensor:
        """Return the potential less its mean, over its standard deviation."""
        potential, _ = self._potential()
        inside = potential[self._inside]
        return (potential - inside.mean()) / inside.std() * self._inside

    def _potential(self) -> tuple[torch.Tensor, torch.Tensor]:
        """Return mu_h + mu_e, and e."""
        density = torch.sigmoid(self._gauge[0]) * self._shape
        rate = self.rate()
        euchromatin: torch.Tensor = _Euchromatin.apply(rate, density, self)  # type: ignore[no-untyped-call]
        h = density - euchromatin
        h_max = torch.sigmoid(self._gauge[1])
        well = 2 * h * (h_max - h) * (h_max - 2 * h)
        delta2 = self._equation.gradient_length_nm**2
        gradient = 2 * delta2 * self._domain.minus_laplacian(density)
        return well + 2 * euchromatin + gradient, euchromatin

    def solve(self, rate: torch.Tensor, right: torch.Tensor, start: torch.Tensor) -> torch.Tensor:
        """Solve (1 + rate + ell^2 (...)) e = right inside the mask."""
        inside = self._inside
        mean = float(rate[inside].mean())
        symbol = self._equation.transport_symbol(Polynomial([0.0, 1.0]), self._domain.stencil_nm2)
        uniform = self._domain.inverse_on_the_box((1 + mean + symbol).trim())
        solution, _ = conjugate_gradients(
            lambda field: (
                (1 + rate) * inside * field
                + self._equation.transport(
                    field, self._domain.minus_laplacian, self._domain.stencil_nm2
                )
            ),
            right * inside,
            uniform,
            start,
            tolerance=_SOLVE_TOLERANCE,
        )
        return solution


class _Euchromatin(torch.autograd.Function):
    """e(rate, rho), differentiated through the equation itself (the operator is symmetric)."""

    @staticmethod
    def forward(
        ctx: torch.autograd.function.FunctionCtx,
        rate: torch.Tensor,
        density: torch.Tensor,
        problem: _Potential,
    ) -> torch.Tensor:
        euchromatin = problem.solve(rate, density, problem.last_euchromatin)
        problem.last_euchromatin = euchromatin
        ctx.save_for_backward(rate, euchromatin)
        ctx.problem = problem  # type: ignore[attr-defined]
        return euchromatin

    @staticmethod
    def backward(
        ctx: torch.autograd.function.FunctionCtx, *gradients: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor, None]:
        rate, euchromatin = ctx.saved_tensors  # type: ignore[attr-defined]
        adjoint = ctx.problem.solve(  # type: ignore[attr-defined]
            rate, gradients[0], torch.zeros_like(rate)
        )
        return -adjoint * euchromatin, adjoint, None


def _logit(share: float) -> float:
    return float(np.log(share / (1 - share)))
