"""The figure: right panels, honest colours, warnings, nothing cut off or overlapping."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg

from chromamol.inference.rate_map import Finding
from chromamol.results.drawing import scale_bar_nm
from chromamol.results.figure import draw_figure, save_figure
from chromamol.results.figure_text import findings_in_words
from chromamol.results.frame import frame_around
from chromamol.results.panels import panels_of

from .conftest import SPACING_NM


def panels(analysis, truth=None):
    frame = frame_around(analysis.nuclei.labels, analysis.yx_spacing_nm)
    return {panel.title: panel for panel in panels_of(analysis, frame, truth)}


def texts(figure):
    """All texts that are drawn, with their boxes in pixels."""
    figure.set_dpi(220)
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    drawn = [*figure.texts]
    for axes in figure.axes:
        low, high = axes.get_xlim()
        ticks = [tick for tick in axes.get_xticklabels() if low <= tick.get_position()[0] <= high]
        drawn += [*axes.texts, axes.xaxis.label, *ticks]
    renderer = canvas.get_renderer()
    return [
        (text.get_text(), text.get_window_extent(renderer))
        for text in drawn
        if text.get_text().strip()
    ]


def test_panels_of_two_channels(analysis):
    titles = list(panels(analysis))
    assert titles == [
        "Heterochromatin",
        "Euchromatin",
        "Rate ratio",
        "Compaction",
        "Uncertainty",
        "Residual",
    ]


def test_a_density_shows_its_compaction_first_and_calls_the_rate_exploratory(density_analysis):
    found = panels(density_analysis)
    titles = list(found)
    assert titles.index("Compaction") < titles.index("Rate ratio (density only)")
    assert "EXPLORATORY" in found["Rate ratio (density only)"].banner
    assert "RELATIVE" in found["Rate ratio (density only)"].banner


def test_rate_is_drawn_on_a_log2_scale_centred_at_one(analysis):
    panel = panels(analysis)["Rate ratio"]
    (bar,) = panel.bars
    assert bar.low == -bar.high
    assert bar.ticks[0.0] == "1"
    for place, label in bar.ticks.items():
        assert 2**place == pytest.approx(float(label), rel=0.03)
    inside = np.isfinite(panel.pixels)
    rate = analysis.full_map("rate")
    np.testing.assert_allclose(
        np.sort(panel.pixels[inside]), np.sort(np.log2(rate[np.isfinite(rate)]))
    )
    assert (np.abs(panel.pixels[inside]) <= bar.high).mean() >= 0.98


def test_uncertainty_is_relative_to_the_rate(analysis):
    pixels = panels(analysis)["Uncertainty"].pixels
    np.testing.assert_allclose(pixels[np.isfinite(pixels)], 5.0)


def test_truth_has_the_colours_of_the_rate_and_its_error(analysis):
    truth = np.nan_to_num(analysis.full_map("rate"), nan=1.0) / 1.1
    found = panels(analysis, truth)
    title = next(title for title in found if title.startswith("Truth"))
    assert title.endswith("0.100")
    assert found[title].bars == found["Rate ratio"].bars


def test_without_a_rate_the_panel_says_why(rejected_analysis):
    found = panels(rejected_analysis)
    assert "rejected" in found["Rate ratio (density only)"].message
    assert not {"Uncertainty", "Residual"} & set(found)


@pytest.mark.parametrize("kind", ["analysis", "density_analysis", "rejected_analysis"])
def test_no_text_is_cut_off_or_lies_on_another(kind, request, tmp_path):
    analysis = request.getfixturevalue(kind)
    image = replace(analysis.image, name="a_$very^long_name_{of}_an_image" * 9)
    long = Finding("long", "A sentence that goes on and on until it has to be wrapped. " * 6)
    first, second = analysis.per_nucleus
    first = replace(first, rate_map=replace(first.rate_map, findings=(long,)))
    figure = draw_figure(replace(analysis, image=image, per_nucleus=(first, second)))
    boxes = texts(figure)
    width, height = figure.canvas.get_width_height()
    for text, box in boxes:
        assert box.x0 >= 0, text
        assert box.y0 >= 0, text
        assert box.x1 <= width, text
        assert box.y1 <= height, text
    for (one, box), (other, other_box) in combinations(boxes, 2):
        overlap_x = min(box.x1, other_box.x1) - max(box.x0, other_box.x0)
        overlap_y = min(box.y1, other_box.y1) - max(box.y0, other_box.y0)
        assert overlap_x <= 1 or overlap_y <= 2, (one, other)
    shown = " ".join(text for text, _ in boxes)
    assert shown.count("until it has to be wrapped") >= 1
    assert "Nucleus 1: A sentence" in shown


def test_files_are_an_image_and_a_page_with_text(analysis, tmp_path):
    save_figure(draw_figure(analysis), tmp_path / "f.png", tmp_path / "f.pdf")
    assert (tmp_path / "f.png").read_bytes().startswith(b"\x89PNG")
    pdf = (tmp_path / "f.pdf").read_bytes()
    assert pdf.startswith(b"%PDF")
    assert b"/FontFile2" in pdf  # an embedded TrueType font: text that can be edited
    assert b"/Subtype /Image" in pdf


def test_findings_are_said_once_with_their_nuclei(analysis):
    assert findings_in_words(analysis)[:2] == [
        "All nuclei: The solver converged.",
        "All nuclei: The reaction-diffusion length is assumed: 140 nm.",
    ]


@pytest.mark.parametrize(("width", "bar"), [(4_400, 1_000), (4_000, 1_000), (3_999, 500), (90, 20)])
def test_scale_bar_is_round_and_at_most_a_quarter(width, bar):
    assert scale_bar_nm(width) == bar


def test_frame_shows_all_nuclei_and_thins_large_images(analysis):
    labels = np.zeros((5_000, 400), np.int32)
    labels[100:4_900, 150:300] = 1
    frame = frame_around(labels, SPACING_NM)
    assert frame.mean(labels).shape[0] <= 900
    assert frame.nearest(labels).shape[0] <= 900
    assert frame.window[0].start < 100
    assert frame.window[1].stop > 300
    ((number, line),) = frame.outlines_um(labels)
    assert number == 1
    height_um = np.ptp(line[:, 0])
    assert height_um == pytest.approx(4.8 * 23, rel=0.01)
