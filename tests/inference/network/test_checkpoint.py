"""Trainings that go on later: what a checkpoint holds, and which files are refused."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np
import pytest
import torch
from torch import nn

import chromamol
from chromamol.backbones import MLP
from chromamol.errors import CallError, Cancelled
from chromamol.inference.network import Budget, solve_by_network
from chromamol.inference.network import checkpoint as checkpoints
from chromamol.progress import Silent

from .conftest import growth


class Stops(Silent):
    def __init__(self, after):
        self.left = after

    def advance(self, steps=1):
        self.left -= steps
        if self.left < 0:
            raise Cancelled


def test_a_cancelled_training_goes_on_to_where_it_would_have_come(tmp_path):
    problem, _ = growth(count=60)
    options = {"budget": Budget(200), "device": "cpu"}
    whole = solve_by_network(problem, **options)
    path = tmp_path / "training.pt"
    with pytest.raises(Cancelled):
        solve_by_network(problem, checkpoint=path, progress=Stops(120), **options)
    assert path.exists()
    resumed = solve_by_network(problem, checkpoint=path, **options)
    np.testing.assert_allclose(resumed.rate, whole.rate, rtol=1e-3, atol=1e-3)
    assert list(tmp_path.iterdir()) == [path]


def own_network(width):
    def own(grid, fields):
        return MLP(grid, fields, width=width, depth=2)

    return own


def test_a_network_of_ones_own_goes_on_in_another_process(tmp_path):
    problem, _ = growth(count=60)
    path = tmp_path / "training.pt"
    options = {"device": "cpu", "checkpoint": path}
    first = solve_by_network(problem, backbone=own_network(16), budget=Budget(80), **options)
    # The same function is another object there.
    more = solve_by_network(problem, backbone=own_network(16), budget=Budget(160), **options)
    assert more.steps > first.steps
    with pytest.raises(CallError, match="is of another network"):
        solve_by_network(problem, backbone=own_network(24), budget=Budget(160), **options)


def test_a_checkpoint_of_something_else_is_refused(tmp_path, monkeypatch):
    problem, _ = growth(count=60)
    path = tmp_path / "training.pt"
    options = {"budget": Budget(12), "device": "cpu", "checkpoint": path}
    solve_by_network(problem, **options)
    with pytest.raises(CallError, match="other data or other settings"):
        solve_by_network(problem, seed=3, **options)
    changed = replace(problem, fields=[problem.fields[0] + 1e-3])
    with pytest.raises(CallError, match="other data or other settings"):
        solve_by_network(changed, **options)
    monkeypatch.setattr(chromamol, "__version__", "99.0")
    with pytest.raises(CallError, match=r"written by chromamol .* and this is 99\.0"):
        solve_by_network(problem, **options)


@dataclass
class Spread:
    """An equation with a large array; without words of its own, as many are written."""

    field: Any
    derivatives: ClassVar[tuple[str, ...]] = ("", "x")
    __repr__ = object.__repr__

    def residual(self, field, rate):
        return field["x"] - rate


def test_an_equation_is_known_by_what_it_holds():
    problem, _ = growth(count=60)
    held = np.arange(5000.0)
    changed = held.copy()
    changed[2500] += 1  # which no printed array shows
    one, same, other = (
        checkpoints.fingerprint(replace(problem, equation=Spread(array)))
        for array in (held, held.copy(), changed)
    )
    assert one == same
    assert one != other


def test_a_changed_equation_or_network_is_another_training(tmp_path):
    problem, _ = growth(count=60)
    path = tmp_path / "training.pt"
    options = {"budget": Budget(12), "device": "cpu", "checkpoint": path}
    factor, slope = 1.0, 1.0

    class Corrected:
        derivatives = ("x",)

        @staticmethod
        def residual(field, rate):
            return factor * field["x"] - rate

    def own(grid, fields):
        class Own(nn.Module):
            def __init__(self):
                super().__init__()
                self.layer = nn.Linear(grid.axes, fields)

            def forward(self, points):
                return torch.sin(slope * self.layer(points))

        return Own()

    equation = replace(problem, equation=Corrected())
    solve_by_network(equation, backbone=own, **options)
    solve_by_network(equation, backbone=own, **options)  # goes on
    factor = 2.0
    with pytest.raises(CallError, match="of another equation"):
        solve_by_network(equation, backbone=own, **options)
    factor, slope = 1.0, 1.2
    with pytest.raises(CallError, match="of another network"):
        solve_by_network(equation, backbone=own, **options)


def test_a_network_that_leaves_out_by_chance_goes_on(tmp_path):
    problem, _ = growth(count=60)
    options = {"device": "cpu", "checkpoint": tmp_path / "training.pt"}

    def chancy(grid, fields):
        return nn.Sequential(nn.Linear(grid.axes, 8), nn.Dropout(0.5), nn.Linear(8, fields))

    first = solve_by_network(problem, backbone=chancy, budget=Budget(12), **options)
    more = solve_by_network(problem, backbone=chancy, budget=Budget(40), **options)
    assert more.steps > first.steps


def test_a_file_of_an_older_version_is_called_so(tmp_path):
    problem, _ = growth(count=60)
    path = tmp_path / "training.pt"
    torch.save({"chromamol": "0.0.1", "of": "", "state": {}, "loss": {}}, path)
    with pytest.raises(CallError, match=r"written by chromamol 0\.0\.1"):
        solve_by_network(problem, device="cpu", checkpoint=path)


def test_the_folder_of_a_checkpoint_is_looked_for_first(tmp_path):
    problem, _ = growth(count=60)
    with pytest.raises(CallError, match=r"no folder .* for the checkpoint"):
        solve_by_network(problem, checkpoint=tmp_path / "none" / "training.pt")


@pytest.fixture
def written(tmp_path):
    """A checkpoint, as the file holds it."""
    problem, _ = growth(count=60)
    path = tmp_path / "training.pt"
    options = {"budget": Budget(12), "device": "cpu", "checkpoint": path}
    solve_by_network(problem, **options)
    return problem, path, options


def test_a_checkpoint_holds_what_is_trained_and_not_the_data(written):
    problem, path, _ = written
    values = torch.load(path, weights_only=True)
    held = {name for name in values["loss"] if not name.startswith("backbone.")}
    assert held == {"unit", "rate.coefficients", "rate.size"}
    assert problem.fields[0].size not in {each.numel() for each in values["loss"].values()}


@pytest.mark.parametrize(
    "spoil",
    [
        lambda _: torch.zeros(3),
        lambda _: [1, 2],
        lambda values: values | {"state": 3},
        lambda values: values | {"state": values["state"] | {"steps": "many"}},
        lambda values: values | {"state": values["state"] | {"steps": -10}},
        lambda values: values | {"state": values["state"] | {"seconds": float("nan")}},
        lambda values: values | {"state": values["state"] | {"data_steps": None}},
        lambda values: values | {"loss": {1: torch.zeros(1)}},
        lambda values: values | {"loss": dict.fromkeys(values["loss"], 0)},
        lambda values: values | {"loss": {k: v * torch.nan for k, v in values["loss"].items()}},
    ],
)
def test_a_checkpoint_that_no_training_left_is_refused(written, spoil):
    problem, path, options = written
    torch.save(spoil(torch.load(path, weights_only=True)), path)
    with pytest.raises(CallError, match="is no checkpoint of a training"):
        solve_by_network(problem, **options)


@pytest.mark.parametrize("content", [b"", b"not a checkpoint", b"cos\nsystem\n(S'touch x'\ntR."])
def test_a_file_that_is_no_checkpoint_is_not_run(tmp_path, content):
    problem, _ = growth(count=60)
    path = tmp_path / "training.pt"
    path.write_bytes(content)
    with pytest.raises(CallError, match="is no checkpoint of a training"):
        solve_by_network(problem, budget=Budget(4), device="cpu", checkpoint=path)
    assert path.read_bytes() == content
