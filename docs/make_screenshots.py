"""Make the pictures of the napari plugin in docs/images, from a real window.

Run in a checkout with the extra `gui` installed; without a screen:

    xvfb-run -a -s "-screen 0 1400x1000x24" python docs/make_screenshots.py
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

import napari
from qtpy.QtWidgets import QApplication

if TYPE_CHECKING:
    from collections.abc import Callable

IMAGES = Path(__file__).parent / "images"
SIZE_PX = (1380, 960)
LONGEST_RUN_S = 300.0


def main() -> None:
    IMAGES.mkdir(exist_ok=True)
    viewer = napari.Viewer()
    viewer.window.resize(*SIZE_PX)
    rate_map_of_the_simulated_nucleus(viewer, IMAGES / "run-widget.png")
    plots_of_its_result(viewer, IMAGES / "explore-widget.png")
    viewer.close()


def rate_map_of_the_simulated_nucleus(viewer: napari.Viewer, path: Path) -> None:
    """The sample, the widget, and the result of pressing Run."""
    viewer.open_sample("chromamol", "simulated_nucleus")
    _, widget = viewer.window.add_plugin_dock_widget("chromamol", "Rate map")
    widget.run_button.click()
    wait_until(lambda: not widget.is_running, LONGEST_RUN_S)
    viewer.canvas.overlays.scale_bar.visible = True
    picture(viewer, path)


def plots_of_its_result(viewer: napari.Viewer, path: Path) -> None:
    """The profile of the rate from rim to centre."""
    _, widget = viewer.window.add_plugin_dock_widget("chromamol", "Explore", tabify=True)
    widget.plots.kind.setCurrentText("From rim to centre")
    picture(viewer, path)


def picture(viewer: napari.Viewer, path: Path) -> None:
    """Write what the window shows."""
    settle()
    viewer.reset_view()
    settle()
    viewer.screenshot(str(path), canvas_only=False, flash=False)


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
