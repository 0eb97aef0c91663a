"""Rules of Taylor mode against the interpolation of the function itself along a line."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from numpy.polynomial import chebyshev
from torch import nn
from torch.nn import functional

from chromamol.engines.jet import Jet

ORDER = 4
NODES = np.cos((np.arange(25) + 0.5) * np.pi / 25)


def operand(seed, shape):
    """A jet of degree 3 along two directions, with values above 1."""
    generator = torch.Generator().manual_seed(seed)
    value = 1 + torch.rand(shape, generator=generator, dtype=torch.float64)
    sizes = (2, *shape)
    others = [0.2 * torch.rand(sizes, generator=generator, dtype=torch.float64) for _ in range(3)]
    return Jet([value, *others], ORDER)


def at(jet, direction, t):
    """The value of the series at t."""
    value, *others = jet.coefficients
    return value + sum(other[direction] * t**k for k, other in enumerate(others, start=1))


def coefficients_by_interpolation(function, *jets):
    """Coefficients (direction, *shape) of the function along the lines."""
    found = []
    for direction in range(2):
        values = [function(*(at(jet, direction, t) for jet in jets)) for t in NODES]
        samples = torch.stack(values).flatten(start_dim=1).numpy()
        series = chebyshev.chebfit(NODES, samples, deg=len(NODES) - 1)
        powers = np.stack([chebyshev.cheb2poly(column)[: ORDER + 1] for column in series.T], axis=1)
        found.append(torch.from_numpy(powers).reshape(-1, *values[0].shape))
    return torch.stack(found, dim=1)


def assert_exact(function, *jets):
    found = function(*jets).coefficients
    value, *others = coefficients_by_interpolation(function, *jets)
    torch.testing.assert_close(found[0].expand_as(value), value, rtol=1e-9, atol=1e-9)
    for k, other in enumerate(others, start=1):
        coefficient = found[k] if k < len(found) else torch.zeros_like(other)
        torch.testing.assert_close(coefficient, other, rtol=1e-9, atol=1e-9)


MATRIX = torch.tensor([[0.3, -1.0], [0.8, 0.1], [-0.4, 0.9]], dtype=torch.float64)
ROW = torch.tensor([0.5, -2.0, 1.5], dtype=torch.float64)
STACK = torch.arange(1, 25, dtype=torch.float64).reshape(4, 2, 3)


@pytest.mark.parametrize(
    "function",
    [
        torch.tanh,
        torch.sigmoid,
        torch.sin,
        torch.cos,
        torch.exp,
        torch.reciprocal,
        functional.silu,
        functional.gelu,
        functional.tanh,
        nn.SiLU(inplace=True),
        nn.GELU(),
        lambda x: x.sin() * x.tanh(),
    ],
)
def test_elementwise_functions(function):
    assert_exact(function, operand(1, (2, 3)))


@pytest.mark.parametrize(
    "function",
    [
        lambda x: functional.linear(x, MATRIX.T, ROW[:2]),
        lambda x: functional.linear(x, MATRIX.T),
        lambda x: x @ MATRIX,
        lambda x: x @ ROW,
        lambda x: torch.matmul(MATRIX, x),
        lambda x: x[:, 1],
        lambda x: x[..., 1:],
        lambda x: x[1, [0, 2]],
        lambda x: x.reshape(3, 2),
        lambda x: torch.reshape(x, (1, -1)),
        lambda x: x.view(6).unsqueeze(0),
        lambda x: torch.sum(x, dim=-1, keepdim=True),
        lambda x: x.permute(1, 0).mean(0),
        lambda x: torch.cat([x, torch.ones(2, 1, dtype=x.dtype), torch.sin(x)], dim=1),
        lambda x: torch.stack((ROW.expand(2, 3), x), -1),
    ],
)
def test_linear_functions(function):
    assert_exact(function, operand(2, (2, 3)))


@pytest.mark.parametrize(
    "function",
    [
        lambda x: 2 - x,
        lambda x: ROW - x,
        lambda x: x - ROW,
        lambda x: ROW + x + 1,
        lambda x: ROW * x,
        lambda x: 3 * -x,
        lambda x: STACK * x + x * STACK,
        lambda x: STACK / x,
        lambda x: x / 4,
        lambda x: 1 / x,
        lambda x: x**3,
        lambda x: torch.pow(x, 1),
        lambda x: torch.neg(torch.true_divide(x, ROW)),
    ],
)
def test_operators_with_constants(function):
    assert_exact(function, operand(3, (2, 3)))


@pytest.mark.parametrize("shapes", [((2, 3), (2, 3)), ((2, 1), (2, 3)), ((3,), (4, 2, 3))])
@pytest.mark.parametrize(
    "function",
    [
        lambda x, y: x + y,
        lambda x, y: x - y,
        lambda x, y: torch.sub(x * x, y),
        lambda x, y: x - y * y,
        lambda x, y: x * y,
        lambda x, y: x / y,
    ],
)
def test_operators_of_two_series(function, shapes):
    assert_exact(function, operand(4, shapes[0]), operand(5, shapes[1]))


def test_a_product_of_two_matrices():
    assert_exact(lambda x, y: x @ y.transpose(-1, -2), operand(4, (2, 3)), operand(5, (4, 5, 3)))


@pytest.mark.parametrize(
    ("function", "name"),
    [
        (nn.ReLU(), "relu"),
        (nn.LayerNorm(3), "layer_norm"),
        (nn.Dropout(0.5), "dropout"),
        (lambda x: torch.add(torch.log(x), 1), "log"),
        (lambda x: torch.softmax(x, dim=-1), "softmax"),
    ],
)
def test_a_function_without_a_rule_is_named_with_those_that_have_one(function, name):
    with pytest.raises(TypeError, match=f"no rule for torch's '{name}'.*cat, cos, div.*autodiff"):
        function(operand(6, (2, 3)))


def test_what_a_rule_does_not_cover_is_refused():
    jet = operand(7, (3, 3))
    with pytest.raises(AttributeError, match=r"no rule for a tensor's 'erf'.*tanh"):
        jet.erf()
    with pytest.raises(TypeError, match=r"int of 1 or more, not 0\.5"):
        jet**0.5
    with pytest.raises(TypeError, match="exact 'gelu'"):
        nn.GELU(approximate="tanh")(jet)


def test_gradients_of_gradients_are_refused_not_wrong():
    weight = torch.ones(3, 3, dtype=torch.float64, requires_grad=True)
    jet = torch.tanh(functional.linear(operand(8, (2, 3)), weight))
    with pytest.raises(RuntimeError, match=r"no gradients of gradients.*create_graph"):
        torch.autograd.grad(jet.coefficients[2].sum(), weight, create_graph=True)
