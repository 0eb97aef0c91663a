"""A localisation table becomes an image: read, filter, merge, count."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from chromamol.errors import InputError
from chromamol.images.file_name import output_name
from chromamol.images.localisations.blinking import blinking, was_merged
from chromamol.images.localisations.columns import understand
from chromamol.images.localisations.layout import is_text
from chromamol.images.localisations.merging import merge_tracks
from chromamol.images.localisations.rendering import count, draw, grid_around
from chromamol.images.localisations.selection import selected
from chromamol.images.localisations.text import read_text
from chromamol.images.smoothing import FWHM_TO_SD
from chromamol.images.source import MAX_CHANNELS, MIN_SIDE_PX, Source

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from chromamol.images.localisations.labels import Channel
    from chromamol.images.localisations.rendering import PixelGrid
    from chromamol.images.localisations.table import Localisations, RawTable
    from chromamol.settings import Settings

DEFAULT_PIXEL_NM = 20.0

_SHARPEST_NM = 1.0
# No place in a nucleus has a hundredth of its molecules within a pixel.
_FEWEST_OF_BEAD, _SHARE_OF_BEAD = 50, 0.01
_OF_IMAGES = {".tif", ".tiff", ".png", ".jpg", ".jpeg", ".nd2", ".czi", ".lif", ".svg", ".asdf"}
_MAGIC = (b"\x89HDF", b"MATLAB ", b"PAR1", b"PK\x03\x04", b"M425")


def is_table(path: Path) -> bool:
    """Whether a file begins as a localisation table of a known format, or is text by content."""
    try:
        with path.open("rb") as file:
            head = file.read(512)
    except OSError:
        return False  # the reader of images says why
    if head.startswith(_MAGIC):
        return True
    return path.suffix.lower() not in _OF_IMAGES and bool(head) and is_text(head)


def open_table(path: Path) -> RawTable:
    """Open a localisation table of any format, told by its content.

    Raises
    ------
    InputError
        If it is none that is known, or is damaged.
    """
    with path.open("rb") as file:
        magic = file.read(8)
    if magic.startswith(b"\x89HDF") or _is_matlab(path):
        from chromamol.images.localisations.hdf5 import read_hdf5

        return read_hdf5(path)
    if magic.startswith(b"PAR1"):
        from chromamol.images.localisations.parquet import read_parquet

        return read_parquet(path)
    from chromamol.images.localisations import containers

    if magic.startswith(b"PK\x03\x04"):
        return containers.read_smlm(path)
    if magic.startswith(b"M425"):
        return containers.read_insight3(path)
    return read_text(path)


def _is_matlab(path: Path) -> bool:
    """Whether a file is one of MATLAB 7.3: HDF5 after a block of 512 bytes.

    Raises
    ------
    InputError
        If it is a MATLAB file of an older version.
    """
    with path.open("rb") as file:
        head = file.read(520)
    if not head.startswith(b"MATLAB "):
        return False
    if head[512:516] == b"\x89HDF":
        return True
    msg = (
        f"{path.name} is a MATLAB file older than version 7.3, which is not read. "
        "Save it in MATLAB with the option -v7.3, or export the localisations as CSV."
    )
    raise InputError(msg)


def read_localisations(paths: Sequence[Path], settings: Settings) -> Source:
    """Read localisation tables of one field of view into one image, a channel for each label.

    Parameters
    ----------
    paths : sequence of Path
        One table, with a column of channels or without; or one for each channel, in the same
        coordinates.
    settings : Settings
        Those about reading, and `pixel_size_nm` (default: 20 nm).

    Returns
    -------
    Source
        Counts (`rendering` is histogram), or the sum of Gaussians.

    Raises
    ------
    InputError
        If a table cannot be read, or nothing in it can be used.
    CallError
        If `columns` names a quantity that there is none of.
    """
    channels: list[tuple[str, Localisations]] = []
    notes: list[str] = []
    shares = []
    for path in paths:
        name = output_name(path) if len(paths) > 1 else ""
        table_channels, share, table_notes = _molecules(path, name, settings)
        channels += table_channels
        shares.append(share)
        prefix = f"{path.name}: " if len(paths) > 1 else ""
        notes += [prefix + note for note in table_notes]
    pixel_nm = settings.pixel_size_nm or DEFAULT_PIXEL_NM
    tables = [table for _, table in channels]
    grid, grid_notes = grid_around(paths[0].name, tables, pixel_nm)
    if min(grid.yx_shape) < MIN_SIDE_PX:
        msg = (
            f"{paths[0].name} fills {grid.yx_shape[0]} x {grid.yx_shape[1]} pixels of "
            f"{pixel_nm:g} nm: too few. Give a smaller --pixel-size-nm."
        )
        raise InputError(msg)
    render = count if settings.rendering == "histogram" else draw
    cyx = np.stack([render(table, grid) for table in tables])
    notes += [_picture_note(grid, settings), *grid_notes, *_bead_notes(cyx)]
    psf_nm = _psf_nm(tables, settings)
    if psf_nm is not None and psf_nm < _SHARPEST_NM:
        notes.append(
            f"WARNING: their precision would blur the image by no more than {psf_nm:.2g} nm. "
            "No microscope is as precise: do the precisions have the unit of the positions?"
        )
    elif psf_nm is not None:
        notes.append(
            f"Their precision blurs the image by {psf_nm:.3g} nm (full width at half maximum); "
            "psf_nm overrules that."
        )
    return Source(
        cyx=cyx,
        channel_names=tuple(name for name, _ in channels),
        yx_spacing_nm=(pixel_nm, pixel_nm),
        notes=tuple(notes),
        counts=settings.rendering == "histogram",
        psf_nm=psf_nm,
        repeated_share=float(np.fmax.reduce(shares)),
    )


def _molecules(
    path: Path, name: str, settings: Settings
) -> tuple[list[tuple[str, Localisations]], float, list[str]]:
    """Read the channels of one table: the localisations that count, each molecule once.

    Whether two rows are one molecule is known from a track only; of other tables, the share of the
    rows that seem to repeat another is returned.
    """
    raw = open_table(path)
    understood = understand(path.name, raw, settings)
    table, channels, selection_notes = selected(path.name, raw, understood, settings)
    notes = [f"{raw.kind}. {understood.positions}", *understood.notes, *raw.notes]
    notes += selection_notes
    if table.z_nm is not None and np.ptp(table.z_nm) > 0 and settings.z_range_nm is None:
        low, high = np.percentile(table.z_nm, (1, 99))
        notes.append(
            f"Positions are in 3-D (z from {low:.0f} to {high:.0f} nm); they were projected along "
            "z. z_range_nm chooses a slab."
        )
    if settings.rendering == "precision" and table.precision_nm is None:
        msg = (
            f"{path.name} has no precisions, so it cannot be drawn by precision. Name their column "
            "with --columns precision=NAME, or keep rendering=histogram."
        )
        raise InputError(msg)
    merge_notes: tuple[str, ...] = ()
    has_tracks = table.track is not None
    if has_tracks and settings.merge_tracks:
        table, merge_notes = merge_tracks(path.name, table)
    merged = (has_tracks and settings.merge_tracks) or was_merged(table)
    table = replace(table, track=None, failed=None, photons=None, z_nm=None, detections=None)
    share, blinking_notes = blinking(table, merged=merged)
    notes += [*merge_notes, *blinking_notes]
    return _by_channel(path.name, name, table, channels), share, notes


def _by_channel(
    file_name: str, name: str, table: Localisations, channels: Sequence[Channel]
) -> list[tuple[str, Localisations]]:
    """Part a table by its column of channels; a single number is no name."""
    if table.channel is None:
        return [(name, table)]
    held = set(np.unique(table.channel).tolist())
    channels = [one for one in channels if one.code in held]
    if len(channels) > MAX_CHANNELS:
        msg = (
            f"{file_name} has {len(channels)} channels in its column of channels; at most "
            f"{MAX_CHANNELS} are read. Is it the column of channels? Name another with --columns "
            "channel=NAME."
        )
        raise InputError(msg)
    if len(channels) == 1 and channels[0].number is not None:
        return [(name, replace(table, channel=None))]
    parts = []
    for one in channels:
        label = one.label if one.number is None else f"channel {one.label}"
        part = replace(table.where(table.channel == one.code), channel=None)
        parts.append((f"{name} {label}".strip(), part))
    return parts


def _psf_nm(tables: Sequence[Localisations], settings: Settings) -> float | None:
    """Full width at half maximum of the blur: of the precision, and of the drawing."""
    known = [table.precision_nm for table in tables if table.precision_nm is not None]
    if not known:
        return None
    drawn_again = np.sqrt(2) if settings.rendering == "precision" else 1.0
    return float(drawn_again * np.median(np.concatenate(known)) / FWHM_TO_SD)


def _bead_notes(cyx: NDArray[Any]) -> list[str]:
    """Note pixels that hold a large share of all localisations, as a bead does."""
    notes = []
    for number, yx in enumerate(cyx):
        most, total = float(yx.max()), float(yx.sum(dtype=np.float64))
        if most > max(_FEWEST_OF_BEAD, _SHARE_OF_BEAD * total):
            y, x = np.unravel_index(np.argmax(yx), yx.shape)
            notes.append(
                f"WARNING: the pixel at row {y}, column {x} of channel {number} holds {most:.0f} "
                f"of {total:.0f} localisations. Is it a bead (fiducial)? Remove it in the program "
                "that made the table."
            )
    return notes


def _picture_note(grid: PixelGrid, settings: Settings) -> str:
    """Say how the picture was made."""
    size = f"{grid.pixel_nm:g} nm"
    if settings.rendering == "histogram":
        return f"Counted in pixels of {size}."
    return (
        f"Drawn by precision in pixels of {size}: noise is not independent from pixel to pixel, "
        "so the uncertainty is doubtful. rendering=histogram keeps the counts."
    )
