"""A plot of the chosen nuclei or of a drawn line, and its export."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from matplotlib.backends.backend_qtagg import FigureCanvasQTAgg
from matplotlib.figure import Figure
from qtpy.QtCore import Signal
from qtpy.QtWidgets import (
    QFileDialog,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from chromamol.errors import CallError, InputError
from napari_chromamol._editors import CalmBox
from napari_chromamol._plots import KINDS, LINE, PlotData, draw, plot_data, save

if TYPE_CHECKING:
    from collections.abc import Sequence

    from chromamol.results.result import Result
    from napari_chromamol._plots import Line

_FORMATS = "PDF (*.pdf);;SVG (*.svg);;PNG (*.png)"
_SUFFIXES = {".pdf", ".svg", ".png"}


class PlotPanel(QWidget):
    """One plot at a time.

    Attributes
    ----------
    kind : CalmBox
    canvas : FigureCanvasQTAgg
    data : PlotData or None
        What is drawn.
    """

    line_wanted = Signal()
    said = Signal(str)
    failed = Signal(object)  # the error

    def __init__(self) -> None:
        super().__init__()
        self.data: PlotData | None = None
        self._result: Result | None = None
        self._labels: Sequence[int] = ()
        self._line: Line | None = None
        self.kind = CalmBox()
        self.kind.addItems(KINDS)
        self.kind.currentTextChanged.connect(self._draw)
        self.draw_line = QPushButton("Draw a line")
        self.draw_line.setToolTip("<p>Adds a layer in which you draw the line with the mouse.</p>")
        self.draw_line.clicked.connect(self.line_wanted)
        self.figure = Figure(figsize=(3.4, 2.8), layout="constrained")
        self.canvas = FigureCanvasQTAgg(self.figure)
        self.canvas.setMinimumHeight(220)
        self.note = QLabel()
        self.note.setWordWrap(True)
        self.save_button = QPushButton("Save plot and numbers ...")
        self.save_button.clicked.connect(self._ask_and_save)
        choice = QHBoxLayout()
        choice.addWidget(self.kind, 1)
        choice.addWidget(self.draw_line)
        column = QVBoxLayout(self)
        column.addLayout(choice)
        column.addWidget(self.note)
        column.addWidget(self.canvas, 1)
        column.addWidget(self.save_button)
        self._draw()

    def show(self, result: Result | None, labels: Sequence[int], line: Line | None) -> None:
        """Draw other nuclei, or along another line; None for the result: nothing."""
        self._result, self._labels, self._line = result, labels, line
        self._draw()

    def choose_line(self) -> None:
        """Choose the plot along the line."""
        self.kind.setCurrentText(LINE)

    def save(self, path: Path) -> None:
        """Write the plot, and its numbers beside it."""
        if path.suffix.lower() not in _SUFFIXES:
            path = path.with_name(f"{path.name}.pdf")
        try:
            numbers = save(self.figure, self.data, path)
        except OSError as error:
            self.failed.emit(CallError(f"{path} cannot be written ({error.strerror})."))
            return
        self.said.emit(f"Written: {path.name}, and its numbers in {numbers.name}.")

    def _draw(self, *_: Any) -> None:
        """Draw what is chosen, or say why there is nothing to draw."""
        kind = self.kind.currentText()
        self.data = None
        self.draw_line.setVisible(kind == LINE)
        self.figure.clear()
        if self._result is None:
            self.note.setText("There is no result yet: run the widget 'Rate map', or open one.")
        elif kind == LINE and self._line is None:
            self.note.setText("Press 'Draw a line', and draw it over the map with the mouse.")
        else:
            try:
                self.data = plot_data(kind, self._result, self._labels, self._line)
            except InputError as error:
                self.note.setText(str(error))
        self.note.setVisible(self.data is None)
        self.canvas.setVisible(self.data is not None)
        self.save_button.setEnabled(self.data is not None)
        if self.data is not None:
            draw(self.figure, self.data)
            self.canvas.draw_idle()

    def _ask_and_save(self) -> None:
        """Ask for a file, and save to it."""
        name, _ = QFileDialog.getSaveFileName(self, "Save plot", "plot.pdf", _FORMATS)
        if name:
            self.save(Path(name))
