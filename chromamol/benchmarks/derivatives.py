"""Derivative engines compared: ``chromamol benchmark derivatives``.

One training step of a network with tanh layers of 64: the derivatives of one order on a grid of
the unit square, the mean of their squares, and its gradient with respect to the parameters. Every
case runs in a process of its own. The errors are those of the same engine on a known function.
"""

from __future__ import annotations

import time
from concurrent.futures.process import BrokenProcessPool
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from itertools import product
from math import tau
from statistics import median
from typing import TYPE_CHECKING, Literal, get_args

import pandas as pd

from chromamol.benchmarks.device import Memory, check_device
from chromamol.benchmarks.process import in_fresh_process
from chromamol.benchmarks.tables import markdown
from chromamol.mollifiers.radius import suitable_radius
from chromamol.progress import Silent

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    import torch
    from torch import Tensor

    from chromamol.benchmarks.device import Device
    from chromamol.engines.engine import Engine
    from chromamol.engines.grid import Grid
    from chromamol.progress import Progress

EngineName = Literal["mollifier", "finite-difference", "taylor", "autodiff"]

ENGINES: tuple[EngineName, ...] = get_args(EngineName)
DERIVATIVES = {1: ("", "y", "x"), 2: ("", "laplacian"), 4: ("", "laplacian", "bilaplacian")}
_CELLS = (32, 64, 128)
_DEPTHS, _QUICK_DEPTHS = (2, 4, 8), (4,)
_WIDTH = 64
_THREADS = (1, 2)
_SMALL = 8
_MOST_MB = 10_000.0
# The first steps of a large case wait for the system's memory.
_WARM_UP, _STEPS, _SECONDS = 3, 7, 8.0
# Wave numbers of the known function along y and x, and its rounding in float32 over its spread.
_WAVES = (5.0, 6.0)
_ROUNDING = 6e-8


@dataclass(frozen=True)
class Case:
    """One engine on one network and grid.

    Attributes
    ----------
    order : int
        Of the highest derivative: 1 (the gradient), 2 (the Laplacian) or 4 (the bilaplacian too).
    engine : str
    depth : int
        Hidden layers of the network.
    cells : int
        Along each of two axes.
    radius : int
        Of the mollifier, cells: `suitable_radius` for the known function in float32.
    seconds_1, seconds_2 : float
        Median of a training step, with one thread and with two (on CUDA both are the device's).
    network_seconds_1 : float
        Median of a step of the network alone, without derivatives, on the engine's points with
        one thread.
    peak_mb : float
        Memory above that of the process before the first step.
    error_float32, error_float64 : float
        Largest error of the highest derivative of sin(6 x) cos(5 y), over its largest value.
    """

    order: int
    engine: EngineName
    depth: int
    cells: int
    radius: int
    seconds_1: float = float("nan")
    seconds_2: float = float("nan")
    network_seconds_1: float = float("nan")
    peak_mb: float = float("nan")
    error_float32: float = float("nan")
    error_float64: float = float("nan")


def derivatives(
    out_dir: Path | None,
    *,
    quick: bool = False,
    device: Device = "cpu",
    progress: Progress | None = None,
) -> pd.DataFrame:
    """Measure every engine on every order, depth and grid.

    A case that would take more than 10 GB, going by the one on a grid of half the side, is not
    run: its measurements are NaN and its memory is the estimate.

    Parameters
    ----------
    out_dir : Path, optional
        Folder for ``derivatives.csv`` and ``derivatives.png``.
    quick : bool
        A depth of 4 only.
    device : {"cpu", "cuda"}
    progress : Progress, optional
        Told of every case; may cancel.

    Returns
    -------
    pandas.DataFrame
        A row for each `Case`.

    Raises
    ------
    CallError
        If there is no such device.
    """
    check_device(device)
    progress = progress or Silent()
    depths = _QUICK_DEPTHS if quick else _DEPTHS
    cases = list(product(DERIVATIVES, ENGINES, depths, _CELLS))
    progress.begin("measuring derivatives", len(cases))
    rows: list[Case] = []
    coarser: dict[tuple[int, str, int], float] = {}
    for order, engine, depth, cells in cases:
        case = Case(order, engine, depth, cells, derivatives_radius(order, cells))
        estimate = 4 * coarser.get((order, engine, depth), 0.0)
        if not estimate <= _MOST_MB:  # too much, or the smaller case was killed already
            case = replace(case, peak_mb=estimate)
        else:
            with suppress(BrokenProcessPool):  # killed for want of memory: nothing is measured
                case = in_fresh_process(measure, case, device)
        coarser[order, engine, depth] = case.peak_mb
        rows.append(case)
        progress.advance()
        table = pd.DataFrame([asdict(case) for case in rows])
        if out_dir is not None:
            # What is known stays if the next case stops the computer.
            out_dir.mkdir(parents=True, exist_ok=True)
            table.to_csv(out_dir / "derivatives.csv", index=False)
    if out_dir is not None:
        draw(table, out_dir / "derivatives.png")
    return table


def measure(case: Case, device: Device = "cpu") -> Case:
    """Return the case with its measurements; for a process of its own."""
    import torch

    torch.manual_seed(0)
    network = _network(case.depth).to(device)
    engine = _engine(case, torch.float32, device)
    margin = case.radius if case.engine == "mollifier" else 0
    points = _grid(case.cells).coordinates(margin, device=device)

    def train(engine: Engine = engine) -> None:
        derived = engine(network)
        _backward(torch.stack([field.square().mean() for field in derived.values()]), network)

    def train_alone() -> None:
        _backward(network(points).square().mean(), network)

    torch.set_num_threads(_THREADS[0])
    # What libraries load on their first use is not the step's.
    train(_engine(replace(case, cells=_SMALL), torch.float32, device))
    memory = Memory(device)
    for _ in range(_WARM_UP):
        train()
    peak_mb = memory.peak_bytes() / 1e6
    seconds_1, alone = _median_seconds((train, train_alone), device)
    torch.set_num_threads(_THREADS[1])
    (seconds_2,) = _median_seconds((train,), device)
    errors = [_error(case, dtype, device) for dtype in (torch.float32, torch.float64)]
    return replace(
        case,
        seconds_1=seconds_1,
        seconds_2=seconds_2,
        network_seconds_1=alone,
        peak_mb=peak_mb,
        error_float32=errors[0],
        error_float64=errors[1],
    )


def to_markdown(table: pd.DataFrame) -> str:
    """Return two tables in Markdown: cost by order, depth and grid, and error by order and grid."""
    cost = [
        ["order", "depth", "grid", "radius", *ENGINES, "autodiff / mollifier", "layer adds"],
    ]
    for (order, depth, cells), group in table.groupby(["order", "depth", "cells"], sort=True):
        by_engine = group.set_index("engine")
        mollifier, autodiff = by_engine.loc["mollifier"], by_engine.loc["autodiff"]
        ratios = (
            f"{autodiff.seconds_1 / mollifier.seconds_1:.1f} x, "
            f"{autodiff.peak_mb / mollifier.peak_mb:.1f} x"
            if autodiff.seconds_1 == autodiff.seconds_1
            else "-"
        )
        share = mollifier.seconds_1 / mollifier.network_seconds_1 - 1
        cost.append(
            [
                *map(str, (order, depth, f"{cells}^2", int(mollifier.radius))),
                *(_cost(by_engine.loc[engine]) for engine in ENGINES),
                ratios,
                f"{100 * share:.0f} %",
            ]
        )
    error = [
        ["order", "grid", *(f"{engine}, float{bits}" for engine in ENGINES for bits in (32, 64))]
    ]
    for (order, cells), group in table.groupby(["order", "cells"], sort=True):
        # The known function is the same at every depth.
        by_engine = group.groupby("engine")[["error_float32", "error_float64"]].first()
        error.append(
            [
                str(order),
                f"{cells}^2",
                *(
                    f"{by_engine.loc[engine, f'error_float{bits}']:.1e}"
                    for engine in ENGINES
                    for bits in (32, 64)
                ),
            ]
        )
    return f"{markdown(cost[0], cost[1:])}\n\n{markdown(error[0], error[1:])}"


def draw(table: pd.DataFrame, path: Path) -> None:
    """Draw time and memory of a step against the order, on the finest grid at a depth of 4."""
    from matplotlib.figure import Figure

    chosen = table[(table["depth"] == 4) & (table["cells"] == max(_CELLS))]
    figure = Figure(figsize=(8, 3.4), layout="constrained")
    panels = figure.subplots(1, 2)
    # The colours of Okabe and Ito, which colour-blind people can tell apart.
    styles = zip(ENGINES, ("#0072B2", "#009E73", "#E69F00", "#D55E00"), "osD^", strict=True)
    for engine, colour, marker in styles:
        rows = chosen[chosen["engine"] == engine]
        for panel, column in zip(panels, ("seconds_1", "peak_mb"), strict=True):
            panel.plot(rows["order"], rows[column], f"{marker}-", color=colour, label=engine)
    for panel, label in zip(
        panels, ("seconds for a training step, one thread", "peak memory, MB"), strict=True
    ):
        panel.set(xlabel="order of the derivative", ylabel=label, yscale="log")
        panel.set_xticks(list(DERIVATIVES))
        panel.spines[["top", "right"]].set_visible(False)
    panels[0].legend(frameon=False)
    figure.suptitle(f"tanh network of 4 x {_WIDTH}, {max(_CELLS)} x {max(_CELLS)} points")
    figure.savefig(path, dpi=150)


def _cost(row: pd.Series) -> str:
    if row.peak_mb != row.peak_mb:
        return "killed: not enough memory"
    if row.seconds_1 != row.seconds_1:
        return f"would take {row.peak_mb / 1000:.0f} GB"
    return f"{1000 * row.seconds_1:.0f} / {1000 * row.seconds_2:.0f} ms, {row.peak_mb:.0f} MB"


def derivatives_radius(order: int, cells: int) -> int:
    """Return the mollifier radius, cells: `suitable_radius` for the known function in float32."""
    wavelength = tau / (sum(wave**2 for wave in _WAVES) ** 0.5)
    highest = DERIVATIVES[order][-1]
    return suitable_radius(
        highest, (1 / cells, 1 / cells), wavelength=wavelength, noise=_ROUNDING
    ).radius[0]


def _grid(cells: int) -> Grid:
    from chromamol.engines.grid import Grid

    return Grid((cells, cells), (1 / cells, 1 / cells), (0.5 / cells, 0.5 / cells))


def _network(depth: int) -> torch.nn.Sequential:
    from torch import nn

    layers: list[nn.Module] = []
    for inputs in (2, *[_WIDTH] * (depth - 1)):
        layers += [nn.Linear(inputs, _WIDTH), nn.Tanh()]
    return nn.Sequential(*layers, nn.Linear(_WIDTH, 1))


def _engine(case: Case, dtype: torch.dtype, device: Device) -> Engine:
    from chromamol.engines.autodiff import AutodiffEngine
    from chromamol.engines.finite_difference import FiniteDifferenceEngine
    from chromamol.engines.mollifier import MollifierEngine
    from chromamol.engines.taylor import TaylorEngine

    grid, names = _grid(case.cells), DERIVATIVES[case.order]
    if case.engine == "mollifier":
        return MollifierEngine(grid, names, case.radius, dtype=dtype, device=device)
    others: dict[str, type[FiniteDifferenceEngine | TaylorEngine | AutodiffEngine]] = {
        "finite-difference": FiniteDifferenceEngine,
        "taylor": TaylorEngine,
        "autodiff": AutodiffEngine,
    }
    return others[case.engine](grid, names, dtype=dtype, device=device)


def _error(case: Case, dtype: torch.dtype, device: Device) -> float:
    """Return the largest error of the highest derivative of a known function, relative."""
    import torch

    k_y, k_x = _WAVES

    def known(points: Tensor) -> Tensor:
        return torch.cos(k_y * points[:, :1]) * torch.sin(k_x * points[:, 1:])

    name = DERIVATIVES[case.order][-1]
    derived = _engine(case, dtype, device)(known)[name]
    y, x = _grid(case.cells).coordinates(dtype=torch.float64).unbind(dim=-1)
    k2 = k_y**2 + k_x**2
    truth = {
        "x": k_x * torch.cos(k_y * y) * torch.cos(k_x * x),
        "laplacian": -k2 * torch.cos(k_y * y) * torch.sin(k_x * x),
        "bilaplacian": k2**2 * torch.cos(k_y * y) * torch.sin(k_x * x),
    }[name]
    difference = derived.detach().double().cpu().flatten() - truth
    return float(difference.abs().max() / truth.abs().max())


def _backward(losses: Tensor, network: torch.nn.Module) -> None:
    network.zero_grad()
    losses.sum().backward()  # type: ignore[no-untyped-call]


def _median_seconds(steps: Sequence[Callable[[], None]], device: Device) -> list[float]:
    """Return the median of each step, after some to warm up, taken in turns."""
    for _ in range(_WARM_UP):
        for step in steps:
            step()
    times: list[list[float]] = []
    start = time.perf_counter()
    while len(times) < _STEPS and (len(times) < 2 or time.perf_counter() - start < _SECONDS):
        times.append([_seconds(step, device) for step in steps])
    return [median(of_step) for of_step in zip(*times, strict=True)]


def _seconds(step: Callable[[], None], device: Device) -> float:
    import torch

    if device == "cpu":
        start = time.perf_counter()
        step()
        return time.perf_counter() - start
    before, after = (torch.cuda.Event(enable_timing=True) for _ in range(2))  # type: ignore[no-untyped-call]
    before.record()
    step()
    after.record()
    torch.cuda.synchronize()
    return float(before.elapsed_time(after)) / 1000
