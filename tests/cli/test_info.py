"""``chromamol info``: what was understood, and what is doubtful."""

from __future__ import annotations

import numpy as np
import tifffile


def words(text: str) -> str:
    return " ".join(text.split())


def test_all_is_understood(cli, image) -> None:
    done = cli("info", image)
    said = words(done.stdout)
    assert done.exit_code == 0
    assert "2 channels, 48 x 76 pixels (y, x), uint16" in said
    assert "40 x 30 nm (y, x); the image is 1.92 x 2.28 µm" in said
    assert "'H3K9me3' taken as heterochromatin; intensities from" in said
    assert "'H3K27ac' taken as euchromatin;" in said
    assert "WARNING" not in said


def test_a_printing_resolution_is_no_pixel_size(cli, tmp_path) -> None:
    path = tmp_path / "dna.tif"
    yx = np.random.default_rng(0).integers(0, 900, (40, 60), np.uint16)
    tifffile.imwrite(path, yx, resolution=(72, 72), resolutionunit="INCH")
    done = cli("info", path)
    said = words(done.stdout)
    assert done.exit_code == 0
    assert "WARNING" in said
    assert "--pixel-size-nm 20" in said
    assert "72" in said
    assert "taken as total" in said


def test_saturation_and_unknown_channels_are_warned_of(cli, write_tiff, photons, tmp_path) -> None:
    clipped = np.minimum(photons, 255).astype(np.uint8)
    path = write_tiff(tmp_path / "clipped.ome.tif", clipped, names=("", ""))
    done = cli("info", path)
    said = words(done.stdout)
    assert done.exit_code == 0
    share = 100 * (clipped[0] == 255).mean()
    assert f"WARNING: {share:.2g} % of the pixels have the highest value" in said
    assert "detector" in said
    assert "--roles heterochromatin=0,euchromatin=1" in said


def test_what_cannot_be_read_exits_with_1(cli, tmp_path) -> None:
    done = cli("info", tmp_path)
    assert done.exit_code == 1
    assert "OME-Zarr" in done.stderr


def test_a_result_shows_what_came_out_and_its_image(cli, image, mask, tmp_path) -> None:
    out = tmp_path / "out"
    asked = ("--nuclei", mask, "--set", "method=direct", "--set", "reaction_length_nm=150")
    assert cli("run", image, "-o", out, *asked).exit_code == 0
    store = out / "cell_3" / "cell_3.ome.zarr"
    done = cli("info", store)
    assert done.exit_code == 0, done.stderr
    said = words(done.stdout)
    assert "relative rate ratio of 1 nucleus in 'cell_3'" in said
    assert "The reaction-diffusion length was set to 150 nm" in said
    assert "2 channels, 48 x 76 pixels (y, x), uint16" in said
    assert "'H3K9me3' taken as heterochromatin" in said

    # Only info looks into a result; what cannot says which image there is inside.
    refused = cli("run", store, "-o", tmp_path / "again")
    assert refused.exit_code == 1
    assert "for example cell_3.ome.zarr/image" in refused.stderr
