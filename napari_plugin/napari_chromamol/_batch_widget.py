"""The widget "Batch": choose a folder, press Run, and see how each of its images ended."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from napari.layers import Layer
from qtpy.QtCore import QEvent, QModelIndex, QTimer, QUrl
from qtpy.QtGui import QDesktopServices
from superqt.utils import create_worker

from chromamol.errors import CallError, ChromamolError
from chromamol.inference.foresight import doubts_ahead
from chromamol.settings import Settings
from napari_chromamol._batch import Batch, counted
from napari_chromamol._batch_panel import BatchPanel
from napari_chromamol._launch import launch
from napari_chromamol._on_screen import follow
from napari_chromamol._reader import layers_of

if TYPE_CHECKING:
    from napari.viewer import Viewer

    from napari_chromamol._layers import LayerData

_LOOK_EVERY_MS = 100


class BatchWidget(BatchPanel):
    """Analyse all images of a folder with the same settings."""

    def __init__(self, napari_viewer: Viewer) -> None:
        super().__init__()
        self._viewer = napari_viewer
        self._batch: Batch | None = None
        self._running = False
        self._foreseen, self._said = "", ("", False)
        self._timer = QTimer(self)
        self._timer.setInterval(_LOOK_EVERY_MS)
        self._timer.timeout.connect(self._look)
        self.run_button.clicked.connect(self.start)
        self.cancel_button.clicked.connect(self.cancel)
        self.images.changed.connect(self.find)
        self.results.changed.connect(self.find)
        self.report_button.clicked.connect(self.open_report)
        self.table.selectionModel().currentRowChanged.connect(self._show_remark)
        self.table.doubleClicked.connect(self.open_result)
        follow(napari_viewer)

    @property
    def is_running(self) -> bool:
        """Whether a batch is going on."""
        return self._running

    def find(self) -> None:
        """Look for the images of the chosen folder, in place of an earlier search."""
        folder = self.images.path()
        if folder is None or self.is_running:
            return
        batch = Batch(folder, self.results.path())
        self._watch(batch)
        create_worker(batch.find, _connect={"returned": self._on_found})

    def start(self) -> None:
        """Begin a batch with what is chosen, unless one is going on."""
        if self.is_running:
            return
        try:
            batch, settings = self._chosen()
        except ChromamolError as error:
            self.message.tell(error)
            return
        again = self.again.isChecked()
        try:
            launch("Batch", partial(batch.run, settings, overwrite=again), returned=self._on_done)
        except ChromamolError as error:
            self.message.tell(error)
            return
        self._running = True
        self._foreseen = " ".join(doubts_ahead(settings))
        self._say(self._foreseen)
        self.show_running(True)
        self._watch(batch)

    def cancel(self) -> None:
        """Ask the batch, or the search, to stop; what is done stays."""
        if self._batch is not None:
            self._batch.progress.cancel()
            self.cancel_button.setEnabled(False)

    def open_result(self, index: QModelIndex) -> None:
        """Open the maps of an image, where there are any."""
        store = self.table.images.rows[index.row()].store
        if store is not None:
            self.message.say(f"Opening {store.name} ...")
            create_worker(
                layers_of,
                [store],
                _connect={"returned": self._show_result, "errored": self._on_unread},
            )

    def open_report(self) -> None:
        """Show the report in the browser of the user."""
        if self._batch is not None and self._batch.report is not None:
            QDesktopServices.openUrl(QUrl.fromLocalFile(str(self._batch.report)))

    def event(self, event: QEvent) -> bool:
        """Come to an end when the widget is taken out of the window."""
        if event.type() == QEvent.Type.ParentChange and self.parent() is None:
            self.cancel()
        return super().event(event)

    def _show_result(self, layers: list[LayerData]) -> None:
        """Show a result that was read, and say again how the batch stands."""
        self._say(*self._said)
        for data, shown, kind in layers:
            self._viewer.add_layer(Layer.create(data, shown, kind))

    def _on_unread(self, error: Exception) -> None:
        """Say why a result cannot be opened."""
        self.message.tell(error)

    def _chosen(self) -> tuple[Batch, Settings]:
        """Return what to do."""
        folder, file = self.images.path(), self.settings.path()
        if folder is None:
            msg = "Choose the folder of the images."
            raise CallError(msg)
        settings = Settings() if file is None else Settings.from_yaml(file)
        return Batch(folder, self.results.path()), settings

    def _watch(self, batch: Batch) -> None:
        """Look at a batch that a thread works on."""
        if self._batch is not None:
            self._batch.progress.cancel()
        self._batch = batch
        self.report_button.hide()
        self.destroyed.connect(batch.progress.cancel)
        self._timer.start()

    def _look(self) -> None:
        """Show how far the batch is."""
        rows = self._batch.rows
        self.table.images.show(self._batch)
        self.show_stage(sum(row.seconds is not None for row in rows), len(rows))
        self._show_remark()

    def _on_found(self, batch: Batch) -> None:
        """Say how many images there are; what an earlier search found is of no interest."""
        self.destroyed.disconnect(batch.progress.cancel)
        if batch is self._batch:
            self._rest()
            found = f"{counted(len(batch.rows), 'image')} found."
            self._say(batch.trouble or found, bool(batch.trouble))

    def _on_done(self, batch: Batch) -> None:
        """Say how the images of a batch ended."""
        self.destroyed.disconnect(batch.progress.cancel)
        self._rest()
        foreseen = self._foreseen if any(row.store for row in batch.rows) else ""
        summary = batch.summary if batch.rows else ""
        said = " ".join(filter(None, [summary, batch.doubts or foreseen, batch.trouble]))
        self._say(said, bool(batch.trouble))

    def _say(self, text: str, trouble: bool = False) -> None:
        """Say how the batch stands."""
        self._said = text, trouble
        self.message.say(text, trouble=trouble)

    def _rest(self) -> None:
        """Come to rest after a batch or a search."""
        self._running = False
        self._timer.stop()
        self._look()
        self.report_button.setVisible(self._batch.report is not None)
        self.show_running(False)

    def _show_remark(self) -> None:
        """Show what is to be said of the chosen image."""
        index = self.table.currentIndex()
        chosen = self.table.images.rows[index.row()] if index.isValid() else None
        self.show_remark(f"{chosen.name}: {chosen.remark}" if chosen and chosen.remark else "")
