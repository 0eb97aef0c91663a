"""Gauss-Newton on a problem whose rows are linear in the exponential of the field."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from numpy.polynomial import Polynomial

from chromamol.inference.domain import PeriodicBox
from chromamol.inference.gauss_newton import (
    _is_cycle,
    map_of,
    solve_alike,
    solve_smooth,
    solve_with_edges,
    uniform_field,
)
from chromamol.inference.regression import Regression
from chromamol.inference.rows import Rows
from chromamol.progress import Silent

SHAPE, SPACING_NM, SD = (40, 30), (20.0, 25.0), 0.05
DOMAIN = PeriodicBox(SHAPE, SPACING_NM, torch.device("cpu"))


class Exponential:
    """The data are the map itself with white noise."""

    domain, positive, uniform, reaction_length_nm = DOMAIN, True, 1.0, 100.0

    def __init__(self, truth: np.ndarray) -> None:
        noise = SD * np.random.default_rng(0).standard_normal(SHAPE)
        self.data = torch.from_numpy(truth + noise)

    def linearise(self, field: torch.Tensor) -> Regression:
        rate = field.exp()
        rows = Rows(
            factor=rate,
            weight=torch.ones_like(rate),
            target=self.data - rate + rate * field,
            blur=lambda one: one,
            blur_symbol=np.ones(DOMAIN.k2.shape),
            precision=lambda one: one / SD**2,
            variance=Polynomial([SD**2]),
            outline_sd=torch.zeros(SHAPE, dtype=torch.float64),
            draw_noise=lambda count, generator: (
                SD * torch.randn((count, *SHAPE), generator=generator, dtype=torch.float64)
            ),
        )
        return Regression(rows, DOMAIN, 4e-4)


def error(found: torch.Tensor, truth: np.ndarray) -> float:
    return float(np.sqrt(np.mean((found.numpy() - truth) ** 2)))


@pytest.fixture(scope="module")
def wave() -> np.ndarray:
    y, x = (index / size for index, size in zip(np.indices(SHAPE), SHAPE, strict=True))
    return np.exp(0.6 * np.cos(2 * np.pi * y) + 0.4 * np.sin(2 * np.pi * x))


def test_a_smooth_map_is_found_far_below_the_noise(wave):
    problem = Exponential(wave)
    solution = solve_smooth(problem, Silent())
    assert solution.converged
    assert error(map_of(problem, solution.fit.field), wave) < 0.4 * SD
    again = solve_alike(problem, solution.fit, Silent())
    assert again.fit.strength == solution.fit.strength
    torch.testing.assert_close(again.fit.field, solution.fit.field, rtol=0, atol=5e-3)


@pytest.mark.parametrize(
    ("changes", "going_round"),
    [
        ([0.9, 0.87, 0.88, 0.87, 0.87, 0.86], True),
        ([1.4, 0.3, 1.2, 0.29, 1.15, 0.29], True),
        ([0.9, 0.87, 0.88, 0.87, 0.87], False),  # the first sweeps choose the smoothing
        ([1.0, 0.3, 0.2, 0.5, 0.19, 0.2], False),  # one jump on the way
        ([2.0, 1.0, 0.5, 0.25, 0.12, 0.11], False),
        ([0.09, 0.09, 0.09, 0.09, 0.09, 0.09], False),
    ],
)
def test_sweeps_that_go_round_are_told_from_those_that_settle(changes, going_round):
    assert _is_cycle(changes) == going_round


def test_plateaus_score_better_with_edges():
    truth = np.full(SHAPE, 0.7)
    truth[8:28, 6:20] = 1.6
    problem = Exponential(truth)
    smooth = solve_smooth(problem, Silent())
    edges = solve_with_edges(problem, Silent(), smooth.fit)
    assert edges.fit.has_edges
    assert edges.fit.score < smooth.fit.score
    found = [error(map_of(problem, one.fit.field), truth) for one in (edges, smooth)]
    assert found[0] < 0.7 * found[1]


def test_the_uniform_field_is_the_logarithm_of_the_level(wave):
    problem = Exponential(wave)
    problem.uniform = 2.5
    torch.testing.assert_close(
        map_of(problem, uniform_field(problem)), torch.full(SHAPE, 2.5, dtype=torch.float64)
    )
