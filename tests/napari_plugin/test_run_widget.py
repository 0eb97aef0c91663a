"""The widget in a real window, driven as a person would."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import napari
import numpy as np
import pytest
from qtpy.QtCore import Qt, QThreadPool

from chromamol.demo import relative_l2_error
from chromamol.images.formats import read_source
from chromamol.samples import sample_path
from chromamol.settings import Role
from napari_chromamol import _run_widget
from napari_chromamol._run_widget import RateMapWidget

if TYPE_CHECKING:
    from pathlib import Path

    from pytestqt.qtbot import QtBot

    from napari_chromamol._layer_choice import LayerBox

Run = Callable[[RateMapWidget], None]

# The quick estimator gives no residual, and assumes the reaction length, which channels of unknown
# gain do not allow.
RATE = "DOUBTFUL EXPLORATORY relative rate ratio"
MAPS = ("compaction", f"sd of {RATE}", RATE)
OVER = ("fade of uncertain pixels", "DO NOT BELIEVE", "domains")
LAYERS = ("nuclei", *MAPS, *OVER)


def names(viewer: napari.Viewer) -> list[str]:
    return [layer.name for layer in viewer.layers]


def map_layers(viewer: napari.Viewer) -> list[Any]:
    return [layer for layer in viewer.layers if "map" in layer.metadata.get("chromamol", {})]


def shows(viewer: napari.Viewer, name: str) -> Any:
    """The layer of one map."""
    (layer,) = (one for one in map_layers(viewer) if one.metadata["chromamol"]["map"] == name)
    return layer


def click(qtbot: QtBot, button: Any) -> None:
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)


def pick(box: LayerBox, layer: Any) -> None:
    """Choose a layer as with the mouse, which a proposal does not overrule."""
    box.choose(layer)
    box.activated.emit(box.currentIndex())


def test_from_file_to_maps_and_again(
    viewer: napari.Viewer, opened: list[Any], widget: RateMapWidget, run: Run
) -> None:
    channels = opened
    untouched = [layer.data.copy() for layer in channels]
    assert {role: layer.name for role, layer in widget.choice.chosen().items()} == {
        Role.HETEROCHROMATIN: "H3K9me3",
        Role.EUCHROMATIN: "H3K27ac",
    }
    assert "40 × 30 nm" in widget.pixel_size.text()

    run(widget)
    assert widget.message.text().startswith("Done")
    assert names(viewer)[2:] == [f"{name} · cell 3" for name in LAYERS]
    for layer in viewer.layers:
        np.testing.assert_allclose(layer.scale, (40.0, 30.0))
        assert [str(unit) for unit in layer.units] == ["nanometer", "nanometer"]
        assert layer.axis_labels == ("y", "x")
        assert layer.data.shape == untouched[0].shape
    for layer, data in zip(channels, untouched, strict=True):
        np.testing.assert_array_equal(layer.data, data)

    rate = shows(viewer, "rate")
    inside = np.isfinite(rate.data)
    assert rate.metadata["chromamol"]["quantity"] == "rate ratio"
    assert rate.metadata["chromamol"]["scale"] == "RELATIVE"
    low, high = rate.contrast_limits
    assert low * high == pytest.approx(1)
    # The colours diverge from 1, and the status bar shows the ratio itself.
    white = rate.colormap.map(np.array([(1 - low) / (high - low)]))[0]
    assert white[:3].min() > 0.95
    y, x = np.argwhere(inside)[len(np.argwhere(inside)) // 2]
    said = rate.get_status((y * 40.0, x * 30.0), world=True)["value"]
    doubt, pixel, *_ = said.split("; ")
    assert doubt == "DO NOT BELIEVE"
    value, sd = pixel.removeprefix("relative rate ratio ").split(" ± ")
    assert float(value) == pytest.approx(float(rate.data[y, x]), rel=1e-2)
    assert float(sd) == pytest.approx(float(shows(viewer, "rate_sd").data[y, x]), rel=0.1)
    row = shows(viewer, "nuclei").features.iloc[0]
    assert f"nucleus 1: {row['rate_mean']:.3g}" in said
    assert viewer.layers.selection.active is rate
    assert "relative" in widget.findings.toPlainText().lower()

    mine = viewer.add_points([[10.0, 10.0]], name="mine")
    rate.visible = False
    before = rate.data
    widget.form.editors["reaction_length_nm"].tick.setChecked(False)
    widget.form.editors["reaction_length_nm"].number.setValue(150)
    run(widget)
    assert names(viewer)[2:-1] == [f"{name} · cell 3" for name in LAYERS]
    assert mine in viewer.layers
    assert not rate.visible
    assert rate.data is not before
    record = shows(viewer, "rate").metadata["chromamol"]["result"].record
    assert record.settings.reaction_length_nm == 150

    for layer in map_layers(viewer):
        viewer.layers.remove(layer)
    assert not widget.findings.toPlainText()


def test_sample_gives_the_simulated_rates(
    viewer: napari.Viewer, widget: RateMapWidget, run: Run
) -> None:
    outlines = viewer.open_sample("chromamol", "simulated_nucleus")[-1]
    assert widget.choice.nuclei.layer() is outlines
    for name, value in (
        ("reaction_length_nm", 141.4),
        ("intensity_per_fraction", 2000),
        ("background_intensity", 0),
    ):
        widget.form.editors[name].tick.setChecked(False)
        widget.form.editors[name].number.setValue(value)
    widget.form.editors["method"].setCurrentText("weak-form")
    run(widget)
    residual, rate = shows(viewer, "residual"), shows(viewer, "rate")
    assert rate.name.startswith("rate ratio · ")
    assert residual.name.startswith("residual · ")
    truth = read_source(sample_path("simulated-rate")).cyx[0]
    assert relative_l2_error(rate.data, truth) < 0.1

    # The quick estimator has no residual, so none is left of before.
    widget.form.editors["method"].setCurrentText("direct")
    run(widget)
    assert residual not in viewer.layers
    assert rate in viewer.layers


def test_one_run_at_a_time_and_cancel_keeps_what_was_there(
    qtbot: QtBot, viewer: napari.Viewer, widget: RateMapWidget, run: Run, image_path: Path
) -> None:
    viewer.open(image_path, plugin="chromamol")
    run(widget)
    before = list(viewer.layers)
    found = widget.findings.toPlainText()

    click(qtbot, widget.run_button)
    assert widget.is_running
    assert not widget.run_button.isEnabled()
    assert widget.bar.isVisible()
    assert widget.cancel_button.isEnabled()
    click(qtbot, widget.cancel_button)
    qtbot.waitUntil(lambda: not widget.is_running, timeout=20_000)
    assert widget.message.text().startswith("Cancelled")
    assert list(viewer.layers) == before
    assert widget.findings.toPlainText() == found
    assert widget.run_button.isEnabled()
    assert not widget.bar.isVisible()


def test_nuclei_of_a_labels_layer(
    viewer: napari.Viewer, widget: RateMapWidget, run: Run, image_path: Path
) -> None:
    image = viewer.open(image_path, plugin="chromamol")[0]
    drawn = np.zeros(image.data.shape, np.uint8)
    drawn[40:130, 70:200] = 3
    mine = viewer.add_labels(drawn, name="drawn", scale=image.scale, units=image.units)
    assert widget.choice.nuclei.layer() is None
    pick(widget.choice.nuclei, mine)
    run(widget)
    rate = shows(viewer, "rate")
    assert not np.isfinite(rate.data[drawn == 0]).any()
    assert np.isfinite(rate.data).any()
    np.testing.assert_array_equal(mine.data, drawn)
    assert mine in viewer.layers

    # The layer is taken again after it was corrected, and no result is left of before.
    mine.data[:, :100] = 0
    mine.refresh()
    run(widget)
    assert len(map_layers(viewer)) == len(LAYERS)
    assert not np.isfinite(shows(viewer, "rate").data[:, :100]).any()


def test_pixel_size_is_asked_for(
    viewer: napari.Viewer, widget: RateMapWidget, run: Run, image_path: Path
) -> None:
    channels = viewer.open(image_path, plugin="chromamol")
    pixels = [layer.data for layer in channels]
    viewer.layers.clear()
    viewer.add_image(pixels[0], name="H3K9me3")
    viewer.add_image(pixels[1], name="H3K27ac")
    assert "no pixel size" in widget.pixel_size.text()
    run(widget)
    assert widget.message.text() == "Pixel size: enter a number."
    assert not map_layers(viewer)

    widget.form.editors["pixel_size_nm"].number.setValue(35)
    run(widget)
    assert len(map_layers(viewer)) == len(LAYERS)
    np.testing.assert_array_equal(shows(viewer, "rate").scale, (1, 1))


def test_troubles_are_sentences(viewer: napari.Viewer, widget: RateMapWidget, run: Run) -> None:
    run(widget)
    assert "Choose the layer" in widget.message.text()

    noise = np.random.default_rng(0).poisson(4.0, (90, 140)).astype(np.uint16)
    place = {"scale": (40, 30), "units": ("nm", "nm")}
    dna = viewer.add_image(noise, name="DNA", **place)
    run(widget)
    assert widget.choice.chosen() == {Role.TOTAL: dna}
    assert "No nucleus was found" in widget.message.text()

    other = viewer.add_image(noise[:50], name="H3K27ac", **place)
    pick(widget.choice.roles[Role.EUCHROMATIN], other)
    pick(widget.choice.roles[Role.TOTAL], dna)
    run(widget)
    assert "choose layers of one image" in widget.message.text()

    viewer.layers.remove(other)
    stack = viewer.add_image(np.zeros((3, 20, 30)), name="stack")
    pick(widget.choice.roles[Role.TOTAL], stack)
    run(widget)
    assert "Split Stack" in widget.message.text()
    assert not map_layers(viewer)


@pytest.mark.usefixtures("opened")
def test_fault_of_the_program_is_a_sentence_too(
    widget: RateMapWidget,
    run: Run,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    def fail(*_: object) -> None:
        msg = "no such thing"
        raise ValueError(msg)

    monkeypatch.setattr(_run_widget, "run", fail)
    with caplog.at_level(logging.ERROR):
        run(widget)
    assert "ValueError: no such thing" in widget.message.text()
    assert widget.run_button.isEnabled()
    assert "no such thing" in caplog.text


def test_viewer_may_close_during_a_run(
    qtbot: QtBot, viewer: napari.Viewer, widget: RateMapWidget, image_path: Path
) -> None:
    viewer.open(image_path, plugin="chromamol")
    click(qtbot, widget.run_button)
    progress = widget._progress
    viewer.close()
    assert progress.cancelled
    assert QThreadPool.globalInstance().waitForDone(20_000)
    qtbot.wait(50)


def test_result_store_opens_as_it_was(
    viewer: napari.Viewer, widget: RateMapWidget, run: Run, image_path: Path, tmp_path: Path
) -> None:
    from chromamol.pipeline import analyse
    from chromamol.results.result import result_of
    from chromamol.results.store import write_store
    from chromamol.settings import Settings

    channels = viewer.open(image_path, plugin="chromamol")
    run(widget)
    shown = list(viewer.layers)
    analysis = analyse(image_path, Settings(method="direct"))
    write_store(tmp_path / "cell 3.ome.zarr", result_of(analysis))
    viewer.layers.clear()

    again = viewer.open(tmp_path / "cell 3.ome.zarr", plugin="chromamol")
    assert len(channels) == 2
    assert [layer.name for layer in again] == [layer.name for layer in shown]
    at = (85 * 40.0, 130 * 30.0)
    for layer, before in zip(again, shown, strict=True):
        # Also the status bar says the same, though no widget was asked.
        assert (
            layer.get_status(at, world=True)["value"] == before.get_status(at, world=True)["value"]
        )
        np.testing.assert_array_equal(layer.data, before.data)
        np.testing.assert_allclose(layer.scale, before.scale)
        assert layer.units == before.units
        assert layer.visible == before.visible
        if isinstance(layer, napari.layers.Image):
            np.testing.assert_allclose(layer.contrast_limits, before.contrast_limits)
            assert layer.colormap.same_colors(before.colormap)
