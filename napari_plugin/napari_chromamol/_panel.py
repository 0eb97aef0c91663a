"""What the widget "Rate map" looks like; what it does is in `_run_widget`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import QSize, Qt
from qtpy.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QProgressBar,
    QPushButton,
    QScrollArea,
    QTextBrowser,
    QVBoxLayout,
    QWidget,
)

from napari_chromamol._layer_choice import LayerChoice
from napari_chromamol._message import Message
from napari_chromamol._settings_bar import SettingsBar
from napari_chromamol._settings_form import SettingsForm
from napari_chromamol._texts import TROUBLE, heading, plain_text

if TYPE_CHECKING:
    from napari.viewer import Viewer

    from napari_chromamol._editors import AutoEditor
    from napari_chromamol._progress import Stage

_INVITATION = "Choose the layers of an image, then press Run."
_PREVIEW_HELP = (
    "A quick map of what is in view, with the direct estimator on coarse pixels: to find the "
    "right layers and settings, not to be interpreted."
)
_RUN_HELP = "Make the maps, as the command line does. A nucleus takes from seconds to minutes."
_CANCEL_HELP = "Stop. Maps that were there before stay as they are."
_DEVICE_UNKNOWN = "Computes on a graphics card if there is one: the first run tells."
_DEVICE_HELP = "Where it computes. The setting 'device', under Advanced, chooses."
_WIDTH_PX, _HEIGHT_PX = 370, 760
_FORM_HEIGHT_PX, _FINDINGS_HEIGHT_PX = 250, 120


class Panel(QWidget):
    """The parts of the widget, and how they show its states.

    Attributes
    ----------
    choice : LayerChoice
    form : SettingsForm
    settings_bar : SettingsBar
        Presets, and the settings as a file or a command.
    pixel_size : QLabel
        The pixel size of the chosen layers.
    preview_button, run_button, cancel_button : QPushButton
    stage : QLabel
        What is being done.
    bar : QProgressBar
    message : Message
        What is wrong, or how the run ended.
    device : QLabel
        Where it computes.
    findings : QTextBrowser
        What may be believed of the last result.
    """

    def __init__(self, viewer: Viewer) -> None:
        super().__init__()
        self.choice = LayerChoice(viewer)
        self.form = SettingsForm()
        self.settings_bar = SettingsBar(self.form)
        self.pixel_size = plain_text()
        self.preview_button = QPushButton("Preview")
        self.preview_button.setToolTip(f"<p>{_PREVIEW_HELP}</p>")
        self.run_button, self.cancel_button = QPushButton("Run"), QPushButton("Cancel")
        self.run_button.setToolTip(f"<p>{_RUN_HELP}</p>")
        self.cancel_button.setToolTip(f"<p>{_CANCEL_HELP}</p>")
        self.stage = plain_text()
        self.bar = QProgressBar()
        self.bar.setTextVisible(False)
        self.message = Message()
        self.device = plain_text()
        self.device.setToolTip(f"<p>{_DEVICE_HELP}</p>")
        self.say_device("")
        self.findings = QTextBrowser()
        self.findings.setOpenLinks(False)
        self.findings.setMinimumHeight(_FINDINGS_HEIGHT_PX)
        self._lay_out()
        self.show_running(False)
        self.message.say(_INVITATION)
        for changed in (self._size_editor.tick.toggled, self._size_editor.number.valueChanged):
            changed.connect(self._say_pixel_size)
        self._layer_nm: tuple[float, float] | None = None

    def sizeHint(self) -> QSize:  # noqa: N802 (the name is Qt's)
        """Ask for the room that the form and the findings need."""
        return QSize(_WIDTH_PX, _HEIGHT_PX)

    def show_running(self, running: bool) -> None:
        """Show whether a run is going on."""
        self.run_button.setEnabled(not running)
        self.preview_button.setEnabled(not running)
        self.cancel_button.setEnabled(running)
        self.stage.setVisible(running)
        self.bar.setVisible(running)

    def say_device(self, words: str) -> None:
        """Show where the last run computed."""
        self.device.setText(f"Computed on {words}." if words else _DEVICE_UNKNOWN)

    def show_stage(self, stage: Stage) -> None:
        """Show how far a run is; where that is not known, how long it has taken.

        The bar stays empty then: one that moves without an end draws the whole window again and
        again, which slows the run where no graphics card draws.
        """
        name, done, steps = stage.name, stage.done, stage.steps
        text = f"{name}: {done} of {steps}"
        if steps is None:
            text = f"{name} ... {_duration(stage.seconds)}" if stage.seconds > 1 else f"{name} ..."
        elif stage.seconds_left is not None:
            text += f", about {_duration(stage.seconds_left)} left"
        self.stage.setText(text)
        self.bar.setRange(0, steps or 1)
        self.bar.setValue(min(done, steps or 0))

    def forget_pixel_size(self) -> None:
        """Drop a pixel size that was entered: it is of an image, and not of the next one."""
        self._size_editor.number.show_value(None)
        self._size_editor.tick.setChecked(True)

    def show_pixel_size(self, yx_spacing_nm: tuple[float, float] | None, *, asked: bool) -> None:
        """Show the pixel size of the layers; where they have none, ask for it."""
        editor, self._layer_nm = self._size_editor, yx_spacing_nm
        editor.tick.setEnabled(yx_spacing_nm is not None or not asked)
        if asked and yx_spacing_nm is None:
            editor.tick.setChecked(False)
        elif editor.number.is_empty:
            editor.tick.setChecked(True)
        self.pixel_size.setVisible(asked)
        self._say_pixel_size()

    @property
    def _size_editor(self) -> AutoEditor:
        editor: AutoEditor = self.form.editors["pixel_size_nm"]
        return editor

    def _say_pixel_size(self, *_: object) -> None:
        """Say which pixel size holds."""
        editor, layer_nm = self._size_editor, self._layer_nm
        entered = None if editor.tick.isChecked() or editor.number.is_empty else editor.number
        words = "The layer has no pixel size: enter it here."
        if layer_nm is not None:
            words = f"Pixels of {layer_nm[0]:.6g} × {layer_nm[1]:.6g} nm (y × x)"
        if entered is not None:
            used = f"{entered.value():g} nm, entered below, is used."
            words = f"Pixel size: {used}" if layer_nm is None else f"{words} in the layer; {used}"
        self.pixel_size.setText(words)
        is_odd = (layer_nm is None) == (entered is None)
        self.pixel_size.setStyleSheet(TROUBLE if is_odd else "")

    def _lay_out(self) -> None:
        """Put the form above, where it scrolls, and the buttons and the result below."""
        inner = QWidget()
        column = QVBoxLayout(inner)
        column.setContentsMargins(0, 0, 6, 0)
        for words, part in (("Layers", self.choice), ("Settings", self.form)):
            column.addWidget(heading(words))
            if part is self.form:
                column.addWidget(self.settings_bar)
                column.addWidget(self.pixel_size)
            column.addWidget(part)
        column.addWidget(self.device)
        column.addStretch()
        scroll = QScrollArea()
        scroll.setWidget(inner)
        scroll.setWidgetResizable(True)
        scroll.setMinimumHeight(_FORM_HEIGHT_PX)
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        buttons = QHBoxLayout()
        buttons.addWidget(self.preview_button, 1)
        buttons.addWidget(self.run_button, 2)
        buttons.addWidget(self.cancel_button, 1)
        outer = QVBoxLayout(self)
        outer.addWidget(scroll, 3)
        outer.addLayout(buttons)
        for part in (self.stage, self.bar, self.message):
            outer.addWidget(part)
        outer.addWidget(heading("What may be believed"))
        outer.addWidget(self.findings, 2)


def _duration(seconds: float) -> str:
    """Say how long something lasts."""
    return f"{seconds:.0f} s" if seconds < 100 else f"{seconds / 60:.0f} min"
