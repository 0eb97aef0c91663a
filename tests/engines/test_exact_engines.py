"""Exact engines against analytic derivatives, and against each other."""

from __future__ import annotations

from itertools import combinations_with_replacement, product
from math import pi

import pytest
import torch
from torch import nn
from torch.nn import functional

from chromamol.engines.autodiff import AutodiffEngine
from chromamol.engines.grid import Grid
from chromamol.engines.taylor import TaylorEngine

ENGINES = (AutodiffEngine, TaylorEngine)
GRIDS = (
    Grid((17,), (0.13,), (-0.4,)),
    Grid((7, 5), (0.11, 0.23), (0.3, -0.2)),
    Grid((3, 5, 4), (0.31, 0.11, 0.23), (0.1, 0.3, -0.2)),
)
WAVE = torch.tensor([0.9, 1.7, -1.2], dtype=torch.float64)
PHASE = torch.tensor([0.4, -0.3, 1.1], dtype=torch.float64)
RATE = torch.tensor([-0.6, 0.8, 0.5], dtype=torch.float64)


def all_names(axes):
    letters = "zyx"[-axes:]
    partials = [
        "".join(name)[::-1]
        for order in range(5)
        for name in combinations_with_replacement(letters, order)
    ]
    return [*partials, "laplacian", "bilaplacian"]


def closed_form(points):
    """A product of waves, and an exponential."""
    axes = points.shape[1]
    angles = points * WAVE[-axes:] + PHASE[-axes:]
    waves = torch.sin(angles[:, 0])
    for axis in range(1, axes):
        waves = waves * torch.sin(angles[:, axis])
    return torch.stack([waves, 3 * torch.exp(points @ RATE[-axes:])], dim=-1)


def analytic(name, grid):
    """The derivative of `closed_form`, (2, *grid)."""
    axes = grid.axes
    wave, phase, rate = WAVE[-axes:], PHASE[-axes:], RATE[-axes:]
    points = grid.coordinates(dtype=torch.float64)
    orders = torch.zeros(axes, dtype=torch.float64)
    scale = torch.ones(2, 1, dtype=torch.float64)
    if name.endswith("laplacian"):
        power = 2 if name.startswith("bi") else 1
        scale[0], scale[1] = (-(wave**2).sum()) ** power, (rate**2).sum() ** power
    else:
        orders += torch.tensor([name.count(letter) for letter in "zyx"[-axes:]])
        scale[0], scale[1] = (wave**orders).prod(), (rate**orders).prod()
    waves = torch.sin(points * wave + phase + orders * pi / 2).prod(dim=-1)
    values = torch.stack([waves, 3 * torch.exp((points * rate).sum(dim=-1))])
    return (scale * values).reshape(2, *grid.shape)


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("grid", GRIDS)
def test_every_derivative_is_the_analytic_one(grid, engine):
    names = all_names(grid.axes)
    derived = engine(grid, names, dtype=torch.float64)(closed_form)
    assert list(derived) == names
    for name, field in derived.items():
        assert field.shape == (1, 2, *grid.shape)
        torch.testing.assert_close(field[0], analytic(name, grid), rtol=1e-11, atol=1e-11)


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize(
    ("axes", "name"), [(1, "xxx"), (2, "y"), (2, "xxyy"), (2, "bilaplacian"), (3, "zyxz"), (3, "")]
)
def test_a_derivative_does_not_depend_on_what_else_is_asked_for(axes, name, engine):
    grid = GRIDS[axes - 1]
    (field,) = engine(grid, [name], dtype=torch.float64)(closed_form).values()
    torch.testing.assert_close(field[0], analytic(name, grid), rtol=1e-11, atol=1e-11)


class Sine(nn.Module):
    def forward(self, x):
        return torch.sin(2 * x)


class Gated(nn.Module):
    """Fourier features, gates that multiply, a residual path and a quotient."""

    def __init__(self, activation, axes, channels):
        super().__init__()
        self.register_buffer("frequencies", torch.randn(axes, 3))
        self.activation = activation
        self.first, self.second, self.hidden = (nn.Linear(6, 7) for _ in range(3))
        self.mix = nn.Parameter(torch.tensor(0.3))
        self.last = nn.Linear(7, channels, bias=False)

    def forward(self, points):
        angles = points @ self.frequencies
        features = torch.cat([torch.cos(angles), torch.sin(angles)], dim=-1)
        u, v = self.activation(self.first(features)), self.activation(self.second(features))
        hidden = self.activation(self.hidden(features))
        gated = hidden * u + (1 - hidden) * v
        return self.last(self.mix * gated + (1 - self.mix) * u) / (2 + gated[:, :1] ** 2)


def plain(activation, axes, channels):
    hidden = (nn.Linear(8, 7), activation, nn.Linear(7, 9), activation)
    return nn.Sequential(nn.Linear(axes, 8), activation, *hidden, nn.Linear(9, channels))


ACTIVATIONS = (nn.Tanh(), nn.Sigmoid(), nn.SiLU(), nn.GELU(), Sine())
CASES = [(backbone, act, 2) for backbone, act in product((plain, Gated), ACTIVATIONS)]


@pytest.mark.parametrize(
    ("backbone", "activation", "axes"), [*CASES, (plain, nn.Tanh(), 1), (Gated, nn.SiLU(), 3)]
)
def test_both_engines_agree_to_rounding(backbone, activation, axes):
    torch.manual_seed(5)
    network = backbone(activation, axes, channels=2).double()
    grid, names = GRIDS[axes - 1], ["", "x", "xx", "xxx", "laplacian", "bilaplacian"]
    names += ["yx", "xyy", "yyyx"] if axes > 1 else []
    values, gradients = [], []
    for engine in ENGINES:
        derived = engine(grid, names, dtype=torch.float64)(network)
        residual = derived[""] * derived["xx"] + derived["x"] ** 2 - 0.1 * derived["bilaplacian"]
        loss = (residual**2).mean() + sum((field**2).mean() for field in derived.values())
        values.append(derived)
        gradients.append(torch.autograd.grad(loss, list(network.parameters())))
    torch.testing.assert_close(values[0], values[1], rtol=1e-9, atol=1e-9)
    torch.testing.assert_close(gradients[0], gradients[1], rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize(
    ("engine", "activation"),
    [
        (AutodiffEngine, "tanh"),
        *((TaylorEngine, name) for name in ("tanh", "silu", "cos", "exp", "gelu", "reciprocal")),
    ],
)
def test_gradients_of_the_parameters_are_those_of_the_values(engine, activation):
    torch.manual_seed(8)
    derivatives = engine(Grid((2, 3), (0.4, 0.3)), ["", "xxy", "bilaplacian"], dtype=torch.float64)
    weight = torch.randn(3, 2, dtype=torch.float64, requires_grad=True)
    bias = (2.5 + torch.rand(3, dtype=torch.float64)).requires_grad_()
    function = getattr(functional, activation, None) or getattr(torch, activation)

    def fields(weight, bias):
        return tuple(derivatives(lambda p: function(functional.linear(p, weight, bias))).values())

    assert torch.autograd.gradcheck(fields, (weight, bias))


@pytest.mark.parametrize("engine", ENGINES)
def test_derivatives_above_the_degree_of_a_polynomial_are_zero(engine):
    slope = torch.tensor([[2.0, -3.0]], requires_grad=True)
    derivatives = engine(GRIDS[1], ["x", "y", "xy", "bilaplacian"])
    derived = derivatives(lambda points: functional.linear(points, slope))
    for name, expected in (("x", -3.0), ("y", 2.0), ("xy", 0.0), ("bilaplacian", 0.0)):
        torch.testing.assert_close(derived[name], torch.full((1, 1, 7, 5), expected))
    constant = derivatives(lambda points: torch.ones(len(GRIDS[1].coordinates()), 2))
    assert all(not field.any() and field.shape == (1, 2, 7, 5) for field in constant.values())


@pytest.mark.parametrize("engine", ENGINES)
def test_without_gradients_the_values_are_the_same(engine):
    torch.manual_seed(2)
    network = plain(nn.Tanh(), 2, 1)
    derivatives = engine(GRIDS[1], ["", "yy", "bilaplacian"])
    recorded = derivatives(network)
    assert all(field.requires_grad and field.dtype == torch.float32 for field in recorded.values())
    with torch.no_grad():
        values = derivatives(network)
    assert not any(field.requires_grad for field in values.values())
    torch.testing.assert_close(values, {name: field.detach() for name, field in recorded.items()})


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize(
    ("names", "message"),
    [
        (["z"], "no derivative 'z'"),
        (["xxxxx"], "order 5"),
        ("x", "sequence of derivatives"),
        ([], "sequence of derivatives"),
    ],
)
def test_derivatives_that_there_are_not_are_refused(names, message, engine):
    with pytest.raises(ValueError, match=message):
        engine(GRIDS[1], names)


@pytest.mark.parametrize("engine", ENGINES)
def test_a_network_that_returns_no_channels_is_refused(engine):
    with pytest.raises(ValueError, match=r"Make it return \(points, channel\)"):
        engine(GRIDS[1], ["x"])(lambda points: points[:, 0])
