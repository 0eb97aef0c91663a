"""Rates found by networks, against problems with a known rate; and what goes wrong."""

from __future__ import annotations

import re
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np
import pytest
import torch
from torch import nn

from chromamol.backbones import MLP
from chromamol.equations.mark_turnover import MarkTurnover
from chromamol.errors import CallError
from chromamol.inference.network import Budget, Ending, NetworkProblem, solve_by_network
from chromamol.inference.network import solve as solving

from .conftest import error, growth, turnover


@pytest.mark.parametrize("engine", ["mollifier", "finite-difference", "taylor", "autodiff"])
def test_every_engine_finds_the_force(engine):
    problem, rate = growth()
    solution = solve_by_network(problem, engine=engine, budget=Budget(200), device="cpu")
    assert solution.ending in {Ending.CONVERGED, Ending.SPENT}
    assert 0.6 < solution.misfits[0] < 1.2
    assert error(solution.rate, rate) < 0.12
    even = np.full_like(rate, rate.mean())
    assert error(even, rate) > 0.5


@pytest.mark.parametrize("backbone", ["pirate-net", "pixel-grid", "pinnsformer"])
def test_every_backbone_finds_the_force(backbone):
    problem, rate = growth()
    solution = solve_by_network(problem, backbone=backbone, budget=Budget(120), device="cpu")
    assert error(solution.rate, rate) < 0.2


def test_a_masked_mark_on_pixels_that_are_not_square():
    problem, rate = turnover()
    solution = solve_by_network(problem, budget=Budget(300), device="cpu")
    assert np.array_equal(np.isnan(solution.rate), ~problem.mask)
    assert error(solution.rate, rate) < 0.08


def test_a_network_of_ones_own():
    def small(grid, fields):
        centre = grid.coordinates().mean(dim=0)

        class Own(nn.Module):
            def __init__(self):
                super().__init__()
                self.layers = nn.Sequential(
                    nn.Linear(grid.axes, 32),
                    nn.Tanh(),
                    nn.Linear(32, 32),
                    nn.Tanh(),
                    nn.Linear(32, fields),
                )

            def forward(self, points):
                return self.layers(points - centre)

        return Own()

    problem, rate = growth()
    solution = solve_by_network(problem, backbone=small, budget=Budget(400), device="cpu")
    # A network without features is slow to learn the ends.
    inner = slice(12, -12)
    assert error(solution.rate[inner], rate[inner]) < 0.2


def test_a_seed_is_a_result():
    problem, _ = growth(count=60)
    state = torch.random.get_rng_state()
    one, same, other = (
        solve_by_network(problem, budget=Budget(40), seed=seed, device="cpu").rate
        for seed in (1, 1, 2)
    )
    np.testing.assert_array_equal(one, same)
    assert np.abs(one - other).max() > 0
    assert torch.equal(torch.random.get_rng_state(), state)


def test_networks_that_are_built_at_once_have_their_own_seeds():
    problem, _ = growth(count=60)

    def slow(grid, fields):
        layer = MLP(grid, fields)
        time.sleep(0.05)
        return nn.Sequential(layer, nn.Linear(fields, fields))

    def together(seed):
        return solve_by_network(
            problem, backbone=slow, budget=Budget(1), seed=seed, device="cpu"
        ).fields

    alone = [together(seed) for seed in range(3)]
    with ThreadPoolExecutor(3) as pool:
        at_once = list(pool.map(together, range(3)))
    np.testing.assert_array_equal(at_once, alone)


@pytest.mark.parametrize("engine", ["mollifier", "taylor", "autodiff"])
def test_a_network_that_is_no_number_is_an_ending(engine):
    def broken(_grid, _fields):
        class Broken(nn.Module):
            def __init__(self):
                super().__init__()
                self.weight = nn.Parameter(torch.ones(()))

            def forward(self, points):
                return (self.weight + 0 * points) * torch.inf

        return Broken()

    problem, _ = growth(count=60)
    solution = solve_by_network(
        problem, backbone=broken, engine=engine, budget=Budget(20), device="cpu"
    )
    assert solution.ending is Ending.NOT_FINITE
    assert np.isnan([*solution.rate, *solution.fields.ravel(), *solution.misfits]).all()


def test_a_training_that_breaks_down_on_the_way_is_an_ending(monkeypatch):
    problem, _ = growth(count=60)
    once = solving.NetworkLoss.improve_rate

    def breaks(self, steps):
        once(self, steps)
        next(self.backbone.parameters()).data.fill_(torch.nan)

    monkeypatch.setattr(solving.NetworkLoss, "improve_rate", breaks)
    solution = solve_by_network(problem, budget=Budget(200), device="cpu")
    assert solution.ending is Ending.NOT_FINITE
    assert 100 <= solution.steps < 200
    assert np.isnan(solution.rate).all()


@dataclass(frozen=True)
class Decay:
    """u' = -r u, or what is written instead of r."""

    derivatives: ClassVar[tuple[str, ...]] = ("", "x")
    of_rate: Any = lambda rate: rate

    def residual(self, field, rate):
        return field["x"] + self.of_rate(rate) * field[""]


@pytest.mark.parametrize("unit", [1.0, 1e-9, 1e6])
def test_the_unit_of_length_does_not_matter(unit):
    time = np.linspace(0, 1, 100)
    rate = 2 + np.sin(5 * time)
    clean = np.exp(-(2 * time - (np.cos(5 * time) - 1) / 5))
    sd = 0.002 * clean.std()
    data = clean + sd * np.random.default_rng(0).standard_normal(100)
    spacing = (unit * float(time[1]),)
    problem = NetworkProblem(Decay(), [data], [sd], spacing, variation=unit)
    solution = solve_by_network(problem, budget=Budget(150), device="cpu")
    assert error(unit * solution.rate, rate) < 0.05


@pytest.mark.parametrize(
    "of_rate",
    [
        torch.exp,
        torch.log,
        torch.reciprocal,
        lambda rate: (rate - 5).abs(),
        lambda rate: rate.clamp(max=2.5),
        lambda rate: torch.where(rate > 4, 2 * rate, rate),
        lambda rate: rate + torch.gradient(rate)[0],
        lambda rate: rate - rate.mean(),
    ],
)
def test_a_residual_that_is_not_linear_in_its_rate_is_refused(of_rate):
    problem, _ = growth(count=60)
    bent = replace(problem, equation=Decay(of_rate=of_rate))
    with pytest.raises(CallError, match="residual of Decay is not linear in its rate"):
        solve_by_network(bent, device="cpu")


@pytest.mark.parametrize(
    ("residual", "said"),
    [
        (lambda field, rate: None, "is a NoneType of the shape ()"),
        (lambda field, rate: rate[:5], "of the shape (5,)"),
        (lambda field, rate, source: rate, "cannot be evaluated"),
        (lambda field, rate: field["xx"] - rate, "KeyError: 'xx'"),
        (lambda field, rate: (field["x"] - rate).numpy(), "is a ndarray"),
    ],
)
def test_a_residual_that_is_none_is_refused(residual, said):
    problem, _ = growth(count=60)

    class Own:
        derivatives = ("x",)

    Own.residual = staticmethod(residual)
    with pytest.raises(CallError, match=re.escape(said)):
        solve_by_network(replace(problem, equation=Own()), device="cpu")


def test_a_network_instead_of_a_function_is_refused():
    problem, _ = growth(count=60)
    with pytest.raises(CallError, match="Give a function"):
        solve_by_network(problem, backbone=nn.Linear(1, 1), device="cpu")


def test_an_equation_that_asks_for_no_rate_is_an_ending():
    problem, _ = growth(count=60)
    none = replace(problem, equation=Decay(of_rate=lambda rate: 0 * rate))
    solution = solve_by_network(none, budget=Budget(20), device="cpu")
    assert solution.ending is Ending.NOT_FINITE


def test_a_network_with_too_few_values_is_refused():
    problem, _ = growth(count=60)
    with pytest.raises(CallError, match=r"returned the shape \(.*, 2\).* with 1 for the fields"):
        solve_by_network(problem, backbone=lambda grid, _: MLP(grid, 2), device="cpu")


def test_fields_that_were_not_learned_are_told():
    problem, _ = growth()
    solution = solve_by_network(problem, budget=Budget(4), device="cpu")
    assert solution.ending is Ending.MISFIT
    assert solution.misfits[0] > 2


def test_noise_that_was_learned_is_told_and_a_mollifier_does_not_learn_it():
    problem, rate = growth(noise=0.05, count=240)
    by = {
        engine: solve_by_network(
            problem, backbone="pixel-grid", engine=engine, budget=Budget(400), device="cpu"
        )
        for engine in ("finite-difference", "mollifier")
    }
    assert by["finite-difference"].ending is Ending.LEARNED_NOISE
    assert by["finite-difference"].misfits[0] < 0.5
    assert by["mollifier"].ending in {Ending.CONVERGED, Ending.SPENT}
    assert error(by["mollifier"].rate, rate) < 0.6 * error(by["finite-difference"].rate, rate)


def two_fields(*noise, noise_is_known=True):
    """A bright and a dark state in one dimension, and what turns one into the other."""
    x, step = np.linspace(0, 1, 80, retstep=True)
    fields = [1.5 + np.sin(4 * x), 2 + np.cos(3 * x)]
    generator = np.random.default_rng(8)
    sds = [share * field.std() for share, field in zip(noise, fields, strict=True)]
    data = [
        field + sd * generator.standard_normal(len(x))
        for field, sd in zip(fields, sds, strict=True)
    ]
    return NetworkProblem(Turning(), data, sds, (float(step),), noise_is_known=noise_is_known)


class Turning:
    """first = rate x second."""

    derivatives = ("",)

    @staticmethod
    def residual(first, second, rate):
        return first[""] - rate * second[""]


def test_every_field_counts():
    how = {"backbone": "pixel-grid", "engine": "finite-difference", "device": "cpu"}

    def solve(*noise, **known):
        problem = two_fields(*noise, **known)
        # As the data are: cells that are not trained have learned all their noise.
        return solve_by_network(problem, budget=Budget(1), **how)

    one_is_noisy = solve(0.05, 0.0)
    assert one_is_noisy.ending is Ending.LEARNED_NOISE
    assert one_is_noisy.misfits[0] < 0.5
    assert solve(0.0, 0.05).ending is Ending.LEARNED_NOISE
    assert solve(0.0, 0.0).ending is Ending.SPENT
    # What cells share, or structure of a pixel, makes an estimate of the noise too large.
    assert solve(0.05, 0.05, noise_is_known=False).ending is Ending.SPENT


@pytest.mark.parametrize(("misfits", "is_learned"), [((1.0, 2.9), True), ((1.0, 3.1), False)])
def test_fields_are_learned_on_average(monkeypatch, misfits, is_learned):
    monkeypatch.setattr(solving.NetworkLoss, "misfits", lambda _: torch.tensor(misfits))
    solution = solve_by_network(two_fields(0.05, 0.05), budget=Budget(4), device="cpu")
    assert solution.misfits == pytest.approx(misfits)
    assert (solution.ending is not Ending.MISFIT) == is_learned


def test_what_has_no_noise_may_be_learned_as_it_is():
    problem, _ = growth(noise=0.0)
    solution = solve_by_network(
        problem, backbone="pixel-grid", engine="finite-difference", budget=Budget(60), device="cpu"
    )
    assert solution.misfits[0] < 0.5
    assert solution.ending in {Ending.CONVERGED, Ending.SPENT}


def test_noise_above_the_signal_is_no_structure():
    problem, _ = growth(noise=3.0)
    solution = solve_by_network(problem, budget=Budget(200), device="cpu")
    assert np.isfinite(solution.rate).all()
    assert solution.rate.std() < 0.5 * problem.fields[0].std() / problem.spacing[0]


def test_a_card_with_too_little_memory_hands_over_to_the_processor(monkeypatch):
    problem, _ = growth(count=60)
    tried = []

    def on(self, device, progress, *, fell_back=False):
        tried.append(device.type)
        if device.type == "cuda":
            raise torch.OutOfMemoryError
        return original(self, device, progress, fell_back=fell_back)

    original = solving._Run.on
    monkeypatch.setattr(solving._Run, "on", on)
    monkeypatch.setattr(solving, "choose_device", lambda *_, **__: torch.device("cuda"))
    solution = solve_by_network(problem, budget=Budget(4))
    assert tried == ["cuda", "cpu"]
    assert solution.fell_back


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a CUDA device")
def test_cuda_where_there_is_none_is_told():
    problem, _ = growth(count=60)
    with pytest.raises(CallError, match="No CUDA graphics card"):
        solve_by_network(problem, budget=Budget(4), device="cuda")


def test_an_outline_is_no_wave_of_the_field():
    y, x = np.indices((40, 52))
    mask = ((y - 20) / 18) ** 2 + ((x - 26) / 23) ** 2 < 1
    ramp = np.where(mask, 3.0 * x, np.nan)
    problem = NetworkProblem(
        MarkTurnover(60.0), [ramp], [0.01], (20.0, 20.0), mask=mask, variation=350.0
    )
    # A slope of 3 along one axis of two, over half the longest axis.
    expected = 3 / np.sqrt(2) / ramp[mask].std() * 52 / 2
    assert problem.wave_number == pytest.approx(expected, rel=0.08)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"backbone": "resnet"}, "There is no 'resnet'. Choose one of mlp, pirate-net"),
        ({"engine": "magic"}, "There is no 'magic'. Choose one of mollifier"),
        ({"device": "tpu"}, "There is no 'tpu'. Choose one of auto, cpu, cuda"),
        ({"seed": 2**70}, "whole number from 0 to"),
        ({"backbone": lambda _grid, _fields: abs}, "Return a torch.nn.Module"),
        ({"backbone": "pixel-grid", "engine": "taylor"}, "pixel grid has no derivatives"),
    ],
)
def test_choices_that_do_not_exist_are_refused(options, words):
    problem, _ = growth(count=60)
    with pytest.raises(CallError, match=words):
        solve_by_network(problem, **options)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"fields": [np.full(60, np.nan)]}, "60 values .* NaN or infinite"),
        ({"fields": [np.full(60, 3.0)]}, "one value in all cells"),
        ({"mask": np.zeros(60, dtype=bool)}, "0 cells inside"),
        ({"mask": np.ones(60, dtype=int)}, "mask of bool"),
        ({"mask": np.ones(59, dtype=bool)}, "arrays of one shape"),
        ({"noise_sd": [-1.0]}, "standard deviation, zero or more"),
        ({"noise_sd": 0.1}, "list with one standard deviation"),
        ({"noise_sd": [np.full(60, 0.1)]}, "list with one standard deviation"),
        ({"spacing": 0.1}, "tuple with one for each axis"),
        ({"spacing": (0.1, 0.1)}, "spacing for each axis"),
        ({"spacing": (0.0,)}, "positive lengths"),
        ({"spacing": (np.nan,)}, "positive lengths"),
        ({"variation": 0.0}, "positive lengths"),
        ({"weight": np.zeros(60)}, "not zero everywhere"),
        ({"weight": np.full(60, np.nan)}, "between 0 and 1"),
        ({"weight": np.full(60, 1.5)}, "between 0 and 1"),
    ],
)
def test_a_problem_that_is_none_is_refused(changes, words):
    problem, _ = growth(count=60)
    with pytest.raises(CallError, match=words):
        replace(problem, **changes)


@pytest.mark.parametrize(
    "limits", [{"steps": 0}, {"steps": -3}, {"seconds": 0}, {"seconds": np.nan}]
)
def test_a_budget_that_is_none_is_refused(limits):
    with pytest.raises(CallError, match="at least 1 step, and a time above zero"):
        Budget(**limits)
