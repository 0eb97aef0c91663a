"""The paper's experiment: its cases and scores, what is kept, what is left out, what is printed."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

from chromamol.benchmarks import paper as benchmark
from chromamol.benchmarks import paper_cases as cases
from chromamol.benchmarks import paper_report
from chromamol.benchmarks.paper import Row, measure, paper
from chromamol.benchmarks.paper_report import draw, to_markdown
from chromamol.benchmarks.process import in_fresh_process
from chromamol.errors import CallError
from chromamol.inference.network import Ending


def test_the_scores_are_those_of_the_truth_and_of_its_middle():
    case = cases.paper_case("heat", 0.01)
    assert case.scores(case.problem.rate) == pytest.approx(
        {"l2": 0, "r": 1, "l2_inner": 0, "r_inner": 1}
    )
    wrong = case.problem.rate.copy()
    wrong[:13] *= 2  # the border alone
    assert case.scores(wrong)["l2"] > 0.3
    assert case.scores(wrong)["l2_inner"] == 0


def test_the_noise_is_white_and_of_the_level():
    case = cases.paper_case("langevin", 0.05)
    (clean,), (noisy,) = case.problem.fields, case.noisy.fields
    noise = noisy - clean
    assert noise.std() == pytest.approx(0.05 * clean.std(), rel=0.1)
    assert abs(np.corrcoef(noise[1:], noise[:-1])[0, 1]) < 0.15


@pytest.mark.parametrize(("name", "error"), [("langevin", 0.06), ("heat", 0.03)])
def test_what_is_found_without_a_network(name, error):
    case = cases.paper_case(name, 0.01)
    even = np.full_like(case.problem.rate, case.problem.rate.mean())
    assert case.scores(even)["l2_inner"] > 5 * error
    assert case.scores(cases.direct(case))["l2_inner"] < error
    assert case.scores(cases.mollified_regression(case))["l2_inner"] < error
    assert cases.weak_form(case) is None


def test_a_training_is_measured():
    asked = Row("langevin", 0.01, "mlp", "mollifier", "steps", 40.0, "cpu")
    row = in_fresh_process(measure, asked)
    assert row.steps == pytest.approx(40, abs=8)
    assert 0 < row.seconds < 60
    assert row.ms_per_step > 0
    assert row.peak_mb > 0
    assert 0 < row.l2_inner < 0.5
    in_time = measure(Row("langevin", 0.01, "mlp", "finite-difference", "seconds", 1.0, "cpu"))
    assert in_time.seconds < 3
    assert in_time.steps > 0


@pytest.fixture
def pretend(monkeypatch):
    """Stand in for fresh processes; returns what was asked of them."""
    asked = []

    def run(function, row):
        asked.append((function.__name__, row))
        if (row.problem, row.engine) == ("chromatin", "autodiff"):
            return replace(row, peak_mb=12e3, ending="not run: would take 12 GB")
        return replace(
            row,
            l2=0.2,
            r=0.9,
            l2_inner=0.1,
            r_inner=0.95,
            steps=7,
            seconds=1.0,
            peak_mb=80.0,
            ms_per_step=140.0,
            ending="spent",
        )

    monkeypatch.setattr(benchmark, "in_fresh_process", run)
    monkeypatch.setattr(benchmark, "_RIVALS", {"direct": lambda case: case.problem.rate})
    return asked


def test_it_goes_on_where_it_was_stopped(pretend, tmp_path):
    options = {"problems": ("langevin",), "levels": (0.01,)}
    first = paper(tmp_path, minutes=0.0, **options)
    assert len(first) == 0
    whole = paper(tmp_path, **options)
    assert len(whole) == 1 + 3 * 4 * 2
    trained = [row for name, row in pretend if name == "measure"]
    (tmp_path / "paper.csv").write_text(whole.iloc[:9].to_csv(index=False))
    pretend.clear()
    again = paper(tmp_path, **options)
    pd.testing.assert_frame_equal(again, whole, check_dtype=False)
    assert len([name for name, _ in pretend if name == "measure"]) == len(trained) - 8
    pretend.clear()
    # Other limits are other rows, beside those that are there.
    assert len(paper(tmp_path, steps=50, **options)) == len(whole)
    assert {row.limit for name, row in pretend if name == "measure"} == {"steps"}
    assert len(pd.read_csv(tmp_path / "paper.csv")) == len(whole) + 12
    assert (tmp_path / "paper.png").read_bytes().startswith(b"\x89PNG")


def test_the_figure_has_a_panel_for_each_problem_and_level(pretend, tmp_path, monkeypatch):
    table = paper(None, problems=("langevin", "heat"), levels=(0.05, 0.0))
    table.loc[(table["problem"] == "heat") & (table["level"] == 0.05), "l2_inner"] = 0.5
    drawn = []
    monkeypatch.setattr(Figure, "savefig", lambda figure, *_, **__: drawn.append(figure))
    draw(table, tmp_path / "paper.png")
    panels = np.reshape(drawn[0].axes, (2, 2))
    assert [panel.get_title() for panel in panels[0]] == ["langevin", "heat"]
    assert [panel.get_ylabel() for panel in panels[:, 0]] == ["0 % noise", "5 % noise"]
    for panel in panels.flat:
        # Three networks, equal time and equal steps, four engines.
        points = np.concatenate([dots.get_offsets() for dots in panel.collections])
        assert len(points) == 3 * 2 * 4
        assert np.all(points[:, 1] == 0.5) == (panel is panels[1, 1])


def test_rows_of_another_version_are_kept_and_not_printed(pretend, tmp_path):
    options = {"problems": ("langevin",), "levels": (0.01,)}
    first = paper(tmp_path, **options)
    (tmp_path / "paper.csv").write_text(first.assign(version="0.0.1", l2=7.0).to_csv(index=False))
    later = paper(tmp_path, **options)
    assert to_markdown(later) == to_markdown(first)
    kept = pd.read_csv(tmp_path / "paper.csv")
    assert len(kept) == 2 * len(first)
    assert (kept["l2"] == 7.0).sum() == len(first)


def test_what_would_take_too_much_memory_is_listed(pretend):
    table = paper(None, problems=("chromatin",), levels=(0.01,))
    left_out = table[(table["steps"] == 0) & (table["engine"] != "")]
    assert set(left_out["engine"]) == {"autodiff"}
    assert set(left_out["ending"]) == {"not run: would take 12 GB"}
    accuracy, without, cost = to_markdown(table).split("\n\n")
    assert len(accuracy.splitlines()) == 2 + 3 * 2
    assert "0.100 (0.950), 0.200" in accuracy
    assert "not run: would take 12 GB" in accuracy
    assert "| chromatin | 1 % | direct | 0.000 (1.000) | 0.000 |" in without
    assert "140 ms, 80 MB, 7 steps" in cost
    # Each network is tried once.
    tried = [row.method for _, row in pretend if row.engine == "autodiff"]
    assert tried == ["mlp", "pirate-net", "pinnsformer"]


def test_what_is_asked_for_twice_is_printed_once(pretend):
    twice = paper(None, problems=["heat", "heat"], levels=[0.05, 0.05])
    assert to_markdown(twice) == to_markdown(paper(None, problems=["heat"], levels=[0.05]))


@pytest.mark.parametrize("damage", [b"", b"\x89PNG\xff\x00", b"problem,level\n1"])
def test_a_table_that_is_damaged_is_refused(tmp_path, damage):
    (tmp_path / "paper.csv").write_bytes(damage)
    with pytest.raises(CallError, match="is no table of this benchmark"):
        paper(tmp_path, problems=["heat"])


def test_a_row_that_was_cut_off_is_measured_again(pretend, tmp_path):
    how = {"problems": ["langevin"], "levels": [0.01]}
    whole = paper(tmp_path, **how)
    path = tmp_path / "paper.csv"
    text = path.read_text().rstrip()
    path.write_text(text[: text.rindex(",")])
    pretend.clear()
    assert to_markdown(paper(tmp_path, **how)) == to_markdown(whole)
    assert len(pretend) == 1


def test_endings_are_named_as_trainings_end():
    names = {ending.name.lower().replace("_", " ") for ending in Ending}
    assert names >= set(paper_report._WITHOUT_USE)


def test_a_rate_that_is_not_to_be_used_is_marked(pretend):
    table = paper(None, problems=["heat"], levels=[0.05])
    table.loc[table["engine"] == "taylor", "ending"] = "learned noise"
    for line in to_markdown(table).split("\n\n")[0].splitlines()[2:]:
        mollifier, _, taylor, _ = line.split(" | ")[4:]
        assert mollifier == "0.100 (0.950), 0.200"
        assert taylor == "0.100 (0.950), 0.200, learned noise"


def test_a_training_that_would_take_too_much_memory_is_not_begun(monkeypatch):
    monkeypatch.setattr(benchmark, "_MOST_MB", -1.0)
    row = measure(Row("langevin", 0.01, "mlp", "mollifier", "steps", 8.0, "cpu"))
    assert row.ending.startswith("not run: would take ")
    assert row.steps == 0


def test_quick_is_one_network_and_one_level(pretend):
    table = paper(None, quick=True)
    networks = table[table["engine"] != ""]
    assert set(networks["method"]) == {"mlp"}
    assert len(networks) == 3 * 4 * 2


def test_another_table_in_the_folder_is_not_overwritten(pretend, tmp_path):
    (tmp_path / "paper.csv").write_text("a,b\n1,2\n")
    with pytest.raises(CallError, match="no table of this benchmark"):
        paper(tmp_path, problems=("langevin",), levels=(0.01,))
    assert (tmp_path / "paper.csv").read_text() == "a,b\n1,2\n"


def test_a_problem_that_is_none_is_refused():
    with pytest.raises(CallError, match=r"no problem 'waves'\. Choose of langevin"):
        paper(None, problems=("waves",))
