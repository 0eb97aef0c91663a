"""Pictures: colours, size on the page, outlines; figures that share their colours."""

from __future__ import annotations

import base64
import io
import re
from dataclasses import replace

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
from PIL import Image

from chromamol.report.cohort import read_cohort
from chromamol.report.limits import rate_limits
from chromamol.report.maps import draw_maps, typical_nuclei
from chromamol.report.pictures import pictures_of
from chromamol.results.reopen import read_result

from .conftest import YX_SPACING_NM


def pixels_of(uri: str) -> np.ndarray:
    data = base64.b64decode(uri.removeprefix("data:image/webp;base64,"))
    return np.asarray(Image.open(io.BytesIO(data)).convert("RGB"), float)


@pytest.fixture(scope="module")
def result(study):
    return read_result(study / "d/d.ome.zarr")


def test_a_picture_has_the_colours_of_its_bar(result) -> None:
    drawn = pictures_of(result, 1, rate_limit=4.0)
    rate = next(one for one in drawn.pictures if one.title == "Rate ratio")
    assert [text for _, text in rate.scale.ticks] == ["0.25", "0.5", "1", "2", "4"]
    assert [place for place, _ in rate.scale.ticks] == pytest.approx([0, 25, 50, 75, 100])
    compaction = next(one for one in drawn.pictures if one.title == "Compaction")
    rgb = pixels_of(compaction.uri)
    rows, columns = (slice(part.min(), part.max() + 1) for part in np.nonzero(result.labels == 1))
    values = result.maps["compaction"][rows, columns]
    top = np.unravel_index(np.nanargmax(values), values.shape)
    shift = [(have - want) // 2 for have, want in zip(rgb.shape, values.shape, strict=False)]
    shown = rgb[top[0] + shift[0], top[1] + shift[1]]
    np.testing.assert_allclose(shown, 255 * np.array(mpl.colormaps["magma"](1.0)[:3]), atol=40)


def test_size_and_outline_are_in_um(result) -> None:
    drawn = pictures_of(result, 1)
    y, x = np.nonzero(result.labels == 1)
    height_um = (y.max() + 1 - y.min()) * YX_SPACING_NM[0] / 1e3
    width_um = (x.max() + 1 - x.min()) * YX_SPACING_NM[1] / 1e3
    assert height_um < drawn.height_um < 1.2 * height_um
    assert width_um < drawn.width_um < 1.2 * width_um
    points = np.array(re.findall(r"([\d.]+) ([\d.]+)", drawn.outline), float)
    assert np.ptp(points[:, 0]) == pytest.approx(width_um, abs=0.03)
    assert np.ptp(points[:, 1]) == pytest.approx(height_um, abs=0.04)
    assert drawn.bar_text == "200 nm"
    assert not drawn.is_cut


def test_a_thumbnail_has_the_shape_of_the_nucleus(result) -> None:
    thumbnail = pictures_of(result, 1).thumbnail
    height_px, width_px = pixels_of(thumbnail.uri).shape[:2]
    assert max(height_px, width_px) == 72
    assert width_px / height_px == pytest.approx(thumbnail.width_um / thumbnail.height_um, rel=0.01)
    # Steps of 2 pixels along y and 3 along x, as in a nucleus of more pixels than a page shows.
    large = replace(
        result,
        cyx=np.tile(result.cyx, (1, 9, 9)),
        labels=result.labels.repeat(9, 0).repeat(9, 1),
        domains=np.tile(result.domains, (9, 9)),
        maps={name: one.repeat(9, 0).repeat(9, 1) for name, one in result.maps.items()},
    )
    thumbnail = pictures_of(large, 1).thumbnail
    height_px, width_px = pixels_of(thumbnail.uri).shape[:2]
    assert width_px / height_px == pytest.approx(thumbnail.width_um / thumbnail.height_um, rel=0.01)
    y, x = np.nonzero(result.labels)
    # Larger than 10 um, and still not rounded to 100 nm.
    points = np.array(re.findall(r"([\d.]+) ([\d.]+)", pictures_of(large, 1).outline), float)
    assert np.ptp(points[:, 0]) == pytest.approx(9 * (np.ptp(x) + 1) * 0.03, abs=0.03)
    assert np.ptp(points[:, 1]) == pytest.approx(9 * (np.ptp(y) + 1) * 0.04, abs=0.04)
    assert np.unique(np.round(points * 10, 6) % 1).size > 10


def test_limits_hold_two_spreads_of_the_maps() -> None:
    table = pd.DataFrame(
        {
            "quantity": ["rate ratio", "rate ratio", "methylation rate", "relative deposition"],
            "scale": ["RATIO", "RATIO", "ABSOLUTE", "RELATIVE"],
            "rate_mean": [1.0, 2.0, 4e-4, 1.0],
            "rate_sd_of_map": [0.2, 0.3, 0.4e-4, 0.2],
            "findings": ["smoothing", np.nan, "", "one-mark"],
        }
    )
    # 2 exp(0.3) = 2.7; (4 / 3) exp(0.2) = 1.63; 2 * 0.2 = 0.4
    limits = {"rate ratio": 3.0, "methylation rate": 2.0, "relative deposition": 0.5}
    assert rate_limits(table, 3e-4) == limits
    assert rate_limits(table.assign(rate_mean=np.nan), 3e-4) == {}
    assert rate_limits(table[:3].assign(rate_mean=0.0, rate_sd_of_map=0.0), 3e-4) == {}
    assert rate_limits(table.assign(rate_mean=np.inf), 3e-4) == {}
    # A map that must not be believed counts only where there is no other.
    doubted = table[:1].assign(rate_mean=40.0, findings="ell-doubtful")
    assert rate_limits(pd.concat([table, doubted]), 3e-4) == limits
    assert rate_limits(doubted, 3e-4) == {"rate ratio": 64.0}


def test_maps_of_groups_share_colours_and_scale(study) -> None:
    cohort = read_cohort(study)
    typical = typical_nuclei(cohort)
    assert set(typical.rows) == {(g, r) for g in cohort.groups for r in ("A", "B")}
    figure = draw_maps(cohort, typical, {"rate ratio": 8.0})
    shown = [axes for axes in figure.axes if axes.images]
    assert len(shown) == 4
    # Those of the page, in log2, though no map of these comes near to 8.
    assert {axes.images[0].get_clim() for axes in shown} == {(-3.0, 3.0)}
    assert len({axes.images[0].get_cmap().name for axes in shown}) == 1
    sizes = {
        (round(np.ptp(axes.get_xlim()), 6), round(np.ptp(axes.get_ylim()), 6)) for axes in shown
    }
    assert len(sizes) == 1
    for kind in ("svg", "pdf"):
        assert (study / f"maps.{kind}").stat().st_size > 10_000
    assert "control" in (study / "maps.svg").read_text(encoding="utf-8")


def test_the_typical_nucleus_is_next_to_the_median(study) -> None:
    cohort = read_cohort(study)
    row = cohort.nuclei.iloc[0]
    values = [3.0, 1.0, 2.2, 9.0, 2.0]
    changes = [{"nucleus": n, "rate_mean": v, "findings": ""} for n, v in enumerate(values)]
    changes.append({"nucleus": 9, "rate_mean": 2.2, "findings": "domain-imprint"})
    table = pd.DataFrame([row.to_dict() | one for one in changes])
    typical = typical_nuclei(replace(cohort, nuclei=table))
    assert typical.rows == {("control", "B"): 2}
    assert "mean rate" in typical.rule
