"""Rows of one molecule, merged by its track."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from chromamol.errors import InputError
from chromamol.images.localisations.table import Localisations

if TYPE_CHECKING:
    from numpy.typing import NDArray

# A track of so many of all rows, so wide, is none.
_LONG_SHARE, _WIDE_NM = 0.05, 1_000.0


def merge_tracks(name: str, table: Localisations) -> tuple[Localisations, tuple[str, ...]]:
    """Merge the rows of one track into one localisation.

    The position is the mean weighted by 1/precision^2 (the most likely one, of a molecule at rest),
    or the plain mean where there is no precision; its precision is 1/sqrt(sum(1/precision^2)).
    Photons are added. Rows with a negative track stay as they are.

    Parameters
    ----------
    name : str
        Name of the file, for messages.
    table : Localisations

    Returns
    -------
    merged : Localisations
        Without the column `track`; in the order of the tracks, then the rows without one.
    notes : tuple of str

    Raises
    ------
    InputError
        If a twentieth of all rows would be one molecule, spread over more than 1 um.
    """
    if table.track is None:
        return table, ()
    track = table.track.copy()
    alone = track < 0
    # A number of its own for each row without a track, beyond those of the tracks.
    track[alone] = track.max(initial=-1) + 1 + np.arange(int(alone.sum()))
    order = np.lexsort((track, *(() if table.channel is None else (table.channel,))))
    ordered = track[order]
    starts = ordered[1:] != ordered[:-1]
    if table.channel is not None:
        starts |= table.channel[order][1:] != table.channel[order][:-1]
    first = np.flatnonzero(np.concatenate(([True], starts)))
    sizes = np.diff(np.append(first, len(table)))
    longest = order[first[np.argmax(sizes)] :][: sizes.max()]
    spread_nm = float(np.hypot(table.x_nm[longest].std(), table.y_nm[longest].std()))
    if sizes.max() > _LONG_SHARE * len(table) and spread_nm > _WIDE_NM and len(first) > 1:
        msg = (
            f"{name}: track {track[longest[0]]} holds {sizes.max()} of {len(table)} rows, spread "
            f"over {spread_nm / 1e3:.1f} µm: it is no molecule. If it stands for rows without a "
            "track, give these a negative number; or keep all rows apart with "
            "--set merge_tracks=false, or name another column with --columns track=NAME."
        )
        raise InputError(msg)
    weight = np.ones(len(table))
    if table.precision_nm is not None:
        weight = 1.0 / table.precision_nm.astype(np.float64) ** 2
    total = np.add.reduceat(weight[order], first)

    def mean(values: NDArray[np.floating] | None) -> NDArray[np.float64] | None:
        if values is None:
            return None
        return np.asarray(np.add.reduceat((weight * values)[order], first) / total)

    def one(values: NDArray[np.int64] | None) -> NDArray[np.int64] | None:
        return None if values is None else values[order][first]

    x_nm, y_nm, z_nm = mean(table.x_nm), mean(table.y_nm), mean(table.z_nm)
    photons = table.photons
    merged = Localisations(
        x_nm=np.asarray(x_nm),
        y_nm=np.asarray(y_nm),
        z_nm=None if z_nm is None else z_nm.astype(np.float32),
        precision_nm=None
        if table.precision_nm is None
        else (1 / np.sqrt(total)).astype(np.float32),
        photons=None if photons is None else np.add.reduceat(photons[order], first),
        frame=one(table.frame),
        channel=one(table.channel),
    )
    note = (
        f"{len(table)} localisations were merged by their track into {len(merged)} molecules "
        "(merge_tracks=false keeps them apart)."
    )
    return merged, (note,) if len(merged) < len(table) else ()
