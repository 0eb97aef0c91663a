"""The inverse problems: their fields obey their equations, by derivatives made another way."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.interpolate import RectBivariateSpline, make_interp_spline

from chromamol.inverse_problems import chromatin_problem, heat_problem, langevin_problem

PROBLEMS = [langevin_problem, heat_problem, chromatin_problem]


@pytest.fixture(scope="module")
def drawn():
    return {problem: problem(0) for problem in PROBLEMS}


def _spline_derivatives(field: np.ndarray, spacing: tuple[float, float]) -> dict[str, np.ndarray]:
    """By a quintic spline through the points."""
    y, x = (np.arange(n) * d for n, d in zip(field.shape, spacing, strict=True))

    def laplacian(values):
        spline = RectBivariateSpline(y, x, values, kx=5, ky=5)
        return spline(y, x, dx=2) + spline(y, x, dy=2)

    return {"": field, "laplacian": laplacian(field), "bilaplacian": laplacian(laplacian(field))}


@pytest.mark.parametrize("problem", PROBLEMS)
def test_shapes_and_seeds(drawn, problem):
    first, again, other = drawn[problem], problem(0), problem(1)
    shape = (512,) if problem is langevin_problem else (64, 64)
    assert len(first.spacing) == len(shape)
    assert (first.source is None) == (problem is not heat_problem)
    pairs = zip((*first.fields, first.rate), (*again.fields, again.rate), strict=True)
    for one, same in pairs:
        assert one.shape == shape
        np.testing.assert_array_equal(one, same)
    for one, another in zip(first.fields, other.fields, strict=True):
        assert np.abs(one - another).max() > 0.1 * one.std()
    assert np.abs(first.rate - other.rate).max() > 0.1


def test_langevin(drawn):
    problem = drawn[langevin_problem]
    (coordinate,), (step,) = problem.fields, problem.spacing
    time = step * np.arange(512)
    assert time[-1] == pytest.approx(2)
    assert coordinate[0] == 0
    slope = make_interp_spline(time, coordinate, k=7).derivative()(time)
    residual = problem.equation.residual({"": coordinate, "x": slope}, problem.rate)
    assert np.abs(residual).max() < 1e-5
    # lambda - 1 is made of the four frequencies and of nothing else.
    phase = 2 * np.pi * np.outer(time, (0.37, 0.9, 1.6, 2.7))
    waves = np.hstack([np.sin(phase), np.cos(phase)])
    weights, misfit, *_ = np.linalg.lstsq(waves, problem.rate - 1, rcond=None)
    assert misfit[0] < 1e-20
    np.testing.assert_allclose(np.hypot(*weights.reshape(2, 4)), (1, 0.8, 0.7, 0.5), rtol=0.1)


# Near its ends a spline has no accurate derivatives.
INSIDE = (slice(6, -6), slice(6, -6))


def test_heat(drawn):
    problem = drawn[heat_problem]
    derivatives = _spline_derivatives(problem.fields[0], problem.spacing)
    residual = problem.equation.residual(derivatives, problem.rate, problem.source)
    assert np.abs(residual[INSIDE]).max() < 3e-4
    assert 0.5 <= problem.rate.min() < 0.7
    assert 1.8 < problem.rate.max() <= 2
    # The edge, where the temperature is zero, is well outside of the square.
    assert problem.fields[0].min() > 1
    y, x = np.linspace(-1, 1, 64)[:, None], np.linspace(-1, 1, 64)
    np.testing.assert_allclose(
        problem.source, 10 * (1 + 0.3 * np.sin(1.3 * x + 0.4) * np.cos(1.1 * y - 0.7))
    )


def test_chromatin(drawn):
    problem = drawn[chromatin_problem]
    fields = [_spline_derivatives(field, problem.spacing) for field in problem.fields]
    residual = problem.equation.residual(*fields, problem.rate)
    assert np.abs(residual[INSIDE]).max() < 3e-4
    wrong = problem.equation.residual(*fields, problem.rate.mean())
    assert np.abs(wrong[INSIDE]).max() > 0.05
    assert problem.fields[0].std() > 0.1
    assert 0.5 <= problem.rate.min() < problem.rate.max() <= 1.5
    # The rate holds at most four waves along a box of side 10, and nothing finer.
    y, x = np.indices((64, 64)).reshape(2, -1) * np.array(problem.spacing)[:, None]
    counts = np.array([n for n in np.ndindex(9, 9) if np.hypot(n[0] - 4, n[1] - 4) <= 4]) - 4
    waves = np.exp(0.2j * np.pi * (np.outer(y, counts[:, 0]) + np.outer(x, counts[:, 1])))
    weights, *_ = np.linalg.lstsq(waves, problem.rate.ravel(), rcond=None)
    np.testing.assert_allclose(waves @ weights, problem.rate.ravel(), atol=1e-9)
