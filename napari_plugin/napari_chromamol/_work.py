"""One run: a job in, the layers of its result out; made for a thread, no window here."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from chromamol.errors import InputError
from napari_chromamol._layers import KEY

if TYPE_CHECKING:
    from chromamol.images.image import Image
    from chromamol.images.nuclei import Nuclei
    from chromamol.progress import Progress
    from napari_chromamol._job import Job
    from napari_chromamol._layers import LayerData


@dataclass(frozen=True)
class Outcome:
    """What a run gives to the window.

    Attributes
    ----------
    layers : list of (data, properties, type)
    findings : str
        What may be believed, as HTML.
    """

    layers: list[LayerData]
    findings: str


def run(job: Job, progress: Progress) -> Outcome:
    """Analyse an image; made for a thread of its own.

    Raises
    ------
    InputError, CallError
        If it cannot be analysed.
    Cancelled
        If `progress` asked to stop.
    """
    progress.begin("starting")
    # Only here, so that opening the window does not wait for torch.
    from chromamol.pipeline import analyse
    from chromamol.results.result import result_of
    from napari_chromamol._findings import as_html
    from napari_chromamol._layers import result_layers

    image = _image(job)
    analysis = analyse(image, job.settings, nuclei=_nuclei(job), progress=progress)
    progress.begin("preparing the layers")
    result = result_of(analysis)
    layers = result_layers(result, job.placement)
    for _, properties, _ in layers:
        properties["metadata"][KEY]["inputs"] = job.inputs
    return Outcome(layers, as_html(result.record))


def _image(job: Job) -> Image:
    """Gather the channels; what a file would be refused for, layers are refused for too."""
    from chromamol.images.image import Image
    from chromamol.images.intensities import check_intensities

    cyx = np.stack([np.asarray(yx) for yx in job.channels])
    notes = check_intensities(job.image, cyx, job.channel_names)
    digest = hashlib.sha256(cyx.data).hexdigest()
    return Image(job.image, job.path, digest, cyx, job.channel_names, job.yx_spacing_nm, notes)


def _nuclei(job: Job) -> Nuclei | None:
    """Take the nuclei from the user's labels; regions that share one number are nuclei each."""
    if job.labels is None:
        return None
    from skimage.measure import label as connected

    from chromamol.images.nuclei import label_nuclei

    distinct, labels = np.unique(np.asarray(job.labels), return_inverse=True)
    labels = labels.reshape(np.shape(job.labels)) + (1 if distinct[0] > 0 else 0)
    if not labels.any():
        msg = f"The layer '{job.labels_name}' marks no nucleus. Paint one, or choose another layer."
        raise InputError(msg)
    if len(np.unique(labels)) <= 2:
        labels = connected(labels > 0, connectivity=2)
    note = f"The nuclei are those of the layer '{job.labels_name}'."
    return label_nuclei(labels, (note,))
