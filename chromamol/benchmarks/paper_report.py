"""What `chromamol benchmark paper` prints and draws."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from chromamol.benchmarks.tables import markdown

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd
    from matplotlib.axes import Axes

BACKBONES = ("mlp", "pirate-net", "pinnsformer")
ENGINES = ("mollifier", "finite-difference", "taylor", "autodiff")
# The colours of Okabe and Ito, which colour-blind people can tell apart.
_COLOURS = ("#0072B2", "#E69F00", "#009E73")
# Endings with a rate that is not to be used.
_WITHOUT_USE = ("misfit", "learned noise")


def to_markdown(table: pd.DataFrame) -> str:
    """Return tables in Markdown: accuracy with networks, without, and what a step costs."""
    networks, others = table[table["engine"] != ""], table[table["engine"] == ""]
    accuracy = [["problem", "noise", "network", "each trained for", *ENGINES]]
    keys = ["problem", "level", "method", "limit", "of_limit"]
    for (problem, level, method, limit, of_limit), rows in networks.groupby(keys, sort=False):
        by_engine = rows.set_index("engine")
        accuracy.append(
            [
                problem,
                f"{100 * level:g} %",
                method,
                f"{of_limit:g} {'s' if limit == 'seconds' else 'steps'}",
                *(_errors(by_engine, engine) for engine in ENGINES),
            ]
        )
    without = [["problem", "noise", "without a network", "L2 (r), inner part", "L2, window"]]
    for row in others.itertuples():
        if row.l2_inner == row.l2_inner:
            window = f"{row.l2:.3f}" if row.l2 == row.l2 else "blanked at the border"
            inner = f"{row.l2_inner:.3f} ({row.r_inner:.3f})"
            without.append([row.problem, f"{100 * row.level:g} %", row.method, inner, window])
    cost = [["problem", "network", *ENGINES]]
    at_time = networks[networks["limit"] == "seconds"]
    for (problem, method), rows in at_time.groupby(["problem", "method"], sort=False):
        by_engine = rows.drop_duplicates("engine").set_index("engine")
        cost.append([problem, method, *(_cost(by_engine, engine) for engine in ENGINES)])
    return "\n\n".join(markdown(lines[0], lines[1:]) for lines in (accuracy, without, cost))


def draw(table: pd.DataFrame, path: Path) -> None:
    """Draw the error of every network and engine: a column a problem, a row a level of noise."""
    from matplotlib.figure import Figure

    networks = table[table["engine"] != ""]
    problems = list(dict.fromkeys(networks["problem"]))
    levels = sorted(set(networks["level"]))
    if not problems:
        return
    figure = Figure(figsize=(3 * len(problems) + 2, 2.4 * len(levels) + 1), layout="constrained")
    panels = figure.subplots(len(levels), len(problems), sharex=True, sharey=True, squeeze=False)
    for line, level in zip(panels, levels, strict=True):
        for panel, problem in zip(line, problems, strict=True):
            _draw_errors(
                panel, networks[(networks["problem"] == problem) & (networks["level"] == level)]
            )
        line[0].set_ylabel(f"{100 * level:g} % noise")
    for panel, problem in zip(panels[0], problems, strict=True):
        panel.set_title(problem)
    for panel in panels[-1]:
        panel.set_xticks(range(len(ENGINES)), ENGINES, rotation=30, ha="right")
    panels[0][0].set_yscale("log")
    panels[0][0].yaxis.set_major_formatter("{x:g}")
    panels[0][-1].legend(frameon=False, fontsize="small", loc="upper left", bbox_to_anchor=(1, 1))
    figure.supylabel("relative L2 error of the rate, inner part")
    figure.savefig(path, dpi=150)


def _draw_errors(panel: Axes, rows: pd.DataFrame) -> None:
    for number, (method, colour) in enumerate(zip(BACKBONES, _COLOURS, strict=True)):
        for limit, face, shift, label in (
            ("seconds", colour, -0.04, f"{method}, equal time"),
            ("steps", "none", 0.04, f"{method}, equal steps"),
        ):
            chosen = rows[(rows["method"] == method) & (rows["limit"] == limit)]
            chosen = chosen.drop_duplicates("engine")
            middle = 0.25 * (number - 1) + shift
            places = [ENGINES.index(engine) + middle for engine in chosen["engine"]]
            panel.scatter(
                places, chosen["l2_inner"], marker="osD"[number], ec=colour, fc=face, label=label
            )
            unusable = chosen["ending"].isin(_WITHOUT_USE).to_numpy()
            crossed, errors = np.array(places)[unusable], chosen["l2_inner"].to_numpy()[unusable]
            panel.scatter(crossed, errors, marker="x", s=60, color="black", linewidth=1)
    panel.scatter([], [], marker="x", s=60, color="black", label="not to be used")
    panel.spines[["top", "right"]].set_visible(False)


def _errors(by_engine: pd.DataFrame, engine: str) -> str:
    if engine not in by_engine.index:
        return "-"
    row = by_engine.loc[engine]
    if row.l2_inner != row.l2_inner:
        return str(row.ending)
    ending = f", {row.ending}" if row.ending in _WITHOUT_USE else ""
    return f"{row.l2_inner:.3f} ({row.r_inner:.3f}), {row.l2:.3f}{ending}"


def _cost(by_engine: pd.DataFrame, engine: str) -> str:
    if engine not in by_engine.index or by_engine.loc[engine].steps == 0:
        return "-"
    row = by_engine.loc[engine]
    step = f"{row.ms_per_step:.0f} ms" if row.ms_per_step == row.ms_per_step else "no whole step"
    return f"{step}, {row.peak_mb:.0f} MB, {row.steps:.0f} steps"
