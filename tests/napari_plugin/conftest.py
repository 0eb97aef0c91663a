"""A real window, the plugin in it, and a small two-channel nucleus on disk."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import tifffile
from npe2 import PluginManifest
from qtpy.QtCore import QStandardPaths, Qt, QThreadPool
from scipy import ndimage

import napari_chromamol

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import napari
    from npe2._pytest_plugin import TestPluginManager
    from pytestqt.qtbot import QtBot

    from napari_chromamol._run_widget import RateMapWidget

SPACING_NM = (40.0, 30.0)
SHAPE = (170, 260)
RUN_MS = 90_000


def two_channels() -> np.ndarray:
    """One elliptic nucleus of about 24 um2, domains of hetero- in euchromatin, shot noise."""
    rng = np.random.default_rng(4)
    y, x = np.mgrid[: SHAPE[0], : SHAPE[1]]
    inside = ((y - 85) / 66) ** 2 + ((x - 130) / 96) ** 2 < 1
    field = ndimage.gaussian_filter(rng.normal(size=SHAPE), (4, 5.3))
    heterochromatin = 0.35 * (1 + np.tanh(field / field.std()))
    euchromatin = 0.5 - 0.45 * heterochromatin
    expected = [2000 * np.where(inside, part, 0.005) for part in (heterochromatin, euchromatin)]
    return rng.poisson(expected).astype(np.uint16)


@pytest.fixture(scope="session")
def image_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("images") / "cell 3.ome.tif"
    y_um, x_um = (step / 1000 for step in SPACING_NM)
    tifffile.imwrite(
        path,
        two_channels(),
        metadata={
            "axes": "CYX",
            "Channel": {"Name": ["H3K9me3", "H3K27ac"]},
            "PhysicalSizeY": y_um,
            "PhysicalSizeX": x_um,
            "PhysicalSizeYUnit": "µm",
            "PhysicalSizeXUnit": "µm",
        },
    )
    return path


@pytest.fixture
def plugin(npe2pm: TestPluginManager) -> TestPluginManager:
    """The plugin as its manifest declares it, whether or not the package is installed."""
    manifest = Path(napari_chromamol.__file__).with_name("napari.yaml")
    npe2pm.register(PluginManifest.from_file(manifest))
    return npe2pm


@pytest.fixture
def viewer(plugin: TestPluginManager, make_napari_viewer: Callable[..., Any]) -> napari.Viewer:
    return make_napari_viewer(show=True)


@pytest.fixture
def widget(viewer: napari.Viewer) -> Iterator[RateMapWidget]:
    """The widget, opened as the menu does, set to the quick estimator."""
    _, widget = viewer.window.add_plugin_dock_widget("chromamol", "Rate map")
    widget.form.editors["method"].setCurrentText("direct")
    yield widget
    if widget.is_running:
        widget._progress.cancel()
    QThreadPool.globalInstance().waitForDone(RUN_MS)


@pytest.fixture
def opened(viewer: napari.Viewer, image_path: Path) -> list[napari.layers.Layer]:
    """The two channels of the small nucleus."""
    return viewer.open(image_path, plugin="chromamol")


@pytest.fixture
def run(qtbot: QtBot) -> Callable[[RateMapWidget], None]:
    """Press Run and wait for the end."""

    def press(widget: RateMapWidget) -> None:
        qtbot.mouseClick(widget.run_button, Qt.MouseButton.LeftButton)
        qtbot.waitUntil(lambda: not widget.is_running, timeout=RUN_MS)

    return press


@pytest.fixture(autouse=True, scope="session")
def settings_of_their_own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """The settings of the last run go to a folder of this process, not to the user's."""
    place = str(tmp_path_factory.mktemp("config"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(QStandardPaths, "writableLocation", lambda *_: place)
        yield
