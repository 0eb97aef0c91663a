"""Text that fits: wrapped to a width, or shortened to it."""

from __future__ import annotations

from matplotlib.font_manager import FontProperties
from matplotlib.textpath import text_to_path

from chromamol.results.fonts import families, quiet

_ELLIPSIS = "…"
_HINTING = 1.03  # what a renderer adds to the width of the outlines


def width_pt(text: str, size_pt: float, weight: str = "normal") -> float:
    """Width of a line of text, points."""
    font = FontProperties(family=families(), size=size_pt, weight=weight)
    with quiet():
        width, _, _ = text_to_path.get_text_width_height_descent(text, font, ismath=False)
    return _HINTING * float(width)


def wrap(text: str, limit_pt: float, size_pt: float, weight: str = "normal") -> list[str]:
    """Break a text into lines no wider than `limit_pt`; a word that is too wide is cut."""
    lines: list[str] = []
    line = ""
    for word in text.split():
        rest = word
        while rest:
            joined = f"{line} {rest}" if line else rest
            if width_pt(joined, size_pt, weight) <= limit_pt:
                line, rest = joined, ""
            elif line:
                lines.append(line)
                line = ""
            else:
                fitting = _fitting(rest, limit_pt, size_pt, weight)
                lines.append(rest[:fitting])
                rest = rest[fitting:]
    return [*lines, line] if line else lines


def shorten(text: str, limit_pt: float, size_pt: float, weight: str = "normal") -> str:
    """Cut the middle out of a line that is too wide."""
    if width_pt(text, size_pt, weight) <= limit_pt:
        return text
    keep = len(text)
    while keep > 2 and width_pt(_cut(text, keep), size_pt, weight) > limit_pt:
        keep -= 1
    return _cut(text, keep)


def _fitting(word: str, limit_pt: float, size_pt: float, weight: str) -> int:
    """Count the characters of a word that fit, at least one."""
    count = len(word)
    while count > 1 and width_pt(word[:count], size_pt, weight) > limit_pt:
        count -= 1
    return count


def _cut(text: str, keep: int) -> str:
    """Keep both ends of a text."""
    head = (keep + 1) // 2
    return f"{text[:head]}{_ELLIPSIS}{text[len(text) - (keep - head) :]}"
