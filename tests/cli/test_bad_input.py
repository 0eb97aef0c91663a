"""Bad input: a sentence that helps, the right exit code, and nothing left behind."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import numpy as np
import pytest
import tifffile

from .conftest import results_in

if TYPE_CHECKING:
    from pathlib import Path

SMALL = (
    "--set",
    "nucleus_min_area_um2=0.5",
    "--set",
    "nucleus_smoothing_nm=100",
    "--set",
    "method=direct",
)


@pytest.mark.parametrize(
    ("arguments", "hint"),
    [
        (["--set", "pixl_size_nm=20"], "did you mean 'pixel_size_nm'?"),
        (["--set", "reaction_length_nm"], "--set needs key=value"),
        (["--set", "roles={"], "cannot be understood"),
        (["--set", "method=magic"], "weak-form"),
        (["--pixel-size-nm", "-5"], "pixel_size_nm"),
        (["--pixel-size-nm", "0"], "pixel_size_nm"),
        (["--pixel-size-nm", "1e9"], "pixel_size_nm"),
        (["--pixel-size-nm", "nan"], "pixel_size_nm"),
        (["--pixel-size-nm", "small"], "--pixel-size-nm"),
        (["--roles", "heterochromatin"], "--roles heterochromatin=0,euchromatin=1"),
        (["--roles", "mark=0,mark=1"], "twice"),
        (["--roles", "red=0"], "'heterochromatin'"),
        (["--roles", "mark=0,total=1"], "do not go together"),
        (["--roles", "heterochromatin=1,euchromatin=1"], "same channel"),
        (["--settings", "none.yaml"], "none.yaml"),
        (["--settings", "."], "settings file"),
        (["--nosuch"], "--nosuch"),
        (["more.tif", "--nuclei", "mask.tif"], "--nuclei"),
    ],
)
def test_a_wrong_call_exits_with_2(cli, image, tmp_path, arguments, hint) -> None:
    out = tmp_path / "out"
    done = cli("run", image, "-o", out, *arguments)
    assert done.exit_code == 2
    assert hint in done.stderr
    assert not out.exists()


def test_a_damaged_settings_file(cli, image, tmp_path) -> None:
    settings = tmp_path / "settings.yaml"
    for text, hint in (("a: [", "not YAML"), ("- 1", "must hold"), ("sed: 1", "'seed'")):
        settings.write_text(text, encoding="utf-8")
        done = cli("run", image, "-o", tmp_path / "out", "--settings", settings)
        assert done.exit_code == 2
        assert hint in done.stderr


@pytest.mark.parametrize("place", ["cell_3.ome.tif/out", "/proc/out", "taken"])
def test_an_output_that_cannot_be_made(cli, image, tmp_path, monkeypatch, place) -> None:
    if place.startswith("/proc") and not sys.platform.startswith("linux"):
        pytest.skip("a file system that nobody can write to")
    (tmp_path / "taken").mkdir()
    (tmp_path / "taken" / "cell_3").touch()
    monkeypatch.setattr("chromamol.pipeline.read_image", None)  # refused before any work
    done = cli("run", image, "-o", tmp_path / place)
    assert done.exit_code == 2
    (sentence,) = done.stderr.splitlines()
    assert str(tmp_path / place) in sentence


def test_an_output_that_is_no_result_is_never_replaced(cli, image, tmp_path) -> None:
    precious = tmp_path / "out" / "cell_3" / "thesis.txt"
    precious.parent.mkdir(parents=True)
    precious.write_text("words", encoding="utf-8")
    done = cli("run", image, "-o", tmp_path / "out", *SMALL, "--overwrite")
    assert done.exit_code == 2
    assert [path.name for path in precious.parent.iterdir()] == ["thesis.txt"]


def _with(cyx: np.ndarray, value: float) -> np.ndarray:
    changed = cyx.astype(np.float32)
    changed[1, 20, 25] = value
    return changed


BAD_IMAGES = {
    "missing": (None, "There is no file"),
    "zeros": (lambda cyx: cyx * 0, "zeros"),
    "nan": (lambda cyx: _with(cyx, np.nan), "NaN"),
    "infinite": (lambda cyx: _with(cyx, np.inf), "infinite"),
    "1x1": (lambda cyx: cyx[:, :1, :1], "too small"),
    "3-wide": (lambda cyx: cyx[:, :, :3], "too small"),
    "no-nucleus": (lambda cyx: cyx[:, ::-1, ::-1][:, :10, :14], "nucle"),
    "3-planes": (lambda cyx: cyx[[0, 1, 0]], "--roles"),
}


@pytest.mark.parametrize("kind", BAD_IMAGES)
def test_a_bad_image_exits_with_1(cli, write_tiff, photons, tmp_path, kind) -> None:
    make, hint = BAD_IMAGES[kind]
    image = tmp_path / f"{kind}.ome.tif"
    if make:
        cyx = make(photons)
        write_tiff(image, cyx, names=("",) * len(cyx) if len(cyx) == 3 else ("H3K9me3", "H3K27ac"))
    fails_with_1(cli, image, hint, "-o", tmp_path / "out", *SMALL)


def test_a_file_that_is_no_whole_image(cli, image, tmp_path) -> None:
    whole = image.read_bytes()
    for content, hint in ((b"", "empty"), (b"hello", "TIFF"), (whole[: len(whole) // 2], "cut")):
        image.write_bytes(content)
        fails_with_1(cli, image, hint, "-o", tmp_path / "out")


def test_a_colour_picture(cli, tmp_path) -> None:
    image = tmp_path / "screenshot.tif"
    tifffile.imwrite(image, np.zeros((60, 80, 3), np.uint8), photometric="rgb")
    fails_with_1(cli, image, "RGB", "-o", tmp_path / "out")


def test_no_pixel_size(cli, write_tiff, photons, tmp_path) -> None:
    image = write_tiff(tmp_path / "plain.ome.tif", photons, spacing_nm=None)
    fails_with_1(cli, image, "--pixel-size-nm 20", "-o", tmp_path / "out")


def test_a_channel_that_is_not_there(cli, image, tmp_path) -> None:
    fails_with_1(cli, image, "counted from 0", "-o", tmp_path / "out", "--roles", "mark=7")


def test_masks_that_do_not_fit(cli, image, mask, tmp_path) -> None:
    yx = tifffile.imread(mask)
    for name, other, hint in (
        ("inverted", 1 - yx, "nvert"),
        ("other-shape", yx.T.copy(), "76"),
        ("empty", yx * 0, ""),
    ):
        path = tmp_path / f"{name}.tif"
        tifffile.imwrite(path, other)
        fails_with_1(cli, image, hint, "-o", tmp_path / "out", "--nuclei", path)


def fails_with_1(cli, image: Path, hint: str, *options: object) -> None:
    done = cli("run", image, *options)
    assert done.exit_code == 1, done.output
    (sentence,) = done.stderr.splitlines()
    assert hint in sentence
    assert image.name in sentence
    assert not results_in(image.parent / "out")
