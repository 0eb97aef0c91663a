"""What came out of an image, as files and layers show it; and the way back to an analysis."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import ndimage

from chromamol.analysis import MAP_NAMES, Analysis, NucleusAnalysis
from chromamol.images.composition import Composition
from chromamol.images.image import Image
from chromamol.images.nuclei import Nuclei
from chromamol.inference.rate_map import Finding, RateMap, Scale, Status
from chromamol.quality import Quality
from chromamol.results.measure import measure
from chromamol.results.record import record_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd
    from numpy.typing import NDArray

    from chromamol.analysis import MapName
    from chromamol.results.record import NucleusRecord, Record


@dataclass(frozen=True)
class Result:
    """The result of one image: pixels, tables, and what is known besides.

    Attributes
    ----------
    cyx : (channel, y, x) array
        The image that was analysed.
    labels : (y, x) int32
        The nuclei, 0 in their holes.
    domains : (y, x) int32
        The condensed domains of all nuclei; number n is row n - 1 of `domains_table`.
    maps : mapping of str to (y, x) float32
        rate, rate_sd, residual, compaction; NaN outside the nuclei.
    nuclei_table, domains_table : pandas.DataFrame
        As `nuclei.csv` and `domains.csv`.
    record : Record
        Everything else: names, pixel size, settings, findings of each nucleus.
    """

    cyx: NDArray[Any]
    labels: NDArray[np.int32]
    domains: NDArray[np.int32]
    maps: Mapping[MapName, NDArray[np.float32]]
    nuclei_table: pd.DataFrame
    domains_table: pd.DataFrame
    record: Record

    @property
    def channel_names(self) -> tuple[str, ...]:
        """Name of every channel of `cyx`."""
        return self.record.channel_names

    @property
    def yx_spacing_nm(self) -> tuple[float, float]:
        """Pixel size along y and x, nm."""
        return self.record.yx_spacing_nm


def result_of(analysis: Analysis) -> Result:
    """Measure an analysis, and keep what is shown of it.

    Parameters
    ----------
    analysis : Analysis

    Returns
    -------
    Result
    """
    measured = measure(analysis)
    return Result(
        cyx=np.asarray(analysis.image.cyx[:]),
        labels=analysis.nuclei.chromatin,
        domains=measured.domain_labels,
        maps={name: analysis.full_map(name).astype(np.float32) for name in MAP_NAMES},
        nuclei_table=measured.nuclei,
        domains_table=measured.domains,
        record=record_of(analysis),
    )


def analysis_of(result: Result, label: int | None = None) -> Analysis:
    """Make an analysis of a result again, to draw it.

    Parameters
    ----------
    result : Result
    label : int, optional
        The only nucleus to keep; default: all.

    Returns
    -------
    Analysis
        Its maps have no posterior, so that means have no error; the tables of the result do.
    """
    record, unknown = result.record, float("nan")
    labels = _filled(result.labels)
    if label is not None:
        labels = np.where(labels == label, labels, np.int32(0))
    image = Image(
        name=record.image,
        path=Path(record.image_path or record.image),
        sha256=record.image_sha256,
        cyx=result.cyx,
        channel_names=record.channel_names,
        yx_spacing_nm=record.yx_spacing_nm,
        notes=record.notes,
        counts=record.counts,
        psf_nm=record.psf_nm,
        repeated_share=unknown if record.repeated_share is None else record.repeated_share,
        sources=record.image_files,
    )
    composition = Composition(
        image=image,
        roles=record.roles,
        backgrounds=record.backgrounds,
        gains=record.gains,
        calibrated=record.calibrated,
    )
    touches = {one.label: one.touches_border for one in record.nuclei}
    count = int(labels.max(initial=0))
    nuclei = Nuclei(
        labels,
        tuple(touches.get(number, False) for number in range(1, count + 1)),
        yx_holes=(labels > 0) & (result.labels == 0),
    )
    windows = ndimage.find_objects(labels, max_label=count)
    shown = [one for one in record.nuclei if label in {None, one.label}]
    per_nucleus = tuple(_nucleus(result, one, windows[one.label - 1]) for one in shown)
    return Analysis(image, record.settings, nuclei, composition, per_nucleus)


def _filled(labels: NDArray[np.int32]) -> NDArray[np.int32]:
    """Fill the holes of every nucleus."""
    filled = labels.copy()
    for number, window in enumerate(ndimage.find_objects(labels), start=1):
        if window is not None:
            whole = ndimage.binary_fill_holes(labels[window] == number)
            filled[window][whole & (labels[window] == 0)] = number
    return filled


def _nucleus(result: Result, record: NucleusRecord, window: tuple[slice, slice]) -> NucleusAnalysis:
    """Cut one nucleus out of the maps of a result."""
    mask = result.labels[window] == record.label
    maps = {
        name: np.where(mask, result.maps[name][window].astype(np.float64), np.nan)
        for name in MAP_NAMES
    }
    unknown = float("nan")
    rate_map = RateMap(
        rate=maps["rate"],
        rate_sd=maps["rate_sd"],
        residual=maps["residual"],
        compaction=maps["compaction"],
        mask=mask,
        spacing_nm=result.yx_spacing_nm,
        settings=result.record.settings,
        quantity=record.quantity,
        scale=Scale[record.scale],
        exploratory=record.exploratory,
        status=Status[record.status],
        findings=tuple(Finding(**finding.model_dump()) for finding in record.findings),
        reaction_length_nm=unknown
        if record.reaction_length_nm is None
        else record.reaction_length_nm,
    )
    quality = {
        name: unknown if value is None else value
        for name, value in record.quality.model_dump().items()
    }
    return NucleusAnalysis(record.label, window, rate_map, Quality(**quality))
