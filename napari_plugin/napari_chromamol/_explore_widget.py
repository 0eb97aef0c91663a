"""The widget "Explore": the nuclei and domains of a result, its plots, and its files."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from qtpy.QtCore import QEvent, QSignalBlocker
from qtpy.QtWidgets import QFileDialog
from superqt.utils import create_worker

from napari_chromamol import _placement
from napari_chromamol._explore_panel import ExplorePanel
from napari_chromamol._findings import as_html
from napari_chromamol._layers import KEY
from napari_chromamol._on_screen import follow, result_of, shown
from napari_chromamol._saving import save_figure_of, save_files_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari.layers import Layer, Shapes
    from napari.viewer import Viewer

    from chromamol.results.result import Result
    from napari_chromamol._plots import Line

_LINE_LAYER = "profile line"
# Room around what is shown, in its sizes.
_AROUND_NUCLEUS, _AROUND_DOMAIN = 1.4, 6.0


class ExploreWidget(ExplorePanel):
    """Look at a result: tables, plots, what may be believed; and write it to disk."""

    def __init__(self, napari_viewer: Viewer) -> None:
        super().__init__()
        self._viewer = napari_viewer
        self._line: Shapes | None = None
        self.results.currentIndexChanged.connect(self._show)
        self.nuclei.chosen.connect(self._go_to_nuclei)
        self.domains.chosen.connect(self._go_to_domain)
        self.plots.line_wanted.connect(self.draw_line)
        self.plots.said.connect(self.message.say)
        self.plots.failed.connect(self.message.tell)
        self.fade.valueChanged.connect(self._set_fade)
        self.figure_button.clicked.connect(self._ask_and_save_figure)
        self.files_button.clicked.connect(self._ask_and_save_files)
        for event in ("inserted", "removed"):
            getattr(napari_viewer.layers.events, event).connect(self.refresh)
        shown.result.connect(self.refresh)
        napari_viewer.mouse_drag_callbacks.append(self._on_click)
        follow(napari_viewer)
        self._show()
        self.refresh()

    @property
    def result(self) -> Result | None:
        """The result that is looked at."""
        return self.results.currentData()

    @property
    def chosen_labels(self) -> list[int]:
        """The nuclei that are chosen in the table; all if none is."""
        if self.result is None:
            return []
        table = self.result.nuclei_table
        rows = self.nuclei.rows() or range(len(table))
        return [int(label) for label in table["nucleus"].iloc[list(rows)]]

    def refresh(self, _: object = None) -> None:
        """Offer the results whose layers are in the viewer; of two runs of an image, the newer."""
        if self._line is not None and self._line not in self._viewer.layers:
            self._line = None
        there = {id(one): one for one in map(result_of, self._viewer.layers) if one is not None}
        before = self.result
        if [id(self.results.itemData(i)) for i in range(self.results.count())] == list(there):
            return
        self.results.blockSignals(True)
        self.results.clear()
        for one in there.values():
            self.results.addItem(one.record.image, one)
        same = [
            number
            for number, one in enumerate(there.values())
            if before is not None and one.record.image == before.record.image
        ]
        kept = list(there).index(id(before)) if id(before) in there else [len(there) - 1, *same][-1]
        self.results.setCurrentIndex(kept)
        self.results.blockSignals(False)
        self.results.setVisible(len(there) > 1)
        if self.result is not before:
            self._show()

    def draw_line(self) -> None:
        """Add a layer to draw a line in, or choose the one that is there."""
        if self.result is None:
            return
        if self._line is None:
            self._line = self._viewer.add_shapes(
                name=_LINE_LAYER,
                ndim=2,
                edge_color="yellow",
                edge_width=max(1.0, min(self.result.labels.shape) / 150),
                **_placement.of_layer(self._on_which_to_look()),
            )
            self._line.events.data.connect(self._on_line)
        self._viewer.layers.selection.active = self._line
        self._line.mode = "add_line"

    def save_figure(self, path: Path) -> None:
        """Write the publication figure of the chosen nucleus, or of all."""
        labels = self.chosen_labels
        one = labels[0] if len(self.nuclei.rows()) == 1 else None
        self._write(save_figure_of, self.result, one, path)

    def save_files(self, folder: Path) -> None:
        """Write every file of the result, into a folder of its name."""
        self._write(save_files_of, self.result, folder)

    def event(self, event: QEvent) -> bool:
        """Stop following the viewer when the widget is taken out of the window."""
        if event.type() == QEvent.Type.ParentChange and self.parent() is None:
            for name in ("inserted", "removed"):
                getattr(self._viewer.layers.events, name).disconnect(self.refresh)
            shown.result.disconnect(self.refresh)
            if self._on_click in self._viewer.mouse_drag_callbacks:
                self._viewer.mouse_drag_callbacks.remove(self._on_click)
        return super().event(event)

    def _show(self, *_: object) -> None:
        """Show the result that is chosen."""
        result = self.result
        self.nuclei.show_table(None if result is None else result.nuclei_table)
        self.domains.show_table(None if result is None else result.domains_table)
        self.findings.setHtml("" if result is None else as_html(result.record))
        for part in (self.nuclei, self.domains, self.figure_button, self.files_button):
            part.setEnabled(result is not None)
        self.fade.setEnabled(result is not None and _has_uncertainty(result))
        fade = self._layer("fade")
        if fade is not None:
            self.fade.setValue(round(50 * fade.contrast_limits[1]))
        self._draw()

    def _draw(self) -> None:
        """Draw what is chosen."""
        self.plots.show(self.result, self.chosen_labels, self._line_px())

    def _layer(self, name: str) -> Layer | None:
        """Return the layer of a map of the result."""
        return next(
            (
                layer
                for layer in self._viewer.layers
                if self.result is not None
                and result_of(layer) is self.result
                and layer.metadata[KEY]["map"] == name
            ),
            None,
        )

    def _go_to_nuclei(self, rows: list[int]) -> None:
        """Draw the chosen nuclei, and move the view to the first."""
        self._draw()
        if rows:
            label = int(self.result.nuclei_table["nucleus"].iloc[rows[0]])
            self._look_at(self.result.labels == label)

    def _go_to_domain(self, rows: list[int]) -> None:
        """Move the view to a domain, and mark it."""
        if rows:
            self._look_at(self.result.domains == rows[0] + 1, _AROUND_DOMAIN)
            layer = self._layer("domains")
            if layer is not None:
                layer.selected_label = rows[0] + 1
                layer.visible = layer.show_selected_label = True

    def _look_at(self, yx_inside: np.ndarray, room: float = _AROUND_NUCLEUS) -> None:
        """Move the view to some pixels."""
        layer = self._on_which_to_look()
        rows, columns = (np.flatnonzero(yx_inside.any(axis=axis)) for axis in (1, 0))
        if not rows.size:
            return
        low, high = (
            np.asarray(layer.data_to_world((rows[i], columns[i]))[-2:], float) for i in (0, -1)
        )
        height, width = np.maximum(np.abs(high - low), 1e-9)
        canvas_height, canvas_width = self._viewer.canvas.size
        self._viewer.scene.camera.center = tuple((low + high) / 2)
        self._viewer.scene.camera.zoom = min(canvas_height / height, canvas_width / width) / room

    def _set_fade(self, percent: int) -> None:
        """Fade from another uncertainty on."""
        layer = self._layer("fade")
        if layer is not None and percent:
            layer.contrast_limits = (0.0, percent / 50)

    def _on_line(self, _: object) -> None:
        """Draw along the line that was drawn last."""
        self._draw()
        if self._line_px() is not None:
            self.plots.choose_line()

    def _line_px(self) -> Line | None:
        """Return start and end of the line that was drawn last, in pixels of the result."""
        if self.result is None or self._line is None or not len(self._line.data):
            return None
        world = [self._line.data_to_world(point) for point in self._line.data[-1]]
        looked_at = self._on_which_to_look()
        start, *_between, end = (tuple(looked_at.world_to_data(point)[-2:]) for point in world)
        return start, end

    def _on_which_to_look(self) -> Layer:
        """Return a layer of the result; all lie on each other."""
        return next(one for one in self._viewer.layers if result_of(one) is self.result)

    def _on_click(self, viewer: Viewer, event: Any) -> None:
        """Choose the nucleus under the mouse, where the layer of a result is active."""
        layer = viewer.layers.selection.active
        if self.result is None or layer is None or result_of(layer) is not self.result:
            return
        y, x = (round(float(one)) for one in layer.world_to_data(event.position)[-2:])
        height, width = self.result.labels.shape
        label = self.result.labels[y, x] if 0 <= y < height and 0 <= x < width else 0
        rows = np.flatnonzero(self.result.nuclei_table["nucleus"] == label)
        if rows.size:
            with QSignalBlocker(self.nuclei):  # the view stays where the mouse is
                self.nuclei.choose_row(int(rows[0]))
            self._draw()

    def _write(self, work: Callable[..., str], *what: object) -> None:
        """Let a thread write something, and say how it ended."""
        self.message.say("Writing ...")
        self.figure_button.setEnabled(False)
        self.files_button.setEnabled(False)
        create_worker(
            work, *what, _connect={"returned": self._on_written, "errored": self._on_error}
        )

    def _on_written(self, text: str) -> None:
        """Say what was written."""
        self._rest()
        self.message.say(text)

    def _on_error(self, error: Exception) -> None:
        """Say why nothing was written."""
        self._rest()
        self.message.tell(error)

    def _rest(self) -> None:
        """Come to rest after writing."""
        self.figure_button.setEnabled(True)
        self.files_button.setEnabled(True)

    def _ask_and_save_figure(self) -> None:
        """Ask for a file, and write the figure."""
        name = f"{self.result.record.image}.png"
        name, _ = QFileDialog.getSaveFileName(self, "Save figure (PNG and PDF)", name, "(*.png)")
        if name:
            self.save_figure(Path(name))

    def _ask_and_save_files(self) -> None:
        """Ask for a folder, and write the result."""
        name = QFileDialog.getExistingDirectory(self, "Folder for the result")
        if name:
            self.save_files(Path(name))


def _has_uncertainty(result: Result) -> bool:
    """Whether there is anything to fade."""
    return bool(np.isfinite(result.maps["rate_sd"]).any())
