"""The figure of a study: what is in it, and names that are no formulas."""

from __future__ import annotations

import io

import numpy as np
import pytest

from chromamol.statistics import superplot
from chromamol.statistics.compare import compare_groups
from chromamol.statistics.measures import MEASURES
from chromamol.statistics.superplot import draw_superplots

from .test_compare import study


def test_every_nucleus_and_every_replicate_is_a_point() -> None:
    groups = ("control", r"$\frac{treated")
    table = study(np.random.default_rng(0), groups=groups, effect=1.3)
    table = table.assign(scale="RELATIVE")
    comparisons = compare_groups(table, groups, measures=MEASURES[2:4])
    figure = draw_superplots(table, comparisons, groups)
    figure.savefig(io.BytesIO(), format="png")
    drawn = [axes for axes in figure.axes if axes.axison]
    # The two levels are not compared.
    assert len(drawn) == len(MEASURES) - 2
    points = [len(one.get_offsets()) for one in drawn[0].collections]
    assert sorted(points) == [1] * 6 + [8] * 6
    means = [one.get_offsets()[0, 1] for one in drawn[0].collections if len(one.get_offsets()) == 1]
    first = comparisons.iloc[0]
    assert np.exp(np.log(means[:3]).mean()) == pytest.approx(first["mean_reference"])
    assert f"{first['ratio']:.2f}" in drawn[0].get_title()
    (legend,) = figure.legends
    named = [text.get_text().strip() for text in legend.get_texts()]
    assert named[:3] == ["a nucleus", "mean of a replicate", "control · 0"]
    assert named[-1] == rf"{groups[1]} · 2"
    assert len(named) == 2 + 6


def test_the_only_nucleus_of_a_replicate_is_not_behind_the_mean() -> None:
    table = study(np.random.default_rng(1), nuclei=1)
    comparisons = compare_groups(table, measures=MEASURES[:1])
    axes = draw_superplots(table, comparisons, ["control", "treated"]).axes[0]
    nuclei, means = axes.collections[::2], axes.collections[1::2]
    for nucleus, mean in zip(nuclei, means, strict=True):
        (x, y), (place, height) = nucleus.get_offsets()[0], mean.get_offsets()[0]
        assert y == pytest.approx(height)
        assert abs(x - place) > 0.1


def test_no_two_of_many_replicates_look_the_same(monkeypatch) -> None:
    monkeypatch.setattr(superplot, "_MOST_IN_LEGEND", 16)
    table = study(np.random.default_rng(2), groups=("_a", "b"), replicates=9, nuclei=1)
    comparisons = compare_groups(table, measures=MEASURES[:1])
    figure = draw_superplots(table, comparisons, ["_a", "b"])
    means = figure.axes[0].collections[1::2]
    looks = {
        (tuple(one.get_facecolor()[0]), one.get_paths()[0].vertices.tobytes()) for one in means
    }
    assert len(looks) == len(means) == 18
    named = [text.get_text().strip() for text in figure.legends[0].get_texts()]
    assert (len(named), named[2], named[-1]) == (2 + 16 + 1, "_a · 0", "and 2 more")


@pytest.mark.parametrize(("paired", "colours"), [(False, 6), (True, 3)])
def test_only_replicates_that_a_block_pairs_have_one_colour(paired, colours) -> None:
    table = study(np.random.default_rng(0), effect=1.3)
    if paired:
        table = table.assign(block=table["replicate"].str[-1])
    comparisons = compare_groups(table, measures=MEASURES[2:3])
    figure = draw_superplots(table, comparisons, ["control", "treated"])
    means = [one for one in figure.axes[0].collections if len(one.get_offsets()) == 1]
    assert len({tuple(one.get_facecolor()[0]) for one in means}) == colours
