"""The words of a figure: findings of all nuclei in sentences, wrapped to a width."""

from __future__ import annotations

from typing import TYPE_CHECKING

from matplotlib.font_manager import FontProperties
from matplotlib.textpath import text_to_path

if TYPE_CHECKING:
    from collections.abc import Sequence

    from chromamol.analysis import Analysis
    from chromamol.inference.rate_map import Finding

_ELLIPSIS = "…"
_HINTING = 1.03  # what a renderer adds to the width of the outlines


def width_pt(text: str, size_pt: float, weight: str = "normal") -> float:
    """Width of a line of text, points."""
    font = FontProperties(size=size_pt, weight=weight)
    width, _, _ = text_to_path.get_text_width_height_descent(text, font, ismath=False)
    return _HINTING * float(width)


def wrap(text: str, limit_pt: float, size_pt: float) -> list[str]:
    """Break a text into lines no wider than `limit_pt`; a word that is too wide is cut."""
    lines: list[str] = []
    line = ""
    for word in text.split():
        rest = word
        while rest:
            joined = f"{line} {rest}" if line else rest
            if width_pt(joined, size_pt) <= limit_pt:
                line, rest = joined, ""
            elif line:
                lines.append(line)
                line = ""
            else:
                fitting = _fitting(rest, limit_pt, size_pt)
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


def findings_in_words(analysis: Analysis) -> list[str]:
    """Say what has to be known of the maps, each finding once with the nuclei it holds for."""
    found: dict[str, list[tuple[int, Finding]]] = {}
    statuses: dict[str, list[int]] = {}
    for nucleus in analysis.per_nucleus:
        statuses.setdefault(nucleus.rate_map.status.value, []).append(nucleus.label)
        for finding in nucleus.rate_map.findings:
            found.setdefault(finding.code, []).append((nucleus.label, finding))

    count = len(analysis.per_nucleus)
    sentences = [_prefix(labels, count) + sentence for sentence, labels in statuses.items()]
    for held_by in found.values():
        label, first = held_by[0]
        others = [other for other, _ in held_by[1:]]
        if all(finding.sentence == first.sentence for _, finding in held_by):
            sentences.append(_prefix([label, *others], count) + first.sentence)
        else:
            nuclei = f"nucleus {others[0]}" if len(others) == 1 else f"nuclei {_numbers(others)}"
            likewise = f"Likewise {nuclei}; the values are in provenance.json."
            sentences.append(f"Nucleus {label}: {first.sentence} ({likewise})")
    return sentences


def _prefix(labels: Sequence[int], count: int) -> str:
    """Say for which nuclei a sentence holds; nothing where there is no doubt."""
    if len(labels) == count:
        return "" if count == 1 else "All nuclei: "
    return f"Nucle{'us' if len(labels) == 1 else 'i'} {_numbers(labels)}: "


def _numbers(labels: Sequence[int]) -> str:
    """List numbers, runs of them as ranges: 1, 3–6."""
    runs: list[list[int]] = []
    for label in sorted(labels):
        if runs and label == runs[-1][-1] + 1:
            runs[-1].append(label)
        else:
            runs.append([label])
    return ", ".join(f"{run[0]}–{run[-1]}" if len(run) > 1 else str(run[0]) for run in runs)


def _fitting(word: str, limit_pt: float, size_pt: float) -> int:
    """Count the characters of a word that fit, at least one."""
    count = len(word)
    while count > 1 and width_pt(word[:count], size_pt) > limit_pt:
        count -= 1
    return count


def _cut(text: str, keep: int) -> str:
    """Keep both ends of a text."""
    head = (keep + 1) // 2
    return f"{text[:head]}{_ELLIPSIS}{text[len(text) - (keep - head) :]}"
