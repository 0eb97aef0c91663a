"""A small two-channel image of a nucleus, and the command line called in this process."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np
import pytest
import tifffile
from typer.testing import CliRunner, Result

from chromamol.cli.app import app

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

SPACING_NM = (40.0, 30.0)
SHAPE = (48, 76)


def nucleus() -> np.ndarray:
    y, x = np.mgrid[: SHAPE[0], : SHAPE[1]]
    return ((y - 24) / 19) ** 2 + ((x - 37) / 30) ** 2 < 1


def results_in(out: Path) -> list[Path]:
    """What was written to an output folder besides the complete stores of the inputs."""
    if not out.exists():
        return []
    for store in (out / ".inputs").rglob("*.ome.zarr"):
        assert "omero" in json.loads((store / "zarr.json").read_text())["attributes"]["ome"]
    assert not any(".partial" in entry.name for entry in out.rglob("*"))
    return [entry for entry in out.iterdir() if entry.name != ".inputs"]


@pytest.fixture(scope="session")
def photons() -> np.ndarray:
    """A wave of both species that is a steady state for a rate of 1, in photons."""
    k = 2 * np.pi / 600
    wave = 0.03 * np.cos(k * SPACING_NM[1] * np.arange(SHAPE[1])) * np.ones(SHAPE)
    euchromatin = 0.25 + wave
    heterochromatin = euchromatin + (141.4 * k) ** 2 * (1 + (10 * k) ** 2) * wave
    pair = np.stack([heterochromatin, euchromatin]) * nucleus()
    return np.random.default_rng(5).poisson(2000 * pair + 5).astype(np.uint16)


def _write_tiff(
    path: Path,
    cyx: np.ndarray,
    names: tuple[str, ...] = ("H3K9me3", "H3K27ac"),
    spacing_nm: tuple[float, float] | None = SPACING_NM,
) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    metadata: dict[str, object] = {"axes": "CYX", "Channel": {"Name": list(names)}}
    if spacing_nm:
        metadata |= {
            "PhysicalSizeY": spacing_nm[0],
            "PhysicalSizeX": spacing_nm[1],
            "PhysicalSizeYUnit": "nm",
            "PhysicalSizeXUnit": "nm",
        }
    tifffile.imwrite(path, cyx, ome=True, photometric="minisblack", metadata=metadata)
    return path


@pytest.fixture(scope="session")
def write_tiff() -> Callable[..., Path]:
    return _write_tiff


@pytest.fixture
def image(tmp_path: Path, photons: np.ndarray) -> Path:
    return _write_tiff(tmp_path / "cell_3.ome.tif", photons)


@pytest.fixture
def mask(tmp_path: Path) -> Path:
    path = tmp_path / "mask.tif"
    tifffile.imwrite(path, nucleus().astype(np.uint8))
    return path


@pytest.fixture(scope="session")
def cli() -> Callable[..., Result]:
    """Call the command line; no failure may show a traceback."""

    def call(*arguments: object) -> Result:
        done = CliRunner().invoke(app, [str(argument) for argument in arguments])
        assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
        assert "Traceback" not in done.output
        return done

    return call
