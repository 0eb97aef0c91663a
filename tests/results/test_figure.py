"""The figure: right panels, honest colours, warnings, nothing cut off or overlapping."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg

from chromamol.inference.rate_map import Finding, Status
from chromamol.results import figure
from chromamol.results.drawing import scale_bar_nm
from chromamol.results.figure import draw_figure, save_figure
from chromamol.results.frame import frame_around
from chromamol.results.panels import panels_of

from .conftest import ACETYLATION_RATE_PER_S, SPACING_NM, no_map, with_maps

OF_THE_PRODUCT = figure._FONTS["pdf.fonttype"]


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


def test_without_a_rate_the_figure_tells_one_story(rejected_analysis):
    found = panels(rejected_analysis)
    panel = found["Rate ratio (density only)"]
    assert panel.message.startswith("No rate map could be given")
    assert not panel.banner
    assert not {"Uncertainty", "Residual"} & set(found)
    lines = [text for text, _ in texts(draw_figure(rejected_analysis))]
    first = lines.index("No rate map: All nuclei: The gain of the density fit collapsed.")
    assert first == max(number for number, line in enumerate(lines) if "collapsed" in line)
    assert not any("rejected" in line or "EXPLORATORY" in line for line in lines)


def test_the_method_is_named_where_it_made_the_map(analysis, density_analysis):
    for one, named in ((analysis, True), (density_analysis, False)):
        asked = replace(one, settings=one.settings.replace(method="network"))
        header = next(text for text, _ in texts(draw_figure(asked)) if "pixel" in text)
        assert ("network" in header) is named


def test_a_map_that_was_not_asked_for_is_no_trouble(density_analysis):
    (panel,) = (
        panel
        for panel in panels(no_map(density_analysis, status=Status.NOT_ASKED)).values()
        if panel.message
    )
    assert panel.message == Status.NOT_ASKED.value


def test_one_nucleus_without_a_map_is_named(analysis):
    nothing = np.full(analysis.per_nucleus[0].rate_map.mask.shape, np.nan)
    changes = {"rate": nothing, "rate_sd": nothing, "reaction_length_nm": float("nan")}
    part = with_maps(analysis, changes | {"status": Status.NOT_CONVERGED}, {})
    assert panels(part)["Rate ratio"].missing == (1,)
    assert "no map" in [text for text, _ in texts(draw_figure(part))]


DOUBTED = {"findings": (Finding("model-misfit", "The model misses the image.", 3.0),)}


def hatched(figure):
    """Number of hatched patches in each panel, by its letter."""
    return {
        axes.texts[0].get_text(): sum(bool(patch.get_hatch()) for patch in axes.patches)
        for axes in figure.axes
        if axes.texts
    }


def test_a_map_that_must_not_be_believed_looks_like_it(analysis):
    assert not any(hatched(draw_figure(analysis)).values())
    figure = draw_figure(with_maps(analysis, {}, DOUBTED))
    assert hatched(figure) == {"a": 0, "b": 0, "c": 1, "d": 0, "e": 1, "f": 0}
    lines = [text for text, _ in texts(figure)]
    assert "DO NOT BELIEVE WHAT IS HATCHED" in lines
    below = [text.get_text() for text in figure.texts]
    doubt = "Do not believe the hatched map: Nucleus 2: The model misses the image."
    assert doubt in below
    # The last text is the highest line below the panels.
    assert below[-1] == doubt
    framed = [axes for axes in figure.axes if axes.spines["left"].get_visible() and axes.texts]
    assert [axes.texts[0].get_text() for axes in framed] == ["c", "e"]
    whole = panels(with_maps(analysis, DOUBTED, DOUBTED))["Rate ratio"]
    assert whole.banner == "DO NOT BELIEVE THESE MAPS"


def test_a_nucleus_that_the_border_cuts_is_dashed(analysis):
    figure = draw_figure(analysis)
    lines = [line for line in figure.axes[0].lines if line.get_linewidth() == 0.5]
    assert [line.get_linestyle() for line in lines] == ["--", "-"]
    assert any("Dashed outline" in text for text, _ in texts(figure))


def test_uncertain_pixels_fade(analysis):
    first, second = (nucleus.rate_map for nucleus in analysis.per_nucleus)
    even = np.where(first.mask, first.rate[first.mask].std(), np.nan)
    unknown = np.full(second.mask.shape, np.nan)
    opacity = panels(with_maps(analysis, {"rate_sd": even}, {"rate_sd": unknown}))[
        "Rate ratio"
    ].opacity
    # Half where the error is as large as the differences in the map, full where it is unknown.
    assert opacity.min() == pytest.approx(0.5)
    assert np.isin(opacity.round(6), (0.5, 1.0)).all()
    assert (opacity < 1).sum() == first.mask.sum()
    assert any("fade" in text for text, _ in texts(draw_figure(analysis)))


def test_without_an_uncertainty_nothing_fades(analysis):
    unknown = [{"rate_sd": np.full_like(one.rate_map.rate, np.nan)} for one in analysis.per_nucleus]
    bare = with_maps(analysis, *unknown)
    assert panels(bare)["Rate ratio"].opacity is None
    lines = [text for text, _ in texts(draw_figure(bare))]
    assert any("Colours of the rate" in line for line in lines)
    assert not any("fade" in line for line in lines)


def test_absolute_rates_have_their_unit_and_are_white_at_the_acetylation_rate(absolute_analysis):
    panel = panels(absolute_analysis)["Methylation rate"]
    (bar,) = panel.bars
    assert bar.label == "methylation rate (10⁻⁴ 1/s, log scale)"
    assert bar.ticks[0.0] == "4"
    for place, label in bar.ticks.items():
        assert 2**place * ACETYLATION_RATE_PER_S == pytest.approx(1e-4 * float(label), rel=0.05)
    rate = absolute_analysis.full_map("rate")
    np.testing.assert_allclose(
        np.nanmax(panel.pixels), np.log2(np.nanmax(rate) / ACETYLATION_RATE_PER_S)
    )
    assert not panel.banner.count("RELATIVE")


@pytest.mark.parametrize("kind", ["analysis", "density_analysis", "rejected_analysis"])
def test_no_text_is_cut_off_or_lies_on_another(kind, request, tmp_path):
    analysis = request.getfixturevalue(kind)
    image = replace(analysis.image, name="a_$very^long_name_{of}_an_image" * 9)
    long = Finding(
        "model-misfit", "A sentence that goes on and on until it has to be wrapped. " * 6
    )
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


def test_files_are_an_image_and_a_page_with_text(analysis, tmp_path, monkeypatch):
    monkeypatch.setitem(figure._FONTS, "pdf.fonttype", OF_THE_PRODUCT)
    save_figure(draw_figure(analysis), tmp_path / "f.png", tmp_path / "f.pdf")
    assert (tmp_path / "f.png").read_bytes().startswith(b"\x89PNG")
    pdf = (tmp_path / "f.pdf").read_bytes()
    assert pdf.startswith(b"%PDF")
    assert b"/FontFile2" in pdf  # an embedded TrueType font: text that can be edited
    assert b"/Subtype /Image" in pdf


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
