"""One image, all the way: read -> nuclei -> composition -> inference -> results."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from chromamol.analysis import Analysis, NucleusAnalysis
from chromamol.errors import InputError
from chromamol.images.composition import compose, resolve_roles
from chromamol.images.holes import with_holes
from chromamol.images.image import Image
from chromamol.images.mask import Mask
from chromamol.images.nuclei import find_nuclei, nuclei_from_file, nuclei_from_mask, windows
from chromamol.images.pixel_size import settle_spacing
from chromamol.images.read import read_image
from chromamol.inference.infer import infer_rates
from chromamol.progress import Progress, Silent
from chromamol.quality import measure_quality
from chromamol.settings import Role, Settings

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from chromamol.images.nuclei import Nuclei
    from chromamol.quality import Quality


# Of a nucleus of 200 um2, 5 in each um2.
_FEWEST_LOCALISATIONS = 1_000
# 300 nm apart and more: a fit would run for minutes on what are single molecules.
_FEWEST_PER_UM2 = 10.0


def analyse(
    image: Image | Path | str | Sequence[Path | str],
    settings: Settings | None = None,
    *,
    nuclei: Nuclei | Mask | Path | str | None = None,
    store: Path | None = None,
    progress: Progress | None = None,
) -> Analysis:
    """Analyse one image: every nucleus in it gets its own map.

    Parameters
    ----------
    image : Image, path, or several paths
        What to analyse: an image or a localisation table; several files of the same field of view
        give its channels.
    settings : Settings, optional
        Default: `Settings()`.
    nuclei : Nuclei, Mask or path, optional
        Outlines, or a mask or label image with the shape of the image; default: found in the image.
    store : Path, optional
        Where the image is kept as OME-Zarr, to be read from there part by part, and again as long
        as its files are unchanged. Default: it is read into memory.
    progress : Progress, optional
        Told what is going on; may cancel.

    Returns
    -------
    Analysis

    Raises
    ------
    InputError
        If this image cannot be analysed; the message says why and what to do.
    CallError
        If a setting does not fit.
    Cancelled
        If `progress` asked to stop.
    """
    *_, whole = analyse_stepwise(image, settings, nuclei=nuclei, store=store, progress=progress)
    return whole


def analyse_stepwise(
    image: Image | Path | str | Sequence[Path | str],
    settings: Settings | None = None,
    *,
    nuclei: Nuclei | Mask | Path | str | None = None,
    store: Path | None = None,
    progress: Progress | None = None,
) -> Iterator[Analysis]:
    """Analyse one image, and hand on what there is: the nuclei, then each nucleus as it is done.

    Parameters and errors are those of `analyse`.

    Yields
    ------
    Analysis
        Of the nuclei so far, at first none; the last one is whole.
    """
    settings = settings or Settings()
    progress = progress or Silent()
    if not isinstance(image, Image):
        paths = [Path(image)] if isinstance(image, (str, Path)) else [Path(one) for one in image]
        image = read_image(paths, settings, store=store, progress=progress)
    spacing_nm = settle_spacing(image, settings)
    roles, role_notes = resolve_roles(image.channel_names, image.cyx.shape[0], settings, image.name)
    progress.begin("finding the nuclei")
    yx_visible = visible(image, roles.values())
    if nuclei is None:
        _check_enough(image, roles)
        nuclei = find_nuclei(yx_visible, spacing_nm, settings)
    elif isinstance(nuclei, (str, Path)):
        nuclei = nuclei_from_file(Path(nuclei), yx_visible)
    elif isinstance(nuclei, Mask):
        nuclei = nuclei_from_mask(nuclei, yx_visible)
    if not nuclei.labels.any():
        msg = f"{image.path.name}: no nucleus was given."
        raise InputError(msg)
    composition = compose(image, nuclei.labels, settings, roles, role_notes)
    nuclei = with_holes(nuclei, composition, spacing_nm, settings.hole_min_diameter_nm)
    resolved = settings.replace(roles=_named(roles, image.channel_names))
    image = replace(image, notes=image.notes + _contradictions(image, settings, roles))
    analysis = Analysis(image, resolved, nuclei, composition, ())
    yield analysis
    qualities = measure_quality(nuclei, composition, spacing_nm)
    left_out: dict[int, InputError] = {}
    nuclei_windows = windows(nuclei.labels)
    for label, (window, quality) in enumerate(zip(nuclei_windows, qualities, strict=True), start=1):
        numbered = _Numbered(progress, label, len(nuclei_windows))
        try:
            _check_dense(quality)
            one = infer_nucleus(analysis, label, window, numbered)
        except InputError as error:
            left_out[label] = error
            continue
        findings = one.rate_map.findings + quality.findings
        rate_map = replace(one.rate_map, findings=findings)
        one = replace(one, rate_map=rate_map, quality=quality)
        analysis = replace(analysis, per_nucleus=(*analysis.per_nucleus, one))
        if label < len(nuclei_windows):
            yield analysis
    if not analysis.per_nucleus:
        raise next(iter(left_out.values()))
    notes = tuple(f"Nucleus {label} was left out. {error}" for label, error in left_out.items())
    yield replace(analysis, nuclei=replace(nuclei, notes=nuclei.notes + notes))


def infer_nucleus(
    analysis: Analysis, label: int, window: tuple[slice, slice], progress: Progress
) -> NucleusAnalysis:
    """Infer the map of one nucleus of an image whose nuclei are found; its quality is not measured.

    Parameters
    ----------
    analysis : Analysis
        The first that `analyse_stepwise` yields, or a later one.
    label : int
        Number of the nucleus.
    window : (slice, slice)
        Its rows and columns.
    progress : Progress

    Raises
    ------
    InputError
        If this nucleus cannot be analysed.
    Cancelled
        If `progress` asked to stop.
    """
    composition, settings = analysis.composition, analysis.settings
    channels: dict[str, Any] = {
        role.value: composition.density(role, window) for role in composition.roles
    }
    rate_map = infer_rates(
        **channels,
        spacing_nm=analysis.yx_spacing_nm,
        mask=analysis.nuclei.chromatin[window] == label,
        calibrated=composition.calibrated,
        psf_nm=analysis.image.psf_nm if settings.psf_nm is None else settings.psf_nm,
        settings=settings,
        progress=progress,
    )
    return NucleusAnalysis(label, window, rate_map)


def _check_dense(quality: Quality) -> None:
    """Refuse a nucleus of which there are single molecules only."""
    if quality.localisations_per_um2 < _FEWEST_PER_UM2:
        msg = (
            f"It has {quality.localisations_per_um2:.2g} localisations per µm² in its sparsest "
            f"channel; with fewer than {_FEWEST_PER_UM2:g} no map is made. Is it a nucleus, and is "
            "the table whole?"
        )
        raise InputError(msg)


def _named(roles: Mapping[Role, int], channel_names: tuple[str, ...]) -> dict[str, int | str]:
    """Return the roles by channel name, which holds for other images too, or by number."""
    return {
        role.value: channel_names[number]
        if channel_names[number] and channel_names.count(channel_names[number]) == 1
        else number
        for role, number in roles.items()
    }


def _contradictions(image: Image, settings: Settings, roles: Mapping[Role, int]) -> tuple[str, ...]:
    """Say where the settings overrule the file, and which channels are not used."""
    notes = []
    given_nm, stated_nm = settings.pixel_size_nm, image.yx_spacing_nm
    if given_nm and stated_nm and not np.allclose(given_nm, stated_nm, rtol=1e-3):
        notes.append(
            f"The file states pixels of {stated_nm[0]:g} x {stated_nm[1]:g} nm; "
            f"{given_nm:g} nm was given and is used."
        )
    unused = sorted(set(range(image.cyx.shape[0])) - set(roles.values()))
    notes += [f"Channel {number} has no role and is not used." for number in unused]
    return tuple(notes)


class _Numbered:
    """Progress that says which nucleus it is about."""

    def __init__(self, progress: Progress, number: int, total: int) -> None:
        self._progress = progress
        self._prefix = f"nucleus {number} of {total}: " if total > 1 else ""

    def begin(self, stage: str, steps: int | None = None) -> None:
        self._progress.begin(self._prefix + stage, steps)

    def advance(self, steps: int = 1) -> None:
        self._progress.advance(steps)


def _check_enough(image: Image, roles: Mapping[Role, int]) -> None:
    """Refuse an image of so few localisations that no nucleus can be seen."""
    if not image.counts:
        return
    count = sum(int(np.sum(image.cyx[number], dtype=np.int64)) for number in roles.values())
    if count < _FEWEST_LOCALISATIONS:
        msg = (
            f"{image.path.name} holds {count} localisations: too few to see a nucleus, which has "
            "thousands. Is the table whole, and are its filters right?"
        )
        raise InputError(msg)


def visible(image: Image, channels: Iterable[int]) -> NDArray[np.float64]:
    """Return the picture to outline nuclei in: the sum of some channels, equally bright.

    Parameters
    ----------
    image : Image
    channels : iterable of int
        Those that have a role.

    Returns
    -------
    (y, x) float64
    """
    yx_sum = np.zeros(image.cyx.shape[1:])
    for number in channels:
        plane = np.asarray(image.cyx[number], dtype=np.float64)
        bright = float(np.percentile(plane, 99.5))
        yx_sum += plane / (bright if bright > 0 else 1.0)
    return yx_sum
