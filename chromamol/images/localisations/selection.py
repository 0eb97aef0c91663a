"""Which localisations are kept, and how many were dropped for what reason."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from chromamol.errors import InputError
from chromamol.images.localisations.columns import PRECISIONS
from chromamol.images.localisations.labels import NO_CHANNEL, Channel, ChannelLabels
from chromamol.images.localisations.table import MAX_ROWS, Localisations, concatenate
from chromamol.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from chromamol.images.localisations.columns import Understood
    from chromamol.images.localisations.table import Chunk, RawTable

# No localisation table of cells spans more, or less; other numbers have another unit.
_LARGEST_FIELD_UM, _SMALLEST_FIELD_UM = 1_000.0, 0.5
# Rows beyond so many widths of the field (the middle 98 % of the rows) are no part of it.
_FAR_WIDTHS = 3.0
_NO_TRACK = -1
# A metre: infinite, or no length.
_FARTHEST_NM = 1e9
_NO_NUMBER, _WORSE = "without a position", "with a precision worse"


class Selected(NamedTuple):
    """The localisations of a table that count.

    Attributes
    ----------
    localisations : Localisations
    channels : sequence of Channel
        Those in its column of channels, in order.
    notes : tuple of str
        How many there were, and how many were dropped for what, in sentences.
    """

    localisations: Localisations
    channels: Sequence[Channel]
    notes: tuple[str, ...]


def selected(name: str, table: RawTable, understood: Understood, settings: Settings) -> Selected:
    """Read a table, chunk by chunk, and keep the localisations that count.

    Dropped are rows without a finite position, failed fits, rows that the settings exclude, rows
    that stand twice, and rows far outside of the field.

    Parameters
    ----------
    name : str
        Name of the file, for messages.
    table : RawTable
    understood : Understood
        Its columns.
    settings : Settings
        `max_precision_nm`, `min_photons`, `frame_range`, `z_range_nm`.

    Raises
    ------
    InputError
        If nothing is left, the table is too long, or spans what no field of view does.
    """
    _check_filters(name, understood, settings)
    dropped: Counter[str] = Counter()
    labels = ChannelLabels(name)
    precisions_nm: list[float] = []
    parts, n_rows = [], 0
    for chunk in table.rows([column.name for column in understood.columns.values()]):
        part = _in_nm(name, chunk, understood, labels)
        n_rows += len(part)
        if n_rows > MAX_ROWS:
            msg = f"{name} has more than {MAX_ROWS // 10**6} million rows. Crop or filter it first."
            raise InputError(msg)
        if part.precision_nm is not None and np.isfinite(part.precision_nm).any():
            precisions_nm.append(float(np.nanmedian(part.precision_nm)))
        parts.append(_kept(part, settings, dropped))
    _check_numbers(name, n_rows, dropped)
    everything = concatenate(parts)
    parts.clear()
    for reason, drop in (("that stand twice", _repeated), ("far outside of the field", _far)):
        if len(everything):
            unwanted = drop(everything)
            dropped[reason] += int(unwanted.sum())
            everything = everything.where(~unwanted)
    if not len(everything):
        msg = f"{name}: none of its {n_rows} rows is left. {_told(dropped)}"
        if precisions_nm and any(
            "precision worse" in reason for reason in dropped if dropped[reason]
        ):
            msg += (
                f" Their precision is {np.median(precisions_nm):.3g} nm (median), with its unit as "
                "understood."
            )
        raise InputError(msg)
    _check_field(name, everything, understood, settings)
    note = f"{n_rows} rows, {len(everything)} localisations used. {_told(dropped)}".strip()
    return Selected(everything, labels.in_order(), (note,))


def _check_filters(name: str, understood: Understood, settings: Settings) -> None:
    """Refuse filters of columns that the table does not have."""
    for setting, quantity in (
        ("min_photons", "photons"),
        ("frame_range", "frame"),
        ("z_range_nm", "z"),
    ):
        if getattr(settings, setting) is not None and quantity not in understood.columns:
            msg = (
                f"{name} has no column of {quantity}, so {setting} cannot be applied. Name the "
                f"column with --columns {quantity}=NAME, or leave {setting} out."
            )
            raise InputError(msg)
    default = Settings.model_fields["max_precision_nm"].default
    if settings.max_precision_nm not in {None, default} and not PRECISIONS & set(
        understood.columns
    ):
        msg = (
            f"{name} has no column of precision, so max_precision_nm cannot be applied. Name the "
            "column with --columns precision=NAME, or leave max_precision_nm out."
        )
        raise InputError(msg)


def _in_nm(name: str, chunk: Chunk, understood: Understood, labels: ChannelLabels) -> Localisations:
    """Bring a chunk of rows to nm and the types of `Localisations`."""
    columns = dict(understood.columns)
    channel = columns.pop("channel", None)
    found = {
        quantity: _numbers(chunk[column.name]) * column.factor
        for quantity, column in columns.items()
    }
    precision = found.get("precision")
    if precision is None and {"precision_x", "precision_y"} <= set(found):
        precision = np.sqrt((found["precision_x"] ** 2 + found["precision_y"] ** 2) / 2)
    if precision is None and {"variance_x", "variance_y"} <= set(found):
        variance = (found["variance_x"] + found["variance_y"]) / 2
        precision = np.sqrt(np.where(variance >= 0, variance, np.nan))
    failed = found.get("failed")
    return Localisations(
        x_nm=found["x"],
        y_nm=found["y"],
        z_nm=_float32(found.get("z")),
        precision_nm=_float32(precision),
        photons=_float32(found.get("photons")),
        frame=_whole(name, "frame", _floor(found.get("frame"))),
        channel=None if channel is None else labels.codes(chunk[channel.name]),
        track=_whole(name, "track", found.get("track")),
        failed=None if failed is None else ~(failed == 0),
        detections=_whole(name, "detections", found.get("detections")),
    )


def _numbers(values: NDArray[Any]) -> NDArray[np.float64]:
    """Return numbers; NaN for a text that is none."""
    if values.dtype.kind == "O":
        import pandas as pd

        values = np.asarray(pd.to_numeric(pd.Series(values), errors="coerce"))
    return values.astype(np.float64, copy=False)


def _float32(values: NDArray[np.float64] | None) -> NDArray[np.float32] | None:
    """Halve the memory of what is not a position."""
    if values is None:
        return None
    with np.errstate(over="ignore"):
        return values.astype(np.float32)


def _floor(values: NDArray[np.float64] | None) -> NDArray[np.float64] | None:
    """Round down: the mean frame of merged rows is no whole number."""
    return None if values is None else np.floor(values)


def _whole(
    name: str, quantity: str, values: NDArray[np.float64] | None
) -> NDArray[np.int64] | None:
    """Return whole numbers; -1 where there is none."""
    if values is None:
        return None
    usable = np.isfinite(values) & (np.abs(values) < 2**53)
    if (values[usable] % 1).any():
        msg = (
            f"{name}: the column of {quantity} holds fractions, and so no numbers of {quantity}s. "
            f"Name another with --columns {quantity}=NAME."
        )
        raise InputError(msg)
    return np.where(usable, values, _NO_TRACK).astype(np.int64)


def _kept(part: Localisations, settings: Settings, dropped: Counter[str]) -> Localisations:
    """Keep the rows that count, and count the others by the first reason that holds."""
    kept = np.ones(len(part), dtype=bool)

    def drop(reason: str, wanted: NDArray[np.bool_]) -> None:
        dropped[reason] += int((kept & ~wanted).sum())
        np.logical_and(kept, wanted, out=kept)

    drop(_NO_NUMBER, (np.abs(part.x_nm) < _FARTHEST_NM) & (np.abs(part.y_nm) < _FARTHEST_NM))
    if part.channel is not None:
        drop("without a channel", part.channel != NO_CHANNEL)
    if part.failed is not None:
        drop("whose fit failed", ~part.failed)
    if part.precision_nm is not None:
        drop("without a valid precision", (part.precision_nm > 0) & np.isfinite(part.precision_nm))
        if settings.max_precision_nm is not None:
            limit = settings.max_precision_nm
            drop(f"{_WORSE} than {limit:g} nm", part.precision_nm <= limit)
    if settings.min_photons and part.photons is not None:
        limit = settings.min_photons
        drop(f"with fewer than {limit:g} photons", part.photons >= limit)
    if settings.frame_range and part.frame is not None:
        first, last = settings.frame_range
        drop(f"outside of the frames {first} to {last}", _between(part.frame, first, last))
    if settings.z_range_nm and part.z_nm is not None:
        low, high = settings.z_range_nm
        drop(f"outside of z = {low:g} to {high:g} nm", _between(part.z_nm, low, high))
    return part.where(kept)


def _between(
    values: NDArray[np.integer] | NDArray[np.floating], low: float, high: float
) -> NDArray[np.bool_]:
    return np.asarray((values >= low) & (values <= high))


def _repeated(table: Localisations) -> NDArray[np.bool_]:
    """Find rows that repeat an earlier one to the bit.

    Where there is neither a frame nor anything else to tell two molecules apart, equal positions
    are no proof: they may have been rounded.
    """
    alike = np.zeros(len(table), dtype=bool)
    columns = [values for name, values in table.columns() if name not in {"failed", "track"}]
    if len(columns) == 2:
        return alike
    mixed = np.zeros(len(table), dtype=np.uint64)
    for values in columns:
        bits = values.view(f"u{values.itemsize}").astype(np.uint64)
        mixed = (mixed ^ bits) * np.uint64(0x9E3779B97F4A7C15)
        mixed ^= mixed >> np.uint64(29)
    order = np.argsort(mixed, kind="stable")
    same = np.flatnonzero(mixed[order[1:]] == mixed[order[:-1]])
    equal = np.ones(len(same), dtype=bool)
    for values in columns:
        equal &= values[order[same + 1]] == values[order[same]]
    alike[order[same[equal] + 1]] = True
    return alike


def _far(table: Localisations) -> NDArray[np.bool_]:
    """Find rows that lie far outside of the field that the others fill."""
    far = np.zeros(len(table), dtype=bool)
    for values in (table.x_nm, table.y_nm):
        low, high = np.percentile(values, (1, 99))
        reach = _FAR_WIDTHS * max(high - low, 1.0)
        far |= (values < low - reach) | (values > high + reach)
    return far


def _check_numbers(name: str, n_rows: int, dropped: Counter[str]) -> None:
    """Refuse a table without rows, and one whose rows are mostly no numbers."""
    if n_rows == 0:
        msg = f"{name} has no rows: there are no localisations in it."
        raise InputError(msg)
    if 2 * dropped[_NO_NUMBER] > n_rows:
        msg = (
            f"{name}: {dropped[_NO_NUMBER]} of {n_rows} rows hold no position. Check the "
            "delimiter, the decimal mark, and the columns (--columns x=NAME,y=NAME)."
        )
        raise InputError(msg)


def _check_field(
    name: str, table: Localisations, understood: Understood, settings: Settings
) -> None:
    """Refuse a table whose unit cannot be what it was taken for."""
    sizes_um = [float(np.ptp(values)) / 1e3 for values in (table.y_nm, table.x_nm)]
    if _SMALLEST_FIELD_UM <= max(sizes_um) <= _LARGEST_FIELD_UM:
        return
    too_large = max(sizes_um) > _LARGEST_FIELD_UM
    than = "more than any field of view" if too_large else "less than any nucleus"
    ways = {
        "nm": "nm (--set length_unit=nm)",
        "um": "µm (--set length_unit=um)",
        "camera-pixel": "camera pixels (--set length_unit=camera-pixel --camera-pixel-nm SIZE)",
    }
    in_use = settings.length_unit if settings.length_unit != "auto" else understood.unit
    ways.pop(in_use, None)
    if settings.length_unit == "camera-pixel":
        ways["camera-pixel"] = "camera pixels of another size (--camera-pixel-nm SIZE)"
    msg = (
        f"{name} would span {sizes_um[0]:.3g} x {sizes_um[1]:.3g} µm (y, x): {than}. "
        f"{understood.positions} Say what they are in: {', or '.join(ways.values())}."
    )
    if not too_large:
        msg += " A small cut-out of a nucleus is not analysed."
    raise InputError(msg)


def _told(dropped: Counter[str]) -> str:
    """Say how many rows were dropped for what."""
    reasons = [f"{count} {reason}" for reason, count in dropped.items() if count]
    return f"Dropped: {', '.join(reasons)}." if reasons else ""
