"""Whether molecules that blink, or stay on, were counted several times."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
from scipy.spatial import cKDTree

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from chromamol.images.localisations.table import Localisations

# Rows of the part of the field that is looked at, and of those, how many are asked.
_SAMPLE_ROWS, _ASKED_ROWS = 100_000, 5_000
# Repeats are sought within so many standard deviations of a difference of two positions.
_REACH = 2.0
_UNKNOWN_PRECISION_NM = 25.0
# A molecule that blinks is back within some frames; later ones tell what chance gives.
_SOON_FRAMES, _LATE_FRAMES, _FEWEST_LATE = 3, 50, 100
# A table counts as uncorrected when so many of its rows have a neighbour in the next frames
# beyond chance, and these are so many times more than chance.
_MANY, _BEYOND_CHANCE = 0.05, 3.0
_FEWEST_ROWS = 30
# Neighbours of a row that are looked at, the nearest ones: a bead has too many.
_MOST_NEIGHBOURS = 64
# Share of rows that count several detections in a table that was merged.
_SOME = 0.01


def blinking(table: Localisations, *, merged: bool) -> tuple[float, tuple[str, ...]]:
    """Notice a table in which molecules that blink or stay on are counted several times.

    The rows that have a neighbour within reach in the next 3 frames are compared with what chance
    gives: the neighbours at least 50 frames away, per frame. Molecules that were seen again are in
    excess. Without frames nothing can be told, and that is said.

    Parameters
    ----------
    table : Localisations
    merged : bool
        Whether rows of one molecule were merged before, here or by the program that wrote it.

    Returns
    -------
    share : float
        Of the rows that are another one of the same molecule; NaN where they are not noticed.
    notes : tuple of str
    """
    if merged:
        return math.nan, ()
    if table.frame is None:
        return math.nan, (
            "The table has no frames, so whether molecules were counted several times "
            "(blinking) cannot be told. Merge them in the program that made the table.",
        )
    rows = _sample(table)
    frame = table.frame[rows]
    n_late = int(np.ptp(frame)) + 1 - 2 * _LATE_FRAMES
    if n_late < _FEWEST_LATE:
        return math.nan, ()
    again, late = _neighbours(table, rows, frame)
    by_chance = late * _SOON_FRAMES / n_late
    excess = again.mean() - by_chance
    if again.sum() < _FEWEST_ROWS or excess < max(_MANY, (_BEYOND_CHANCE - 1) * by_chance):
        return math.nan, ()
    reach = "25 nm" if table.precision_nm is None else "their precision"
    return float(excess), (
        f"WARNING: the table looks uncorrected for blinking: {excess:.0%} of the localisations "
        f"have another within {reach} in the next frames, beyond chance. Molecules "
        "that are counted several times look like dense domains, and the uncertainty is too "
        "small. Merge or group them in the program that made the table.",
    )


def was_merged(table: Localisations) -> bool:
    """Tell whether the program that wrote a table had merged rows: many count more than one.

    A column that numbers its rows counts nothing.
    """
    counts = table.detections
    if counts is None or (counts < 1).any():
        return False
    return bool((counts > 1).mean() > _SOME and len(np.unique(counts)) < len(counts) / 2)


def _sample(table: Localisations) -> NDArray[np.intp]:
    """Choose the rows of one of equal parts of the field, neither the emptiest nor a bead's."""
    parts = max(1, int(np.sqrt(len(table) / _SAMPLE_ROWS)))
    counts, y_edges, x_edges = np.histogram2d(table.y_nm, table.x_nm, bins=parts)
    nearest = np.argmin(np.abs(counts - _SAMPLE_ROWS))
    at_y, at_x = np.unravel_index(nearest, counts.shape)
    inside = (table.y_nm >= y_edges[at_y]) & (table.y_nm <= y_edges[at_y + 1])
    inside &= (table.x_nm >= x_edges[at_x]) & (table.x_nm <= x_edges[at_x + 1])
    return np.flatnonzero(inside)


def _neighbours(
    table: Localisations, rows: NDArray[np.intp], frame: NDArray[np.int64]
) -> tuple[NDArray[np.bool_], float]:
    """Tell which rows have a neighbour soon after, and how many late ones a row has on average."""
    precision = _UNKNOWN_PRECISION_NM
    if table.precision_nm is not None:
        precision = float(np.median(table.precision_nm[rows]))
    positions = np.column_stack((table.x_nm[rows], table.y_nm[rows]))
    tree = cKDTree(positions)
    channel = None if table.channel is None else table.channel[rows]
    # At random: in steps, they would be the first of each molecule where a table is sorted so.
    rng = np.random.default_rng(0)
    asked = rng.choice(len(rows), min(len(rows), _ASKED_ROWS), replace=False)
    reach_nm = _REACH * np.sqrt(2) * precision
    # Missing neighbours have the index beyond the last, and stand for the row itself.
    _, near = tree.query(positions[asked], _MOST_NEIGHBOURS, distance_upper_bound=reach_nm)
    near = np.where(near < len(rows), near, asked[:, None])
    lag = frame[near] - frame[asked][:, None]
    other = (
        np.ones_like(near, dtype=bool)
        if channel is None
        else channel[near] == channel[asked][:, None]
    )
    again = np.asarray((other & (lag > 0) & (lag <= _SOON_FRAMES)).any(axis=1))
    return again, float((other & (np.abs(lag) >= _LATE_FRAMES)).sum() / len(asked))
