"""``chromamol run``: what it writes, what it says, what it exits with."""

from __future__ import annotations

import json
import re

import pytest
import tifffile
import yaml
from typer.testing import CliRunner

from chromamol.cli.app import app
from chromamol.errors import CallError
from chromamol.results.folders import result_folders
from chromamol.settings import Settings

from .conftest import results_in

SMALL = (
    "--set",
    "nucleus_min_area_um2=0.5",
    "--set",
    "nucleus_smoothing_nm=100",
    "--set",
    "method=direct",
)
FILES = {
    "cell_3.ome.zarr",
    "rate.ome.tif",
    "rate_sd.ome.tif",
    "compaction.ome.tif",
    "nuclei.csv",
    "domains.csv",
    "columns.csv",
    "settings.yaml",
    "provenance.json",
    "figure.png",
    "figure.pdf",
}


def words(text: str) -> str:
    return " ".join(text.split())


def test_an_image_becomes_a_result_and_a_summary(cli, image, mask, tmp_path) -> None:
    settings = tmp_path / "mine.yaml"
    settings.write_text(
        "seed: 4\nreaction_length_nm: 150\nforward_check: false\n", encoding="utf-8"
    )
    out = tmp_path / "out"
    done = cli(
        "run",
        *(image, "-o", out, "--nuclei", mask, "--settings", settings),
        *("--set", "reaction_length_nm=160", "--roles", "heterochromatin=0,euchromatin=H3K27ac"),
    )
    assert done.exit_code == 0, done.stderr
    assert done.stderr == ""
    folder = out / "cell_3"
    assert {entry.name for entry in folder.iterdir()} == FILES
    assert results_in(out) == [folder]

    used = Settings.from_yaml(folder / "settings.yaml")
    assert (used.seed, used.reaction_length_nm) == (4, 160)
    provenance = json.loads((folder / "provenance.json").read_text(encoding="utf-8"))
    assert provenance["nuclei_file"] == str(mask)

    said = words(done.stdout)
    assert "1 nucleus; channel 0 (H3K9me3) as heterochromatin" in said
    assert "48 x 76 pixels of 40 x 30 nm (y, x)" in said
    result = provenance["result"]
    for sentence in (
        *result["notes"],
        *(finding["sentence"] for finding in result["nuclei"][0]["findings"]),
        result["nuclei"][0]["quantity"],
    ):
        assert words(sentence) in said
    assert str(folder) in done.stdout.replace("\n", "")


def test_without_any_map_the_reason_is_said_once(cli, image, mask, tmp_path) -> None:
    coarse = ("--set", "reaction_length_nm=100")  # the pixels of 40 nm are coarser than a third
    done = cli("run", image, "-o", tmp_path / "out", "--nuclei", mask, *coarse)
    assert done.exit_code == 0, done.stderr  # a valid outcome
    said = words(done.stdout)
    assert "Rate: no rate map: The pixel or the resolution of this image (40 nm) is coarser" in said
    assert said.count("no rate map is given") == 1
    assert "EXPLORATORY" not in said


def test_what_must_not_be_believed_is_said_first(cli, image, mask, tmp_path) -> None:
    # Channels of unknown gain with a length that was not fitted.
    asked = ("--nuclei", mask, "--set", "method=direct")
    done = cli("run", image, "-o", tmp_path / "out", *asked)
    said = words(done.stdout)
    assert "DOUBT: Do not believe the rate map: The gain of the channels is unknown" in said
    assert said.index("DOUBT:") < said.index("To know:")


def test_absolute_rates_are_said_with_their_unit(cli, image, mask, tmp_path) -> None:
    asked = ("--nuclei", mask, "--set", "method=direct", "--set", "intensity_per_fraction=2000")
    out = tmp_path / "out"
    known = ("--set", "acetylation_rate_per_s=0.0003")
    done = cli("run", image, "-o", out, *asked, *known)
    assert done.exit_code == 0, done.stderr
    said = words(done.stdout)
    assert "methylation rate: how often per second" in said
    (median,) = re.findall(r"median ([\d.e-]+)", said)
    assert 2e-4 < float(median) < 4e-4  # the image is that of a ratio of 1
    columns = (out / "cell_3" / "columns.csv").read_text(encoding="utf-8")
    assert "nuclei.csv,rate_mean,1/s," in columns


def test_pixel_size_and_roles_are_settings(cli, write_tiff, photons, tmp_path) -> None:
    image = write_tiff(tmp_path / "plain.tif", photons, names=("", ""), spacing_nm=None)
    out = tmp_path / "out"
    given = ("--roles", "heterochromatin=0,euchromatin=1", "--pixel-size-nm", 35)
    done = cli("run", image, "-o", out, *SMALL, *given)
    assert done.exit_code == 0, done.stderr
    used = yaml.safe_load((out / "plain" / "settings.yaml").read_text(encoding="utf-8"))
    assert used["pixel_size_nm"] == 35
    assert used["roles"] == {"heterochromatin": 0, "euchromatin": 1}


def test_one_bad_image_does_not_stop_the_others(cli, image, tmp_path) -> None:
    empty = tmp_path / "empty.tif"
    empty.touch()
    out = tmp_path / "out"
    done = cli("run", empty, image, tmp_path / "none.tif", "-o", out, *SMALL)
    assert done.exit_code == 1
    reasons = done.stderr.splitlines()
    assert len(reasons) == 2
    assert reasons[0].startswith(f"{empty}: ")
    assert "none.tif" in reasons[1]
    assert "1 of 3 images done, 2 failed." in done.stdout
    assert [folder.name for folder in results_in(out)] == ["cell_3"]


def test_an_existing_result_is_kept_unless_asked(cli, image, tmp_path, monkeypatch) -> None:
    out = tmp_path / "out"
    assert cli("run", image, "-o", out, *SMALL).exit_code == 0
    before = (out / "cell_3" / "provenance.json").read_bytes()
    with monkeypatch.context() as patch:
        patch.setattr("chromamol.pipeline.read_image", None)  # refused before any work
        refused = cli("run", image, "-o", out, *SMALL)
    assert refused.exit_code == 2
    assert "--overwrite" in refused.stderr
    assert (out / "cell_3" / "provenance.json").read_bytes() == before
    again = cli("run", image, "-o", out, *SMALL, "--set", "seed=9", "--overwrite")
    assert again.exit_code == 0, again.stderr
    assert Settings.from_yaml(out / "cell_3" / "settings.yaml").seed == 9


def test_images_of_one_name_get_folders_of_their_own(tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    out = tmp_path / "out"
    one, two, three = (tmp_path / path for path in ("a/x.tif", "a/b/x.ome.tif", "a/y.zarr"))
    assert result_folders([one, three], out) == [out / "x", out / "y"]
    assert result_folders([one, two, three], out) == [out / "x", out / "b/x", out / "y"]
    for clashing in (
        [one, one],
        [one, tmp_path / "a/x.ome.tif"],
        [two, tmp_path / "a/b.tif", one],  # b/x would lie inside the result b
    ):
        with pytest.raises(CallError, match="two calls"):
            result_folders(clashing, out)


def test_an_unexpected_error_is_one_sentence(cli, image, tmp_path, monkeypatch) -> None:
    def fail(*_args: object, **_kwargs: object) -> None:
        msg = "boom"
        raise ZeroDivisionError(msg)

    monkeypatch.setattr("chromamol.pipeline.infer_rates", fail)
    done = cli("run", image, "-o", tmp_path / "out", *SMALL)
    assert done.exit_code == 1
    (sentence,) = done.stderr.splitlines()
    assert "ZeroDivisionError: boom" in sentence
    assert "report" in sentence
    assert not results_in(tmp_path / "out")

    arguments = ["run", str(image), "-o", str(tmp_path / "out"), *SMALL]
    searched = CliRunner().invoke(app, arguments, env={"CHROMAMOL_DEBUG": "1"})
    assert searched.exit_code == 1
    assert "Traceback" in searched.stderr


def test_names_from_files_cannot_command_the_terminal(cli, write_tiff, photons, tmp_path) -> None:
    image = tmp_path / "plain.tif"
    labels = ["H3K9me3\x1b[2J", "H3K27ac"]
    tifffile.imwrite(image, photons, imagej=True, metadata={"axes": "CYX", "Labels": labels})
    assert "\x1b" not in cli("info", image).stdout
