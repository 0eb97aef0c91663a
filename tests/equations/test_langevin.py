"""The Langevin equation against its analytic solution."""

from __future__ import annotations

import numpy as np
import pytest

from chromamol.equations.langevin import Langevin

WAVES = ((1.1, 0.6, 0.3), (0.7, 2.3, 1.9))


def _analytic(time: np.ndarray, initial: float):
    """lambda = 0.4 + sum of a sin(w t + p), with u and du/dt."""
    rate = np.full_like(time, 0.4)
    forced, slope = np.full_like(time, -0.4), np.zeros_like(time)
    for a, frequency, p in WAVES:
        w = 2 * np.pi * frequency
        rate += a * np.sin(w * time + p)
        forced -= a * (np.sin(w * time + p) + w * np.cos(w * time + p)) / (1 + w**2)
        slope -= a * w * (np.cos(w * time + p) - w * np.sin(w * time + p)) / (1 + w**2)
    free = (initial - forced[0]) * np.exp(time)
    return rate, forced + free, slope + free


def test_the_solution_converges_at_least_with_the_fourth_power_of_the_step():
    errors = []
    for count in (61, 121, 241):
        time, step = np.linspace(0, 2.4, count, retstep=True)
        rate, expected, _ = _analytic(time, -0.3)
        found = Langevin().simulate(rate, float(step), initial=-0.3)
        assert found[0] == pytest.approx(-0.3, abs=1e-15)
        errors.append(np.abs(found - expected).max())
    assert errors[-1] < 1e-6
    assert errors[0] / errors[1] > 14
    assert errors[1] / errors[2] > 14


def test_the_analytic_solution_leaves_no_residual():
    rate, coordinate, slope = _analytic(np.linspace(0, 2.4, 50), 0.8)
    field = {"": coordinate, "x": slope}
    np.testing.assert_allclose(Langevin().residual(field, rate), 0, atol=1e-13)
    np.testing.assert_allclose(Langevin().residual(field, rate - 0.25), 0.25, atol=1e-13)
    np.testing.assert_allclose(Langevin().recover(field), rate, atol=1e-13)


@pytest.mark.parametrize(
    ("rate", "step", "initial", "message"),
    [
        (np.ones((3, 4)), 0.1, 0.0, r"the shape \(3, 4\); give a \(t,\) array"),
        (np.ones(1), 0.1, 0.0, r"the shape \(1,\); give a \(t,\) array of at least 2"),
        (np.ones(5), 0.0, 0.0, "time step is 0.0; give a positive number"),
        (np.ones(5), np.inf, 0.0, "time step is inf; give a positive number"),
        (np.array([1.0, np.nan, 2.0]), 0.1, 0.0, "rate ranges from nan to nan; give finite values"),
        (np.ones(5), 0.1, -np.inf, "initial value ranges from -inf to -inf; give finite values"),
    ],
)
def test_a_simulation_says_what_is_wrong_with_its_input(rate, step, initial, message):
    with pytest.raises(ValueError, match=message):
        Langevin().simulate(rate, step, initial=initial)
