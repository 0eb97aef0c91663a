"""What a total density alone can say: images that are made, and how their maps are judged."""

from __future__ import annotations

from functools import partial
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from scipy import ndimage

from chromamol.benchmarks import density_only
from chromamol.benchmarks.density_only import (
    blur,
    count,
    draw_bodies,
    lamina,
    measure,
    offset,
    quench,
    rim_contrast,
    scaled_error,
    to_markdown,
)
from chromamol.simulation import simulate_masked

SHAPE = (72, 96)
Y, X = np.indices(SHAPE)
MASK = np.hypot((Y - 36) / 30, (X - 48) / 42) < 1
EVEN = np.where(MASK, 0.4, 0.0)


@pytest.fixture(scope="module")
def nucleus():
    return simulate_masked("smooth", 0, side_px=48)


def generator():
    return np.random.default_rng(3)


def rms(field):
    return np.sqrt(np.nanmean(field**2))


def test_an_error_is_that_of_the_best_scale():
    truth = np.array([[1.0, 2.0, np.nan], [2.0, 1.0, 3.0]])
    assert scaled_error(7 * truth, truth) == pytest.approx(0, abs=1e-12)
    found = np.array([[1.0, 1.0, 5.0], [1.0, 1.0, np.nan]])
    # 1.5 is the mean of what both know: 1, 2, 2, 1.
    assert scaled_error(found, truth) == pytest.approx(np.sqrt(4 * 0.25 / 10))
    assert np.isnan(scaled_error(np.full((2, 3), np.nan), truth))


def test_the_rim_is_the_outer_quarter():
    radius = np.hypot(Y - 36, X - 48)
    disc = radius < 30
    outer = radius > 30 * np.sqrt(0.75)
    assert rim_contrast(np.where(outer, 3.0, 2.0), disc) == pytest.approx(0.5, abs=0.04)
    assert rim_contrast(np.where(disc, 2.0, np.nan), disc) == pytest.approx(0)


def test_a_lamina_enriches_the_rim_only():
    enriched = lamina(EVEN, MASK, generator())
    profile = enriched[36, 6:49] / enriched[36, 48]
    np.testing.assert_allclose(profile[[1, 11]], 1 + 0.5 * np.exp([-5 / 40, -105 / 40]), rtol=0.02)
    assert enriched[MASK].mean() == pytest.approx(0.4)


def test_a_quenched_density_varies_smoothly():
    factor = quench(EVEN, MASK, generator())[MASK] / 0.4
    assert 0.05 < factor.std() < 0.25
    assert np.abs(np.diff(quench(EVEN, MASK, generator())[36, 10:86])).max() < 0.02


def test_bodies_keep_apart():
    bodies = draw_bodies(MASK, generator())
    labels, found = ndimage.label(bodies)
    assert found == 2
    np.testing.assert_allclose(np.bincount(labels.ravel())[1:], np.pi * 15**2, rtol=0.03)
    assert not (bodies & ~ndimage.binary_erosion(MASK)).any()


def test_images_have_what_their_names_say():
    assert offset(EVEN, MASK, generator())[MASK] == pytest.approx(0.44)
    counts = count(EVEN, MASK, generator())[MASK]
    assert counts.mean() == pytest.approx(10, rel=0.03)
    assert counts.var() == pytest.approx(10, rel=0.1)
    # Half of the light of a straight rim is lost, and none of the middle.
    blurred = blur(EVEN, MASK, generator(), sd_nm=20.0)
    assert blurred[36, 48] == pytest.approx(0.4)
    assert 0.2 < blurred[36, 7] < 0.3
    assert blurred[~MASK].max() == 0


def test_a_true_map_has_no_error(nucleus, monkeypatch):
    def infer_rates(*, total, mask, **_):
        asked.append(mask)
        return SimpleNamespace(
            rate=5 * np.where(mask, nucleus.rate, np.nan), compaction=total, findings=()
        )

    asked = []
    monkeypatch.setattr(density_only, "infer_rates", infer_rates)
    row, maps = measure("undisturbed", nucleus, 0)
    assert row.rate_l2 == pytest.approx(0, abs=1e-9)
    assert row.rate_r == pytest.approx(1)
    assert row.rate_rim == pytest.approx(row.true_rim)
    assert row.compaction_l2 > 0.01
    assert row.even_l2 == pytest.approx(np.nanstd(maps.truth) / rms(maps.truth))
    lit = measure("offset", nucleus, 0, maps.truth)[0]
    assert lit.changed == pytest.approx(0, abs=1e-9)
    np.testing.assert_array_equal(asked[-1], nucleus.mask)


def test_a_stated_blur_leaves_no_map(nucleus):
    row, maps = measure("PSF 40 nm, stated", nucleus, 0)
    assert "94 nm" in row.rejected
    assert np.isnan(row.rate_l2)
    assert np.isnan(maps.rate).all()
    assert np.isfinite(row.compaction_l2)


def test_the_table_counts_maps_and_signs():
    def row(seed, rejected, rim):
        numbers = {
            "even_l2": 0.2,
            "compaction_l2": 0.1,
            "compaction_r": 0.9,
            "rate_l2": 0.3,
            "rate_r": 0.8,
            "true_rim": 0.1,
            "compaction_rim": -0.1,
            "changed": 0.05,
            "condensed_area_fraction": 0.25,
            "plateau_over_mean": 1.5,
            "domain_spacing_nm": 200.0,
        }
        return numbers | {"image": "lamina", "seed": seed, "rejected": rejected, "rate_rim": rim}

    table = pd.DataFrame([row(0, "", 0.3), row(1, "", -0.1), row(2, "It was rejected.", np.nan)])
    line = to_markdown(table).splitlines()[-1]
    assert line == (
        "| lamina | 2 of 3 | 0.300 (0.80) | 0.100 (0.90) | 0.200 | 0.050 | +10 % | +10 % (1 of 2) "
        "| -10 % (0 of 3) | 0.25 | 1.50 | 200 |"
    )
    rejected = to_markdown(table[table["rejected"] != ""]).splitlines()[-1]
    assert rejected.startswith("| lamina | 0 of 1 | - |")


def test_a_run_leaves_a_table_and_a_figure(monkeypatch, tmp_path):
    names = ("undisturbed", "PSF 40 nm, stated")
    monkeypatch.setattr(density_only, "IMAGES", {name: density_only.IMAGES[name] for name in names})
    monkeypatch.setattr(density_only, "_DRAWN", names)
    monkeypatch.setattr(density_only, "_DRAWN_SEED", 0)
    monkeypatch.setattr(density_only, "_SEEDS", 1)
    monkeypatch.setattr(density_only, "simulate_masked", partial(simulate_masked, side_px=48))
    table = density_only.density_only(tmp_path)
    assert list(table["image"]) == list(names)
    written = pd.read_csv(tmp_path / "density-only.csv", keep_default_na=False)
    assert list(written["rejected"]) == list(table["rejected"])
    assert (tmp_path / "density-only.png").stat().st_size > 5000
