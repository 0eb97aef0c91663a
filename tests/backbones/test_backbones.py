"""Backbones: shapes, how they begin, what their papers claim, and which engines take them."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from chromamol.backbones import MLP, PINNsFormer, PirateNet, PixelGrid
from chromamol.backbones.pinnsformer import Wavelet
from chromamol.engines.autodiff import AutodiffEngine
from chromamol.engines.finite_difference import FiniteDifferenceEngine
from chromamol.engines.grid import Grid
from chromamol.engines.mollifier import MollifierEngine
from chromamol.engines.taylor import TaylorEngine

GRID = Grid((12, 9), (0.1, 0.13), (0.3, -0.2))
NAMES = ("", "x", "laplacian", "bilaplacian")
NETWORKS = (MLP, PirateNet, PINNsFormer)


def awake(kind, grid=GRID, **options):
    """A network in float64, no part of which is switched off."""
    torch.manual_seed(1)
    network = kind(grid, 2, wave_number=2.0, **options).double()
    for name, parameter in network.named_parameters():
        if name.endswith("alpha"):
            parameter.data.fill_(0.6)
    return network


@pytest.mark.parametrize("kind", NETWORKS)
@pytest.mark.parametrize("grid", [Grid((7,), (0.2,)), GRID, Grid((3, 4, 5), (0.3, 0.2, 0.1))])
def test_a_value_for_every_channel_at_every_point(kind, grid):
    values = kind(grid, 3, wave_number=2.0)(grid.coordinates())
    assert values.shape == (torch.Size(grid.shape).numel(), 3)
    assert torch.isfinite(values).all()


@pytest.mark.parametrize("kind", NETWORKS)
def test_a_point_does_not_know_of_the_others(kind):
    network, points = awake(kind), GRID.coordinates(dtype=torch.float64)
    order = torch.randperm(len(points))
    torch.testing.assert_close(network(points[order]), network(points)[order])


@pytest.mark.parametrize("kind", NETWORKS)
def test_forward_and_backward_mode_agree_to_the_fourth_order(kind):
    network = awake(kind)
    exact, taylor = (
        engine(GRID, NAMES, dtype=torch.float64)(network)
        for engine in (AutodiffEngine, TaylorEngine)
    )
    for name in NAMES:
        torch.testing.assert_close(taylor[name], exact[name], rtol=1e-9, atol=1e-9)


def test_the_unit_of_length_does_not_matter():
    nm = Grid((12, 9), (100.0, 130.0), (300.0, -200.0))
    one, other = awake(MLP), awake(MLP, nm)
    torch.testing.assert_close(
        one(GRID.coordinates(dtype=torch.float64)),
        other(nm.coordinates(dtype=torch.float64)),
        rtol=1e-5,  # the centre is kept in float32
        atol=1e-5,
    )


def test_a_pirate_net_begins_as_a_linear_map_of_its_features():
    torch.manual_seed(0)
    network = PirateNet(GRID, 2, width=32, depth=3, wave_number=2.0).double()
    points = GRID.coordinates(dtype=torch.float64)
    features = network._features(points)
    np.testing.assert_allclose(
        (features[:, :16] ** 2 + features[:, 16:] ** 2).numpy(), 1, rtol=1e-12
    )
    torch.testing.assert_close(network(points), network._last(features))
    # Each block is the identity, and not dead: its weight has a gradient.
    network(points).square().sum().backward()
    assert all(block.alpha.grad.abs() > 0 for block in network._blocks)


def test_a_pirate_net_can_begin_at_the_least_squares_fit_of_data():
    torch.manual_seed(0)
    network = PirateNet(GRID, 1, wave_number=2.0)
    points = GRID.coordinates()
    wanted = torch.sin(2 * points[:, :1]) * torch.cos(3 * points[:, 1:])
    network.fit(points, wanted)
    assert (network(points) - wanted).norm() < 0.05 * wanted.norm()


def test_a_wavelet_is_any_phase_of_a_wave():
    wavelet = Wavelet()
    x = torch.linspace(-4, 4, 50)
    expected = 2**0.5 * torch.sin(x + torch.pi / 4)
    torch.testing.assert_close(wavelet(x), expected)


def test_a_pinnsformer_sees_its_sequence_along_the_first_axis_only():
    network = awake(PINNsFormer, step=0.5)
    points = GRID.coordinates(dtype=torch.float64)
    before = network(points)
    network._steps[1:, 0] += 0.1
    assert (network(points) - before).abs().max() > 1e-6
    assert not network._steps[:, 1].any()


def test_a_pinnsformer_without_a_sequence_has_nothing_to_attend_to():
    network = awake(PINNsFormer, sequence=1)
    points = GRID.coordinates(dtype=torch.float64)
    before = network(points)
    for layer in (*network._encoder, *network._decoder):
        layer._attention._query.weight.data.zero_()
    torch.testing.assert_close(network(points), before)


@pytest.mark.parametrize("kind", [MollifierEngine, FiniteDifferenceEngine])
def test_a_pixel_grid_holds_the_cells_and_their_margin(kind):
    radius = (5,) if kind is MollifierEngine else ()
    y, x = torch.meshgrid(torch.arange(12.0), torch.arange(9.0), indexing="ij")
    cells = PixelGrid(GRID, 1, margin=6)
    cells.fit(torch.sin(0.1 * y + 0.2 * x)[None])
    torch.testing.assert_close(
        GRID.field(cells(GRID.coordinates()))[0, 0], torch.sin(0.1 * y + 0.2 * x)
    )
    derived = kind(GRID, ("", "x"), *radius)(cells)
    derived["x"].square().sum().backward()
    assert cells.values.grad.abs().sum() > 0
    slope = 0.2 * torch.cos(0.1 * y + 0.2 * x) / 0.13
    torch.testing.assert_close(derived["x"][0, 0, 5:7, 4], slope[5:7, 4], rtol=0.02, atol=0.01)


@pytest.mark.parametrize("kind", [AutodiffEngine, TaylorEngine])
def test_a_pixel_grid_has_no_derivatives_by_its_coordinates(kind):
    with pytest.raises(TypeError, match="no derivatives by its coordinates"):
        kind(GRID, ("x",))(PixelGrid(GRID, 1))


def test_a_point_outside_a_pixel_grid_is_told():
    with pytest.raises(ValueError, match="12 x 9 cells"):
        PixelGrid(GRID, 1)(GRID.coordinates(margin=1))
