"""The engines that convolve: mollifiers and finite differences, on the interface of the others."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy import ndimage

from chromamol.engines.autodiff import AutodiffEngine
from chromamol.engines.finite_difference import FiniteDifferenceEngine
from chromamol.engines.grid import Grid
from chromamol.engines.mollifier import MollifierEngine

NAMES = ("", "x", "yy", "xy", "xxx", "laplacian", "bilaplacian")
GRID = Grid((33, 41), (0.02, 0.03), (0.4, -0.2))


def smooth(points: torch.Tensor) -> torch.Tensor:
    y, x = points.unbind(dim=-1)
    return torch.stack([torch.sin(2 * y + 0.3) * torch.cos(1.5 * x), (y * x - x) ** 3], dim=-1)


@pytest.mark.parametrize(
    ("engine", "tolerance"),
    [
        (FiniteDifferenceEngine(GRID, NAMES, dtype=torch.float64), 1e-4),
        (MollifierEngine(GRID, NAMES, 5, dtype=torch.float64), 2e-3),
    ],
)
def test_they_agree_with_automatic_differentiation(engine, tolerance):
    exact = AutodiffEngine(GRID, NAMES, dtype=torch.float64)(smooth)
    found = engine(smooth)
    assert list(found) == list(NAMES)
    for name, truth in exact.items():
        assert found[name].shape == (1, 2, 33, 41)
        assert found[name].dtype == torch.float64
        error = (found[name] - truth).abs().max() / truth.abs().max()
        assert error < tolerance, name


def test_finite_differences_are_those_of_the_textbook():
    values = smooth(GRID.coordinates(2, dtype=torch.float64))[:, 0].reshape(37, 45).numpy()
    second = np.array([-1, 16, -30, 16, -1]) / 12
    expected = sum(
        ndimage.correlate1d(values, second / side**2, axis=axis)
        for axis, side in enumerate(GRID.spacing)
    )[2:-2, 2:-2]
    engine = FiniteDifferenceEngine(GRID, ("laplacian",), dtype=torch.float64)
    found = engine(smooth)["laplacian"][0, 0].numpy()
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-10 * np.abs(expected).max())


def test_finite_differences_leave_the_field_itself_alone():
    engine = FiniteDifferenceEngine(GRID, ("", "xx"), dtype=torch.float64)
    own = GRID.field(smooth(GRID.coordinates(dtype=torch.float64)))
    torch.testing.assert_close(engine(smooth)[""], own, rtol=0, atol=1e-14)


@pytest.mark.parametrize("order", [1, 2, 4])
def test_the_error_of_finite_differences_falls_with_the_fourth_power_of_the_spacing(order):
    name = "x" * order
    errors = []
    for cells in (10, 20):
        grid = Grid((cells,), (1.0 / cells,))

        def wave(points: torch.Tensor) -> torch.Tensor:
            return torch.sin(3 * points)

        found = FiniteDifferenceEngine(grid, (name,), dtype=torch.float64)(wave)[name]
        truth = AutodiffEngine(grid, (name,), dtype=torch.float64)(wave)[name]
        errors.append(float((found - truth).detach().abs().max()))
    assert np.log2(errors[0] / errors[1]) == pytest.approx(4, abs=0.4)


@pytest.mark.parametrize("kind", [FiniteDifferenceEngine, MollifierEngine])
def test_gradients_reach_the_parameters_of_the_network(kind):
    torch.manual_seed(0)
    network = torch.nn.Sequential(
        torch.nn.Linear(2, 8), torch.nn.Tanh(), torch.nn.Linear(8, 1)
    ).double()
    names = ("laplacian",)

    def gradient(engine):
        network.zero_grad()
        engine(network)["laplacian"].square().mean().backward()
        # The Laplacian does not hold the last bias.
        return torch.cat([p.grad.flatten() for p in list(network.parameters())[:-1]])

    radius = (5,) if kind is MollifierEngine else ()
    found = gradient(kind(GRID, names, *radius, dtype=torch.float64))
    exact = gradient(AutodiffEngine(GRID, names, dtype=torch.float64))
    torch.testing.assert_close(found, exact, rtol=0.02, atol=1e-3 * float(exact.abs().max()))


@pytest.mark.parametrize("kind", [FiniteDifferenceEngine, MollifierEngine])
def test_what_the_grid_does_not_have_is_refused(kind):
    radius = (5,) if kind is MollifierEngine else ()
    with pytest.raises(ValueError, match="no derivative 'z'"):
        kind(GRID, ("z",), *radius)
    with pytest.raises(ValueError, match="such as"):
        kind(GRID, (), *radius)
