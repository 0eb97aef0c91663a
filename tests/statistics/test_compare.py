"""Groups of nuclei compared: against scipy, simulated studies, and what cannot be compared."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from chromamol.results.tables import write_table
from chromamol.statistics.compare import COLUMNS, compare_groups
from chromamol.statistics.measures import EXPLORATORY_REASON, LEVEL_REASON, MEASURES, values_of
from chromamol.statistics.pair import pair_of
from chromamol.statistics.replicates import compare_replicates


def study(
    rng: np.random.Generator,
    *,
    effect: float = 1.0,
    groups: tuple[str, ...] = ("control", "treated"),
    replicates: int = 3,
    nuclei: int = 8,
    icc: float = 0.2,
    blocks: float | None = None,
) -> pd.DataFrame:
    """A table of nuclei whose measures are lognormal; the last group has `effect` times more."""
    rows = []
    of_block = rng.normal(0, blocks or 0.0, replicates)
    for group in groups:
        for number in range(replicates):
            of_replicate = rng.normal(0, np.sqrt(icc)) + of_block[number]
            log = of_replicate + rng.normal(0, np.sqrt(1 - icc), nuclei)
            value = np.exp(0.1 * log) * (effect if group == groups[-1] else 1.0)
            rows += [
                {
                    "group": group,
                    "replicate": str(number),
                    "block": "" if blocks is None else f"day {number}",
                    "rate_mean": one,
                    "rate_median": one,
                    "rate_rim_mean": 2 * one,
                    "rate_centre_mean": 1.0,
                    "rate_sd_of_map": one * one,
                    "area_um2": 100 * one,
                    "circularity": one,
                    "compaction_contrast": one,
                    "condensed_area_fraction": one,
                    "plateau_over_mean": one,
                    "domain_area_median_um2": one,
                    "domain_spacing_nm": one,
                    "lamina_layer_nm": 100 * one,
                    "ccp": one,
                    "touches_border": False,
                    "scale": "RATIO",
                    "quantity": "rate ratio",
                    "exploratory": False,
                    "findings": "smoothing",
                }
                for one in value
            ]
    return pd.DataFrame(rows)


def row(table: pd.DataFrame, measure: str = "rate_mean") -> pd.Series:
    (found,) = (one for _, one in table[table["measure"] == measure].iterrows())
    return found


def test_tests_of_replicates_are_those_of_scipy() -> None:
    rng = np.random.default_rng(0)
    a, b, c = rng.normal(size=3), rng.normal(1, 2, size=3), rng.normal(size=5)
    for found, expected, name in (
        (compare_replicates(a, b), stats.ttest_ind(b, a), "Student's t"),
        (compare_replicates(a, c), stats.ttest_ind(c, a, equal_var=False), "Welch's t"),
        (compare_replicates(a, b, paired=True), stats.ttest_rel(b, a), "paired t"),
    ):
        assert found.name == name
        assert found.p == pytest.approx(expected.pvalue)
        assert found.degrees_of_freedom == pytest.approx(expected.df)
        assert found.difference / found.standard_error == pytest.approx(expected.statistic)
    assert compare_replicates([1, 1], [1, 1]).p == 1
    assert compare_replicates([1, 1], [2, 2]).p == 0
    with pytest.raises(ValueError, match="two replicates"):
        compare_replicates([1], [1, 2])


def test_without_an_effect_one_study_in_twenty_is_significant() -> None:
    rng = np.random.default_rng(1)
    between, within = np.sqrt(0.2), np.sqrt(0.8 / 8)
    p = [
        compare_replicates(*rng.normal(0, np.hypot(between, within), (2, 3))).p for _ in range(4000)
    ]
    # 5 % and three standard errors of 4000 studies.
    assert np.mean(np.array(p) < 0.05) == pytest.approx(0.05, abs=0.0104)


def test_nuclei_of_one_replicate_do_not_make_an_effect_of_chance() -> None:
    rng = np.random.default_rng(11)
    small = 0
    for _ in range(400):
        pair = pair_of(MEASURES[0], study(rng, nuclei=20), "control", "treated")
        small += compare_replicates(pair.first, pair.second).p < 0.05
    # With every nucleus as an observation of its own it would be one study in three.
    assert small / 400 == pytest.approx(0.05, abs=0.033)


def test_an_effect_is_in_its_interval_and_the_unit_is_the_replicate() -> None:
    rng = np.random.default_rng(2)
    inside = 0
    for _ in range(20):
        found = row(compare_groups(study(rng, effect=1.3), measures=MEASURES[:1]))
        inside += found["ratio_low"] < 1.3 < found["ratio_high"]
    assert inside >= 17
    assert found["degrees_of_freedom"] == 4
    assert (found["nuclei_reference"], found["replicates_reference"]) == (24, 3)
    assert found["model"] == "mixed model"
    # A thousand nuclei of the same three replicates are no more independent observations.
    wide = row(compare_groups(study(rng, nuclei=300, icc=0.9)))
    assert wide["degrees_of_freedom"] == 4
    assert wide["icc"] > 0.5


def test_blocks_pair_what_belongs_together() -> None:
    rng = np.random.default_rng(3)
    table = study(rng, effect=1.15, blocks=3.0, replicates=4)
    paired = row(compare_groups(table, measures=MEASURES[:1]))
    nested = row(compare_groups(table.assign(block=""), measures=MEASURES[:1]))
    assert paired["test"] == "paired t"
    assert paired["degrees_of_freedom"] == 3
    assert paired["p"] < nested["p"]
    assert paired["ratio_low"] < 1.15 < paired["ratio_high"]
    assert paired["ratio_high"] - paired["ratio_low"] < nested["ratio_high"] - nested["ratio_low"]
    gone = table[~((table["block"] == "day 0") & (table["group"] == "treated"))]
    assert row(compare_groups(gone))["replicates_reference"] == 3


def test_one_replicate_has_no_p_and_says_why() -> None:
    rng = np.random.default_rng(4)
    table = study(rng)
    one = table[(table["group"] == "control") | (table["replicate"] == "0")]
    found = row(compare_groups(one))
    assert np.isnan(found["p"])
    assert np.isnan(found["q"])
    assert found["reason"].startswith("1 replicate in a group")
    assert found["mean_group"] > 0


def test_a_group_without_a_nucleus_that_counts_says_why() -> None:
    table = study(np.random.default_rng(4))
    treated = table["group"] == "treated"
    table.loc[treated, "findings"] = "ell-doubtful"
    table.loc[treated, "touches_border"] = True
    table["ccp"] = np.nan
    found = compare_groups(table)
    assert "of treated counts: there is no map that may be" in row(found)["reason"]
    assert "of treated counts: the image border" in row(found, "area_um2")["reason"]
    assert "of control and treated counts: they have no" in row(found, "ccp")["reason"]


def test_counts_are_whole_numbers_in_the_file_too(tmp_path) -> None:
    # The levels of relative maps are not compared, so some rows count nothing.
    table = study(np.random.default_rng(5), nuclei=2).assign(scale="RELATIVE")
    write_table(tmp_path / "comparisons.csv", compare_groups(table, measures=MEASURES[:3]))
    written = pd.read_csv(tmp_path / "comparisons.csv", dtype=str, keep_default_na=False)
    for name, count in (("nuclei_reference", "6"), ("replicates_group", "3")):
        assert list(written[name]) == ["", "", count]


def test_the_level_of_relative_maps_is_not_compared_and_patterns_are() -> None:
    rng = np.random.default_rng(5)
    table = compare_groups(study(rng, effect=1.4).assign(scale="RELATIVE"))
    for measure in ("rate_mean", "rate_median"):
        assert row(table, measure)["reason"] == LEVEL_REASON
        assert np.isnan(row(table, measure)["p"])
    assert row(table, "rate_rim_over_centre")["p"] < 1
    mixed = study(rng)
    mixed.loc[0, "scale"] = "ABSOLUTE"
    assert "have a unit" in row(compare_groups(mixed))["reason"]


def test_nuclei_that_do_not_count() -> None:
    table = study(np.random.default_rng(6))
    table.loc[0, "findings"] = "smoothing;domain-imprint"
    table.loc[1, "touches_border"] = True
    table.loc[2, "rate_rim_mean"] = np.nan
    counts = {measure.name: values_of(measure, table).notna().sum() for measure in MEASURES}
    assert counts["rate_mean"] == len(table) - 1
    assert counts["rate_rim_over_centre"] == len(table) - 2
    assert counts["area_um2"] == len(table) - 1
    assert counts["compaction_contrast"] == len(table)


def test_three_groups_are_three_pairs_and_q_is_that_of_benjamini_and_hochberg() -> None:
    of_three = study(np.random.default_rng(7), groups=("b", "a", "c"), effect=1.2)
    table = compare_groups(of_three, measures=MEASURES[2:5])
    assert list(table.columns) == list(COLUMNS)
    pairs = table[table["measure"] == "area_um2"][["reference", "group"]].to_numpy().tolist()
    assert pairs == [["b", "a"], ["b", "c"], ["a", "c"]]
    p = np.sort(table["p"].to_numpy(float))
    expected = np.minimum.accumulate((p * p.size / np.arange(1, p.size + 1))[::-1])[::-1]
    np.testing.assert_allclose(np.sort(table["q"].to_numpy(float)), np.sort(expected))


def test_one_nucleus_in_each_replicate_and_constant_values() -> None:
    rng = np.random.default_rng(8)
    inside = 0
    for _ in range(40):
        found = row(compare_groups(study(rng, effect=1.3, nuclei=1), measures=MEASURES[:1]))
        assert found["model"] == "means of replicates"
        inside += found["ratio_low"] < 1.3 < found["ratio_high"]
    assert inside >= 35
    constant = study(rng).assign(rate_mean=1.5)
    found = row(compare_groups(constant, measures=MEASURES[:1]))
    assert (found["ratio"], found["p"]) == (1, 1)


def test_nuclei_at_zero_count() -> None:
    table = study(np.random.default_rng(9), nuclei=10)
    treated = table["group"] == "treated"
    table.loc[treated & (table.index % 5 > 0), "condensed_area_fraction"] = 0.0
    found = row(compare_groups(table), "condensed_area_fraction")
    assert found["nuclei_group"] == 30
    assert found["ratio"] == pytest.approx(0.2, rel=0.2)
    assert found["p"] < 0.01
    table.loc[treated & (table["replicate"] == "0"), "condensed_area_fraction"] = 0.0
    assert "at zero" in row(compare_groups(table), "condensed_area_fraction")["reason"]


def test_one_zero_does_not_change_what_is_estimated() -> None:
    table = study(np.random.default_rng(13), effect=1.3)
    of_ccp = [one for one in MEASURES if one.name == "ccp"]
    found = row(compare_groups(table, measures=of_ccp), "ccp")
    assert found["model"] == "means of replicates"
    means = table.groupby(["group", "replicate"])["ccp"].mean().groupby("group").apply(stats.gmean)
    assert found["ratio"] == pytest.approx(means["treated"] / means["control"])
    numbers = []
    for value in (0.0, 1e-9):
        table.loc[0, "ccp"] = value
        found = row(compare_groups(table, measures=of_ccp), "ccp")
        numbers.append(found[["ratio", "ratio_low", "ratio_high", "p"]].astype(float))
    np.testing.assert_allclose(*numbers, rtol=1e-6)


def test_a_table_of_an_earlier_version_says_what_it_lacks() -> None:
    table = study(np.random.default_rng(14)).drop(columns=["lamina_layer_nm", "rate_rim_mean"])
    table = table.assign(block=np.nan, findings=np.nan)  # as empty columns of a file are read
    compared = compare_groups(table, measures=MEASURES[2:])
    for name, lacking in (
        ("lamina_layer_nm", "lamina_layer_nm"),
        ("rate_rim_over_centre", "rate_rim_mean"),
    ):
        assert f"no column {lacking}" in row(compared, name)["reason"]
    assert row(compared, "area_um2")["p"] <= 1


def test_a_block_is_the_mean_of_its_replicates() -> None:
    rng = np.random.default_rng(10)
    table = study(rng, blocks=0.1)
    more = table[table["replicate"] == "0"]
    crowd = pd.concat([more.assign(replicate="9")] * 5)
    base = row(
        compare_groups(pd.concat([table, more.assign(replicate="9")]), measures=MEASURES[:1])
    )
    crowded = row(compare_groups(pd.concat([table, crowd]), measures=MEASURES[:1]))
    assert crowded["p"] == pytest.approx(base["p"])
    assert crowded["test"] == "paired t"


def test_exploratory_maps_and_maps_of_several_kinds_are_not_compared() -> None:
    table = study(np.random.default_rng(12), effect=1.4)
    table.loc[3, "exploratory"] = True
    compared = compare_groups(table)
    of_rate = [one.name for one in MEASURES if one.of_rate]
    for name in of_rate:
        assert row(compared, name)["reason"] == EXPLORATORY_REASON
    assert row(compared, "area_um2")["p"] < 1
    mixed = study(np.random.default_rng(12))
    mixed.loc[3, "quantity"] = "relative deposition"
    reason = row(compare_groups(mixed, measures=MEASURES[3:4]), "rate_variation")["reason"]
    assert "of several kinds, which do not compare: rate ratio, relative deposition" in reason
