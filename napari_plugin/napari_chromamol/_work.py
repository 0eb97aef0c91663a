"""One run: a job in, the layers of its result out; made for a thread, no window here."""

from __future__ import annotations

import hashlib
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from napari_chromamol._layers import KEY

if TYPE_CHECKING:
    from chromamol.analysis import Analysis
    from chromamol.images.image import Image
    from chromamol.images.mask import Mask
    from napari_chromamol._job import Job
    from napari_chromamol._layers import LayerData
    from napari_chromamol._progress import RunProgress

# Layers of what is done so far are made no more often.
_SO_FAR_EVERY_S = 1.0


@dataclass(frozen=True)
class Outcome:
    """What a run gives to the window.

    Attributes
    ----------
    layers : list of (data, properties, type)
    findings : str
        What may be believed, as HTML.
    computed_on : str
        The device, for people.
    """

    layers: list[LayerData]
    findings: str
    computed_on: str


def run(job: Job, progress: RunProgress) -> Outcome:
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
    from chromamol.inference.device import describe_device, is_worth_a_card
    from chromamol.pipeline import analyse_stepwise
    from chromamol.results.result import result_of
    from napari_chromamol._findings import as_html
    from napari_chromamol._layers import result_layers

    last_s = -_SO_FAR_EVERY_S
    image, mask = image_of(job), mask_of(job)
    for step in analyse_stepwise(image, job.settings, nuclei=mask, progress=progress):
        analysis = step
        if time.monotonic() - last_s >= _SO_FAR_EVERY_S:
            layers = _so_far(analysis, job)
            if layers:
                progress.offer(layers)
            last_s = time.monotonic()
    progress.begin("preparing the layers")
    result = result_of(analysis)
    layers = result_layers(result, job.placement)
    largest_px = max(one.rate_map.mask.size for one in analysis.per_nucleus)
    worth_a_card = is_worth_a_card(job.settings.method, largest_px)
    computed_on = describe_device(job.settings.device, worth_a_card=worth_a_card)
    for _, properties, _ in layers:
        properties["metadata"][KEY]["inputs"] = job.inputs
    return Outcome(layers, as_html(result.record), computed_on)


def image_of(job: Job) -> Image:
    """Gather the channels; what a file would be refused for, layers are refused for too.

    Raises
    ------
    InputError
    """
    from chromamol.images.image import Image
    from chromamol.images.intensities import check_intensities

    cyx = np.stack([np.asarray(yx) for yx in job.channels])
    notes = check_intensities(job.image, cyx, job.channel_names)
    digest = hashlib.sha256(cyx.data).hexdigest()
    return Image(
        job.image,
        job.path,
        digest,
        cyx,
        job.channel_names,
        job.yx_spacing_nm,
        job.notes + notes,
        counts=job.counts,
        psf_nm=job.psf_nm,
        repeated_share=job.repeated_share,
    )


def mask_of(job: Job) -> Mask | None:
    """Return the user's labels, which are checked as those of a file are."""
    from chromamol.images.mask import Mask

    return None if job.labels is None else Mask(f"'{job.labels_name}'", np.asarray(job.labels))


def _so_far(analysis: Analysis, job: Job) -> list[LayerData]:
    """Make layers of what is done: the nuclei, and the rates of those that are ready."""
    from napari_chromamol._layers import so_far_layers

    rate = analysis.full_map("rate").astype(np.float32) if analysis.per_nucleus else None
    layers = so_far_layers(job.image, analysis.nuclei.chromatin, rate, job.placement)
    if job.labels is not None:  # they are on the screen already
        layers = layers[1:]
    for _, properties, _ in layers:
        properties["metadata"][KEY]["inputs"] = job.inputs
    return layers
