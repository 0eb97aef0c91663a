"""The widget "Explore": the nuclei and domains of a result, its plots, and its files."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from qtpy.QtCore import QEvent, QSignalBlocker
from qtpy.QtWidgets import QFileDialog
from superqt.utils import create_worker

from chromamol.errors import ChromamolError
from napari_chromamol._explore_panel import ExplorePanel
from napari_chromamol._fault import fault
from napari_chromamol._findings import as_html
from napari_chromamol._layers import KEY
from napari_chromamol._saving import save_figure_of, save_files_of
from napari_chromamol._under_cursor import follow

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari.layers import Layer, Shapes
    from napari.viewer import Viewer

    from chromamol.results.result import Result

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
        self.plots.said.connect(lambda text, _: self.say(text))
        self.fade.valueChanged.connect(self._set_fade)
        self.figure_button.clicked.connect(self._ask_and_save_figure)
        self.files_button.clicked.connect(self._ask_and_save_files)
        for event in ("inserted", "removed"):
            getattr(napari_viewer.layers.events, event).connect(self.refresh)
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
        """Offer the results whose layers are in the viewer."""
        there = {id(one): one for one in map(_result_of, self._viewer.layers) if one is not None}
        before = self.result
        if [id(self.results.itemData(i)) for i in range(self.results.count())] == list(there):
            return
        self.results.blockSignals(True)
        self.results.clear()
        for one in there.values():
            self.results.addItem(one.record.image, one)
        kept = list(there).index(id(before)) if id(before) in there else len(there) - 1
        self.results.setCurrentIndex(kept)
        self.results.blockSignals(False)
        self.results.setVisible(len(there) > 1)
        if self.result is not before:
            self._show()

    def draw_line(self) -> None:
        """Add a layer to draw a line in, or choose the one that is there."""
        if self.result is None:
            return
        if self._line is None or self._line not in self._viewer.layers:
            rate = self._layer("rate") or self._layer("compaction")
            placement = {name: getattr(rate, name) for name in ("scale", "translate", "units")}
            self._line = self._viewer.add_shapes(
                name=_LINE_LAYER,
                ndim=2,
                edge_color="yellow",
                edge_width=max(1.0, min(self.result.labels.shape) / 150),
                **placement,
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
            if self._on_click in self._viewer.mouse_drag_callbacks:
                self._viewer.mouse_drag_callbacks.remove(self._on_click)
        return super().event(event)

    def _show(self, *_: object) -> None:
        """Show the result that is chosen."""
        result = self.result
        if result is not None:
            self.nuclei.show_table(result.nuclei_table)
            self.domains.show_table(result.domains_table)
            self.findings.setHtml(as_html(result.record))
        else:
            self.findings.clear()
        for part in (self.nuclei, self.domains, self.figure_button, self.files_button, self.fade):
            part.setEnabled(result is not None)
        fade = self._layer("fade")
        if fade is not None:
            self.fade.setValue(round(50 * fade.contrast_limits[1]))
        self.plots.show_nuclei(result, self.chosen_labels)

    def _layer(self, name: str) -> Layer | None:
        """Return the layer of a map of the result."""
        return next(
            (
                layer
                for layer in self._viewer.layers
                if self.result is not None
                and _result_of(layer) is self.result
                and layer.metadata[KEY]["map"] == name
            ),
            None,
        )

    def _go_to_nuclei(self, rows: list[int]) -> None:
        """Draw the chosen nuclei, and move the view to the first."""
        self.plots.show_nuclei(self.result, self.chosen_labels)
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
        rate = self._layer("rate") or self._layer("compaction")
        rows, columns = (np.flatnonzero(yx_inside.any(axis=axis)) for axis in (1, 0))
        if rate is None or not rows.size:
            return
        low, high = (
            np.asarray(rate.data_to_world((rows[i], columns[i]))[-2:], float) for i in (0, -1)
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
        if self._line is not None and len(self._line.data):
            start, *_between, end = np.asarray(self._line.data[-1])[:, -2:]
            self.plots.show_line((tuple(start), tuple(end)))

    def _on_click(self, viewer: Viewer, event: Any) -> None:
        """Choose the nucleus under the mouse, where the layer of a result is active."""
        layer = viewer.layers.selection.active
        if self.result is None or _result_of(layer) is not self.result:
            return
        y, x = (round(float(one)) for one in layer.world_to_data(event.position)[-2:])
        height, width = self.result.labels.shape
        label = self.result.labels[y, x] if 0 <= y < height and 0 <= x < width else 0
        rows = np.flatnonzero(self.result.nuclei_table["nucleus"] == label)
        if rows.size:
            with QSignalBlocker(self.nuclei):  # the view stays where the mouse is
                self.nuclei.choose_row(int(rows[0]))
            self.plots.show_nuclei(self.result, self.chosen_labels)

    def _write(self, work: Callable[..., str], *what: object) -> None:
        """Let a thread write something, and say how it ended."""
        self.say("Writing ...")
        self.figure_button.setEnabled(False)
        self.files_button.setEnabled(False)
        create_worker(
            work, *what, _connect={"returned": self._on_written, "errored": self._on_error}
        )

    def _on_written(self, text: str) -> None:
        self._rest(text)

    def _on_error(self, error: Exception) -> None:
        self._rest(str(error) if isinstance(error, ChromamolError) else fault(error))

    def _rest(self, text: str) -> None:
        """Say how writing ended."""
        self.figure_button.setEnabled(True)
        self.files_button.setEnabled(True)
        self.say(text)

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


def _result_of(layer: Layer | None) -> Result | None:
    """Return the result that a layer shows a part of."""
    about = {} if layer is None else layer.metadata.get(KEY, {})
    return None if about.get("map") == "preview" else about.get("result")
