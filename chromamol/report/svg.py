"""Figures as vectors, in files and in the page."""

from __future__ import annotations

from base64 import b64encode
from io import BytesIO
from typing import TYPE_CHECKING

from chromamol.results.figure import text_as_text
from chromamol.results.fonts import any_script

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_DPI = 220  # of the maps in them


def svg_of(figure: Figure) -> bytes:
    """Return a figure as SVG, with text that stays text."""
    return _saved(figure, "svg", "Date")


def pdf_of(figure: Figure) -> bytes:
    """Return a figure as PDF, with text that stays text."""
    return _saved(figure, "pdf", "CreationDate")


def data_uri(svg: bytes) -> str:
    """Return an SVG as the source of a picture: so it runs nothing, and its ids clash with none."""
    return f"data:image/svg+xml;base64,{b64encode(svg).decode()}" if svg else ""


def _saved(figure: Figure, kind: str, date: str) -> bytes:
    """Save a figure, without the date, so that the same figure gives the same file."""
    file = BytesIO()
    with text_as_text(), any_script(figure):
        figure.savefig(file, format=kind, dpi=_DPI, metadata={date: None})
    return file.getvalue()
