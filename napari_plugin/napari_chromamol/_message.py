"""One sentence about how things stand, and more for those who ask."""

from __future__ import annotations

import logging
import traceback

from qtpy.QtWidgets import QPlainTextEdit, QVBoxLayout, QWidget
from superqt import QCollapsible

from chromamol.errors import ChromamolError
from napari_chromamol._fault import fault
from napari_chromamol._fields import for_window
from napari_chromamol._texts import plain_text, show_sentence

_DETAILS_HEIGHT_PX = 110

logger = logging.getLogger(__name__)


class Message(QWidget):
    """A sentence with a fold below it.

    Attributes
    ----------
    details : QCollapsible
        Hidden where there are none.
    """

    def __init__(self) -> None:
        super().__init__()
        self._sentence = plain_text()
        # A path is one long word, and must not widen the dock.
        self._sentence.setMinimumWidth(1)
        self.details = QCollapsible("Details", expandedIcon="▼", collapsedIcon="▶")
        self.details.setDuration(0)
        self._details_text = QPlainTextEdit()
        self._details_text.setReadOnly(True)
        self._details_text.setFixedHeight(_DETAILS_HEIGHT_PX)
        self.details.addWidget(self._details_text)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self._sentence)
        column.addWidget(self.details)
        self.say("")

    def say(self, text: str, *, trouble: bool = False, details: str = "") -> None:
        """Show a sentence; an empty one hides it. Details are shown when they are asked for."""
        self.details.collapse(animate=False)
        self._details_text.setPlainText(details)
        self.details.setVisible(bool(details))
        show_sentence(self._sentence, text, trouble=trouble)

    def tell(self, error: Exception) -> None:
        """Say in a sentence what is wrong; what nobody foresaw is in the terminal too."""
        trace = "".join(traceback.format_exception(error))
        if isinstance(error, ChromamolError):
            text = for_window(str(error))
        else:
            logger.error("chromamol failed", exc_info=error)
            text = fault(error)
        self.say(text, trouble=True, details=trace)

    def text(self) -> str:
        """Return the sentence."""
        return self._sentence.text()

    def details_text(self) -> str:
        """Return what is in the fold."""
        return self._details_text.toPlainText()
