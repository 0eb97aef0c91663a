"""A table of nuclei or domains that can be sorted, with the meaning of its columns."""

from __future__ import annotations

import math
from typing import Any

import pandas as pd
from qtpy.QtCore import QAbstractTableModel, QModelIndex, QSortFilterProxyModel, Qt, Signal
from qtpy.QtWidgets import QAbstractItemView, QTableView

from chromamol.results.columns import COLUMNS, RATE_UNIT

_NOT_SHOWN = {"image"}
# What people look for; the others follow as in the file.
_FIRST = ("nucleus", "domain", "rate_mean", "rate_mean_sd", "area_um2")


class TableModel(QAbstractTableModel):
    """The rows of a data frame.

    Parameters
    ----------
    table : pandas.DataFrame
    file : str
        The file whose columns these are, for their meaning.
    """

    def __init__(self, table: pd.DataFrame, file: str) -> None:
        super().__init__()
        first = [name for name in _FIRST if name in table]
        others = [name for name in table if name not in {*first, *_NOT_SHOWN}]
        self._table = table[first + others]
        self._meaning = {one.name: one for one in COLUMNS if one.file == file}

    def rowCount(self, parent: QModelIndex | None = None) -> int:  # noqa: N802 (Qt)
        """Count the rows."""
        return 0 if parent is not None and parent.isValid() else len(self._table)

    def columnCount(self, parent: QModelIndex | None = None) -> int:  # noqa: N802 (Qt)
        """Count the columns."""
        return 0 if parent is not None and parent.isValid() else self._table.shape[1]

    def data(self, index: QModelIndex, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Return a cell: to read, or to sort by."""
        value = self._table.iat[index.row(), index.column()]
        value = value.item() if hasattr(value, "item") else value
        if role == Qt.ItemDataRole.UserRole:
            unknown = value is None or (isinstance(value, float) and math.isnan(value))
            return -math.inf if unknown else value
        if role == Qt.ItemDataRole.ToolTipRole:
            return str(value)
        return _in_cell(value) if role == Qt.ItemDataRole.DisplayRole else None

    def headerData(  # noqa: N802 (Qt)
        self,
        section: int,
        orientation: Qt.Orientation,
        role: int = Qt.ItemDataRole.DisplayRole,
    ) -> Any:
        """Return the name of a column, or what it means."""
        if orientation != Qt.Orientation.Horizontal:
            return None
        name = self._table.columns[section]
        if role == Qt.ItemDataRole.DisplayRole:
            return name.replace("_", " ")
        if role == Qt.ItemDataRole.ToolTipRole and name in self._meaning:
            column = self._meaning[name]
            unit = "the unit of the rate" if column.unit == RATE_UNIT else column.unit
            return f"<p>{column.meaning}{f' ({unit})' if unit else ''}</p>"
        return None


class Table(QTableView):
    """Rows to choose; several of them make a group.

    Signals
    -------
    chosen : rows of the data frame, from 0
    """

    chosen = Signal(list)

    def __init__(self, file: str) -> None:
        super().__init__()
        self._file = file
        self._proxy = QSortFilterProxyModel(self)
        self._proxy.setSortRole(Qt.ItemDataRole.UserRole)
        self.setModel(self._proxy)
        self.setSortingEnabled(True)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.verticalHeader().hide()
        self.selectionModel().selectionChanged.connect(lambda *_: self.chosen.emit(self.rows()))

    def show_table(self, table: pd.DataFrame | None) -> None:
        """Show other rows, in their order; None: nothing."""
        self._model = TableModel(pd.DataFrame() if table is None else table, self._file)
        self._proxy.setSourceModel(self._model)
        self._proxy.sort(-1)
        self.horizontalHeader().setSortIndicator(-1, Qt.SortOrder.AscendingOrder)
        self.resizeColumnsToContents()

    def rows(self) -> list[int]:
        """Return the chosen rows of the data frame."""
        return sorted(
            self._proxy.mapToSource(index).row() for index in self.selectionModel().selectedRows()
        )

    def choose_row(self, row: int) -> None:
        """Choose one row of the data frame, and bring it into view."""
        index = self._proxy.mapFromSource(self._model.index(row, 0))
        self.selectRow(index.row())
        self.scrollTo(index)


def _in_cell(value: object) -> str:
    """Write a value as short as can be read."""
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:.4g}" if isinstance(value, float) else str(value)
