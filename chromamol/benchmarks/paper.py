"""The experiment of the mollifier paper: ``chromamol benchmark paper``.

Three inverse problems (Bhartari, Vinayak and Shenoy, arXiv 2505.11682), three networks, four ways
to differentiate them: at an equal number of steps and in an equal time, with noise and without.
Beside them is what is found without a network.
"""

from __future__ import annotations

import time
from concurrent.futures.process import BrokenProcessPool
from dataclasses import asdict, dataclass, fields, replace
from io import StringIO
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import pandas as pd

import chromamol
from chromamol.benchmarks.device import Memory, check_device
from chromamol.benchmarks.paper_cases import (
    PROBLEMS,
    direct,
    half_as_fine,
    mollified_regression,
    paper_case,
    weak_form,
)
from chromamol.benchmarks.paper_report import BACKBONES, ENGINES, draw
from chromamol.benchmarks.process import in_fresh_process
from chromamol.errors import CallError
from chromamol.output import appearing_file
from chromamol.progress import Silent

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from pathlib import Path

    from chromamol.benchmarks.device import Device
    from chromamol.inference.network import Budget, NetworkProblem, NetworkSolution
    from chromamol.inference.network.solve import BackboneName, EngineName
    from chromamol.progress import Progress

LEVELS = (0.0, 0.01, 0.05)
STEPS, SECONDS = 300, 60.0
_QUICK_STEPS, _QUICK_SECONDS = 16, 2.0
_MOST_MB, _TOO_LARGE = 10_000.0, "not run: would take"
_RIVALS = {"direct": direct, "regression": mollified_regression, "weak-form": weak_form}


@dataclass(frozen=True)
class Row:
    """One training, or one estimate without a network.

    Attributes
    ----------
    problem : str
    level : float
        Noise over the spread of each field.
    method : str
        A backbone, or what is done without a network: "direct", "regression" or "weak-form".
    engine : str
        How the network is differentiated; "" without a network.
    limit : str
        "steps", "seconds", or "" without a network.
    of_limit : float
        How many of them.
    device, version : str
    l2, r, l2_inner, r_inner : float
        Relative L2 error of the rate, not rescaled, and its correlation with the truth: of the
        whole window, and of its inner 60 % along each axis.
    steps : int
    seconds : float
        Of the whole training.
    ms_per_step : float
        Of a gradient of data and equation.
    peak_mb : float
        Memory above that before the training, MB.
    ending : str
        How the training ended.
    """

    problem: str
    level: float
    method: str
    engine: str
    limit: str
    of_limit: float
    device: Device
    version: str = chromamol.__version__
    l2: float = float("nan")
    r: float = float("nan")
    l2_inner: float = float("nan")
    r_inner: float = float("nan")
    steps: int = 0
    seconds: float = float("nan")
    ms_per_step: float = float("nan")
    peak_mb: float = float("nan")
    ending: str = ""

    @property
    def key(self) -> tuple[object, ...]:
        """What the row is about."""
        return tuple(getattr(self, name) for name in _KEY)


_KEY = [field.name for field in fields(Row)][:8]


def paper(
    out_dir: Path | None,
    *,
    quick: bool = False,
    problems: Sequence[str] = PROBLEMS,
    levels: Sequence[float] = LEVELS,
    steps: int = STEPS,
    seconds: float = SECONDS,
    minutes: float | None = None,
    device: Device = "cpu",
    progress: Progress | None = None,
) -> pd.DataFrame:
    """Measure every combination that the folder does not hold yet.

    A training that would take more than 10 GB, going by some steps on every second cell, is not
    run: its ending says so.

    Parameters
    ----------
    out_dir : Path, optional
        Folder of ``paper.csv``, whose rows are kept, and ``paper.png``.
    quick : bool
        One network, one level of noise, fewer steps and seconds.
    problems, levels : sequence
        Those to measure.
    steps : int
        Gradients in the comparison at equal steps.
    seconds : float
        Of each training in the comparison at equal time.
    minutes : float, optional
        No training is begun after so long; the next call goes on.
    device : {"cpu", "cuda"}
    progress : Progress, optional
        Told of every row; may cancel.

    Returns
    -------
    pandas.DataFrame
        A `Row` for each combination that was asked for and is known.

    Raises
    ------
    CallError
        If there is no such device or problem, or the table in the folder is of something else.
    """
    check_device(device)
    progress = progress or Silent()
    for problem in problems:
        if problem not in PROBLEMS:
            msg = f"There is no problem '{problem}'. Choose of {', '.join(PROBLEMS)}."
            raise CallError(msg)
    if quick:
        levels, steps, seconds = (0.01,), _QUICK_STEPS, _QUICK_SECONDS
    problems, levels = tuple(dict.fromkeys(problems)), tuple(dict.fromkeys(levels))
    asked = [
        Row(problem, level, method, "", "", 0.0, "cpu")
        for problem in problems
        for level in levels
        for method in _RIVALS
    ] + [
        Row(problem, level, backbone, engine, limit, of_limit, device)
        for problem in problems
        for level in levels
        for backbone in (BACKBONES[:1] if quick else BACKBONES)
        for engine in ENGINES
        for limit, of_limit in (("seconds", seconds), ("steps", float(steps)))
    ]
    rows = _known(out_dir)
    progress.begin("repeating the paper's experiment", len(asked))
    began = time.monotonic()
    too_large: dict[tuple[str, str, str], Row] = {}
    run: Callable[..., Any] = in_fresh_process if device == "cpu" else _here
    for row in asked:
        if row.key not in rows:
            if minutes is not None and time.monotonic() - began > 60 * minutes:
                break
            rows[row.key] = _measured(row, too_large, run)
            if out_dir is not None:
                out_dir.mkdir(parents=True, exist_ok=True)
                with appearing_file(out_dir / "paper.csv") as partial_file:
                    _table(rows.values()).to_csv(partial_file, index=False)
        progress.advance()
    table = _table(rows[row.key] for row in asked if row.key in rows)
    if out_dir is not None and len(table):
        draw(table, out_dir / "paper.png")
    return table


def measure(row: Row) -> Row:
    """Return the row with its measurements: trained, for a process of its own on the processor."""
    from chromamol.inference.network import Budget

    case = paper_case(row.problem, row.level)
    budget = (
        Budget(steps=int(row.of_limit))
        if row.limit == "steps"
        else Budget(steps=10**9, seconds=row.of_limit)
    )
    # It also loads what libraries load on their first use, which is not the training's.
    memory = Memory(row.device)
    _solve(row, half_as_fine(case), Budget(steps=4))
    peak_mb = 2 ** len(case.noisy.shape) * memory.peak_bytes() / 1e6
    if peak_mb > _MOST_MB:
        return replace(row, peak_mb=peak_mb, ending=f"{_TOO_LARGE} {peak_mb / 1000:.0f} GB")
    memory = Memory(row.device)
    solution = _solve(row, case.noisy, budget)
    ending = solution.ending.name.lower().replace("_", " ")
    if solution.fell_back:
        return replace(row, ending="not run: too large for the card")
    return replace(
        row,
        **case.scores(solution.rate),
        steps=solution.steps,
        seconds=solution.seconds,
        ms_per_step=1000 * solution.seconds_per_step,
        peak_mb=memory.peak_bytes() / 1e6,
        ending=ending,
    )


def _solve(row: Row, problem: NetworkProblem, budget: Budget) -> NetworkSolution:
    from chromamol.inference.network import solve_by_network

    return solve_by_network(
        problem,
        backbone=cast("BackboneName", row.method),
        engine=cast("EngineName", row.engine),
        budget=budget,
        device=row.device,
    )


def _measured(row: Row, too_large: dict[tuple[str, str, str], Row], run: Callable[..., Any]) -> Row:
    if not row.engine:
        return _without_network(row)
    what = (row.problem, row.method, row.engine)
    if what in too_large:
        return replace(row, peak_mb=too_large[what].peak_mb, ending=too_large[what].ending)
    try:
        measured: Row = run(measure, row)
    except BrokenProcessPool:
        return replace(row, ending="killed: not enough memory")
    if measured.ending.startswith(_TOO_LARGE):
        too_large[what] = measured
    return measured


def _without_network(row: Row) -> Row:
    case = paper_case(row.problem, row.level)
    start = time.perf_counter()
    rate = _RIVALS[row.method](case)
    seconds = time.perf_counter() - start
    if rate is None:
        return replace(row, ending="not run: knows the chromatin equation only")
    ending = "gave no map" if np.isnan(rate).all() else "closed form"
    return replace(row, **case.scores(rate), seconds=seconds, ending=ending)


def _here(function: Callable[..., Any], *args: object) -> Any:
    """Call a function in this process: a graphics card counts the memory of each by itself."""
    return function(*args)


def _known(out_dir: Path | None) -> dict[tuple[object, ...], Row]:
    """Return the rows that the folder holds, by what they are about."""
    path = None if out_dir is None else out_dir / "paper.csv"
    if path is None or not path.exists():
        return {}
    names = [field.name for field in fields(Row)]
    numbers = [field.name for field in fields(Row) if field.type in {"float", "int"}]
    try:
        text = path.read_text(encoding="utf-8")
        whole = text[: text.rindex("\n") + 1]  # a row that was cut off is not
        table = pd.read_csv(StringIO(whole), keep_default_na=False, na_values=["nan", "NaN"])
        table[numbers] = table[numbers].replace("", np.nan).astype(float)
        rows = [Row(**values) for values in table[names].to_dict("records")]
    except (KeyError, ValueError) as error:
        msg = f"{path} is no table of this benchmark. Give another folder."
        raise CallError(msg) from error
    return {row.key: row for row in rows}


def _table(rows: Iterable[Row]) -> pd.DataFrame:
    return pd.DataFrame(
        [asdict(row) for row in rows], columns=[field.name for field in fields(Row)]
    )
