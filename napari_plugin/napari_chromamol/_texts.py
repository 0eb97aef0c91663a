"""Texts of the widgets: sentences, and headings above their parts."""

from __future__ import annotations

from html import escape

from qtpy.QtCore import Qt
from qtpy.QtWidgets import QLabel

TROUBLE = "border-left: 3px solid rgb(227, 182, 23); padding-left: 6px;"


def plain_text() -> QLabel:
    """Make a text that breaks into lines and takes what it shows literally."""
    label = QLabel()
    label.setWordWrap(True)
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    return label


def show_sentence(label: QLabel, text: str, *, trouble: bool) -> None:
    """Show a sentence; an empty one hides it."""
    label.setText(text)
    label.setStyleSheet(TROUBLE if trouble else "")
    label.setVisible(bool(text))


def heading(words: str) -> QLabel:
    """Make the heading of a part."""
    return QLabel(f"<b>{escape(words)}</b>")
