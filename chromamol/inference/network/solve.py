"""An inverse problem in, its rate out: networks, engines and devices put together."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Literal, get_args

import numpy as np
import torch
from torch import nn

from chromamol.backbones import MLP, PINNsFormer, PirateNet, PixelGrid
from chromamol.engines.autodiff import AutodiffEngine
from chromamol.engines.finite_difference import FiniteDifferenceEngine
from chromamol.engines.grid import Grid
from chromamol.engines.mollifier import MollifierEngine
from chromamol.engines.taylor import TaylorEngine
from chromamol.errors import CallError
from chromamol.inference.device import choose_device
from chromamol.inference.network import checkpoint as checkpoints
from chromamol.inference.network.loss import NetworkLoss
from chromamol.inference.network.training import Budget, Ending, State, Training
from chromamol.mollifiers.kernels import smallest_radius
from chromamol.mollifiers.names import parse
from chromamol.mollifiers.radius import suitable_radius
from chromamol.progress import Progress, Silent

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from chromamol.engines.engine import Engine
    from chromamol.inference.network.problem import NetworkProblem

BackboneName = Literal["mlp", "pirate-net", "pinnsformer", "pixel-grid"]
EngineName = Literal["mollifier", "finite-difference", "taylor", "autodiff"]
Backbone = BackboneName | Callable[[Grid, int], nn.Module]

BACKBONES: tuple[BackboneName, ...] = get_args(BackboneName)
ENGINES: tuple[EngineName, ...] = get_args(EngineName)
# Fields are not learned whose misfit, as a variance and on average, is larger than their noise by
# this, ...
_MISFIT = 2.0
# ... and where that of one is smaller by this, its noise was learned, too. Chance, and the freedom
# that a network needs for its field, leave more of it in a window of a few hundred cells.
_LEARNED_NOISE = 0.5
_BUILDING = Lock()
# Cells that finite differences of order 4 look beyond the grid.
_STENCIL = 3


@dataclass(frozen=True)
class NetworkSolution:
    """What a training has found.

    Attributes
    ----------
    rate : ([y,] x) float64
        NaN outside the mask. Look at `ending` before you use it, and at `misfits`.
    fields : (field, [y,] x) float64
        As the network has learned them.
    ending : Ending
        How the training ended.
    misfits : tuple of float
        For each field, mean square of data less field over that of the noise: 1 is right. The
        further below, the more noise was learned; below a half `ending` says so. Without noise it
        is over the least that can be told from none, and may be far below 1.
    finest : float
        Wavelength of the finest changes of the rate that are shown, in the unit of the spacing.
    steps : int
        Gradients of the loss.
    seconds : float
        Of the training.
    seconds_per_step : float
        Of a gradient of data and equation; NaN if there was none.
    fell_back : bool
        Whether the graphics card had too little memory, and the processor did it all.
    """

    rate: NDArray[np.float64]
    fields: NDArray[np.float64]
    ending: Ending
    misfits: tuple[float, ...]
    finest: float
    steps: int
    seconds: float
    seconds_per_step: float
    fell_back: bool = False


def solve_by_network(
    problem: NetworkProblem,
    *,
    backbone: Backbone = "mlp",
    engine: EngineName = "mollifier",
    budget: Budget | None = None,
    seed: int = 0,
    device: str = "auto",
    checkpoint: Path | str | None = None,
    progress: Progress | None = None,
) -> NetworkSolution:
    """Train a network on fields and their equation, and return the rate.

    Parameters
    ----------
    problem : NetworkProblem
    backbone : str or callable
        "mlp" (with Fourier features), "pirate-net", "pinnsformer", "pixel-grid", or a function
        (grid, fields) -> module of your own.
    engine : {"mollifier", "finite-difference", "taylor", "autodiff"}
        How it is differentiated. The pixel grid has no derivatives by "taylor" and "autodiff".
    budget : Budget, optional
        Default: 3000 steps.
    seed : int
        Of the network's first parameters.
    device : {"auto", "cpu", "cuda"}
    checkpoint : path, optional
        Written while it is trained, once the data are learned; if it is there, the training goes on
        from it.
    progress : Progress, optional
        Told of every step; may cancel.

    Raises
    ------
    CallError
        If a choice is not known, there is no such device, a network of your own does not fit, the
        residual cannot be evaluated or is not linear in the rate of each cell, or the checkpoint is
        of another training or version.
    Cancelled
        If `progress` asked to stop; the checkpoint is kept.
    """
    for name, known in ((backbone, BACKBONES), (engine, ENGINES)):
        if isinstance(name, str) and name not in known:
            msg = f"There is no '{name}'. Choose one of {', '.join(known)}."
            raise CallError(msg)
    if backbone == "pixel-grid" and engine in {"taylor", "autodiff"}:
        msg = (
            f"A pixel grid has no derivatives by its coordinates, which '{engine}' takes. Choose "
            "the engine 'mollifier' or 'finite-difference', or another backbone."
        )
        raise CallError(msg)
    if not 0 <= seed < 2**63:
        msg = f"The seed is {seed}. Give a whole number from 0 to 2^63 - 1."
        raise CallError(msg)
    path = None if checkpoint is None else Path(checkpoint)
    if path is not None and not path.parent.is_dir():
        msg = f"There is no folder {path.parent} for the checkpoint. Make it, and run again."
        raise CallError(msg)
    run = _Run(problem, backbone, engine, budget or Budget(), seed, path)
    chosen = choose_device(device, worth_a_card=True)
    try:
        return run.on(chosen, progress or Silent())
    except torch.OutOfMemoryError:
        if chosen.type == "cpu":
            raise
    torch.cuda.empty_cache()
    return run.on(torch.device("cpu"), progress or Silent(), fell_back=True)


@dataclass(frozen=True)
class _Run:
    problem: NetworkProblem
    backbone: Backbone
    engine: EngineName
    budget: Budget
    seed: int
    checkpoint: Path | None

    def on(
        self, device: torch.device, progress: Progress, *, fell_back: bool = False
    ) -> NetworkSolution:
        problem = self.problem
        # One generator is behind the first parameters of all networks.
        with _BUILDING, torch.random.fork_rng(devices=[]):
            torch.default_generator.manual_seed(self.seed)
            loss = self._loss(device).to(device)
        path, state = self.checkpoint, State()
        keep: Callable[[], None] = _keep_nothing
        if path is not None:
            choices = _name(self.backbone), self.engine, self.seed
            of = checkpoints.Identity.of(problem, loss, *choices)
            if path.exists():
                state = checkpoints.load(path, loss, of)
            keep = partial(checkpoints.save, path, loss, state, of)
        ending = Training(loss, self.budget, progress, state).run(keep)
        rate = np.full(problem.shape, np.nan)
        fields = np.stack([rate] * len(problem.fields))
        misfits = (np.nan,) * len(problem.fields)
        if ending is not Ending.NOT_FINITE:
            rate = np.where(problem.inside, loss.rate().cpu().numpy(), np.nan)
            fields = loss.fields().double().cpu().numpy()
            misfits = tuple(loss.misfits().tolist())
            if not np.mean(misfits) <= _MISFIT:
                ending = Ending.MISFIT
            elif problem.noise_is_known and any(
                misfit < _LEARNED_NOISE and noisy
                for misfit, noisy in zip(misfits, problem.noisy, strict=True)
            ):
                ending = Ending.LEARNED_NOISE
        return NetworkSolution(
            rate=rate,
            fields=fields,
            ending=ending,
            misfits=misfits,
            finest=loss.rate.finest,
            steps=state.steps,
            seconds=state.seconds,
            seconds_per_step=state.seconds_per_step,
            fell_back=fell_back,
        )

    def _loss(self, device: torch.device) -> NetworkLoss:
        problem = self.problem
        grid = Grid(problem.shape, problem.spacing)
        radius = mollifier_radius(problem)
        backbone = self._backbone(grid, max(*radius, _STENCIL))
        names = tuple(dict.fromkeys(("", *problem.equation.derivatives)))
        engine, plain = (
            make_engine(self.engine, grid, derivatives, radius, device)
            for derivatives in (names, ("",))
        )
        return NetworkLoss(problem, backbone, engine, plain)

    def _backbone(self, grid: Grid, margin: int) -> nn.Module:
        problem, chosen = self.problem, self.backbone
        channels = len(problem.fields)
        if not isinstance(chosen, str):
            if isinstance(chosen, nn.Module):
                msg = (
                    f"The backbone is a network, {type(chosen).__name__}. Give a function (grid, "
                    "fields) -> network, so that the seed can be that of its first parameters."
                )
                raise CallError(msg)
            own: object = chosen(grid, channels)
            if not isinstance(own, nn.Module):
                msg = f"The backbone is a {type(own).__name__}. Return a torch.nn.Module."
                raise CallError(msg)
            return own
        scaled = np.stack(
            [
                (np.where(problem.inside, field, mean) - mean) / spread
                for field, (mean, spread, _) in zip(problem.fields, problem.scales, strict=True)
            ]
        )
        if chosen == "pixel-grid":
            cells = PixelGrid(grid, channels, margin=margin)
            cells.fit(torch.as_tensor(scaled, dtype=torch.float32))
            return cells
        wave_number = problem.wave_number
        if chosen == "pinnsformer":
            return PINNsFormer(grid, channels, wave_number=wave_number)
        if chosen == "mlp":
            return MLP(grid, channels, wave_number=wave_number)
        pirate = PirateNet(grid, channels, wave_number=wave_number)
        inside = torch.from_numpy(problem.inside.ravel())
        values = torch.as_tensor(scaled.reshape(channels, -1).T, dtype=torch.float32)
        pirate.fit(grid.coordinates()[inside], values[inside])
        return pirate


def _keep_nothing() -> None:
    """Write no checkpoint."""


def _name(backbone: Backbone) -> str:
    """Return what is the same in every process."""
    if isinstance(backbone, str):
        return backbone
    kind = backbone if hasattr(backbone, "__qualname__") else type(backbone)
    return f"{kind.__module__}.{kind.__qualname__}"


def make_engine(
    name: EngineName,
    grid: Grid,
    derivatives: tuple[str, ...],
    radius: tuple[int, ...],
    device: torch.device,
) -> Engine:
    """Return the engine of a name; the radius is the mollifier's."""
    if name == "mollifier":
        return MollifierEngine(grid, derivatives, radius, device=device)
    others: dict[str, type[FiniteDifferenceEngine | TaylorEngine | AutodiffEngine]] = {
        "finite-difference": FiniteDifferenceEngine,
        "taylor": TaylorEngine,
        "autodiff": AutodiffEngine,
    }
    return others[name](grid, derivatives, device=device)


def mollifier_radius(problem: NetworkProblem) -> tuple[int, ...]:
    """Return `suitable_radius` for the noise, and for waves of half the fields' typical length."""
    axes = len(problem.shape)
    longest = max(problem.sides)
    typical = np.pi * longest / (problem.wave_number * np.sqrt(axes))
    wavelength = max(min(typical / 2, longest / problem.waves), 4 * max(problem.spacing))
    terms = {name: parse(name, axes) for name in problem.equation.derivatives}
    highest = max(terms, key=lambda name: sum(terms[name][0].orders))
    noise = float(np.sqrt(np.mean([(sd / spread) ** 2 for _, spread, sd in problem.scales])))
    found = suitable_radius(highest, problem.spacing, wavelength=wavelength, noise=noise).radius
    least = max(smallest_radius(order, 4) for term in terms[highest] for order in term.orders)
    # A margin wider than a quarter of the grid would be most of the points.
    return tuple(
        max(min(reach, cells // 4), least)
        for reach, cells in zip(found, problem.shape, strict=True)
    )
