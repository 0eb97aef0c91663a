"""A small two-channel nucleus, and folders of it."""

from __future__ import annotations

import csv
import shutil
from typing import TYPE_CHECKING

import numpy as np
import pytest
import tifffile

from chromamol.batch import Ended, plan_batch, run_batch
from chromamol.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

SHAPE, SPACING_NM = (48, 76), (40.0, 30.0)
QUICK = Settings(method="direct", nucleus_min_area_um2=0.5)


def lines_of(out: Path) -> dict[str, dict[str, str]]:
    with (out / "batch.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len({row["image"] for row in rows}) == len(rows)
    return {row["image"]: row for row in rows}


def run(folder: Path, settings: Settings = QUICK, **options: object) -> dict[str, Ended]:
    plan = plan_batch(folder, folder.parent / "out")
    return {one.name: one for one in run_batch(plan, settings, workers=0, **options)}


@pytest.fixture(scope="session")
def image_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two channels of one elliptic nucleus of about 2 um2."""
    y, x = np.mgrid[: SHAPE[0], : SHAPE[1]]
    inside = ((y - 24) / 19) ** 2 + ((x - 37) / 30) ** 2 < 1
    wave = 0.03 * np.cos(2 * np.pi / 600 * SPACING_NM[1] * x)
    pair = np.stack([0.25 + 3 * wave, 0.25 + wave]) * inside
    photons = np.random.default_rng(5).poisson(2000 * pair + 5).astype(np.uint16)
    path = tmp_path_factory.mktemp("image") / "cell.ome.tif"
    tifffile.imwrite(
        path,
        photons,
        metadata={
            "axes": "CYX",
            "Channel": {"Name": ["H3K9me3", "H3K27ac"]},
            "PhysicalSizeY": SPACING_NM[0],
            "PhysicalSizeX": SPACING_NM[1],
            "PhysicalSizeYUnit": "nm",
            "PhysicalSizeXUnit": "nm",
        },
    )
    return path


@pytest.fixture
def folder_of(tmp_path: Path, image_path: Path) -> Callable[..., Path]:
    """Make a folder with copies of the image under some names."""

    def make(*names: str) -> Path:
        folder = tmp_path / "späte Bilder"
        for name in names:
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(image_path, folder / name)
        return folder

    return make
