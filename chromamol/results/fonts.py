"""Fonts for names in any script: what is installed takes over where the usual font has no glyph."""

from __future__ import annotations

import logging
import warnings
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING

import matplotlib as mpl
from matplotlib.font_manager import fontManager
from matplotlib.text import Text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from matplotlib.figure import Figure

# Of Linux, Windows and macOS; each holds one script or several that DejaVu Sans lacks.
_OTHERS = (
    *("Noto Sans CJK SC", "Noto Sans CJK JP", "WenQuanYi Zen Hei", "Droid Sans Fallback"),
    *("Microsoft YaHei", "SimHei", "Yu Gothic", "MS Gothic", "Malgun Gothic"),
    *("PingFang SC", "Hiragino Sans GB", "Apple SD Gothic Neo", "Arial Unicode MS"),
    *("Noto Sans Devanagari", "Nirmala UI", "Kohinoor Devanagari"),
    *("Noto Sans Thai", "Leelawadee UI", "Thonburi"),
)
_LOGGER = logging.getLogger("matplotlib.font_manager")


@cache
def families() -> tuple[str, ...]:
    """Return the font of figures, and those that are asked where it lacks a glyph."""
    installed = {font.name for font in fontManager.ttflist}
    return (*mpl.rcParams["font.family"], *(name for name in _OTHERS if name in installed))


@contextmanager
def any_script(figure: Figure) -> Iterator[None]:
    """Let the texts of a figure hold any script while it is saved, `quiet`.

    Parameters
    ----------
    figure : matplotlib.figure.Figure
    """
    for text in figure.findobj(Text):
        text.set_fontfamily(families())
    with quiet():
        yield


@contextmanager
def quiet() -> Iterator[None]:
    """Say nothing of a glyph that no font has, which is drawn as a box, nor of a missing weight."""
    level = _LOGGER.level
    _LOGGER.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message="Glyph .* missing from font")
            yield
    finally:
        _LOGGER.setLevel(level)
