"""Real tables and images all the way: what is known of them has to come out."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import tifffile

from chromamol.errors import InputError
from chromamol.images.image import Image
from chromamol.images.nuclei import label_nuclei
from chromamol.pipeline import analyse
from chromamol.results.measure import measure
from chromamol.settings import Settings

SHARED = Path(__file__).parents[2] / "shared" / "data"


def shared(*parts: str) -> Path:
    path = SHARED.joinpath(*parts)
    if not path.is_file():
        pytest.skip(f"the shared file {path.name} is not here")
    return path


def test_a_free_nuclear_tag_has_no_domains(tmp_path):
    path = shared("locs-u2os-nls", "region_2_7ms_trajs.csv")
    store = tmp_path / "tag.ome.zarr"
    analysis = analyse(path, Settings(camera_pixel_nm=160), store=store)
    (row,) = measure(analysis).nuclei.itertuples()
    assert 180 < row.area_um2 < 280
    assert 15 < row.localisations_per_um2 < 25
    assert row.domain_count == 0
    assert row.compaction_contrast < 1.5
    assert np.isnan(analysis.full_map("rate")).all()
    codes = {finding.code for finding in analysis.per_nucleus[0].rate_map.findings}
    assert {"few-localisations", "too-coarse"} <= codes
    assert analysis.image.counts
    assert any("were merged by their track into 4980" in note for note in analysis.notes)


def test_a_handful_of_localisations_is_no_nucleus():
    path = shared("loc-formats", "Thunderstorm_dstorm_data.csv")
    with pytest.raises(InputError, match="holds 19 localisations: too few"):
        analyse(path)


def test_sparse_localisations_are_refused_before_a_long_fit():
    y, x = np.indices((300, 420))
    labels = (np.hypot((y - 150) / 140, (x - 210) / 200) < 1).astype(int)
    counts = np.random.default_rng(0).poisson(0.02 * labels).astype(np.uint16)
    image = Image("a", Path("a.csv"), "", counts[None], ("DNA",), (50.0, 50.0), counts=True)
    with pytest.raises(InputError, match="It has 8 localisations per um2"):
        analyse(image, nuclei=label_nuclei(labels, ()))


def test_images_that_were_taken_alike_compare_by_their_raw_intensities(tmp_path):
    means, raw = {}, {}
    for condition in ("control", "treated"):
        path = shared("neubias-nuclei", f"xy_calibrated_16bit__nuclear_protein_{condition}.tif")
        yx = tifffile.imread(path)[:600, 300:900]
        tifffile.imwrite(tmp_path / "a.tif", yx, photometric="minisblack")
        settings = Settings(pixel_size_nm=113.2, background_intensity=100)
        analysis = analyse(tmp_path / "a.tif", settings)
        table = measure(analysis).nuclei
        area_um2 = table.area_um2 - table.hole_area_um2
        means[condition] = np.average(table.total_intensity, weights=area_um2)
        raw[condition] = yx[analysis.nuclei.chromatin > 0].mean() - 100
    assert means == pytest.approx(raw, rel=1e-6)
    assert means["treated"] > 1.3 * means["control"]
