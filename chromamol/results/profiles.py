"""How the rate is spread over a nucleus: its histogram, from rim to centre, along a line."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy import ndimage

from chromamol.analysis import MAP_NAMES
from chromamol.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from chromamol.results.result import Result

_BINS, _SHELLS = 40, 20
_MOST_POINTS = 10_000


def rate_histogram(result: Result, labels: Sequence[int]) -> pd.DataFrame:
    """Count how much of the area of nuclei has which rate.

    Parameters
    ----------
    result : Result
    labels : sequence of int
        The nuclei.

    Returns
    -------
    pandas.DataFrame
        40 rows: `rate_low`, `rate_high` (equally wide, over all values of these nuclei) and, for
        each nucleus, `area_fraction_N`.

    Raises
    ------
    InputError
        If none of them has a rate.
    """
    rates = {label: _rates(result, label) for label in labels}
    known = [rate for rate in rates.values() if rate.size]
    if not known:
        raise InputError(_no_rate())
    together = np.concatenate(known).astype(np.float64)
    edges = np.histogram_bin_edges(together, bins=_BINS)
    table = {"rate_low": edges[:-1], "rate_high": edges[1:]}
    for label, rate in rates.items():
        if rate.size:
            counts, _ = np.histogram(rate, bins=edges)
            table[f"area_fraction_{label}"] = counts / rate.size
    return pd.DataFrame(table)


def radial_profile(result: Result, labels: Sequence[int]) -> pd.DataFrame:
    """Average the rate in shells of equal width from the rim of nuclei to their centre.

    Parameters
    ----------
    result : Result
    labels : sequence of int
        The nuclei; those that the image border cuts are left out, since their rim is unknown.

    Returns
    -------
    pandas.DataFrame
        20 rows a nucleus: `nucleus`; `distance_to_rim_um` of the middle of the shell;
        `rate_mean`; `rate_variation`, the standard deviation of the rate over the pixels of the
        shell; `pixel_count`. Shells without a rate are left out.

    Raises
    ------
    InputError
        If no nucleus is left.
    """
    cut = {one.label for one in result.record.nuclei if one.touches_border}
    tables = [_shells(result, label) for label in labels if label not in cut]
    tables = [table for table in tables if len(table)]
    if not tables:
        msg = "None of these nuclei is whole and has a rate, so there is no rim to start from."
        raise InputError(msg)
    return pd.concat(tables, ignore_index=True)


def line_profile(
    result: Result, yx_start: tuple[float, float], yx_end: tuple[float, float]
) -> pd.DataFrame:
    """Read maps and channels along a straight line, at every pixel of its length.

    Parameters
    ----------
    result : Result
    yx_start, yx_end : (float, float)
        In pixels; (0, 0) is the centre of the first pixel.

    Returns
    -------
    pandas.DataFrame
        `distance_um` from the start; `rate`, `rate_sd`, `residual`, `compaction`, and each channel
        by its name, interpolated linearly; NaN where there is none.

    Raises
    ------
    InputError
        If the line has no length.
    """
    start, end = np.asarray(yx_start, float), np.asarray(yx_end, float)
    steps = int(np.ceil(np.hypot(*(end - start))))
    if steps < 1:
        msg = "The line has no length. Draw one from one end to the other."
        raise InputError(msg)
    share = np.linspace(0, 1, min(steps + 1, _MOST_POINTS))
    yx = start[:, None] + share * (end - start)[:, None]
    length_nm = float(np.hypot(*((end - start) * result.yx_spacing_nm)))
    table = {"distance_um": share * length_nm / 1e3}
    fields: dict[str, NDArray[np.generic]] = {name: result.maps[name] for name in MAP_NAMES}
    fields |= dict(zip(result.channel_names, result.cyx, strict=True))
    for name, field in fields.items():
        table[name] = ndimage.map_coordinates(
            field.astype(np.float64), yx, order=1, mode="constant", cval=np.nan
        )
    return pd.DataFrame(table)


def _rates(result: Result, label: int) -> NDArray[np.float32]:
    """Return the rates of the pixels of a nucleus that have one."""
    rate = result.maps["rate"][result.labels == label]
    return np.asarray(rate[np.isfinite(rate)])


def _shells(result: Result, label: int) -> pd.DataFrame:
    """Average the rate of one nucleus in shells."""
    window = ndimage.find_objects(result.labels, max_label=label)[label - 1]
    if window is None:
        return pd.DataFrame()
    inside = result.labels[window] == label
    distance_nm = ndimage.distance_transform_edt(
        ndimage.binary_fill_holes(np.pad(inside, 1)), sampling=result.yx_spacing_nm
    )[1:-1, 1:-1]
    rate = result.maps["rate"][window].astype(np.float64)
    known = inside & np.isfinite(rate)
    if not known.any():
        return pd.DataFrame()
    edges = np.linspace(0, distance_nm[known].max(), _SHELLS + 1)
    shell = np.clip(np.digitize(distance_nm[known], edges) - 1, 0, _SHELLS - 1)
    count = np.bincount(shell, minlength=_SHELLS)
    there = count > 0
    total, squares = (np.bincount(shell, rate[known] ** n, _SHELLS) for n in (1, 2))
    mean = total[there] / count[there]
    variance = squares[there] / count[there] - mean**2
    return pd.DataFrame(
        {
            "nucleus": label,
            "distance_to_rim_um": ((edges[:-1] + edges[1:]) / 2e3)[there],
            "rate_mean": mean,
            "rate_variation": np.sqrt(np.maximum(variance, 0.0)),
            "pixel_count": count[there],
        }
    )


def _no_rate() -> str:
    return "These nuclei have no rate map; the findings say why."
