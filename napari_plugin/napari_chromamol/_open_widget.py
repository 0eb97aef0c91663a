"""The widget "Open with choices": how files are read, where they do not tell themselves."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from qtpy.QtCore import QEvent, Qt
from qtpy.QtWidgets import (
    QFileDialog,
    QHBoxLayout,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)
from superqt.utils import create_worker

from chromamol.errors import ChromamolError
from chromamol.settings import READING, Settings, make_settings
from napari_chromamol._fields import FieldRows
from napari_chromamol._layers import KEY
from napari_chromamol._message import Message
from napari_chromamol._on_screen import follow
from napari_chromamol._reader import layers_of
from napari_chromamol._texts import plain_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari.viewer import Viewer

    from napari_chromamol._layers import LayerData

_INVITATION = (
    "Choose an image or a localisation table; or several files of the same field, one for each "
    "channel. Fields that stay empty are taken from the files."
)


class OpenWidget(QWidget):
    """Open an image or a table, and say how it is read.

    Attributes
    ----------
    rows : FieldRows
        The settings about reading.
    files : QLabel
    files_button, folder_button, open_button : QPushButton
    message : Message
    """

    def __init__(self, napari_viewer: Viewer) -> None:
        super().__init__()
        self._viewer = napari_viewer
        self._paths: list[Path] = []
        self._gone = False
        fields = Settings.model_fields.items()
        reading = [name for name, field in fields if field.json_schema_extra == READING]
        self.rows = FieldRows(["pixel_size_nm", *reading])
        self.files_button = QPushButton("Choose files ...")
        self.folder_button = QPushButton("OME-Zarr folder ...")
        self.open_button = QPushButton("Open")
        self.files, self.message = plain_text(), Message()
        self._lay_out()
        self.message.say(_INVITATION)
        self.files_button.clicked.connect(self._ask_files)
        self.folder_button.clicked.connect(self._ask_folder)
        self.open_button.clicked.connect(self.open)
        follow(napari_viewer)
        self.choose(())

    def choose(self, paths: Sequence[Path]) -> None:
        """Take other files."""
        self._paths = list(paths)
        self.files.setText("\n".join(path.name for path in self._paths))
        self.open_button.setEnabled(bool(self._paths))

    def open(self) -> None:
        """Read the files, and show their channels as layers."""
        try:
            values = {name: editor.value() for name, editor in self.rows.editors.items()}
            settings = make_settings(values)
        except ChromamolError as error:
            self.message.tell(error)
            return
        self.open_button.setEnabled(False)
        self.message.say("Reading ...")
        create_worker(
            layers_of,
            self._paths,
            settings,
            _connect={"returned": self._on_read, "errored": self._on_error},
        )

    def event(self, event: QEvent) -> bool:
        """Show nothing more when the widget is taken out of the window."""
        if event.type() == QEvent.Type.ParentChange:
            self._gone = self.parent() is None
        return super().event(event)

    def _on_read(self, layers: list[LayerData]) -> None:
        """Show the layers, and what was understood."""
        if self._gone:
            return
        self.open_button.setEnabled(True)
        for data, shown, kind in layers:
            getattr(self._viewer, f"add_{kind}")(data, **shown)
        about = layers[0][1]["metadata"][KEY]
        self.message.say("\n".join(("Opened.", *about.get("notes", ()))))

    def _on_error(self, error: Exception) -> None:
        """Say why there is nothing to show."""
        if self._gone:
            return
        self.open_button.setEnabled(True)
        self.message.tell(error)

    def _ask_files(self) -> None:
        """Ask for files."""
        names, _ = QFileDialog.getOpenFileNames(self, "Files of one field of view")
        if names:
            self.choose([Path(name) for name in names])

    def _ask_folder(self) -> None:
        """Ask for a store."""
        name = QFileDialog.getExistingDirectory(self, "OME-Zarr folder")
        if name:
            self.choose([Path(name)])

    def _lay_out(self) -> None:
        """Put the files above, the fields below, and what was understood at the end."""
        buttons = QHBoxLayout()
        buttons.addWidget(self.files_button)
        buttons.addWidget(self.folder_button)
        inner = QWidget()
        column = QVBoxLayout(inner)
        column.addWidget(self.rows)
        column.addStretch()
        scroll = QScrollArea()
        scroll.setWidget(inner)
        scroll.setWidgetResizable(True)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        outer = QVBoxLayout(self)
        outer.addLayout(buttons)
        outer.addWidget(self.files)
        outer.addWidget(scroll, 1)
        outer.addWidget(self.open_button)
        outer.addWidget(self.message)
