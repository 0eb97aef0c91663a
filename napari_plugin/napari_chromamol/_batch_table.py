"""The table of a batch: a row for each image, as it is now."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from qtpy.QtCore import QAbstractTableModel, QModelIndex, Qt
from qtpy.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableView,
)

from napari_chromamol._batch import RUNNING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari_chromamol._batch import Batch, Row
    from napari_chromamol._progress import RunProgress

HEADINGS = ("Image", "Status", "Remark", "Seconds")
_NOWHERE = QModelIndex()


class BatchModel(QAbstractTableModel):
    """What the table shows of a batch that another thread works on."""

    def __init__(self) -> None:
        super().__init__()
        self.rows: Sequence[Row] = ()
        self._progress: RunProgress | None = None

    def show(self, batch: Batch) -> None:
        """Show a batch as it is now."""
        if batch.rows is not self.rows:
            self.beginResetModel()
            self.rows, self._progress = batch.rows, batch.progress
            self.endResetModel()
        elif self.rows:
            self.dataChanged.emit(
                self.index(0, 0), self.index(len(self.rows) - 1, len(HEADINGS) - 1)
            )

    def rowCount(self, parent: QModelIndex = _NOWHERE) -> int:  # noqa: N802 (the name is Qt's)
        """Return the number of images."""
        return 0 if parent.isValid() else len(self.rows)

    def columnCount(self, parent: QModelIndex = _NOWHERE) -> int:  # noqa: N802 (the name is Qt's)
        """Return the number of columns."""
        return 0 if parent.isValid() else len(HEADINGS)

    def headerData(  # noqa: N802 (the name is Qt's)
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> str | None:
        """Return the heading of a column."""
        if role == Qt.ItemDataRole.DisplayRole and orientation == Qt.Orientation.Horizontal:
            return HEADINGS[section]
        return None

    def data(self, index: QModelIndex, role: int = Qt.ItemDataRole.DisplayRole) -> str | None:
        """Return the text of a cell."""
        if role not in {Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.ToolTipRole}:
            return None
        text = self._texts(self.rows[index.row()])[index.column()]
        if role == Qt.ItemDataRole.ToolTipRole:
            return f"<p>{escape(text)}</p>" if text else None
        return " ".join(text.split())

    def _texts(self, row: Row) -> tuple[str, str, str, str]:
        """Return the texts of a row."""
        if row.status == RUNNING:
            stage = self._progress.stage
            share = f"{min(stage.done / stage.steps, 1):.0%} " if stage.steps else ""
            doing = "stopping" if self._progress.cancelled else f"{share}{stage.name}"
            return row.name, row.status, f"{doing} ...", ""
        seconds = "" if row.seconds is None else f"{row.seconds:.1f}"
        return row.name, row.status, row.remark, seconds


class BatchTable(QTableView):
    """The table as it looks in a narrow dock; tool tips hold what is cut off.

    Attributes
    ----------
    images : BatchModel
    """

    def __init__(self) -> None:
        super().__init__()
        self.images = BatchModel()
        self.setModel(self.images)
        self.setItemDelegateForColumn(0, _ElidedInTheMiddle(self))
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setShowGrid(False)
        self.setWordWrap(False)
        self.verticalHeader().hide()
        header = self.horizontalHeader()
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        header.setSectionResizeMode(HEADINGS.index("Remark"), QHeaderView.ResizeMode.Stretch)
        for column, widest in enumerate(("day 1/cell 10.ome.tif", "cancelled", "", "Seconds")):
            header.resizeSection(column, self.fontMetrics().horizontalAdvance(widest) + 12)


class _ElidedInTheMiddle(QStyledItemDelegate):
    """Cells of names: their beginning and their end tell them apart."""

    def initStyleOption(  # noqa: N802 (the name is Qt's)
        self, option: QStyleOptionViewItem, index: QModelIndex
    ) -> None:
        """Cut off the middle."""
        super().initStyleOption(option, index)
        option.textElideMode = Qt.TextElideMode.ElideMiddle
