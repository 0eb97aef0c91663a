"""What the widget "Explore" looks like; what it does is in `_explore_widget`."""

from __future__ import annotations

from qtpy.QtCore import QSize, Qt
from qtpy.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QPushButton,
    QTabWidget,
    QTextBrowser,
    QVBoxLayout,
    QWidget,
)

from chromamol.results.columns import DOMAINS_FILE, NUCLEI_FILE
from napari_chromamol._editors import CalmBox, CalmSlider
from napari_chromamol._message import Message
from napari_chromamol._plot_panel import PlotPanel
from napari_chromamol._table import Table

_FADE_HELP = (
    "Where the map fades to grey. At 100 %, half of it shines through where the standard deviation "
    "of a pixel is as large as the differences in the map."
)
_FIGURE_HELP = "The figure of the command line, as PNG and PDF: of the chosen nucleus, or of all."
_FILES_HELP = "Every file that 'chromamol run' writes: maps, tables, figure, settings, provenance."
_WIDTH_PX, _HEIGHT_PX = 400, 620


class ExplorePanel(QWidget):
    """The parts of the widget.

    Attributes
    ----------
    results : CalmBox
        Hidden as long as there is one result.
    tabs : QTabWidget
    plots : PlotPanel
    nuclei, domains : Table
    findings : QTextBrowser
        What may be believed.
    fade : CalmSlider
        From where the map fades, percent.
    figure_button, files_button : QPushButton
    message : Message
        How writing ended.
    """

    def __init__(self) -> None:
        super().__init__()
        self.results = CalmBox()
        self.plots = PlotPanel()
        self.nuclei, self.domains = Table(NUCLEI_FILE), Table(DOMAINS_FILE)
        self.findings = QTextBrowser()
        self.findings.setOpenLinks(False)
        self.fade = CalmSlider(Qt.Orientation.Horizontal)
        self.fade.setRange(10, 300)
        self.fade.setValue(100)
        self.fade.setToolTip(f"<p>{_FADE_HELP}</p>")
        self.figure_button = _button("Save figure ...", _FIGURE_HELP)
        self.files_button = _button("Save result ...", _FILES_HELP)
        self.message = Message()
        self._lay_out()

    def sizeHint(self) -> QSize:  # noqa: N802 (the name is Qt's)
        """Ask for the room that a plot needs."""
        return QSize(_WIDTH_PX, _HEIGHT_PX)

    def _lay_out(self) -> None:
        """Put the tabs above, the fade and the buttons below."""
        self.tabs = QTabWidget()
        for words, part in (
            ("Plots", self.plots),
            ("Nuclei", self.nuclei),
            ("Domains", self.domains),
            ("Believe?", self.findings),
        ):
            self.tabs.addTab(part, words)
        fade_row, buttons = QHBoxLayout(), QHBoxLayout()
        fade_label = QLabel("Fade uncertain pixels")
        fade_label.setToolTip(self.fade.toolTip())
        fade_row.addWidget(fade_label)
        fade_row.addWidget(self.fade, 1)
        for button in (self.figure_button, self.files_button):
            buttons.addWidget(button)
        column = QVBoxLayout(self)
        column.addWidget(self.results)
        column.addWidget(self.tabs, 1)
        column.addLayout(fade_row)
        column.addLayout(buttons)
        column.addWidget(self.message)


def _button(words: str, help_text: str) -> QPushButton:
    """Make a button that explains itself."""
    button = QPushButton(words)
    button.setToolTip(f"<p>{help_text}</p>")
    return button
