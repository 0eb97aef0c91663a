"""A map by Gauss-Newton: linearise, solve, and do it again; positive maps by their logarithm."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol

import torch

from chromamol.inference.regression import EXACT, FIRST, ROUGH
from chromamol.inference.walk import smoothing_walk, smoothings_around

if TYPE_CHECKING:
    from collections.abc import Callable

    from chromamol.inference.domain import Domain
    from chromamol.inference.regression import Fit, Regression
    from chromamol.progress import Progress

_MOST_SWEEPS = 12
# The first smoothing length to try.
_LONGEST_OVER_ELL = 1.5
# The smoothing is chosen again from this sweep on, the linearisation having come near.
_CHOOSING_SWEEP = 1
# The field may change by this much, in the last sweep, by root mean square.
_SETTLED = 3e-3
_STILL_ACCEPTABLE = 2e-2
# And by no more than this in any pixel and sweep.
_LONGEST_STEP = 1.5
# From this sweep on, changes as large as this (of the logarithm of a rate) that are hardly smaller
# than two sweeps before are a cycle, which the rest of the sweeps would not leave.
_CYCLE_SWEEP, _CYCLE_CHANGE, _CYCLE_SHRINKS = 5, 0.1, 0.9
# What the data push towards zero and below ends at this share of the uniform level.
_NOTHING = 0.005


class Problem(Protocol):
    """What relates a map to the data.

    Attributes
    ----------
    domain : Domain
    positive : bool
        Whether the field that is solved for is the logarithm of the map, or the map itself.
    uniform : float
        The level of the map if it is uniform.
    reaction_length_nm : float
    """

    domain: Domain
    positive: bool
    uniform: float
    reaction_length_nm: float

    def linearise(self, field: torch.Tensor) -> Regression:
        """Return the regression for the field, about a current one."""
        ...

    def unexplained(self, field: torch.Tensor) -> torch.Tensor:
        """Return what a field leaves of the data, in units of its noise, white if it is right."""
        ...


@dataclass(frozen=True)
class Solution:
    """The field of a map on the box, and the problem it came from (for its uncertainty)."""

    problem: Problem
    fit: Fit
    regression: Regression
    converged: bool


def solve_smooth(problem: Problem, progress: Progress, *, start: Fit | None = None) -> Solution:
    """Find the map with the smooth prior, whose strength the data choose.

    Parameters
    ----------
    problem : Problem
    progress : Progress
        Told of every step; may cancel.
    start : Fit, optional
        A first guess on the same box, such as the solution for a similar equation.

    Raises
    ------
    chromamol.errors.Cancelled
        If `progress` asked to stop.
    """
    if start is None:
        uniform = uniform_field(problem)
        walk = smoothing_walk(problem.domain, _LONGEST_OVER_ELL * problem.reaction_length_nm)
        start = problem.linearise(uniform).walk(walk, uniform, progress, tolerance=FIRST)

    def refit(regression: Regression, sweep: int, last: Fit) -> Fit:
        if sweep < _CHOOSING_SWEEP:
            return regression.smooth(last.strength, last.field, ROUGH)
        regression.calibrate(last.strength)
        around = smoothings_around(last.strength)
        length_nm = regression.walk(around, last.field, progress).strength
        return regression.smooth(length_nm, last.field, EXACT)

    return _sweep(problem, start, refit, progress)


def uniform_field(problem: Problem) -> torch.Tensor:
    """Return the field of a uniform map, (y, x)."""
    level = math.log(problem.uniform) if problem.positive else problem.uniform
    inside = problem.domain.inside
    return torch.full(inside.shape, level, dtype=torch.float64, device=inside.device)


def map_of(problem: Problem, field: torch.Tensor) -> torch.Tensor:
    """Return the map of a field."""
    return field.exp() if problem.positive else field


def solve_alike(problem: Problem, start: Fit, progress: Progress) -> Solution:
    """Find the smooth map at the strength of a fit, from there; errors are as in `solve_smooth`."""

    def refit(regression: Regression, sweep: int, last: Fit) -> Fit:
        tolerance = ROUGH if sweep < _CHOOSING_SWEEP else EXACT
        return regression.smooth(last.strength, last.field, tolerance)

    return _sweep(problem, start, refit, progress)


def solve_with_edges(problem: Problem, progress: Progress, start: Fit) -> Solution:
    """Find the map with the edge-preserving prior; arguments and errors are as in `solve_smooth`.

    The cost of an edge is chosen if `start` is a smooth map, and kept if it has edges already.
    """

    def refit(regression: Regression, _: int, last: Fit) -> Fit:
        if not last.has_edges:
            return regression.walk_edges(last, progress)
        freedom = last.degrees_of_freedom
        return regression.edges(last.strength, last.field, EXACT, freedom=freedom)

    solution = _sweep(problem, start, refit, progress)
    return replace(solution, fit=solution.regression.scored(solution.fit))


def _sweep(
    problem: Problem,
    fit: Fit,
    refit: Callable[[Regression, int, Fit], Fit],
    progress: Progress,
) -> Solution:
    """Linearise and solve until the map settles."""
    inside = problem.domain.inside
    longest, lowest = math.inf, -math.inf
    if problem.positive:
        longest, lowest = _LONGEST_STEP, math.log(_NOTHING * problem.uniform)
    changes: list[float] = []
    for sweep in range(_MOST_SWEEPS):
        progress.advance()
        last = fit
        regression = problem.linearise(last.field)
        fit = refit(regression, sweep, last)
        step = (fit.field - last.field).clamp(-longest, longest)
        field = (last.field + step).clamp(min=lowest)
        change = float(((field - last.field)[inside] ** 2).mean().sqrt())
        fit = replace(fit, field=field)
        changes.append(change)
        settled = sweep >= _CHOOSING_SWEEP and change < _SETTLED
        if not fit.converged or settled or (problem.positive and _is_cycle(changes)):
            break
    return Solution(problem, fit, regression, fit.converged and change < _STILL_ACCEPTABLE)


def _is_cycle(changes: list[float]) -> bool:
    """Whether the sweeps go round instead of settling: twice in a row no step towards an end."""
    last = changes[_CYCLE_SWEEP - 3 :]
    return len(changes) > _CYCLE_SWEEP and all(
        now > _CYCLE_CHANGE and now > _CYCLE_SHRINKS * before
        for now, before in zip(last[-2:], last[-4:-2], strict=True)
    )
