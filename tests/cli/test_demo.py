"""``chromamol demo``: its numbers are those of its files, and it may be repeated."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pytest
import tifffile

from chromamol.demo import DEMO_CASES, relative_l2_error


@pytest.fixture
def truth(image, mask) -> np.ndarray:
    rate = np.where(tifffile.imread(mask) > 0, 0.9, np.nan).astype(np.float32)
    tifffile.imwrite(image.with_name("truth.tif"), rate)
    return rate


@pytest.fixture
def small_demo(image, mask, truth, monkeypatch) -> None:
    """Put the small image of the tests in the place of the samples."""
    samples = {"simulated": image, "simulated-mask": mask}
    samples["simulated-rate"] = image.with_name("truth.tif")
    case = next(case for case in DEMO_CASES if case.truth)
    settings = {**case.settings, "intensity_per_fraction": 4000, "method": "direct"}
    monkeypatch.setattr("chromamol.demo.DEMO_CASES", (replace(case, settings=settings),))
    monkeypatch.setattr("chromamol.demo.sample_path", samples.__getitem__)


@pytest.mark.usefixtures("small_demo")
def test_the_error_that_is_printed_is_that_of_the_files(cli, truth, tmp_path) -> None:
    out = tmp_path / "demo"
    done = cli("demo", "-o", out)
    assert done.exit_code == 0, done.stderr
    rate = tifffile.imread(out / "simulated-nucleus" / "rate.ome.tif").astype(float)
    both = np.isfinite(rate) & np.isfinite(truth)
    expected = np.sqrt(np.sum((rate - truth)[both] ** 2) / np.sum(truth[both].astype(float) ** 2))
    printed = re.search(r"relative\s+L2\s+error\s+([\d.]+)", done.stdout)
    assert printed is not None
    assert float(printed[1]) == pytest.approx(expected, abs=6e-4)
    assert str(out) in done.stdout

    (out / "simulated-nucleus" / "mine.txt").touch()
    assert cli("demo", "-o", out).exit_code == 0
    assert (out / "simulated-nucleus" / "mine.txt").exists()


@pytest.mark.usefixtures("small_demo")
def test_it_replaces_nothing_that_is_not_its_own(cli, tmp_path) -> None:
    precious = tmp_path / "demo" / "simulated-nucleus" / "thesis.txt"
    precious.parent.mkdir(parents=True)
    precious.touch()
    assert cli("demo", "-o", tmp_path / "demo").exit_code == 2
    assert list(precious.parent.iterdir()) == [precious]


def test_the_error_is_unscaled_and_ignores_what_is_not_there() -> None:
    truth = np.array([[1.0, 2.0, np.nan], [2.0, 4.0, 1.0]])
    rate = 1.1 * truth
    rate[1, 1], rate[0, 2] = np.nan, 7.0
    assert relative_l2_error(rate, truth) == pytest.approx(0.1)
