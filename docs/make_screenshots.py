"""Make the pictures of the napari plugin in docs/images, from a real window.

Run in a checkout with the extra `gui` installed; without a screen:

    xvfb-run -a -s "-screen 0 1400x1000x24" python docs/make_screenshots.py
"""

from __future__ import annotations

import contextlib
import shutil
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import napari
import numpy as np
from qtpy.QtWidgets import QApplication

from chromamol.samples import sample_path
from chromamol.settings import Role, Settings
from chromamol.simulation import REACTION_LENGTH_NM

if TYPE_CHECKING:
    from collections.abc import Callable

IMAGES = Path(__file__).parent / "images"
SIZE_PX = (1380, 960)
LONGEST_RUN_S = 300.0


def main() -> None:
    IMAGES.mkdir(exist_ok=True)
    viewer = napari.Viewer()
    viewer.window.resize(*SIZE_PX)
    tutorial(viewer)
    for of_widget in (open_with_choices, outline_nuclei, batch):
        for dock in tuple(viewer.window.dock_widgets):
            viewer.window.remove_dock_widget(viewer.window.dock_widgets[dock])
        viewer.layers.clear()
        of_widget(viewer)
    viewer.close()


def tutorial(viewer: napari.Viewer) -> None:
    """From the sample to the plots of its result."""
    viewer.open_sample("chromamol", "simulated_nucleus")
    _, widget = viewer.window.add_plugin_dock_widget("chromamol", "Rate map")
    viewer.canvas.overlays.scale_bar.visible = True
    picture(viewer, "tutorial-sample.png")
    widget.preview_button.click()
    wait_until(lambda: not widget.is_running, LONGEST_RUN_S)
    picture(viewer, "tutorial-preview.png")
    widget.run_button.click()
    wait_until(lambda: not widget.is_running, LONGEST_RUN_S)
    picture(viewer, "run-widget.png")
    _, widget = viewer.window.add_plugin_dock_widget("chromamol", "Explore", tabify=True)
    widget.plots.kind.setCurrentText("From rim to centre")
    picture(viewer, "explore-widget.png")
    widget.plots.kind.setCurrentText("Along a line")
    widget.draw_line()
    line = viewer.layers["profile line"]
    line.add_lines(np.array([[64.0, 12.0], [64.0, 116.0]]))
    line.mode = "pan_zoom"
    picture(viewer, "explore-line.png")
    widget.tabs.setCurrentWidget(widget.domains)
    widget.domains.choose_row(4)
    picture(viewer, "explore-domains.png", fit=False)


def open_with_choices(viewer: napari.Viewer) -> None:
    """The STED sample, whose file does not state the pixel size."""
    _, widget = viewer.window.add_plugin_dock_widget("chromamol", "Open with choices")
    widget.choose([sample_path("sted")])
    editor = widget.rows.editors["pixel_size_nm"]
    editor.tick.setChecked(False)
    editor.number.setValue(20)
    widget.open()
    wait_until(lambda: bool(viewer.layers), LONGEST_RUN_S)
    picture(viewer, "open-widget.png")


def outline_nuclei(viewer: napari.Viewer) -> None:
    """The outline of the STED sample."""
    viewer.open_sample("chromamol", "sted_nucleus")
    viewer.layers.pop()  # the outlines of the authors
    _, widget = viewer.window.add_plugin_dock_widget("chromamol", "Outline nuclei")
    choose(widget.choice.roles[Role.TOTAL], viewer.layers[0])
    widget.run_button.click()
    wait_until(widget.run_button.isEnabled, LONGEST_RUN_S)
    picture(viewer, "nuclei-widget.png")


def batch(viewer: napari.Viewer) -> None:
    """A folder with the samples, one of which cannot be analysed without its pixel size."""
    with tempfile.TemporaryDirectory() as name, contextlib.chdir(name):
        folder = Path("images")
        (folder / "day 1").mkdir(parents=True)
        shutil.copy(sample_path("simulated"), folder / "day 1" / "nucleus 1.ome.tif")
        shutil.copy(sample_path("sted"), folder / "day 1" / "without a pixel size.tif")
        _, widget = viewer.window.add_plugin_dock_widget("chromamol", "Batch: a folder of images")
        settings = Path("settings.yaml")
        known = Settings(
            nucleus_min_area_um2=0.2,
            nucleus_smoothing_nm=40,
            intensity_per_fraction=2000,
            background_intensity=0,
            reaction_length_nm=REACTION_LENGTH_NM,
        )
        settings.write_text(known.to_yaml(), encoding="utf-8")
        widget.images.choose(str(folder))
        widget.settings.choose(str(settings))
        widget.results.choose("results")
        wait_until(lambda: bool(widget.table.images.rows), LONGEST_RUN_S)
        widget.run_button.click()
        wait_until(lambda: not widget.is_running, LONGEST_RUN_S)
        widget.open_result(widget.table.images.index(0, 0))
        wait_until(lambda: bool(viewer.layers), LONGEST_RUN_S)
        settle()
        widget.table.selectRow(1)
        picture(viewer, "batch-widget.png")


def choose(box: Any, layer: Any) -> None:
    """Choose a layer as with the mouse."""
    box.choose(layer)
    box.activated.emit(box.currentIndex())


def picture(viewer: napari.Viewer, name: str, *, fit: bool = True) -> None:
    """Write what the window shows, at a zoom that fits."""
    settle()
    if fit:
        viewer.reset_view()
        settle()
    viewer.screenshot(str(IMAGES / name), canvas_only=False, flash=False)


def wait_until(done: Callable[[], bool], longest_s: float) -> None:
    """Let the window live until something has happened."""
    start = time.monotonic()
    while not done():
        if time.monotonic() - start > longest_s:
            msg = f"The window was not ready within {longest_s:g} s."
            raise TimeoutError(msg)
        QApplication.processEvents()
        time.sleep(0.01)


def settle() -> None:
    """Let docks and canvas find their size; they need three rounds."""
    for _ in range(3):
        QApplication.processEvents()
        time.sleep(0.2)


if __name__ == "__main__":
    main()
