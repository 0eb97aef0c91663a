"""Names in scripts that the font of figures lacks: drawn by another font, or quietly as boxes."""

from __future__ import annotations

import io
import logging
import re
import warnings

import pytest
from fontTools.ttLib import TTFont
from matplotlib.figure import Figure
from matplotlib.font_manager import findfont, fontManager

from chromamol.report.svg import pdf_of, svg_of
from chromamol.results import fonts
from chromamol.results.figure import save_figure
from chromamol.results.figure_text import shorten, width_pt

NUCLEUS = "\N{CJK UNIFIED IDEOGRAPH-6838}"  # no character of DejaVu Sans


@pytest.fixture
def other_font(tmp_path, monkeypatch):
    """A font of its own whose glyph of `NUCLEUS` is the W of DejaVu Sans; in one weight only."""
    font = TTFont(findfont("DejaVu Sans"))
    glyph = font.getBestCmap()[ord("W")]
    for table in font["cmap"].tables:
        table.cmap = {ord(NUCLEUS): glyph}
    for record in font["name"].names:
        record.string = "Test Han"
    font.save(tmp_path / "han.ttf")
    before = list(fontManager.ttflist)
    fontManager.addfont(tmp_path / "han.ttf")
    monkeypatch.setattr(fonts, "_OTHERS", ("No Such Font", "Test Han"))
    fonts.families.cache_clear()
    yield
    fontManager.ttflist[:] = before
    fonts.families.cache_clear()


def save_in_all_kinds(tmp_path) -> None:
    """Save a figure with a name, and let no word about fonts pass."""
    figure = Figure((2, 1), layout="constrained")
    figure.suptitle(f"{NUCLEUS} 1", weight="bold")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert shorten(f"{NUCLEUS} 1", 100, 8, "bold") == f"{NUCLEUS} 1"
        save_figure(figure, tmp_path / "a.png", tmp_path / "a.pdf")
        assert f"{NUCLEUS} 1".encode() in svg_of(figure)
        pdf_of(figure)


def test_an_installed_font_takes_over(other_font, tmp_path, caplog) -> None:
    assert fonts.families()[-1] == "Test Han"
    with caplog.at_level(logging.WARNING):
        assert width_pt(NUCLEUS, 8) == pytest.approx(width_pt("W", 8), rel=0.01)
        save_in_all_kinds(tmp_path)
    assert b"Han" in b"".join(re.findall(rb"/FontName (\S+)", (tmp_path / "a.pdf").read_bytes()))
    assert not caplog.records


def test_a_script_that_no_font_has_is_no_reason_to_worry(tmp_path, monkeypatch, caplog) -> None:
    monkeypatch.setattr(fonts, "_OTHERS", ())
    fonts.families.cache_clear()
    with caplog.at_level(logging.WARNING):
        save_in_all_kinds(tmp_path)
    fonts.families.cache_clear()
    assert not caplog.records
    figure = Figure()
    figure.text(0, 0, NUCLEUS)
    with pytest.warns(UserWarning, match="Glyph"):  # of matplotlib by itself
        figure.savefig(io.BytesIO(), format="png")
