"""The widget "Rate map": choose layers, press Run, see the maps and what may be believed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from weakref import WeakSet

from qtpy.QtCore import QEvent, QTimer
from qtpy.QtWidgets import QApplication

from chromamol.errors import ChromamolError
from napari_chromamol import _placement
from napari_chromamol._command_line import command_line
from napari_chromamol._findings import as_html
from napari_chromamol._job import check_layers, prepare
from napari_chromamol._last_settings import remember
from napari_chromamol._launch import launch
from napari_chromamol._on_screen import (
    clear_so_far,
    follow,
    inputs_of,
    result_of,
    show_preview,
    show_result,
    show_so_far,
)
from napari_chromamol._panel import Panel
from napari_chromamol._preview import preview
from napari_chromamol._progress import RunProgress, Stage
from napari_chromamol._work import run

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from napari.layers import Layer
    from napari.viewer import Viewer

    from chromamol.settings import Settings
    from napari_chromamol._job import Job
    from napari_chromamol._layers import LayerData
    from napari_chromamol._work import Outcome

_LOOK_EVERY_MS = 100
# Between two steps of showing a result: the window draws, and answers to the mouse.
_PAUSE_MS = 20


class RateMapWidget(Panel):
    """Map the ratio of methylation to acetylation rate in the nuclei of an image."""

    def __init__(self, napari_viewer: Viewer) -> None:
        super().__init__(napari_viewer)
        self._viewer = napari_viewer
        self._progress: RunProgress | None = None
        self._inputs: frozenset[str] = frozenset()
        self._shown: frozenset[str] = frozenset()
        self._sized: WeakSet[Layer] = WeakSet()
        self._timer = QTimer(self)
        self._timer.setInterval(_LOOK_EVERY_MS)
        self._timer.timeout.connect(self._look)
        self.run_button.clicked.connect(self.start)
        self.preview_button.clicked.connect(self.start_preview)
        self.cancel_button.clicked.connect(self.cancel)
        self.choice.changed.connect(self._show_pixel_size)
        self.choice.changed.connect(self._forget_removed_result)
        self.settings_bar.said.connect(self.message.say)
        self.settings_bar.failed.connect(self.message.tell)
        self.settings_bar.loaded.connect(self._choose_roles)
        self.settings_bar.copy_asked.connect(self.copy_command)
        napari_viewer.layers.selection.events.active.connect(self._show_findings)
        follow(napari_viewer)
        self._show_pixel_size()

    @property
    def is_running(self) -> bool:
        """Whether a run or a preview is going on."""
        return self._progress is not None

    def start(self) -> None:
        """Begin a run with the chosen layers and settings, unless one is going on."""
        job = self._job()
        if job is not None:
            remember(self.form.settings())
            self._launch(run, job, on_done=self._on_done)

    def start_preview(self) -> None:
        """Begin a preview of what is in view, unless something is going on."""
        job = self._job()
        if job is None:
            return
        window = _placement.in_view(self._first_layer())
        self._launch(preview, job, window, on_done=self._on_preview)

    def cancel(self) -> None:
        """Ask the run to stop; the results on the screen stay."""
        if self._progress is not None:
            self._progress.cancel()
            self.cancel_button.setEnabled(False)
            self._look()

    def copy_command(self) -> None:
        """Copy the call of the command line that does the same as Run."""
        chosen = self.choice.chosen()
        try:
            check_layers(chosen, self.choice.nuclei.layer())
            settings = self.form.settings()
        except ChromamolError as error:
            self.message.tell(error)
            return
        command, remark = command_line(chosen, self.choice.nuclei.layer(), settings)
        QApplication.clipboard().setText(command)
        self.message.say(f"The command is on the clipboard. {remark}".strip(), details=command)

    def event(self, event: QEvent) -> bool:
        """Come to an end when the widget is taken out of the window."""
        if event.type() == QEvent.Type.ParentChange and self.parent() is None:
            self.cancel()
            self.choice.forget_viewer()
            self._viewer.layers.selection.events.active.disconnect(self._show_findings)
        return super().event(event)

    def _job(self) -> Job | None:
        """Collect what a run needs; say what is missing, and nothing while one is going on."""
        if self.is_running:
            return None
        try:
            chosen, nuclei = self.choice.chosen(), self.choice.nuclei.layer()
            check_layers(chosen, nuclei)
            return prepare(chosen, nuclei, self.form.settings())
        except ChromamolError as error:
            self.message.tell(error)
            return None

    def _launch(
        self, work: Callable[..., Any], job: Job, *more: object, on_done: Callable[[Any], None]
    ) -> None:
        """Let a thread work, and watch it."""
        progress = RunProgress()
        try:
            launch("Rate map", work, job, *more, progress, returned=on_done, errored=self._on_error)
        except ChromamolError as error:
            self.message.tell(error)
            return
        self._progress, self._inputs = progress, job.inputs
        self.destroyed.connect(self._progress.cancel)
        self.message.say("")
        self.show_running(True)
        self._look()
        self._timer.start()

    def _look(self) -> None:
        """Show how far the run is, and what it has done so far."""
        progress = self._progress
        if progress is None:
            return
        if progress.cancelled:
            self.show_stage(Stage("stopping"))
            return
        self.show_stage(progress.stage)
        layers = progress.take()
        if layers is not None:
            show_so_far(self._viewer, layers)

    def _on_done(self, outcome: Outcome) -> None:
        """Put the layers of a result in the place of the earlier ones, one at a time."""
        self.say_device(outcome.computed_on)
        if self._progress.cancelled or self._is_left():
            self._come_to_rest()
            return
        self._timer.stop()
        self.cancel_button.setEnabled(False)
        self.show_stage(Stage("showing the maps"))
        self._show_next(show_result(self._viewer, outcome.layers, self._inputs), outcome)

    def _show_next(self, steps: Iterator[None], outcome: Outcome) -> None:
        """Show the next layer of a result; the last one ends the run."""
        if self._progress is None or self._progress.cancelled:  # the window was closed
            return
        try:
            next(steps)
        except StopIteration:
            pass
        except Exception as error:  # noqa: BLE001 (it is told)
            self._on_error(error)
            return
        else:
            QTimer.singleShot(_PAUSE_MS, lambda: self._show_next(steps, outcome))
            return
        self._come_to_rest()
        self._shown = self._inputs
        self.findings.setHtml(outcome.findings)
        self.message.say("Done. The layer list shows and hides the maps.")

    def _on_preview(self, layer: LayerData) -> None:
        """Show a preview over the image."""
        if self._come_to_rest() or self._is_left():
            return
        show_preview(self._viewer, layer)
        self.message.say(
            "This is a preview on coarse pixels, with a method that is quick: press Run for the "
            "map that may be interpreted."
        )

    def _on_error(self, error: Exception) -> None:
        """Say in a sentence why there is no result; an earlier one stays."""
        if self._come_to_rest():
            return
        clear_so_far(self._viewer)
        self.message.tell(error)

    def _come_to_rest(self) -> bool:
        """Come to rest after a run; return whether it was cancelled."""
        progress, self._progress = self._progress, None
        cancelled = progress is not None and progress.cancelled
        if progress is not None:
            self.destroyed.disconnect(progress.cancel)
        self._timer.stop()
        self.show_running(False)
        if cancelled:
            clear_so_far(self._viewer)
            self.message.say("Cancelled. What was there before is unchanged.")
        return cancelled

    def _is_left(self) -> bool:
        """Whether the layers that were read are gone; says so."""
        left = not any(str(layer.unique_id) in self._inputs for layer in self._viewer.layers)
        if left:
            self.message.say("The layers that it was made from are gone: nothing is shown.")
        return left

    def _choose_roles(self, settings: Settings) -> None:
        """Choose the layers that a settings file names."""
        missing = []
        for role, name in (settings.roles or {}).items():
            box = self.choice.roles[role]
            if not box.choose_by_name(str(name)):
                missing.append(f"{role.value} ({name})")
        said = f" There is no layer for: {', '.join(missing)}." if missing else ""
        self.message.say(f"The settings were loaded.{said}", trouble=bool(missing))
        self.choice.changed.emit()

    def _first_layer(self) -> Layer:
        """Return the layer that the others lie on."""
        return next(iter(self.choice.chosen().values()))

    def _forget_removed_result(self) -> None:
        """Take the findings off the screen with the last layer that they are about."""
        if self._shown and not any(inputs_of(one) == self._shown for one in self._viewer.layers):
            self._shown = frozenset()
            self.findings.clear()
            self.message.say("")

    def _show_findings(self, event: Any) -> None:
        """Show what may be believed of the result that a layer belongs to, when it is chosen."""
        result = None if event.value is None else result_of(event.value)
        if result is not None and not self.is_running:
            self.findings.setHtml(as_html(result.record))
            self._shown = inputs_of(event.value)

    def _show_pixel_size(self) -> None:
        """Show the pixel size of the chosen layers, or ask for it."""
        layers = list(self.choice.chosen().values())
        if layers and self._sized and self._sized.isdisjoint(layers):
            self.forget_pixel_size()
        self._sized = WeakSet(layers) or self._sized
        spacing_nm = _placement.spacing_nm(layers[0]) if layers else None
        self.show_pixel_size(spacing_nm, asked=bool(layers))
