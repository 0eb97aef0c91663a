"""Presets, and the settings as a file or as a command."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from qtpy.QtCore import Qt, Signal
from qtpy.QtWidgets import (
    QFileDialog,
    QHBoxLayout,
    QMenu,
    QPushButton,
    QWidget,
)

from chromamol.errors import CallError, ChromamolError
from chromamol.settings import Settings
from napari_chromamol._editors import CalmBox
from napari_chromamol._last_settings import last_settings

if TYPE_CHECKING:
    from napari_chromamol._settings_form import SettingsForm

PRESETS = {
    "Standard": Settings(),
    "Quick look": Settings(method="direct"),
    "Without the checks that take long": Settings(forward_check=False),
}
_CHOOSE, _LAST = "Preset ...", "As in the last run"
_HELP = {
    "Standard": "Every setting as it comes with chromamol.",
    "Quick look": "In a second, with the direct estimator: to find your way, not to be believed.",
    "Without the checks that take long": "The map of Standard, but no simulation that tells "
    "whether the model explains the image.",
    _LAST: "The settings of your last run, in this session or an earlier one.",
}
# No preset changes it.
_OF_THE_IMAGE = {"pixel_size_nm"}
_TOOL_TIP = Qt.ItemDataRole.ToolTipRole
_YAML = "Settings (*.yaml *.yml)"


class SettingsBar(QWidget):
    """Sets the form to a preset or a file, and writes it to a file.

    Attributes
    ----------
    presets : CalmBox
        Returns to its heading.
    menu : QMenu
        Load, save, copy as a command.
    """

    said = Signal(str)
    failed = Signal(object)  # the error
    loaded = Signal(object)  # the settings of a file
    copy_asked = Signal()

    def __init__(self, form: SettingsForm) -> None:
        super().__init__()
        self._form = form
        self.presets = CalmBox()
        self.presets.addItem(_CHOOSE)
        for name, help_text in _HELP.items():
            self.presets.addItem(name)
            self.presets.setItemData(self.presets.count() - 1, help_text, _TOOL_TIP)
        self.presets.setToolTip("<p>Sets all settings below; the pixel size stays.</p>")
        self.presets.activated.connect(self._set_preset)
        self.menu = QMenu(self)
        for words, slot in (
            ("Load settings ...", self._ask_and_load),
            ("Save settings ...", self._ask_and_save),
            ("Copy as command line", self.copy_asked.emit),
        ):
            self.menu.addAction(words).triggered.connect(slot)
        button = QPushButton("File")
        button.setToolTip("Load or save the settings, or copy the call of the command line.")
        button.setMenu(self.menu)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self.presets, 1)
        row.addWidget(button)

    def load(self, path: Path) -> None:
        """Set the form to a settings file."""
        try:
            settings = Settings.from_yaml(path)
        except ChromamolError as error:
            self.failed.emit(error)
            return
        self._form.show_settings(settings)
        self.loaded.emit(settings)

    def save(self, path: Path) -> None:
        """Write the settings in the form to a file."""
        try:
            path.write_text(self._form.settings().to_yaml(), encoding="utf-8")
        except ChromamolError as error:
            self.failed.emit(error)
        except OSError as error:
            self.failed.emit(CallError(f"{path} cannot be written ({error.strerror})."))
        else:
            self.said.emit(f"The settings were written to {path.name}.")

    def _set_preset(self, index: int) -> None:
        """Set the form to a preset."""
        name = self.presets.itemText(index)
        self.presets.setCurrentIndex(0)
        if name == _CHOOSE:
            return
        settings = last_settings() if name == _LAST else PRESETS[name]
        if settings is None:
            self.failed.emit(CallError("There was no run yet whose settings were kept."))
            return
        self._form.show_settings(settings, but_not=_OF_THE_IMAGE)
        self.said.emit(f"The settings are now: {name}.")

    def _ask_and_load(self) -> None:
        """Ask for a file, and load it."""
        name, _ = QFileDialog.getOpenFileName(self, "Load settings", "", _YAML)
        if name:
            self.load(Path(name))

    def _ask_and_save(self) -> None:
        """Ask for a file, and save to it."""
        name, _ = QFileDialog.getSaveFileName(self, "Save settings", "settings.yaml", _YAML)
        if name:
            self.save(Path(name))
