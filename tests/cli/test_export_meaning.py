"""An exported map says what it is, and a map that is not there is not written."""

from __future__ import annotations

import tifffile


def test_the_file_says_what_the_map_is(cli, image, mask, tmp_path) -> None:
    out = tmp_path / "out"
    asked = ("--nuclei", mask, "--set", "method=direct")
    assert cli("run", image, "-o", out, *asked).exit_code == 0
    result = out / "cell_3"
    exported = tmp_path / "rate.ome.tif"
    assert cli("export", result / "cell_3.ome.zarr", "-o", exported).exit_code == 0
    with tifffile.TiffFile(exported) as one, tifffile.TiffFile(result / "rate.ome.tif") as other:
        for tiff in (one, other):
            assert "relative: 1 is the average of this nucleus" in (tiff.ome_metadata or "")


def test_a_map_that_is_not_there_is_not_written(cli, image, mask, tmp_path) -> None:
    out = tmp_path / "out"
    asked = ("--nuclei", mask, "--roles", "total=0", "--set", "density_rate=false")
    assert cli("run", image, "-o", out, *asked).exit_code == 0
    exported = tmp_path / "rate.tif"
    done = cli("export", out / "cell_3" / "cell_3.ome.zarr", "-o", exported)
    assert done.exit_code == 1
    assert "no rate map" in done.stderr
    assert not exported.exists()
