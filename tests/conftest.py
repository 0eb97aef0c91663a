"""What every test shares: a screen of nobody's, no settings of the user, and figures in a hurry."""

from __future__ import annotations

import os

import pytest

os.environ["MPLBACKEND"] = "Agg"
os.environ["NAPARI_CONFIG"] = ""  # napari then neither reads nor writes a settings file
# Tests run side by side, and so do processes that they start: threads would wait for each other.
os.environ["OMP_NUM_THREADS"] = "1"


@pytest.fixture(autouse=True)
def _quick_fonts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fonts that can be edited take a second for each figure; a test of figures asks for them."""
    from chromamol.results import figure

    monkeypatch.setitem(figure._FONTS, "pdf.fonttype", 3)
