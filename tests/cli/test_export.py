"""``chromamol export``: the maps of a result as files for Fiji."""

from __future__ import annotations

import re
import shutil

import numpy as np
import pytest
import tifffile
import zarr

from chromamol.analysis import MAP_NAMES
from chromamol.cli.export import Map


@pytest.fixture(scope="module")
def result(cli, write_tiff, photons, tmp_path_factory):
    folder = tmp_path_factory.mktemp("result")
    image = write_tiff(folder / "cell_3.ome.tif", photons)
    done = cli(
        "run",
        image,
        "-o",
        folder / "out",
        "--set",
        "nucleus_min_area_um2=0.5",
        "--set",
        "nucleus_smoothing_nm=100",
        "--set",
        "method=direct",
    )
    assert done.exit_code == 0, done.stderr
    return folder / "out" / "cell_3"


def test_the_file_is_the_map_of_the_result(cli, result, tmp_path) -> None:
    for name in ("rate", "compaction"):
        path = tmp_path / f"{name}.tif"
        done = cli("export", result / "cell_3.ome.zarr", "-o", path, "--map", name)
        assert done.exit_code == 0, done.stderr
        with tifffile.TiffFile(path) as exported:
            np.testing.assert_array_equal(
                exported.asarray(), tifffile.imread(result / f"{name}.ome.tif")
            )
            x_per_cm = exported.pages[0].tags["XResolution"].value
            assert 1e7 * x_per_cm[1] / x_per_cm[0] == pytest.approx(30)

    before = path.read_bytes()
    refused = cli("export", result / "cell_3.ome.zarr", "-o", path)
    assert (refused.exit_code, path.read_bytes()) == (2, before)
    assert "--overwrite" in refused.stderr
    assert cli("export", result / "cell_3.ome.zarr", "-o", path, "--overwrite").exit_code == 0
    assert path.read_bytes() != before


def test_what_cannot_be_exported(cli, result, image, tmp_path) -> None:
    store = result / "cell_3.ome.zarr"
    for source, target, code in (
        (image, "rate.tif", 1),
        (tmp_path / "none.ome.zarr", "rate.tif", 1),
        (store, "rate.png", 2),
        (store, "no/such/folder/rate.tif", 2),
    ):
        done = cli("export", source, "-o", tmp_path / target)
        assert done.exit_code == code, done.stderr
        assert len(done.stderr.splitlines()) == 1
    assert not list(tmp_path.rglob("*rate.tif"))


@pytest.mark.parametrize(("kind", "bits"), [("ome", "8"), ("imagej", "8"), ("ome", "16")])
def test_grey_values_give_the_values_back(cli, result, tmp_path, kind, bits) -> None:
    path, largest = tmp_path / "grey.tif", 2 ** int(bits) - 1
    store = result / "cell_3.ome.zarr"
    words = ("--format", kind, "--bits", bits, "--range", "0.95", "1.05", "--map", "compaction")
    done = cli("export", store, "-o", path, *words)
    assert done.exit_code == 0, done.stderr
    values = tifffile.imread(result / "compaction.ome.tif")
    with tifffile.TiffFile(path) as file:
        grey = file.asarray()
        said = file.imagej_metadata["Info"] if kind == "imagej" else file.ome_metadata
    assert grey.dtype == f"uint{bits}"
    assert grey.max() == largest
    low, step = 0.95, 0.1 / (largest - 1)
    assert f"value = 0.95 + (grey - 1) * {step:.6g}" in said
    np.testing.assert_array_equal(grey == 0, np.isnan(values))
    inside = (values > 0.95) & (values < 1.05)
    np.testing.assert_allclose(low + (grey[inside] - 1.0) * step, values[inside], atol=0.51 * step)
    assert (grey[values > 1.05] == largest).all()


def test_another_value_outside_and_calls_that_do_not_fit(cli, result, tmp_path) -> None:
    store, path = result / "cell_3.ome.zarr", tmp_path / "rate.tif"
    assert cli("export", store, "-o", path, "--outside", "-1").exit_code == 0
    values, rate = tifffile.imread(path), tifffile.imread(result / "rate.ome.tif")
    np.testing.assert_array_equal(values, np.nan_to_num(rate, nan=-1))
    for words in (
        ("--bits", "8", "--range", "2", "1"),
        ("--bits", "8", "--outside", "0"),
        ("--bits", "16", "--range", "0", "nan"),
        ("--range", "0", "1"),
        ("--bits", "8", "--range", "0", "1", "--outside", "0"),
    ):
        done = cli("export", store, "-o", tmp_path / "no.tif", *words)
        assert done.exit_code == 2, done.stdout
        assert not (tmp_path / "no.tif").exists()


def test_grey_values_of_a_batch_compare(cli, result, tmp_path) -> None:
    study = tmp_path / "study"
    for place in ("a", "b"):
        shutil.copytree(result, study / place)
    changed = zarr.open_group(study / "b" / "cell_3.ome.zarr")["compaction/0"]
    changed[:] = 1 + 2 * (changed[:] - 1)
    out = tmp_path / "maps"
    done = cli("export", study, "-o", out, "--map", "compaction", "--bits", "16")
    assert done.exit_code == 0, done.stderr
    said = " ".join(done.stdout.split())
    low, high = map(float, re.search(r"compaction, from (\S+) to (\S+), the same", said).groups())
    for place in "ab":
        with tifffile.TiffFile(out / f"{place}_compaction.ome.tif") as file:
            grey, about = file.asarray().astype(float), file.ome_metadata
        stored = zarr.open_group(study / place / "cell_3.ome.zarr")["compaction/0"][:]
        first, step = re.search(r"value = (\S+) \+ \(grey - 1\) \* (\S+);", about).groups()
        assert float(first) == pytest.approx(low, rel=1e-3)
        inside = (stored > low * 1.01) & (stored < high * 0.99)
        values = float(first) + (grey - 1) * float(step)
        np.testing.assert_allclose(values[inside], stored[inside], atol=1e-4)


@pytest.mark.parametrize("kind", ["ome", "imagej"])
def test_colours_come_with_a_bar_and_the_pixel_size(cli, result, tmp_path, kind) -> None:
    path, store = tmp_path / "rate.tif", result / "cell_3.ome.zarr"
    done = cli("export", store, "-o", path, "--colours", "--format", kind)
    assert done.exit_code == 0, done.stderr
    assert "Colours: relative rate ratio, from" in done.stdout
    rate = tifffile.imread(result / "rate.ome.tif")
    with tifffile.TiffFile(path) as file:
        (page,) = file.pages
        assert (page.photometric.name, file.series[0].axes) == ("RGB", "YXS")
        said = file.imagej_metadata["Info"] if kind == "imagej" else file.ome_metadata
        x = page.tags["XResolution"].value
        nm = 1e7 if kind == "ome" else 1e3
        rgb = file.asarray()
    # The small map is enlarged, and the pixel size says so.
    zoom = -(-600 // max(rate.shape))
    assert zoom > 1
    assert nm * x[1] / x[0] == pytest.approx(30 / zoom)
    height, width = (zoom * side for side in rate.shape)
    assert f"The map is the first {height} rows and {width} columns; each of its pixels" in said
    assert f"is a square of {zoom} x {zoom} pixels." in said
    inside = rgb[:height:zoom, :width:zoom]
    np.testing.assert_array_equal((inside == 189).all(axis=2), np.isnan(rate))
    assert rgb.shape[1] > width
    # More red where the rate is high, more blue where it is low.
    low, high = np.nanpercentile(rate, (5, 95))
    red_less_blue = inside[..., 0].astype(int) - inside[..., 2]
    assert red_less_blue[rate > high].mean() > 0 > red_less_blue[rate < low].mean()


def test_colours_of_a_batch_compare(cli, result, tmp_path) -> None:
    study = tmp_path / "study"
    for place in ("a", "b"):
        shutil.copytree(result, study / place)
    # The maps of b vary twice as much.
    changed = zarr.open_group(study / "b" / "cell_3.ome.zarr")["compaction/0"]
    changed[:] = 1 + 2 * (changed[:] - 1)
    pictures = {}
    for words in ((), ("--range", "0.9", "1.2")):
        out = tmp_path / f"maps{len(words)}"
        asked = ("--map", "compaction", "--colours", *words)
        done = cli("export", study, "-o", out, *asked)
        assert done.exit_code == 0, done.stderr
        assert ("the same in all files" in done.stdout) == (not words)
        said = [tifffile.TiffFile(out / f"{one}_compaction.ome.tif").ome_metadata for one in "ab"]
        scales = [re.search(r"linear from (\S+) to (\S+),", one).groups() for one in said]
        assert scales[0] == scales[1]
        pictures[len(words)] = scales[0]
    assert pictures[3] == ("0.9", "1.2")
    values = changed[:]
    low, high = np.nanpercentile(values, (0.5, 99.5))
    assert tuple(map(float, pictures[0])) == pytest.approx((low, high), rel=1e-4)


def test_what_does_not_go_with_colours(cli, result, tmp_path) -> None:
    store, path = result / "cell_3.ome.zarr", tmp_path / "no.tif"
    for words in (
        ("--bits", "8"),
        ("--outside", "0"),
        ("--range", "0", "2"),
        ("--range", "2", "1"),
    ):
        done = cli("export", store, "-o", path, "--colours", *words)
        assert done.exit_code == 2, done.stdout
        assert len(done.stderr.splitlines()) == 1
        assert not path.exists()


def test_nothing_is_written_among_results(cli, result, tmp_path) -> None:
    study = tmp_path / "study"
    shutil.copytree(result, study / "a")
    store = study / "a" / "cell_3.ome.zarr"
    before = {path: path.stat().st_mtime_ns for path in study.rglob("*")}
    for source, target in (
        (study, study),
        (study, study / "a"),
        (study, study / "a" / "new"),
        (store, study / "a" / "rate.ome.tif"),
        (store, store / "rate.tif"),
    ):
        done = cli("export", source, "-o", target, "--overwrite")
        assert done.exit_code == 2, done.stdout
        assert "holds results of chromamol" in done.stderr
    (study / "batch.csv").write_text("image\n")
    assert cli("export", store, "-o", study / "rate.tif").exit_code == 2
    (study / "batch.csv").unlink()
    assert {path: path.stat().st_mtime_ns for path in study.rglob("*")} == before


def test_all_maps_of_a_batch_go_to_one_folder(cli, result, tmp_path) -> None:
    study = tmp_path / "study"
    for place in ("day 1/a", "b"):
        shutil.copytree(result, study / place)
    (study / ".inputs" / "b.ome.zarr").mkdir(parents=True)
    done = cli("export", study, "-o", tmp_path / "maps", "--map", "compaction")
    assert done.exit_code == 0, done.stderr
    names = sorted(path.name for path in (tmp_path / "maps").iterdir())
    assert names == ["b_compaction.ome.tif", "day 1__a_compaction.ome.tif"]
    (study / "b" / "cell_3.ome.zarr" / "zarr.json").write_text("{")
    done = cli("export", study, "-o", tmp_path / "one", "--map", "compaction")
    assert done.exit_code == 1
    assert [path.name for path in (tmp_path / "one").iterdir()] == ["day 1__a_compaction.ome.tif"]
    assert done.stderr.startswith("b: ")
    (study / "b" / "cell_3.ome.zarr" / "zarr.json").write_bytes(
        (result / "cell_3.ome.zarr" / "zarr.json").read_bytes()
    )
    # The direct estimator leaves no residual: each is told, and the exit code says it.
    done = cli("export", study, "-o", tmp_path / "others", "--map", "residual")
    assert done.exit_code == 1
    assert len(done.stderr.splitlines()) == 2
    (tmp_path / "empty").mkdir()
    done = cli("export", tmp_path / "empty", "-o", tmp_path / "maps")
    assert done.exit_code == 1
    assert "There is no result in" in done.stderr


def test_every_map_can_be_chosen() -> None:
    assert tuple(choice.value for choice in Map) == MAP_NAMES
