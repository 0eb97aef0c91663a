"""The network's estimate of one nucleus: its channels on bins in, the map of an `Estimate` out."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch
from scipy import ndimage

from chromamol.errors import CallError, InputError
from chromamol.inference import findings as say
from chromamol.inference.estimate import Estimate
from chromamol.inference.rate_map import Status
from chromamol.settings import Role

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from chromamol.equations.chromatin_phase_field import ChromatinPhaseField
    from chromamol.equations.mark_turnover import MarkTurnover
    from chromamol.inference.channels import Channels
    from chromamol.inference.grid import Grid
    from chromamol.inference.network import NetworkProblem, NetworkSolution
    from chromamol.inference.rate_map import Finding
    from chromamol.progress import Progress
    from chromamol.settings import Settings

    Field = NDArray[np.float64]

# The finest waves of the rate that are expected, over ell.
_VARIATION_OVER_ELL = 2.5
STEPS = 1500
# Wider boxes are trained on coarser bins.
MOST_BINS = 160**2
# Bins around the nucleus: a network's least box is 16 of them.
_MARGIN = 4


def estimate_by_network(
    channels: Channels,
    grid: Grid,
    equation: ChromatinPhaseField | MarkTurnover,
    settings: Settings,
    *,
    used: NDArray[np.bool_],
    progress: Progress,
) -> Estimate:
    """Train a network on a nucleus.

    Parameters
    ----------
    channels : Channels
    grid : Grid
        Bins to train on.
    equation : ChromatinPhaseField or MarkTurnover
    settings : Settings
        Device and seed.
    used : (y, x) bool
        Pixels where the equation is used.
    progress : Progress
        Told of every step; may cancel.

    Raises
    ------
    CallError
        If the image is to repeat, which networks of coordinates do not.
    InputError
        If the nucleus is too small.
    """
    from chromamol.inference.network import Budget, NetworkProblem, solve_by_network
    from chromamol.inference.network.problem import LEAST_CELLS

    if settings.boundary == "periodic":
        msg = (
            "The method 'network' does not know images that repeat (boundary 'periodic'). Use "
            "'auto', or the method 'weak-form'."
        )
        raise CallError(msg)
    if Role.MARK in channels.densities:
        fields, noise_sd = [channels.densities[Role.MARK]], [channels.noise_sd[Role.MARK]]
    else:
        euchromatin, heterochromatin, (sd_e, sd_h) = channels.species()
        fields, noise_sd = [heterochromatin, euchromatin], [sd_h, sd_e]
    positive = Role.MARK not in channels.densities
    mask = _binned(grid, channels.mask) > 0
    around = _around(mask)
    if min(mask[around].shape) < LEAST_CELLS:
        y_nm, x_nm = (
            side * int(mask.any(axis=1 - axis).sum()) for axis, side in enumerate(grid.spacing_nm)
        )
        fewest = LEAST_CELLS - 2 * _MARGIN
        msg = (
            f"The nucleus is {y_nm:.0f} x {x_nm:.0f} nm large, too small for a network: it needs "
            f"{fewest} bins across, of {grid.spacing_nm[0]:.0f} x {grid.spacing_nm[1]:.0f} nm. Use "
            "the method 'weak-form'."
        )
        raise InputError(msg)
    problem = NetworkProblem(
        equation,
        [_binned(grid, field)[around] for field in fields],
        [sd * grid.noise_factor for sd in noise_sd],
        grid.spacing_nm,
        mask=mask[around],
        weight=_binned(grid, used)[around],
        positive=positive,
        variation=_VARIATION_OVER_ELL * equation.reaction_length_nm,
        noise_is_known=all(noise.white is True for noise in channels.noise.values()),
    )
    solution = solve_by_network(
        problem,
        budget=Budget(steps=STEPS),
        seed=settings.seed,
        device=settings.device,
        progress=progress,
    )
    unknown = np.broadcast_to(np.nan, channels.mask.shape)
    status, found = _how_it_ended(problem, solution)
    if np.isnan(solution.rate).all():
        return Estimate(unknown, unknown, unknown, status, findings=found)
    box = np.zeros(mask.shape)
    box[around] = np.log(solution.rate) if positive else solution.rate
    # Interpolation sees beyond the edge.
    y, x = ndimage.distance_transform_edt(~mask, return_distances=False, return_indices=True)
    inner = slice(_MARGIN, -_MARGIN)
    image = grid.to_image(torch.from_numpy(box[y, x][inner, inner]))
    rate = np.where(channels.mask, np.exp(image) if positive else image, np.nan)
    return Estimate(rate, unknown, unknown, status, findings=found)


def _around(mask: NDArray[np.bool_]) -> tuple[slice, slice]:
    """Return the box around what is inside, with a margin: nothing is learned of the rest."""
    rows, columns = ndimage.find_objects(mask.astype(np.intp))[0]
    y, x = (slice(s.start - _MARGIN, s.stop + _MARGIN) for s in (rows, columns))
    return y, x


def _binned(grid: Grid, yx_field: Field | NDArray[np.bool_]) -> Field:
    """Return a field of the image on the bins, with a margin on every side."""
    box = grid.to_box(yx_field.astype(np.float64), torch.device("cpu")).numpy()
    return np.pad(box, _MARGIN)


def bins_around(grid: Grid, mask: NDArray[np.bool_]) -> int:
    """Return how many bins a network is trained on, for a nucleus that is the mask's."""
    box = _binned(grid, mask) > 0
    return box[_around(box)].size


def _how_it_ended(
    problem: NetworkProblem, solution: NetworkSolution
) -> tuple[Status, tuple[Finding, ...]]:
    """Return the status of a map for the way that its training ended, and what to say of it."""
    from chromamol.inference.network import Ending

    status = {
        Ending.CONVERGED: Status.CONVERGED,
        Ending.SPENT: Status.STOPPED,
    }.get(solution.ending, Status.NOT_TRAINED)
    steps, misfit = solution.steps, max(solution.misfits)
    if solution.ending is Ending.LEARNED_NOISE:
        known = zip(solution.misfits, problem.noisy, strict=True)
        least = min(misfit for misfit, noisy in known if noisy)
        found = [say.network_learned_noise(steps, least)]
    elif solution.ending is Ending.MISFIT and not problem.noisy[np.argmax(solution.misfits)]:
        found = [say.network_not_exact(steps, misfit)]
    elif status is Status.NOT_TRAINED:
        found = [say.network_failed(steps, misfit)]
    else:
        found = [say.by_network(steps, misfit, solution.finest)]
    if solution.fell_back:
        found.append(say.graphics_memory())
    return status, tuple(found)
