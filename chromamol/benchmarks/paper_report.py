"""What `chromamol benchmark paper` prints and draws."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chromamol.benchmarks.tables import markdown

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd

BACKBONES = ("mlp", "pirate-net", "pinnsformer")
ENGINES = ("mollifier", "finite-difference", "taylor", "autodiff")
# The colours of Okabe and Ito, which colour-blind people can tell apart.
_COLOURS = ("#0072B2", "#E69F00", "#009E73")
_DRAWN_LEVEL = 0.01


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
    """Draw the error of every network and engine, at equal time and at equal steps."""
    from matplotlib.figure import Figure

    chosen = table[(table["level"] == _DRAWN_LEVEL) & (table["engine"] != "")]
    problems = list(dict.fromkeys(chosen["problem"]))
    if not problems:
        return
    figure = Figure(figsize=(3.4 * len(problems) + 1, 3.6), layout="constrained")
    panels = figure.subplots(1, len(problems), squeeze=False)[0]
    for panel, problem in zip(panels, problems, strict=True):
        for number, (method, colour) in enumerate(zip(BACKBONES, _COLOURS, strict=True)):
            for limit, face, label in (
                ("seconds", colour, f"{method}, equal time"),
                ("steps", "none", f"{method}, equal steps"),
            ):
                rows = chosen[
                    (chosen["problem"] == problem)
                    & (chosen["method"] == method)
                    & (chosen["limit"] == limit)
                ].drop_duplicates("engine")
                places = [ENGINES.index(engine) + 0.2 * (number - 1) for engine in rows["engine"]]
                panel.scatter(
                    places, rows["l2_inner"], marker="osD"[number], ec=colour, fc=face, label=label
                )
        panel.set_xticks(range(len(ENGINES)), ENGINES, rotation=30, ha="right")
        panel.set(title=problem, yscale="log")
        panel.spines[["top", "right"]].set_visible(False)
    panels[0].set_ylabel("relative L2 error of the rate, inner part")
    panels[-1].legend(frameon=False, fontsize="x-small", loc="upper left", bbox_to_anchor=(1, 1))
    figure.suptitle(f"{100 * _DRAWN_LEVEL:g} % noise")
    figure.savefig(path, dpi=150)


def _errors(by_engine: pd.DataFrame, engine: str) -> str:
    if engine not in by_engine.index:
        return "-"
    row = by_engine.loc[engine]
    if row.l2_inner != row.l2_inner:
        return str(row.ending)
    return f"{row.l2_inner:.3f} ({row.r_inner:.3f}), {row.l2:.3f}"


def _cost(by_engine: pd.DataFrame, engine: str) -> str:
    if engine not in by_engine.index or by_engine.loc[engine].steps == 0:
        return "-"
    row = by_engine.loc[engine]
    step = f"{row.ms_per_step:.0f} ms" if row.ms_per_step == row.ms_per_step else "no whole step"
    return f"{step}, {row.peak_mb:.0f} MB, {row.steps:.0f} steps"
