"""What the widget "Rate map" looks like; what it does is in `_run_widget`."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from qtpy.QtCore import QSize, Qt
from qtpy.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QProgressBar,
    QPushButton,
    QScrollArea,
    QTextBrowser,
    QVBoxLayout,
    QWidget,
)

from napari_chromamol._layer_choice import LayerChoice
from napari_chromamol._settings_form import SettingsForm

if TYPE_CHECKING:
    from napari.viewer import Viewer

_INVITATION = "Choose the layers of an image, then press Run."
_TROUBLE = "border-left: 3px solid rgb(227, 182, 23); padding-left: 6px;"
_WIDTH_PX, _HEIGHT_PX = 370, 760
_FINDINGS_HEIGHT_PX = 170


class Panel(QWidget):
    """The parts of the widget, and how they show its states.

    Attributes
    ----------
    choice : LayerChoice
    form : SettingsForm
    pixel_size : QLabel
        The pixel size of the chosen layers.
    run_button, cancel_button : QPushButton
    stage : QLabel
        What is being done.
    bar : QProgressBar
    message : QLabel
        What is wrong, or how the run ended.
    findings : QTextBrowser
        What may be believed of the last result.
    """

    def __init__(self, viewer: Viewer) -> None:
        super().__init__()
        self.choice = LayerChoice(viewer)
        self.form = SettingsForm()
        self.pixel_size = _text()
        self.run_button = QPushButton("Run")
        self.cancel_button = QPushButton("Cancel")
        self.stage = _text()
        self.bar = QProgressBar()
        self.bar.setTextVisible(False)
        self.message = _text()
        self.findings = QTextBrowser()
        self.findings.setOpenLinks(False)
        self.findings.setMinimumHeight(_FINDINGS_HEIGHT_PX)
        self._lay_out()
        self.show_running(False)
        self.say(_INVITATION)

    def sizeHint(self) -> QSize:  # noqa: N802 (the name is Qt's)
        """Ask for the room that the form and the findings need."""
        return QSize(_WIDTH_PX, _HEIGHT_PX)

    def say(self, text: str, *, trouble: bool = False) -> None:
        """Show a sentence; an empty one hides it."""
        self.message.setText(text)
        self.message.setStyleSheet(_TROUBLE if trouble else "")
        self.message.setVisible(bool(text))

    def show_running(self, running: bool) -> None:
        """Show whether a run is going on."""
        self.run_button.setEnabled(not running)
        self.cancel_button.setEnabled(running)
        self.stage.setVisible(running)
        self.bar.setVisible(running)

    def show_stage(self, stage: str, done: int, steps: int | None) -> None:
        """Show how far a run is; the bar moves without an end where that is not known."""
        self.stage.setText(f"{stage} ..." if steps is None else f"{stage}: {done} of {steps}")
        self.bar.setRange(0, steps or 0)
        self.bar.setValue(min(done, steps or 0))

    def show_pixel_size(self, yx_spacing_nm: tuple[float, float] | None, *, asked: bool) -> None:
        """Show the pixel size of the layers; where they have none, ask for it."""
        editor = self.form.editors["pixel_size_nm"]
        editor.tick.setEnabled(yx_spacing_nm is not None or not asked)
        if yx_spacing_nm is not None:
            y, x = yx_spacing_nm
            self.pixel_size.setText(f"Pixels of {y:.6g} × {x:.6g} nm (y × x)")
            editor.tick.setChecked(editor.tick.isChecked() or editor.number.is_empty)
        elif asked:
            self.pixel_size.setText("The layer has no pixel size: enter it here.")
            editor.tick.setChecked(False)
        self.pixel_size.setStyleSheet("" if yx_spacing_nm else _TROUBLE)
        self.pixel_size.setVisible(asked)

    def _lay_out(self) -> None:
        """Put the form above, where it scrolls, and the buttons and the result below."""
        inner = QWidget()
        column = QVBoxLayout(inner)
        column.setContentsMargins(0, 0, 6, 0)
        for heading, part in (("Layers", self.choice), ("Settings", self.form)):
            column.addWidget(_heading(heading))
            if part is self.form:
                column.addWidget(self.pixel_size)
            column.addWidget(part)
        column.addStretch()
        scroll = QScrollArea()
        scroll.setWidget(inner)
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        buttons = QHBoxLayout()
        buttons.addWidget(self.run_button, 2)
        buttons.addWidget(self.cancel_button, 1)
        outer = QVBoxLayout(self)
        outer.addWidget(scroll, 3)
        outer.addLayout(buttons)
        for part in (self.stage, self.bar, self.message):
            outer.addWidget(part)
        outer.addWidget(_heading("What may be believed"))
        outer.addWidget(self.findings, 2)


def _text() -> QLabel:
    """Make a text that breaks into lines and takes what it shows literally."""
    label = QLabel()
    label.setWordWrap(True)
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    return label


def _heading(words: str) -> QLabel:
    """Make the heading of a part."""
    return QLabel(f"<b>{escape(words)}</b>")
