"""The widget "Rate map": choose layers, press Run, see the maps and what may be believed."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from qtpy.QtCore import QEvent, QTimer
from superqt.utils import create_worker

from chromamol.errors import ChromamolError
from napari_chromamol import _placement
from napari_chromamol._job import check_layers, prepare
from napari_chromamol._on_screen import inputs_of, show_result
from napari_chromamol._panel import Panel
from napari_chromamol._progress import RunProgress
from napari_chromamol._work import run

if TYPE_CHECKING:
    from napari.viewer import Viewer

    from napari_chromamol._work import Outcome

_LOOK_EVERY_MS = 100

logger = logging.getLogger(__name__)


class RateMapWidget(Panel):
    """Map the ratio of methylation to acetylation rate in the nuclei of an image."""

    def __init__(self, napari_viewer: Viewer) -> None:
        super().__init__(napari_viewer)
        self._viewer = napari_viewer
        self._progress: RunProgress | None = None
        self._inputs: frozenset[str] = frozenset()
        self._shown: frozenset[str] = frozenset()
        self._timer = QTimer(self)
        self._timer.setInterval(_LOOK_EVERY_MS)
        self._timer.timeout.connect(self._look)
        self.run_button.clicked.connect(self.start)
        self.cancel_button.clicked.connect(self.cancel)
        self.choice.changed.connect(self._show_pixel_size)
        self.choice.changed.connect(self._forget_removed_result)
        self._show_pixel_size()

    @property
    def is_running(self) -> bool:
        """Whether a run is going on."""
        return self._progress is not None

    def start(self) -> None:
        """Begin a run with the chosen layers and settings, unless one is going on."""
        if self.is_running:
            return
        try:
            chosen, nuclei = self.choice.chosen(), self.choice.nuclei.layer()
            check_layers(chosen, nuclei)
            job = prepare(chosen, nuclei, self.form.settings())
        except ChromamolError as error:
            self.say(str(error), trouble=True)
            return
        self._progress, self._inputs = RunProgress(), job.inputs
        self.destroyed.connect(self._progress.cancel)
        self.say("")
        self.show_running(True)
        self._look()
        self._timer.start()
        create_worker(
            run,
            job,
            self._progress,
            _connect={"returned": self._on_done, "errored": self._on_error},
        )

    def cancel(self) -> None:
        """Ask the run to stop; the results on the screen stay."""
        if self._progress is not None:
            self._progress.cancel()
            self.cancel_button.setEnabled(False)
            self._look()

    def event(self, event: QEvent) -> bool:
        """Come to an end when the widget is taken out of the window."""
        if event.type() == QEvent.Type.ParentChange and self.parent() is None:
            self.cancel()
            self.choice.forget_viewer()
        return super().event(event)

    def _look(self) -> None:
        """Show how far the run is."""
        progress = self._progress
        if progress is not None:
            stopping = ("stopping", 0, None)
            state = (progress.stage, progress.done, progress.steps)
            self.show_stage(*(stopping if progress.cancelled else state))

    def _on_done(self, outcome: Outcome) -> None:
        """Put the layers of a result in the place of the earlier ones."""
        if self._end_cancelled():
            return
        show_result(self._viewer, outcome.layers, self._inputs)
        self._shown = self._inputs
        self.findings.setHtml(outcome.findings)
        self.say("Done. The layer list shows and hides the maps.")

    def _on_error(self, error: Exception) -> None:
        """Say in a sentence why there is no result; an earlier one stays."""
        if self._end_cancelled():
            return
        if isinstance(error, ChromamolError):
            self.say(str(error), trouble=True)
            return
        logger.error("A run failed", exc_info=error)
        self.say(
            f"chromamol failed ({type(error).__name__}: {error}). This is a fault of the program: "
            "please report it, with the messages in the terminal.",
            trouble=True,
        )

    def _end_cancelled(self) -> bool:
        """Come to rest after a run; return whether it was cancelled."""
        progress, self._progress = self._progress, None
        cancelled = progress is not None and progress.cancelled
        if progress is not None:
            self.destroyed.disconnect(progress.cancel)
        self._timer.stop()
        self.show_running(False)
        if cancelled:
            self.say("Cancelled. What was there before is unchanged.")
        return cancelled

    def _forget_removed_result(self) -> None:
        """Take the findings off the screen with the last layer that they are about."""
        if self._shown and not any(inputs_of(one) == self._shown for one in self._viewer.layers):
            self._shown = frozenset()
            self.findings.clear()

    def _show_pixel_size(self) -> None:
        """Show the pixel size of the chosen layers, or ask for it."""
        layers = list(self.choice.chosen().values())
        spacing_nm = _placement.spacing_nm(layers[0]) if layers else None
        self.show_pixel_size(spacing_nm, asked=bool(layers))
