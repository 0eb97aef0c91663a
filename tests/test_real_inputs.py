"""Real tables and images all the way: what is known of them has to come out."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
import tifffile

from chromamol.batch import Status, plan_batch, run_batch
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
    assert np.isnan(row.domain_count)  # so few localisations tell of none
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
    with pytest.raises(InputError, match="It has 8 localisations per µm²"):
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


@pytest.mark.usefixtures("without_figures")
def test_a_folder_of_everything_ends_file_by_file(tmp_path):
    """Images, tables, masks, raw frames, licences: what each is, and why it is not analysed."""
    because = {
        "hoechst-h2ax/1-162hrhoe2.tif": ("failed", "states no pixel size"),
        "loc-formats/Elyra_dstorm_data.txt": ("failed", "too few to see a nucleus"),
        "loc-formats/LICENSE-picasso.txt": ("skipped", "neither an image nor a table"),
        "loc-formats/Nanoimager_dstorm_data.csv": ("failed", "--roles"),
        "loc-formats/insight3_test_olist.bin": ("failed", "--camera-pixel-nm"),
        "loc-formats/picasso_egfr_mols.yaml": ("", ""),
        "loc-formats/LICENSE-locan.md": ("", ""),
        "neubias-nuclei/xyzc_16bit__dna_conf_wf.tif": ("failed", "--z-plane"),
        "sim-raw-h2b/H2B-ROI.tif": ("skipped", "raw frames"),
        "sted-dna-hdfa/HDFa_EdU-incubation-18h_ROI9_nucleus-mask_20nm-pixelsize.tiff": (
            "skipped",
            "looks like a mask",
        ),
    }
    folder = tmp_path / "everything"
    for name in because:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(shared(*name.split("/")), folder / name)
    cells = shared("neubias-nuclei", "xy_calibrated_16bit__nuclear_protein_control.tif")
    with tifffile.TiffFile(cells) as file:
        tags = file.pages.first.tags
        resolution = tuple(np.divide(*tags[name].value) for name in ("XResolution", "YResolution"))
        crop = file.asarray()[:300, 300:700]
    tifffile.imwrite(
        folder / "crop.tif", crop, imagej=True, resolution=resolution, metadata={"unit": "um"}
    )
    plan = plan_batch(folder, tmp_path / "out")
    names = "loc-formats/LICENSE-locan.md, loc-formats/picasso_egfr_mols.yaml"
    assert plan.notes == (f"Passed by, as no image has such a name: {names}.",)
    ended = {one.name: one for one in run_batch(plan, Settings(method="direct"), workers=0)}
    done = ended.pop("crop.tif")
    assert done.status is Status.OK
    assert "is coarser than a third" in done.reason
    assert set(ended) == {name for name, (status, _) in because.items() if status}
    for name, one in ended.items():
        assert one.status.value == because[name][0], one
        assert because[name][1] in one.reason
