"""How quick the window is: ``python -m napari_chromamol.benchmark`` prints a table in Markdown.

In a real window; without a screen, under xvfb-run.
"""

from __future__ import annotations

import gc
import sys
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import napari
import numpy as np
from qtpy.QtCore import QEventLoop, QTimer
from scipy import ndimage

from chromamol.memory import resident_bytes

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari_chromamol._run_widget import RateMapWidget

_LONGEST_S = 300.0
_PREVIEWED_PX, _SMALL_PX = 1024, 96
_SPACING_NM = (20.0, 20.0)
_RUNS, _FIRST_OF_SLOPE = 20, 5
_PREVIEWS = 6
_BEAT_MS = 10


@dataclass(frozen=True)
class Measured:
    """One number about the window.

    Attributes
    ----------
    what : str
    value : float
    unit : str
    asked : float or None
        The most that it may be; None: said to compare with.
    """

    what: str
    value: float
    unit: str
    asked: float | None


def measure() -> list[Measured]:
    """Open a window, and measure what a user waits for."""
    viewer = napari.Viewer()
    _live_for(0.5)
    start = time.perf_counter()
    _, widget = viewer.window.add_plugin_dock_widget("chromamol", "Rate map")
    _live_for(0.0)
    opened_s = time.perf_counter() - start
    found = [Measured("widget open", opened_s, "s", 1.0)]

    _show(viewer, _SMALL_PX)
    widget.form.editors["method"].setCurrentText("direct")
    _press(widget.run_button.click, widget)  # loads torch
    used_mb = []
    for _ in range(_RUNS):
        _press(widget.run_button.click, widget)
        gc.collect()
        used_mb.append(resident_bytes() / 2**20)
    slope_mb = np.polyfit(range(_RUNS - _FIRST_OF_SLOPE), used_mb[_FIRST_OF_SLOPE:], 1)[0]
    found.append(Measured("memory that a run keeps, runs 6 to 20", float(slope_mb), "MB", 2.0))

    _show(viewer, _PREVIEWED_PX)
    first_s, *others_s = (_press(widget.preview_button.click, widget)[0] for _ in range(_PREVIEWS))
    found.append(Measured("first preview of 1024 x 1024 pixels", first_s, "s", 1.0))
    again_s = float(np.median(others_s))
    found.append(Measured("preview of 1024 x 1024 pixels again, median", again_s, "s", 1.0))

    start = time.perf_counter()
    viewer.add_image(np.zeros((_PREVIEWED_PX, _PREVIEWED_PX)))
    _live_for(0.0)
    by_napari_s = time.perf_counter() - start
    found.append(Measured("block by napari itself: one image is added", by_napari_s, "s", None))
    viewer.layers.clear()
    viewer.open_sample("chromamol", "simulated_nucleus")
    _live_for(0.3)
    widget.form.editors["method"].setCurrentText("weak-form")
    run_s, block_s = _press(widget.run_button.click, widget)
    what = f"longest block of the window in a first run of {run_s:.0f} s"
    found.append(Measured(what, block_s, "s", 0.1))
    run_s, block_s = _press(widget.run_button.click, widget)
    what = f"longest block of the window in a second run of {run_s:.0f} s"
    found.append(Measured(what, block_s, "s", 0.1))

    widget.run_button.click()
    _live_for(2.0)
    cancel_s, _ = _press(widget.cancel_button.click, widget)
    found.append(Measured("Cancel to idle", cancel_s, "s", 1.0))
    viewer.close()
    return found


def _show(viewer: napari.Viewer, side_px: int) -> None:
    """Show two channels of a nucleus in place of everything else."""
    rng = np.random.default_rng(0)
    viewer.layers.clear()
    y, x = (np.indices((side_px, side_px)) - side_px / 2) / (0.45 * side_px)
    inside = np.hypot(y, x) < 1
    field = ndimage.gaussian_filter(rng.standard_normal(inside.shape), 5)
    heterochromatin = 0.35 * (1 + np.tanh(field / field.std()))
    euchromatin = 0.5 - 0.45 * heterochromatin
    place = {"scale": _SPACING_NM, "units": ("nm", "nm")}
    for name, density in (("H3K9me3", heterochromatin), ("H3K27ac", euchromatin)):
        counts = rng.poisson(800 * np.where(inside, density, 0.005)).astype(np.uint16)
        viewer.add_image(counts, name=name, blending="additive", **place)
    viewer.add_labels(inside.astype(np.int32), name="outlines", visible=False, **place)
    widget = next(iter(viewer.window.dock_widgets.values()))
    widget.choice.nuclei.choose_by_name("outlines")
    viewer.reset_view()
    _live_for(0.3)


def _press(click: Callable[[], None], widget: RateMapWidget) -> tuple[float, float]:
    """Press a button; return the seconds until it is done, and the longest block in them."""
    start = time.perf_counter()
    click()
    block_s = _live(lambda: not widget.is_running)
    return time.perf_counter() - start, block_s


def _live_for(seconds: float) -> None:
    """Let the window live for some time."""
    end = time.perf_counter() + seconds
    _live(lambda: time.perf_counter() >= end)


def _live(is_done: Callable[[], bool]) -> float:
    """Let the window live until something is done; return the longest time that it did not."""
    loop, beat = QEventLoop(), QTimer()
    beats = [time.perf_counter()]

    def on_beat() -> None:
        beats.append(time.perf_counter())
        if is_done() or beats[-1] - beats[0] > _LONGEST_S:
            loop.quit()

    beat.timeout.connect(on_beat)
    beat.start(_BEAT_MS)
    loop.exec()
    beat.stop()
    return float(np.diff(beats).max())


def to_markdown(rows: list[Measured]) -> str:
    """Write the numbers as a table."""
    lines = ["| What | Measured | Asked |", "|---|---|---|"]
    lines += [f"| {row.what} | {row.value:.2f} {row.unit} | {_asked(row)} |" for row in rows]
    return "\n".join(lines)


def _asked(row: Measured) -> str:
    """Say what was asked of a number."""
    return "" if row.asked is None else f"at most {row.asked:g} {row.unit}"


if __name__ == "__main__":
    sys.stdout.write(to_markdown(measure()) + "\n")
    sys.stdout.flush()
