"""What every test shares: a screen of nobody's, no settings of the user, and figures in a hurry."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

os.environ["MPLBACKEND"] = "Agg"
os.environ["NAPARI_CONFIG"] = ""  # napari then neither reads nor writes a settings file
# Tests run side by side, and so do processes that they start: threads would wait for each other.
os.environ |= dict.fromkeys(("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1")


@pytest.fixture(autouse=True)
def _quick_fonts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fonts that can be edited take a second for each figure; a test of figures asks for them."""
    from chromamol.results import figure

    monkeypatch.setitem(figure._FONTS, "pdf.fonttype", 3)


@pytest.fixture(scope="session")
def leave_out_figures() -> Callable[[pytest.MonkeyPatch], None]:
    """Results and reports without figures, which take longer to draw than images to analyse."""

    def leave_out(patch: pytest.MonkeyPatch) -> None:
        from matplotlib.figure import Figure

        from chromamol.batch import tables
        from chromamol.report import comparisons
        from chromamol.results import figure

        save = figure.save_figure
        patch.setattr(figure, "draw_figure", lambda *_, **__: None)
        patch.setattr(figure, "save_figure", lambda drawn, *paths: drawn and save(drawn, *paths))
        for of_groups in (tables, comparisons):
            patch.setattr(of_groups, "draw_superplots", lambda *_: Figure((1, 1)))

    return leave_out


@pytest.fixture
def without_figures(
    leave_out_figures: Callable[[pytest.MonkeyPatch], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """No figure is drawn in this test."""
    leave_out_figures(monkeypatch)
