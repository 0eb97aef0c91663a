"""The verbs that the equations share, on random values: NumPy, Torch, and bad input."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from chromamol.equations.chromatin_difference import ChromatinDifference
from chromamol.equations.chromatin_phase_field import ChromatinPhaseField
from chromamol.equations.heat import Heat
from chromamol.equations.langevin import Langevin
from chromamol.equations.mark_turnover import MarkTurnover

SHAPE = (5, 7)
EQUATIONS = [
    (Langevin(), 1),
    (Heat(), 1),
    (MarkTurnover(3.0), 1),
    (ChromatinPhaseField(3.0, 0.5, mixing_energy=0.6), 2),
    (ChromatinDifference(3.0, 0.5, mixing_energy=0.6, h_max=0.7), 2),
]
each_equation = pytest.mark.parametrize(
    ("equation", "fields"), EQUATIONS, ids=lambda value: type(value).__name__
)


class Recorder(dict):
    """A field that remembers which of its derivatives were asked for."""

    def __init__(self, values):
        super().__init__(values)
        self.asked: set[str] = set()

    def __getitem__(self, name):
        self.asked.add(name)
        return super().__getitem__(name)


def _draw(equation, fields: int):
    """Fields with the derivatives that are named, a rate, and the source where there is one."""
    generator = np.random.default_rng(3)
    drawn = [
        Recorder({name: 1 + generator.random(SHAPE) for name in equation.derivatives})
        for _ in range(fields)
    ]
    sources = [1 + generator.random(SHAPE)] if isinstance(equation, Heat) else []
    return drawn, 1 + generator.random(SHAPE), sources


@each_equation
def test_the_recovered_rate_leaves_no_residual_and_another_does(equation, fields):
    drawn, rate, sources = _draw(equation, fields)
    recovered = equation.recover(*drawn, *sources)
    assert recovered.shape == SHAPE
    residual = equation.residual(*drawn, recovered, *sources)
    np.testing.assert_allclose(residual, 0, atol=1e-12)
    assert np.abs(equation.residual(*drawn, rate, *sources)).min() > 0


@each_equation
def test_no_derivative_is_named_that_is_not_needed(equation, fields):
    drawn, rate, sources = _draw(equation, fields)
    equation.residual(*drawn, rate, *sources)
    assert set.union(*(field.asked for field in drawn)) == set(equation.derivatives)


@each_equation
def test_tensors_give_the_same_and_their_gradients(equation, fields):
    drawn, rate, sources = _draw(equation, fields)
    tensors = [
        {name: torch.tensor(values, requires_grad=True) for name, values in field.items()}
        for field in drawn
    ]
    learned = torch.tensor(rate, requires_grad=True)
    residual = equation.residual(*tensors, learned, *map(torch.from_numpy, sources))
    np.testing.assert_allclose(
        residual.detach(), equation.residual(*drawn, rate, *sources), atol=1e-12
    )
    recovered = equation.recover(*tensors, *map(torch.from_numpy, sources))
    np.testing.assert_allclose(recovered.detach(), equation.recover(*drawn, *sources), rtol=1e-12)

    residual.sum().backward()
    # The residual is linear in the rate: a difference of any size gives the gradient.
    expected = equation.residual(*drawn, rate + 1, *sources) - equation.residual(
        *drawn, rate, *sources
    )
    np.testing.assert_allclose(learned.grad, expected, atol=1e-12)
    reached = {name for field in tensors for name in field if field[name].grad is not None}
    assert reached == set(equation.derivatives)


GOOD = np.full((6, 8), 1.5)
MASK = np.ones((6, 8), dtype=bool)
HOLE = np.where(np.indices((6, 8)).sum(axis=0) == 3, np.nan, GOOD)


@pytest.mark.parametrize("equation", [MarkTurnover(90.0), ChromatinPhaseField(90.0, 9.0)])
@pytest.mark.parametrize(
    ("rate", "spacing", "mask", "message"),
    [
        (GOOD[0], (10.0, 12.0), None, r"the shape \(8,\); give a \(y, x\) array"),
        (GOOD[:0], (10.0, 12.0), None, r"the shape \(0, 8\); give a \(y, x\) array"),
        (GOOD - 2, (10.0, 12.0), None, "ranges from -0.5 to -0.5; give finite values above 0"),
        (GOOD - 1.5, (10.0, 12.0), None, "from 0 to 0; give finite values above 0"),
        (HOLE, (10.0, 12.0), None, "from nan to nan; give finite values above 0"),
        (HOLE, (10.0, 12.0), MASK, "from nan to nan; give finite values above 0"),
        (GOOD * np.inf, (10.0, 12.0), None, "from inf to inf; give finite values above 0"),
        (GOOD, (10.0, 0.0), None, r"\(10.0, 0.0\); give two positive lengths"),
        (GOOD, (np.nan, 9.0), None, r"\(nan, 9.0\); give two positive lengths"),
        (GOOD, (10.0,), None, r"\(10.0,\); give two positive lengths"),
        (GOOD, (10.0, 12.0), MASK[1:], r"the shape \(5, 8\) and 40 pixels inside; give one of"),
        (GOOD, (10.0, 12.0), ~MASK, r"the shape \(6, 8\) and 0 pixels inside; give one of"),
    ],
)
def test_a_simulation_says_what_is_wrong_with_its_input(equation, rate, spacing, mask, message):
    with pytest.raises(ValueError, match=message):
        equation.simulate(rate, spacing, mask=mask)
