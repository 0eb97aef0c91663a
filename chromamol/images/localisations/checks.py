"""What holds for tables of every binary format: no absurd sizes, and one word for damage."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chromamol.errors import InputError
from chromamol.images.localisations.table import MAX_ROWS
from chromamol.images.source import HARMLESS_BYTES

if TYPE_CHECKING:
    from pathlib import Path

_MAX_COMPRESSION = 100


def check_rows(name: str, n_rows: int) -> None:
    """Refuse a table that is empty, or declares more rows than any experiment has.

    Raises
    ------
    InputError
    """
    if n_rows < 1:
        msg = f"{name} has no rows: there are no localisations in it."
        raise InputError(msg)
    if n_rows > MAX_ROWS:
        msg = (
            f"{name} declares {n_rows} rows; at most {MAX_ROWS // 10**6} million are read. "
            "Filter or crop the table in the program that wrote it."
        )
        raise InputError(msg)


def check_swelling(path: Path, n_bytes: int) -> None:
    """Refuse a table that is far larger than its file: positions do not compress like that.

    Raises
    ------
    InputError
    """
    stored = path.stat().st_size
    if n_bytes > max(HARMLESS_BYTES, _MAX_COMPRESSION * stored):
        msg = (
            f"{path.name} declares {n_bytes} bytes and has {stored}: more than {_MAX_COMPRESSION} "
            "times as many as positions can be compressed to. It is damaged."
        )
        raise InputError(msg)


def damaged(path: Path, reason: object) -> str:
    """Say that a table cannot be read, with what the decoder said."""
    return (
        f"{path.name} is damaged, or not what its format allows ({str(reason)[:120]}). "
        "Copy it again from its source, or export the localisations as CSV."
    )
