"""A file or folder to choose: typed, dropped, or with a dialog."""

from __future__ import annotations

from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

from qtpy.QtCore import Qt, Signal
from qtpy.QtWidgets import QFileDialog, QHBoxLayout, QPushButton, QWidget
from superqt import QElidingLineEdit

if TYPE_CHECKING:
    from collections.abc import Callable

    from qtpy.QtGui import QDragEnterEvent, QDragMoveEvent, QDropEvent


class PathEdit(QElidingLineEdit):
    """A line for a path that can be dropped on it; a long one is shortened in the middle."""

    def __init__(self) -> None:
        super().__init__()
        self.setElideMode(Qt.TextElideMode.ElideMiddle)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:  # noqa: N802 (the name is Qt's)
        """Let files and folders in."""
        super().dragEnterEvent(event)
        if event.mimeData().hasUrls():
            event.acceptProposedAction()

    def dragMoveEvent(self, event: QDragMoveEvent) -> None:  # noqa: N802 (the name is Qt's)
        """Let files and folders stay."""
        super().dragMoveEvent(event)
        if event.mimeData().hasUrls():
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:  # noqa: N802 (the name is Qt's)
        """Take the path of a file or folder; other texts as ever."""
        urls = event.mimeData().urls()
        if not urls:
            super().dropEvent(event)
            return
        self.setText(urls[0].toLocalFile())
        event.acceptProposedAction()
        self.editingFinished.emit()


class PathRow(QWidget):
    """A line with a path and a button that opens a dialog.

    Parameters
    ----------
    ask : callable
        Opens a dialog above a widget, at a path; returns the chosen path, "" if none.
    empty : str
        Shown where no path is chosen.
    help_text : str

    Attributes
    ----------
    edit : PathEdit
    button : QPushButton
    """

    changed = Signal()

    def __init__(self, ask: Callable[[QWidget, str], str], empty: str, help_text: str) -> None:
        super().__init__()
        self._ask, self._help_text = ask, help_text
        self._known: Path | None = None
        self.edit = PathEdit()
        self.edit.setPlaceholderText(empty)
        self.edit.editingFinished.connect(self._tell)
        self.button = QPushButton("Choose ...")
        self.button.clicked.connect(self._choose)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self.edit, 1)
        row.addWidget(self.button)
        self._show_help()

    def path(self) -> Path | None:
        """Return the chosen path."""
        text = self.edit.text().strip()
        return Path(text) if text else None

    def choose(self, path: str) -> None:
        """Take another path."""
        self.edit.setText(path)
        self._tell()

    def _choose(self) -> None:
        if chosen := self._ask(self, self.edit.text()):
            self.choose(chosen)

    def _tell(self) -> None:
        """Tell of another path, once."""
        if self.path() != self._known:
            self._known = self.path()
            self._show_help()
            self.changed.emit()

    def _show_help(self) -> None:
        """Say what the path is for, and all of it."""
        path = f"<p><i>{escape(str(self._known))}</i></p>" if self._known else ""
        self.setToolTip(f"<p>{escape(self._help_text)}</p>{path}")


def ask_folder(parent: QWidget, start: str) -> str:
    """Let the user choose a folder."""
    return QFileDialog.getExistingDirectory(parent, "Choose a folder", start)


def ask_settings(parent: QWidget, start: str) -> str:
    """Let the user choose a settings file."""
    kinds = "Settings (*.yaml *.yml);;All files (*)"
    return QFileDialog.getOpenFileName(parent, "Choose a settings file", start, kinds)[0]
