"""Localisations whose every number is known, and the tables that programs make of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pytest

if TYPE_CHECKING:
    from pathlib import Path

FIELD_NM = (9_000.0, 14_000.0)


@dataclass(frozen=True)
class Truth:
    """What a table is made from; y and x differ in range, so that they cannot be exchanged."""

    x_nm: np.ndarray
    y_nm: np.ndarray
    precision_nm: np.ndarray
    photons: np.ndarray
    frame: np.ndarray


@pytest.fixture(scope="session")
def truth() -> Truth:
    rng = np.random.default_rng(7)
    n = 500
    return Truth(
        x_nm=rng.uniform(1_000, FIELD_NM[1], n).round(3),
        y_nm=rng.uniform(500, FIELD_NM[0], n).round(3),
        precision_nm=rng.uniform(5, 30, n).round(3),
        photons=rng.uniform(100, 5_000, n).round(1),
        frame=np.sort(rng.integers(1, 400, n)),
    )


def write_table(
    path: Path,
    names: list[str],
    columns: list[np.ndarray],
    delimiter: str = ",",
    decimal: str = ".",
) -> Path:
    """Write columns as text."""
    rows = (
        delimiter.join(repr(float(cell)).replace(".", decimal) for cell in row)
        for row in zip(*columns, strict=True)
    )
    path.write_text("\n".join([delimiter.join(names), *rows]) + "\n", encoding="utf-8")
    return path
