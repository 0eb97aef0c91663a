"""A simulated study: what is drawn, what is written, and what is refused.

That a batch takes it as it is, is in the tests of the benchmark.
"""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest
from scipy import ndimage

from chromamol import simulated_study
from chromamol.errors import CallError, Cancelled
from chromamol.images.read import read_image
from chromamol.progress import Silent
from chromamol.settings import Settings
from chromamol.simulated_study import PIXEL_NM, simulate_study
from chromamol.simulation import SimulatedNucleus, rate_field, wobbly_ellipse

if TYPE_CHECKING:
    from pathlib import Path


def painted(
    name: str,
    seed: int,
    *,
    side_px: int,
    pixel_nm: float,
    mean_rate: float,
    progress: Silent,
    **_times: float,
) -> SimulatedNucleus:
    """Give h and e that are no steady state, but take no time."""
    progress.advance()
    mask = wobbly_ellipse(side_px, seed)
    rate = rate_field(name, side_px, pixel_nm, seed)
    rate *= mean_rate / rate[mask].mean()
    rate = np.where(mask, rate, np.nan)
    return SimulatedNucleus(0.5 * rate / (1 + rate), 0.5 / (1 + rate), rate, mask)


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(simulated_study, "simulate_masked", painted)


def files_of(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


@pytest.mark.usefixtures("quick")
def test_the_rates_are_those_that_were_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(simulated_study, "_write_nucleus", lambda *_: None)
    tables = {}
    for effect in (1.3, 1.0):
        (*_, truth) = simulate_study(
            tmp_path / str(effect), effect=effect, replicates=40, nuclei=4, seed=1
        )
        tables[effect] = pd.read_csv(truth)
    truth = tables[1.3]
    logs = np.log(truth["rate_mean"]).groupby([truth["group"], truth["replicate"]])
    means = logs.mean()
    # 40 replicates of 4 nuclei: the standard error of a difference is 0.017.
    change = means["treated"].mean() - means["control"].mean()
    assert change == pytest.approx(np.log(1.3), abs=0.05)
    within = logs.var().mean()
    between = means.groupby(level=0).var().mean() - within / 4
    assert np.sqrt(within + between) == pytest.approx(0.12, rel=0.12)
    assert between / (within + between) == pytest.approx(0.2, abs=0.12)
    is_control = truth["group"] == "control"
    without = tables[1.0]
    pd.testing.assert_frame_equal(truth[is_control], without[is_control])
    ratio = truth["rate_mean"][~is_control] / without["rate_mean"][~is_control]
    assert ratio.to_numpy() == pytest.approx(1.3)
    assert truth["area_um2"].nunique() > 150
    assert truth["noise"].between(0.03, 0.08).all()


@pytest.mark.usefixtures("quick")
def test_images_hold_the_truth_and_are_the_same_for_the_same_seed(tmp_path: Path) -> None:
    for name in ("a", "b"):
        simulate_study(tmp_path / name, replicates=2, nuclei=2, seed=7)
    simulate_study(tmp_path / "other", replicates=2, nuclei=2, seed=8)
    files = files_of(tmp_path / "a")
    assert len(files) == 2 * 2 * 2 * 2 + 3
    truth = pd.read_csv(tmp_path / "a" / "truth.csv")
    pd.testing.assert_frame_equal(truth, pd.read_csv(tmp_path / "b" / "truth.csv"))
    assert files["samples.csv"] == (tmp_path / "other" / "samples.csv").read_bytes()
    row = truth.iloc[5]
    settings = Settings.from_yaml(tmp_path / "a" / "settings.yaml")
    image, again, other = (
        read_image(tmp_path / name / row["image"], settings) for name in ("a", "b", "other")
    )
    assert image.channel_names == ("heterochromatin", "euchromatin")
    assert image.yx_spacing_nm == (PIXEL_NM, PIXEL_NM)
    h, e = np.asarray(image.cyx, dtype=float)
    np.testing.assert_array_equal([h, e], again.cyx)
    assert h.shape != np.shape(other.cyx[0]) or not np.array_equal(h, other.cyx[0])
    inside = ndimage.binary_erosion(h + e > 700)
    # Painted so that h + e is half of the volume, and h / e the rate.
    assert (h + e - 200)[inside].mean() == pytest.approx(1000, rel=0.01)
    ratio = (h - 100)[inside] / (e - 100)[inside]
    assert ratio.mean() == pytest.approx(row["rate_mean"], rel=0.05)


@pytest.mark.usefixtures("quick")
def test_an_unknown_gain_is_of_each_image_and_channel(tmp_path: Path) -> None:
    study = tmp_path / "study"
    (_, settings, truth_file) = simulate_study(study, nuclei=2, calibrated=False)
    truth = pd.read_csv(truth_file)
    assert Settings.from_yaml(settings).intensity_per_fraction == "auto"
    gains = truth[["heterochromatin_gain", "euchromatin_gain"]]
    assert gains.nunique().tolist() == [12, 12]
    row = truth.iloc[3]
    h, e = np.asarray(read_image(study / row["image"], Settings()).cyx, dtype=float) - 100
    inside = ndimage.binary_erosion(h > 200)
    ratio = row["rate_mean"] * row["heterochromatin_gain"] / row["euchromatin_gain"]
    assert (h[inside] / e[inside]).mean() == pytest.approx(ratio, rel=0.05)


@pytest.mark.usefixtures("quick")
def test_a_study_is_there_in_whole_or_not_at_all(tmp_path: Path) -> None:
    class Stopping(Silent):
        left = 5

        def advance(self, steps: int = 1) -> None:
            self.left -= 1
            if not self.left:
                raise Cancelled

    study = tmp_path / "study"
    with pytest.raises(Cancelled):
        simulate_study(study, progress=Stopping())
    assert list(tmp_path.iterdir()) == []
    simulate_study(study, replicates=1, nuclei=2)
    (study / "results").mkdir()
    with pytest.raises(CallError, match="give --overwrite"):
        simulate_study(study)
    before = files_of(study)
    with pytest.raises(Cancelled):
        simulate_study(study, overwrite=True, progress=Stopping())
    assert files_of(study) == before
    simulate_study(study, replicates=1, nuclei=1, overwrite=True)
    assert (study / "results").is_dir()
    assert len(files_of(study)) == 2 * 2 + 3
    other = tmp_path / "photos"
    other.mkdir()
    (other / "mine.txt").write_text("x")
    with pytest.raises(CallError, match="is no simulated study"):
        simulate_study(other, overwrite=True)
    (tmp_path / "file").write_text("x")
    with pytest.raises(CallError):
        simulate_study(tmp_path / "file")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file", "photos", "study"]


@pytest.mark.parametrize(
    ("options", "said"),
    [({"effect": 3.0}, "between 0.5 and 2"), ({"nuclei": 0}, "at least 1 replicate")],
)
def test_numbers_out_of_range_are_sentences(
    tmp_path: Path, options: dict[str, float], said: str
) -> None:
    with pytest.raises(CallError, match=said):
        simulate_study(tmp_path / "x", **options)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--effect", "1.2", "--nuclei", "2"), "--effect, --nuclei cannot be given"),
        (("--unknown-gain",), "they need --study"),
        (("--study", "--noise", "0.1"), "--noise cannot be given"),
        (("--study", "--effect", "5"), "--effect"),
    ],
)
def test_options_that_do_not_go_together_are_refused(
    tmp_path: Path, words: tuple[str, ...], said: str
) -> None:
    call = [sys.executable, "-m", "chromamol", "simulate", "-o", str(tmp_path / "x"), *words]
    done = subprocess.run(call, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert said in " ".join(done.stderr.split())
    assert list(tmp_path.iterdir()) == []
