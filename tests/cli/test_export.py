"""``chromamol export``: the maps of a result as files for Fiji."""

from __future__ import annotations

import numpy as np
import pytest
import tifffile

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


def test_every_map_can_be_chosen() -> None:
    assert tuple(choice.value for choice in Map) == MAP_NAMES
