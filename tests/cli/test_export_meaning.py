"""An exported map says what it is, and a map that is not there is not written."""

from __future__ import annotations

import html

import tifffile


def test_the_file_says_what_the_map_is(cli, image, mask, tmp_path) -> None:
    out = tmp_path / "out"
    asked = ("--nuclei", mask, "--set", "method=direct")
    assert cli("run", image, "-o", out, *asked).exit_code == 0
    result = out / "cell_3"
    exported = tmp_path / "rate.ome.tif"
    done = cli("export", result / "cell_3.ome.zarr", "-o", exported)
    assert done.exit_code == 0
    assert "The map of 1 of 1 nuclei should not be interpreted" in done.stdout
    with tifffile.TiffFile(exported) as one, tifffile.TiffFile(result / "rate.ome.tif") as other:
        for tiff in (one, other):
            said = html.unescape(tiff.ome_metadata or "")
            assert "relative: 1 is the average of this nucleus" in said
            assert "DO NOT BELIEVE nucleus 1: see the findings. The gain of the channels" in said


def test_what_is_exploratory_is_said(cli, image, mask, tmp_path) -> None:
    out, exported = tmp_path / "out", tmp_path / "rate.tif"
    assert cli("run", image, "-o", out, "--nuclei", mask, "--roles", "total=0").exit_code == 0
    done = cli("export", out / "cell_3" / "cell_3.ome.zarr", "-o", exported)
    assert done.exit_code == 0
    assert "1 of 1 maps are exploratory" in done.stdout
    with tifffile.TiffFile(exported) as file:
        assert "EXPLORATORY: implied by a model" in (file.ome_metadata or "")


def test_a_map_that_is_not_there_is_not_written(cli, image, mask, tmp_path) -> None:
    out = tmp_path / "out"
    asked = ("--nuclei", mask, "--roles", "total=0", "--set", "density_rate=false")
    assert cli("run", image, "-o", out, *asked).exit_code == 0
    exported = tmp_path / "rate.tif"
    done = cli("export", out / "cell_3" / "cell_3.ome.zarr", "-o", exported)
    assert done.exit_code == 1
    assert "no rate map" in done.stderr
    assert not exported.exists()
