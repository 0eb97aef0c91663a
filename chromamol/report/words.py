"""Numbers and lists in sentences."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


def pixel(yx_spacing_nm: tuple[float, float]) -> str:
    """Write the size of a pixel, nm."""
    y, x = yx_spacing_nm
    return f"{x:.4g} nm" if y == x else f"{y:.4g} × {x:.4g} nm (y × x)"


def counted(count: int, one: str, many: str) -> str:
    """Write a number with the word that fits it."""
    return f"{count} {one if count == 1 else many}"


def nuclei_in_words(count: int) -> str:
    """Write a number of nuclei."""
    return counted(count, "nucleus", "nuclei")


def listed(names: Iterable[str]) -> str:
    """Join names: a, b and c."""
    *head, last = [*names] or [""]
    return f"{', '.join(head)} and {last}" if head else last
