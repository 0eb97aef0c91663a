"""A quick look: the direct estimator on what is in view, on coarser pixels; made for a thread."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from chromamol.errors import InputError
from napari_chromamol._layers import KEY
from napari_chromamol._placement import of_part
from napari_chromamol._work import image_of, mask_of

if TYPE_CHECKING:
    from chromamol.images.image import Image
    from chromamol.progress import Progress
    from chromamol.settings import Settings
    from napari_chromamol._job import Job
    from napari_chromamol._layers import LayerData

# As many pixels as take about a second, and a pixel that shows an unknown reaction length still.
_SIDE_PX, _COARSEST_NM = 512, 45.0


def preview(job: Job, window: tuple[slice, slice], progress: Progress) -> LayerData:
    """Analyse the part of an image that is in view, quickly.

    Pixels are averaged in squares until the part is at most 512 pixels wide, or a pixel 45 nm; of
    a part that is still larger, the middle is taken. Nuclei are sought in the whole image.

    Parameters
    ----------
    job : Job
    window : (slice, slice)
        Rows and columns in view.
    progress : Progress

    Returns
    -------
    (data, properties, type)
        The rate map, or the compaction map where there is no rate.

    Raises
    ------
    InputError, CallError
        If it cannot be analysed.
    Cancelled
        If `progress` asked to stop.
    """
    progress.begin("preview")
    from chromamol.images.nuclei import label_nuclei, windows
    from chromamol.images.pixel_size import settle_spacing
    from chromamol.pipeline import analyse_stepwise, infer_nucleus
    from chromamol.results.record import record_of
    from napari_chromamol._layers import preview_layer

    image = image_of(job)
    spacing_nm = settle_spacing(image, job.settings)
    by = _binning(window, spacing_nm)
    coarse = replace(
        image,
        cyx=_averaged(image.cyx[:], by),
        yx_spacing_nm=(by * spacing_nm[0], by * spacing_nm[1]),
        counts=False,
    )
    settings = job.settings.replace(
        method="direct", forward_check=False, density_rate=False, pixel_size_nm=None
    )
    progress.advance()
    labels = _coarse_labels(job, by, coarse, settings)
    shown = _middle(window, by)
    if not labels[shown].any():
        msg = "No nucleus is in view. Move one into view, and press Preview again."
        raise InputError(msg)
    part = replace(coarse, cyx=coarse.cyx[(slice(None), *shown)])
    nuclei = label_nuclei(labels[shown], ())
    found = next(analyse_stepwise(part, settings, nuclei=nuclei, progress=progress))
    per_nucleus = (
        infer_nucleus(found, label, window, progress)
        for label, window in enumerate(windows(found.nuclei.labels), start=1)
    )
    analysis = replace(found, per_nucleus=tuple(per_nucleus))
    start = (shown[0].start * by, shown[1].start * by)
    maps = {name: analysis.full_map(name).astype(np.float32) for name in ("rate", "compaction")}
    layer = preview_layer(record_of(analysis), maps, of_part(job.placement, start, by))
    layer[1]["metadata"][KEY]["inputs"] = job.inputs
    return layer


def _binning(window: tuple[slice, slice], spacing_nm: tuple[float, float]) -> int:
    """Choose how many pixels are averaged along each side."""
    side_px = max(part.stop - part.start for part in window)
    coarsest = int(_COARSEST_NM // max(spacing_nm))
    return max(1, min(coarsest, -(-side_px // _SIDE_PX)))


def _averaged(cyx: Any, by: int) -> np.ndarray:
    """Average squares of pixels; rows and columns beyond the last whole square are left out."""
    channels, height, width = cyx.shape
    rows, columns = height // by, width // by
    squares = cyx[:, : rows * by, : columns * by].reshape(channels, rows, by, columns, by)
    return np.asarray(squares.mean(axis=(2, 4), dtype=np.float64))


def _coarse_labels(job: Job, by: int, image: Image, settings: Settings) -> np.ndarray:
    """Return the labels of the nuclei of the whole image, on coarse pixels."""
    rows, columns = image.cyx.shape[1:]
    from chromamol.images.nuclei import find_nuclei, nuclei_from_mask
    from chromamol.pipeline import visible

    yx_visible = visible(image, range(len(image.cyx)))
    if job.labels is None:
        return find_nuclei(yx_visible, image.yx_spacing_nm, settings).labels
    middle = slice(by // 2, None, by)
    coarse = replace(job, labels=job.labels[middle, middle][:rows, :columns])
    return nuclei_from_mask(mask_of(coarse), yx_visible).chromatin


def _middle(window: tuple[slice, slice], by: int) -> tuple[slice, slice]:
    """Return the part in view, on coarse pixels; of a larger one, the middle."""
    rows, columns = (_middle_of(part, by) for part in window)
    return rows, columns


def _middle_of(part: slice, by: int) -> slice:
    """Return the coarse pixels of one axis."""
    start, stop = part.start // by, max(part.stop // by, part.start // by + 1)
    beyond = max(0, stop - start - 2 * _SIDE_PX)
    return slice(start + beyond // 2, stop - (beyond - beyond // 2))
