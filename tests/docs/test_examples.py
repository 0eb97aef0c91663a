"""The snippets of the documentation run, and the page of the science has the code's equations."""

from __future__ import annotations

import inspect
import re
import runpy
import sys
from pathlib import Path

import numpy as np
import pytest
import tifffile

from chromamol.equations.chromatin_phase_field import ChromatinPhaseField
from chromamol.equations.mark_turnover import MarkTurnover

DOCS = Path(__file__).parents[2] / "docs"
EXAMPLES = DOCS / "examples"


def run(name: str) -> dict[str, object]:
    return runpy.run_path(str(EXAMPLES / name), run_name="__main__")


def write_image(name: str, cyx: np.ndarray, **metadata: object) -> None:
    tifffile.imwrite(
        name, cyx, ome=True, photometric="minisblack", metadata={"axes": "CYX", **metadata}
    )


@pytest.fixture
def small_nucleus(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> float:
    """A small image under the names that the snippets read; returns its uniform rate."""
    monkeypatch.chdir(tmp_path)
    shape, rate = (24, 30), 1.25
    y, x = np.indices(shape)
    mask = ((y - 11.5) / 11) ** 2 + ((x - 14.5) / 14) ** 2 < 1
    heterochromatin, euchromatin = ChromatinPhaseField(141.4, 10.0).simulate(
        np.full(shape, rate), (40.0, 30.0), mask=mask, duration=10.0, time_step=0.1
    )
    noise = np.random.default_rng(0).normal(scale=0.01, size=(2, *shape))
    counts = 2000 * (np.stack([heterochromatin, euchromatin]) + noise)
    write_image(
        "nucleus.ome.tif",
        np.nan_to_num(counts).clip(0).astype(np.uint16),
        PhysicalSizeY=0.04,
        PhysicalSizeX=0.03,
        Channel={"Name": ["heterochromatin", "euchromatin"]},
    )
    write_image("nucleus_mask.ome.tif", mask[None].astype(np.uint8))
    return rate


def test_analyse_an_image_and_read_the_result(
    small_nucleus: float, capsys: pytest.CaptureFixture[str]
) -> None:
    run("analyse_image.py")
    printed = capsys.readouterr().out
    assert "nucleus 1: rate ratio" in printed
    assert "- The reaction-diffusion length was set to 141 nm" in printed

    result = run("read_result.py")
    rate = np.asarray(result["rate"])
    assert np.nanmedian(rate) == pytest.approx(small_nucleus, rel=0.1)
    assert "pixel (y, x) in nm: (40.0, 30.0)" in capsys.readouterr().out


def test_infer_from_arrays() -> None:
    result = run("infer_from_arrays.py")
    assert float(str(result["error"])) < 0.05
    assert float(str(result["covered"])) > 0.7


def test_the_layer_in_two_lines() -> None:
    derivatives = run("mollifier_layer.py")["derivatives"]
    assert isinstance(derivatives, dict)
    assert {"", "x", "laplacian", "bilaplacian"} <= set(derivatives)
    assert {values.shape for values in derivatives.values()} == {(2, 1, 64, 48)}


# The mean diffusivity, the deposition itself and the mean euchromatin have 0.22, 0.066 and 1.
@pytest.mark.parametrize(
    ("name", "learned"),
    [
        ("network_of_coordinates.py", 0.12),
        ("network_of_images.py", 0.045),
        ("neural_operator.py", 0.1),
    ],
)
def test_a_network_learns_with_the_layer(name: str, learned: float) -> None:
    assert float(str(run(name)["error"])) < learned


def test_an_equation_of_ones_own_has_its_rate_found() -> None:
    result = run("own_inverse_problem.py")
    assert float(str(result["error"])) < 0.08 < float(str(result["uniform"]))


def test_an_equation_takes_the_derivatives_of_the_layer() -> None:
    assert float(str(run("equation_residual.py")["error"].item())) < 0.02


def test_a_suitable_radius_keeps_its_promise() -> None:
    result = run("choose_radius.py")
    assert result["measured"] == pytest.approx(result["promised"], rel=0.2)


@pytest.mark.parametrize(
    ("name", "start"),
    [("analyse_image.py", "from pathlib"), ("mollifier_layer.py", "layer = ")],
)
def test_the_readme_has_the_same_snippet(name: str, start: str) -> None:
    example = (EXAMPLES / name).read_text(encoding="utf-8")
    readme = (DOCS.parent / "README.md").read_text(encoding="utf-8")
    assert example[example.index(start) :] in readme


@pytest.mark.parametrize("equation", [ChromatinPhaseField, MarkTurnover])
def test_the_science_page_has_the_equations_of_the_code(equation: type) -> None:
    page = without_layout((DOCS / "science.md").read_text(encoding="utf-8"))
    blocks = re.findall(r"\.\. math::\n\n((?:    .+\n|\n)+)", inspect.getdoc(equation) or "")
    lines = [line for block in blocks for line in re.split(r"\\\\|\n\n", block) if line.strip()]
    assert lines
    for line in lines:
        assert without_layout(line) in page


def without_layout(latex: str) -> str:
    return re.sub(r"\s|&|\\\\", "", latex)


def test_all_images_of_a_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "images").mkdir()
    (tmp_path / "images" / "notes.txt").write_text("nothing")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", ["analyse_folder.py", "images", "results"])
    run("analyse_folder.py")
    assert capsys.readouterr().out.startswith("notes.txt skipped notes.txt is")
    assert (tmp_path / "results" / "batch.csv").is_file()
