"""The widget "Outline nuclei": find them, look, correct them, and give them to the analysis."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import QEvent
from qtpy.QtWidgets import QPushButton, QVBoxLayout, QWidget

from chromamol.errors import ChromamolError
from chromamol.settings import make_settings
from napari_chromamol._fields import FieldRows
from napari_chromamol._job import check_layers, prepare
from napari_chromamol._launch import launch
from napari_chromamol._layer_choice import LayerChoice
from napari_chromamol._message import Message
from napari_chromamol._progress import RunProgress
from napari_chromamol._texts import heading

if TYPE_CHECKING:
    from napari.viewer import Viewer

    from napari_chromamol._job import Job
    from napari_chromamol._layers import LayerData

FIELDS = (
    "pixel_size_nm",
    "nucleus_smoothing_nm",
    "nucleus_min_area_um2",
    "hole_min_diameter_nm",
)
_INVITATION = (
    "Finds the nuclei as a run does, with their holes (nucleoli). Correct them with the brush, and "
    "see in the widget 'Rate map' that the layer is chosen under 'Nuclei'."
)


class NucleiWidget(QWidget):
    """Outline the nuclei of an image.

    Attributes
    ----------
    choice : LayerChoice
    rows : FieldRows
    run_button : QPushButton
    message : Message
    """

    def __init__(self, napari_viewer: Viewer) -> None:
        super().__init__()
        self._viewer = napari_viewer
        self._progress: RunProgress | None = None
        self._inputs: frozenset[str] = frozenset()
        self.choice = LayerChoice(napari_viewer, with_nuclei=False)
        self.rows = FieldRows(FIELDS)
        self.run_button = QPushButton("Outline")
        self.message = Message()
        column = QVBoxLayout(self)
        column.addWidget(heading("Layers"))
        column.addWidget(self.choice)
        column.addWidget(heading("Settings"))
        column.addWidget(self.rows)
        column.addWidget(self.run_button)
        column.addWidget(self.message)
        column.addStretch()
        self.message.say(_INVITATION)
        self.run_button.clicked.connect(self.start)

    def start(self) -> None:
        """Outline the nuclei in the chosen layers."""
        try:
            chosen = self.choice.chosen()
            check_layers(chosen, None)
            values = {name: editor.value() for name, editor in self.rows.editors.items()}
            job, progress = prepare(chosen, None, make_settings(values)), RunProgress()
            launch(
                "Outline nuclei",
                outline,
                job,
                progress,
                returned=self._on_done,
                errored=self._on_error,
            )
        except ChromamolError as error:
            self.message.tell(error)
            return
        self._progress, self._inputs = progress, job.inputs
        self.run_button.setEnabled(False)
        self.message.say("Looking for nuclei ...")

    def event(self, event: QEvent) -> bool:
        """Come to an end when the widget is taken out of the window."""
        if event.type() == QEvent.Type.ParentChange and self.parent() is None:
            if self._progress is not None:
                self._progress.cancel()
            self.choice.forget_viewer()
        return super().event(event)

    def _on_done(self, layer: LayerData) -> None:
        """Show the outlines."""
        if self._progress.cancelled:
            return
        self.run_button.setEnabled(True)
        if not any(str(one.unique_id) in self._inputs for one in self._viewer.layers):
            self.message.say("The layers are gone: no outlines are shown.")
            return
        labels, shown, _ = layer
        self._viewer.add_labels(labels, **shown)
        count = int(labels.max())
        found = f"{count} nucle{'us' if count == 1 else 'i'} found."
        self.message.say(found)

    def _on_error(self, error: Exception) -> None:
        """Say why there are none."""
        if self._progress.cancelled:
            return
        self.run_button.setEnabled(True)
        self.message.tell(error)


def outline(job: Job, progress: RunProgress) -> LayerData:
    """Find the nuclei; made for a thread.

    Raises
    ------
    InputError
        If there are none.
    """
    progress.begin("finding the nuclei")
    from chromamol.pipeline import analyse_stepwise
    from napari_chromamol._layers import KEY
    from napari_chromamol._work import image_of

    first = next(analyse_stepwise(image_of(job), job.settings, progress=progress))
    shown = {
        "name": f"outlines \u00b7 {job.image}",
        "opacity": 0.3,
        "metadata": {KEY: {"image": job.image}},
    }
    return first.nuclei.chromatin, shown | job.placement, "labels"
