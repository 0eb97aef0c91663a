"""A small batch of two groups, whose names are hostile, and its report as a tree of tags."""

from __future__ import annotations

import csv
import shutil
from html.parser import HTMLParser
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
import tifffile

from chromamol.batch import plan_batch, run_batch
from chromamol.report import write
from chromamol.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Callable

SHAPE, YX_SPACING_NM = (48, 76), (40.0, 30.0)
SETTINGS = Settings(method="direct", nucleus_min_area_um2=0.5, intensity_per_fraction=2000)
IMAGES = {
    "Tag 1/<script>alert(1)<script>.ome.tif": ("control", "A"),
    "=1+2 é.ome.tif": ("control", "B"),
    "c & \"d\"  'e'.ome.tif": ('=<b>"treated"  é</b>', "A"),
    "d.ome.tif": ('=<b>"treated"  é</b>', "B"),
}


def write_image(path: Path, seed: int) -> None:
    """Two channels of one elliptic nucleus of about 2 um2."""
    y, x = np.mgrid[: SHAPE[0], : SHAPE[1]]
    inside = ((y - 24) / 19) ** 2 + ((x - 37) / 30) ** 2 < 1
    wave = 0.03 * np.cos(2 * np.pi / 600 * YX_SPACING_NM[1] * x)
    pair = np.stack([0.25 + 3 * wave, 0.25 + wave]) * inside
    photons = np.random.default_rng(seed).poisson(2000 * pair + 5).astype(np.uint16)
    path.parent.mkdir(parents=True, exist_ok=True)
    metadata = {
        "axes": "CYX",
        "Channel": {"Name": ["H3K9me3", "H3K27ac"]},
        "PhysicalSizeY": YX_SPACING_NM[0],
        "PhysicalSizeX": YX_SPACING_NM[1],
        "PhysicalSizeYUnit": "nm",
        "PhysicalSizeXUnit": "nm",
    }
    tifffile.imwrite(path, photons, metadata=metadata)


@pytest.fixture(scope="session")
def study(
    tmp_path_factory: pytest.TempPathFactory,
    leave_out_figures: Callable[[pytest.MonkeyPatch], None],
) -> Path:
    """What a batch with a sample sheet left; nobody writes to it."""
    folder, out = tmp_path_factory.mktemp("images"), tmp_path_factory.mktemp("study") / "out"
    rows = [("image", "group", "replicate")]
    for seed, (name, (group, replicate)) in enumerate(IMAGES.items()):
        write_image(folder / name, seed)
        rows.append((name, group, replicate))
    (folder / "torn.ome.tif").write_bytes((folder / "d.ome.tif").read_bytes()[:900])
    rows.append(("torn.ome.tif", "control", "B"))
    sheet = folder / "samples.csv"
    with sheet.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows(rows)
    with pytest.MonkeyPatch.context() as patch:
        leave_out_figures(patch)
        # Maps of the preview, which are quick, as if they were those of an analysis.
        patch.setattr(Settings, "has_checks", True)
        list(run_batch(plan_batch(folder, out, sheet=sheet), SETTINGS, workers=0))
    return out


@pytest.fixture
def out(
    study: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    leave_out_figures: Callable[[pytest.MonkeyPatch], None],
) -> Path:
    """A copy of it, whose report is made without the figures of the groups, which take long."""
    leave_out_figures(monkeypatch)
    monkeypatch.setattr(write, "draw_maps", lambda *_: None)
    return Path(shutil.copytree(study, tmp_path / "out"))


class Page(HTMLParser):
    """A page as its tags; fails where they are not closed in order.

    Attributes
    ----------
    tags : list of (str, dict)
        In their order.
    text : str
        Without styles and scripts.
    """

    _VOID = frozenset({"meta", "img", "br", "input"})

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self._open: list[str] = []
        self.feed(html)
        self.close()
        assert not self._open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in self._VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        if not {"style", "script"} & set(self._open):
            self.text += f" {data}"

    def all(self, tag: str) -> list[dict[str, str | None]]:
        """The attributes of all tags of one kind."""
        return [attributes for name, attributes in self.tags if name == tag]


@pytest.fixture
def read_page():
    """Read a report; white space counts as one space."""

    def read(path: Path) -> Page:
        page = Page(path.read_text(encoding="utf-8"))
        page.text = " ".join(page.text.split())
        return page

    return read
