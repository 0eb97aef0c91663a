"""The benchmark of a study: the truth is that of the table, and what a batch says is told."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd
import pytest

from chromamol import simulated_study as simulation
from chromamol.benchmarks import simulated_study as benchmark
from chromamol.benchmarks.simulated_study import simulated_study, to_markdown, true_ratios
from chromamol.errors import CallError
from chromamol.settings import Settings
from chromamol.statistics.measures import LEVEL_REASON

if TYPE_CHECKING:
    from pathlib import Path


def test_the_true_ratio_is_of_replicates_and_no_average_of_nuclei() -> None:
    truth = pd.DataFrame(
        {
            "group": ["control"] * 3 + ["treated"] * 3,
            "replicate": ["1", "1", "2", "1", "2", "2"],
            "rate_mean": [1.0, 4.0, 8.0, 9.0, 1.0, 1.0],
            "rate_sd_of_map": [0.5, 2.0, 4.0, 9.0, 1.0, 1.0],
        }
    )
    # Control: replicates 2 and 8, so 4; treated: 9 and 1, so 3. Variation: 0.5, and 1.
    found = true_ratios(truth)
    assert found == pytest.approx({"rate_mean": 3 / 4, "rate_variation": 2.0})


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\xff\xfe\x00",
        b"group,replicate\ncontrol,1\n",
        b"group,replicate,rate_mean,rate_sd_of_map\ncontrol,1,high,0.2\n",
        b"group,replicate,rate_mean,rate_sd_of_map\ncontrol,1,1.0,0.2\n",
        b"group,replicate,rate_mean,rate_sd_of_map\ncontrol,1,1.0,0.2\ntreated,1,,0.2\n",
    ],
)
def test_a_truth_that_was_damaged_is_a_sentence(tmp_path: Path, content: bytes) -> None:
    truth = tmp_path / "effect" / "images" / "truth.csv"
    truth.parent.mkdir(parents=True)
    truth.write_bytes(content)
    with pytest.raises(CallError, match=r"truth\.csv is not the truth of a simulated study"):
        simulated_study(tmp_path, replicates=1, nuclei=1, workers=0)
    assert truth.read_bytes() == content


@pytest.mark.usefixtures("without_figures")
def test_a_small_study_all_the_way_and_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(simulation, "SIDES_PX", (36, 36))
    monkeypatch.setattr(simulation, "RATE_SD", 0.02)
    whole = simulation._settings
    # The preview, which is quick, as if it were the analysis.
    quick = {"method": "direct"}
    monkeypatch.setattr(Settings, "has_checks", True)
    monkeypatch.setattr(simulation, "_settings", lambda **known: whole(**known).replace(**quick))
    studies = {name: benchmark._STUDIES[name] for name in ("effect", "unknown-gain")}
    monkeypatch.setattr(benchmark, "_STUDIES", studies)
    found = simulated_study(tmp_path, replicates=2, nuclei=1, workers=0)

    # The images are as their truth says.
    truth = pd.read_csv(tmp_path / "effect" / "images" / "truth.csv")
    nuclei = pd.read_csv(tmp_path / "effect" / "results" / "nuclei.csv")
    assert list(nuclei["image"]) == list(truth["image"])
    assert list(nuclei["group"]) == ["control"] * 2 + ["treated"] * 2
    assert nuclei["rate_mean"].to_numpy() == pytest.approx(truth["rate_mean"], rel=0.05)
    assert nuclei["area_um2"].to_numpy() == pytest.approx(truth["area_um2"])
    assert set(nuclei["scale"]) == {"RATIO"}

    by_name = {(one.study, one.measure): one for one in found}
    level = by_name["effect", "rate_mean"]
    assert level.nuclei == 4
    assert level.true_ratio == pytest.approx(1.3, rel=0.05)
    assert level.ratio == pytest.approx(level.true_ratio, rel=0.05)
    assert level.low < level.true_ratio < level.high
    refused = by_name["unknown-gain", "rate_mean"]
    assert pd.isna(refused.p)
    assert refused.reason == LEVEL_REASON
    written = to_markdown(found)
    assert "not compared: " in written
    assert f"| effect | rate_mean | 4 | {level.true_ratio:.3f} | {level.ratio:.3f} |" in written

    # What is there is kept.
    del studies["effect"]
    dates = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("provenance.json")}
    assert len(dates) == 8
    again = simulated_study(tmp_path, replicates=2, nuclei=1, workers=0)
    assert to_markdown(again) == to_markdown(found[2:])
    for other in ({"replicates": 3, "nuclei": 1}, {"replicates": 2, "nuclei": 2}):
        with pytest.raises(CallError, match="2 replicates in a group and 1 nuclei in a replicate"):
            simulated_study(tmp_path, **other, workers=0)
    assert {path: path.stat().st_mtime_ns for path in dates} == dates
