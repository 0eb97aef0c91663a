"""The figure of a study: what is in it, and names that are no formulas."""

from __future__ import annotations

import io

import numpy as np
import pytest

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


@pytest.mark.parametrize(("paired", "colours"), [(False, 6), (True, 3)])
def test_only_replicates_that_a_block_pairs_have_one_colour(paired, colours) -> None:
    table = study(np.random.default_rng(0), effect=1.3)
    if paired:
        table = table.assign(block=table["replicate"].str[-1])
    comparisons = compare_groups(table, measures=MEASURES[2:3])
    figure = draw_superplots(table, comparisons, ["control", "treated"])
    means = [one for one in figure.axes[0].collections if len(one.get_offsets()) == 1]
    assert len({tuple(one.get_facecolor()[0]) for one in means}) == colours
