"""What the widget "Batch" looks like; what it does is in `_batch_widget`."""

from __future__ import annotations

from qtpy.QtCore import QSize
from qtpy.QtWidgets import (
    QCheckBox,
    QFormLayout,
    QHBoxLayout,
    QPlainTextEdit,
    QProgressBar,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from napari_chromamol._batch_table import BatchTable
from napari_chromamol._message import Message
from napari_chromamol._path_row import PathRow, ask_folder, ask_settings
from napari_chromamol._texts import heading, plain_text

_INVITATION = "Choose the folder of the images and a folder for the results, then press Run."
_HINT = "Click an image to read its remark. Double-click one that is done to see its maps."
_IMAGES_HELP = (
    "All images and localisation tables in this folder and its subfolders are analysed, one after "
    "the other. You can drop the folder here."
)
_SETTINGS_HELP = (
    "A settings file (YAML) that holds for all images. Each result has one, settings.yaml. Without "
    "a file, the settings that come with chromamol are used."
)
_RESULTS_HELP = (
    "Each image gets a folder of its own here, with maps, tables and a figure. batch.csv lists "
    "how each image ended, and report.html shows all of them."
)
_AGAIN_HELP = (
    "Analyse images again whose result is there already, made from the same file with the same "
    "settings. Otherwise they stay as they are."
)
_WIDTH_PX, _HEIGHT_PX = 370, 760
_REMARK_HEIGHT_PX = 96


class BatchPanel(QWidget):
    """The parts of the widget, and how they show its states.

    Attributes
    ----------
    images, settings, results : PathRow
        What is analysed, how, and where the results go.
    again : QCheckBox
    run_button, cancel_button : QPushButton
    report_button : QPushButton
        Only there where there is a report.
    stage : QLabel
        What is being done.
    bar : QProgressBar
        How many images came to an end.
    message : Message
        What is wrong, or how the batch ended.
    table : BatchTable
    remark : QPlainTextEdit
        What is to be said of the chosen image.
    """

    def __init__(self) -> None:
        super().__init__()
        self.images = PathRow(ask_folder, "folder of images", _IMAGES_HELP)
        self.settings = PathRow(ask_settings, "default settings", _SETTINGS_HELP)
        self.results = PathRow(ask_folder, "folder for the results", _RESULTS_HELP)
        self.again = QCheckBox("Analyse all again")
        self.again.setToolTip(f"<p>{_AGAIN_HELP}</p>")
        self.run_button, self.cancel_button = QPushButton("Run"), QPushButton("Cancel")
        self.run_button.setToolTip("Analyse the images; what is done already is left as it is.")
        self.cancel_button.setToolTip("Stop. What is done stays, and the next Run goes on there.")
        self.report_button = QPushButton("Open the report")
        self.report_button.setToolTip("Show report.html, a page about all results, in a browser.")
        self.report_button.hide()
        self.stage = plain_text()
        self.bar = QProgressBar()
        self.bar.setTextVisible(False)
        self.message = Message()
        self.table = BatchTable()
        self.remark = QPlainTextEdit()
        self.remark.setReadOnly(True)
        self.remark.setPlaceholderText(_HINT)
        self.remark.setFixedHeight(_REMARK_HEIGHT_PX)
        self._lay_out()
        self.show_running(False)
        self.message.say(_INVITATION)

    def sizeHint(self) -> QSize:  # noqa: N802 (the name is Qt's)
        """Ask for the room that the table needs."""
        return QSize(_WIDTH_PX, _HEIGHT_PX)

    def show_running(self, running: bool) -> None:
        """Show whether a batch is going on; nothing is chosen meanwhile."""
        for part in (self.images, self.settings, self.results, self.again, self.run_button):
            part.setEnabled(not running)
        self.cancel_button.setEnabled(running)
        self.stage.setVisible(running)
        self.bar.setVisible(running)

    def show_stage(self, ended: int, images: int) -> None:
        """Show how many images came to an end; before they are found, the bar is empty."""
        self.stage.setText(f"{ended} of {images} images" if images else "looking for images ...")
        self.bar.setRange(0, images or 1)
        self.bar.setValue(ended)

    def show_remark(self, text: str) -> None:
        """Show what is to be said of an image, unless it is shown already."""
        if text != self.remark.toPlainText():
            self.remark.setPlainText(text)

    def _lay_out(self) -> None:
        """Put what is chosen above, the table in the middle, and the remark below."""
        form = QFormLayout()
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        form.addRow("Images", self.images)
        form.addRow("Settings", self.settings)
        form.addRow("Results", self.results)
        form.addRow("", self.again)
        buttons = QHBoxLayout()
        buttons.addWidget(self.run_button, 2)
        buttons.addWidget(self.cancel_button, 1)
        column = QVBoxLayout(self)
        column.addLayout(form)
        column.addLayout(buttons)
        for part in (self.stage, self.bar, self.message, self.report_button):
            column.addWidget(part)
        column.addWidget(self.table, 1)
        column.addWidget(heading("Remark"))
        column.addWidget(self.remark)
