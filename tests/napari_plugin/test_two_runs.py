"""What a second run, a second widget, or a second image finds on the screen."""

from __future__ import annotations

import gc
import weakref
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from chromamol.images.mask import Mask, labels_of
from chromamol.settings import Role
from napari_chromamol import _run_widget
from napari_chromamol._on_screen import show_preview

if TYPE_CHECKING:
    from collections.abc import Callable

    import napari
    from pytestqt.qtbot import QtBot

    from napari_chromamol._explore_widget import ExploreWidget
    from napari_chromamol._run_widget import RateMapWidget

    Run = Callable[[RateMapWidget], None]


@pytest.fixture
def explore(viewer: napari.Viewer) -> ExploreWidget:
    _, widget = viewer.window.add_plugin_dock_widget("chromamol", "Explore", tabify=True)
    return widget


def of_map(viewer: napari.Viewer, name: str) -> list[Any]:
    return [x for x in viewer.layers if x.metadata.get("chromamol", {}).get("map") == name]


def set_length(widget: RateMapWidget, length_nm: float) -> None:
    editor = widget.form.editors["reaction_length_nm"]
    editor.tick.setChecked(False)
    editor.number.setValue(length_nm)


@pytest.mark.usefixtures("opened")
def test_explore_shows_the_result_of_the_last_run_and_nothing_keeps_the_earlier_one(
    viewer: napari.Viewer, widget: RateMapWidget, explore: ExploreWidget, run: Run
) -> None:
    set_length(widget, 140)
    run(widget)
    first = weakref.ref(explore.result)
    assert explore.result.record.settings.reaction_length_nm == 140
    set_length(widget, 150)
    run(widget)
    (rate,) = of_map(viewer, "rate")
    assert explore.result is rate.metadata["chromamol"]["result"]
    assert explore.result.record.settings.reaction_length_nm == 150
    assert explore.results.count() == 1
    gc.collect()
    assert first() is None

    emitted = []
    explore.nuclei.chosen.connect(emitted.append)
    explore.nuclei.choose_row(0)
    assert emitted == [[0]]
    viewer.layers.clear()
    assert explore.nuclei.model().rowCount() == 0


@pytest.mark.usefixtures("opened")
def test_nuclei_of_a_result_that_were_corrected_are_plain_outlines(
    viewer: napari.Viewer, widget: RateMapWidget, explore: ExploreWidget, run: Run
) -> None:
    run(widget)
    (nuclei,) = of_map(viewer, "nuclei")
    nuclei.data[:, :100] = 0
    corrected = nuclei.data.copy()
    nuclei.refresh()
    widget.choice.nuclei.choose(nuclei)
    run(widget)
    np.testing.assert_array_equal(nuclei.data, corrected)
    assert "result" not in nuclei.metadata["chromamol"]
    assert "nucleus 1:" not in str(nuclei.get_status((85 * 40, 130 * 30), world=True))
    (rate,) = of_map(viewer, "rate")
    assert explore.result is rate.metadata["chromamol"]["result"]
    assert not np.isfinite(rate.data[:, :100]).any()


def test_two_widgets_do_not_compute_at_once(
    qtbot: QtBot, viewer: napari.Viewer, widget: RateMapWidget, opened: list[Any]
) -> None:
    _, outliner = viewer.window.add_plugin_dock_widget("chromamol", "Outline nuclei")
    widget.run_button.click()
    widget.start()  # as a second press
    outliner.run_button.click()
    assert "'Rate map' is still at work" in outliner.message.text()
    qtbot.waitUntil(lambda: not widget.is_running, timeout=30_000)
    outliner.run_button.click()
    qtbot.waitUntil(outliner.run_button.isEnabled, timeout=30_000)
    assert outliner.message.text() == "1 nucleus found."
    assert len(of_map(viewer, "rate")) == 1
    assert opened[0] in viewer.layers


@pytest.mark.usefixtures("opened")
def test_a_cancelled_run_changes_no_value(
    qtbot: QtBot, viewer: napari.Viewer, widget: RateMapWidget, run: Run
) -> None:
    run(widget)
    before = {layer.name: np.array(layer.data) for layer in viewer.layers}
    result = of_map(viewer, "rate")[0].metadata["chromamol"]["result"]
    set_length(widget, 90)
    widget.run_button.click()
    widget.cancel_button.click()
    qtbot.waitUntil(lambda: not widget.is_running, timeout=30_000)
    assert {layer.name for layer in viewer.layers} == set(before)
    for layer in viewer.layers:
        np.testing.assert_array_equal(layer.data, before[layer.name])
    assert of_map(viewer, "rate")[0].metadata["chromamol"]["result"] is result


@pytest.mark.usefixtures("opened")
def test_a_fault_while_maps_are_shown_leaves_a_widget_that_works(
    viewer: napari.Viewer, widget: RateMapWidget, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> Any:
        yield
        msg = "no such layer"
        raise RuntimeError(msg)

    with monkeypatch.context() as patched:
        patched.setattr(_run_widget, "show_result", fail)
        run(widget)
    assert "no such layer" in widget.message.text()
    assert widget.run_button.isEnabled()
    run(widget)
    assert len(of_map(viewer, "rate")) == 1


def test_layers_that_the_user_removes_while_maps_are_shown(
    viewer: napari.Viewer, widget: RateMapWidget, run: Run, opened: list[Any]
) -> None:
    run(widget)
    removed = []

    def remove(event: Any) -> None:
        if event.value.metadata.get("chromamol", {}).get("map") == "sd" or removed:
            return
        removed.append(of_map(viewer, "fade")[0])
        viewer.layers.remove(removed[0])

    viewer.layers.remove(of_map(viewer, "nuclei")[0])
    viewer.layers.events.inserted.connect(remove)
    run(widget)
    assert removed
    assert widget.message.text().startswith("Done")
    assert len(of_map(viewer, "fade")) == 1
    assert opened[0] in viewer.layers


def test_a_preview_of_another_image_lies_on_top(viewer: napari.Viewer) -> None:
    shown: dict[str, Any] = {"name": "PREVIEW", "metadata": {"chromamol": {"map": "preview"}}}
    show_preview(viewer, (np.ones((4, 5)), shown, "image"))
    viewer.add_image(np.ones((40, 50)), name="another")
    show_preview(viewer, (np.ones((6, 7)), shown, "image"))
    assert viewer.layers[-1].name == "PREVIEW"


def test_a_line_is_where_it_was_drawn_however_the_image_lies(
    viewer: napari.Viewer, widget: RateMapWidget, opened: list[Any], run: Run
) -> None:
    how = {
        "translate": (900.0, -300.0),
        "rotate": 30.0,
        "shear": np.array([[1.0, 0.2], [0.0, 1.0]]),
        "affine": np.array([[0.9, 0.3, 5.0], [-0.2, 1.1, 7.0], [0.0, 0.0, 1.0]]),
    }
    _, explore = viewer.window.add_plugin_dock_widget("chromamol", "Explore", tabify=True)
    for layer in opened:
        for name, value in how.items():
            setattr(layer, name, value)
    run(widget)
    (rate,) = of_map(viewer, "rate")
    np.testing.assert_allclose(rate.data_to_world((50, 80)), opened[0].data_to_world((50, 80)))
    explore.draw_line()
    line = viewer.layers["profile line"]
    ends = [line.world_to_data(rate.data_to_world(pixel)) for pixel in ((85, 60), (85, 200))]
    line.add_lines(np.array(ends))
    expected = explore.result.maps["rate"][85, 60:201]
    np.testing.assert_allclose(explore.plots.data.table.rate, expected, rtol=1e-4)


def test_a_line_of_one_result_is_read_where_it_lies_on_another(
    viewer: napari.Viewer, widget: RateMapWidget, opened: list[Any], run: Run
) -> None:
    _, explore = viewer.window.add_plugin_dock_widget("chromamol", "Explore", tabify=True)
    run(widget)
    explore.draw_line()
    line = viewer.layers["profile line"]
    line.add_lines(np.array([[85.0, 60.0], [85.0, 200.0]]))
    assert explore.plots.data.table.distance_um.iloc[-1] == pytest.approx(140 * 0.030)
    pixels = [layer.data for layer in opened]
    viewer.layers.remove(opened[0])
    viewer.layers.remove(opened[1])
    placed = {"scale": (40, 30), "units": ("nm", "nm"), "translate": (400, 600)}
    for yx, name in zip(pixels, ("H3K9me3", "H3K27ac"), strict=True):
        viewer.add_image(yx, name=name, **placed)
    run(widget)
    assert explore.results.count() == 2
    explore.results.setCurrentIndex(1)
    # 400 nm are 10 rows, and 600 nm 20 columns.
    expected = explore.result.maps["rate"][75, 40:181]
    np.testing.assert_allclose(explore.plots.data.table.rate, expected, rtol=1e-4)


def test_layers_have_to_lie_on_each_other(
    viewer: napari.Viewer, widget: RateMapWidget, opened: list[Any], run: Run
) -> None:
    opened[1].translate = (0, 14.0)  # less than half a pixel
    run(widget)
    assert widget.message.text().startswith("Done")
    opened[1].translate = (0, 60.0)
    run(widget)
    assert "do not lie on each other: up to 60 nm apart" in widget.message.text()
    opened[1].translate = (0, 0)
    opened[1].rotate = 20
    run(widget)
    assert "do not lie on each other" in widget.message.text()


def test_labels_are_taken_as_those_of_a_file_are(
    viewer: napari.Viewer, widget: RateMapWidget, opened: list[Any], run: Run
) -> None:
    drawn = np.zeros(opened[0].data.shape, np.int32)
    drawn[40:130, 70:200], drawn[2, 2] = 3, 9
    place = {"scale": (40, 30), "units": ("nm", "nm")}
    mine = viewer.add_labels(drawn, name="drawn", **place)
    widget.choice.nuclei.choose(mine)
    run(widget)
    result = of_map(viewer, "rate")[0].metadata["chromamol"]["result"]
    expected, _ = labels_of(Mask("", drawn), drawn.shape)
    np.testing.assert_array_equal(result.labels > 0, expected > 0)
    assert any("speck" in note for note in result.record.notes)
    inverted = viewer.add_labels((drawn != 3).astype(np.int32), name="inverted", **place)
    widget.choice.nuclei.choose(inverted)
    run(widget)
    assert "'inverted' is inverted" in widget.message.text()
    assert "outside" in widget.message.text() or "Invert" in widget.message.text()


def test_a_pixel_size_is_of_the_image_that_it_was_entered_for(
    viewer: napari.Viewer, widget: RateMapWidget, opened: list[Any]
) -> None:
    bare = viewer.add_image(opened[0].data, name="bare")
    for role in Role:
        widget.choice.roles[role].choose(bare if role is Role.TOTAL else None)
    widget.choice.changed.emit()
    widget.form.editors["pixel_size_nm"].number.setValue(35)
    assert widget.form.settings().pixel_size_nm == 35
    widget.choice.roles[Role.TOTAL].choose(opened[0])
    assert "40 × 30" in widget.pixel_size.text()
    assert widget.form.settings().pixel_size_nm is None
