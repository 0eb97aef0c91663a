"""Preview, settings files, the command, details of errors, and many runs, in a real window."""

from __future__ import annotations

import gc
import shlex
from typing import TYPE_CHECKING, Any

import numpy as np
import psutil
import pytest
from qtpy.QtWidgets import QApplication

from chromamol.cli.app import app
from chromamol.results.reopen import read_result
from chromamol.samples import STED_PIXEL_SIZE_NM
from chromamol.settings import Role, Settings
from napari_chromamol import _work

from .conftest import two_channels

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import napari
    from pytestqt.qtbot import QtBot

    from napari_chromamol._run_widget import RateMapWidget

    Run = Callable[[RateMapWidget], None]


def shown(viewer: napari.Viewer, name: str) -> Any:
    return next(
        (x for x in viewer.layers if x.metadata.get("chromamol", {}).get("map") == name), None
    )


def preview(qtbot: QtBot, widget: RateMapWidget) -> None:
    widget.preview_button.click()
    qtbot.waitUntil(lambda: not widget.is_running, timeout=30_000)


def test_a_preview_is_of_what_is_in_view_and_goes_with_the_run(
    qtbot: QtBot, viewer: napari.Viewer, widget: RateMapWidget, opened: list[Any], run: Run
) -> None:
    preview(qtbot, widget)
    whole = shown(viewer, "preview")
    assert whole.name.startswith("PREVIEW")
    assert "press Run for the map" in widget.message.text()
    # The pixels of 40 x 30 nm are as coarse as they may be, so none are averaged.
    np.testing.assert_allclose(whole.scale, opened[0].scale)
    assert whole.data.shape[0] == opened[0].data.shape[0]
    image = opened[0]

    viewer.scene.camera.center = (85 * 40.0, 65 * 30.0)
    viewer.scene.camera.zoom *= 3
    QApplication.processEvents()
    preview(qtbot, widget)
    part = shown(viewer, "preview")
    assert part is whole
    assert part.data.size < image.data.size / 3
    # Where the part has a rate, there is a nucleus in the image, and each pixel lies on one of it.
    for y, x in np.argwhere(np.isfinite(part.data))[::97]:
        place = image.world_to_data(part.data_to_world((y, x)))
        np.testing.assert_allclose(place, np.round(place), atol=1e-6)
        row, column = (round(one) for one in place)
        assert image.data[row - 6 : row + 7, column - 6 : column + 7].mean() > 50

    run(widget)
    assert shown(viewer, "preview") is None
    maps = [x.metadata["chromamol"].get("map") for x in viewer.layers[2:]]
    assert maps.index("rate") == maps.index("rate_sd") + 1 == len(maps) - 4
    viewer.scene.camera.center = (1e7, 1e7)
    QApplication.processEvents()
    preview(qtbot, widget)
    assert "No nucleus is in view" in widget.message.text()


def test_finer_pixels_are_averaged_for_a_preview(
    qtbot: QtBot, viewer: napari.Viewer, widget: RateMapWidget
) -> None:
    fine = np.kron(two_channels(), np.ones((1, 4, 4), np.uint16))
    for yx, name in zip(fine, ("H3K9me3", "H3K27ac"), strict=True):
        viewer.add_image(yx, name=name, scale=(10, 7.5), units=("nm", "nm"))
    viewer.reset_view()
    QApplication.processEvents()
    preview(qtbot, widget)
    layer = shown(viewer, "preview")
    np.testing.assert_allclose(layer.scale, (30, 22.5))
    # The middle of the first averaged pixel lies in the middle of 3 x 3.
    np.testing.assert_allclose(layer.translate, (10, 7.5))


def test_settings_come_and_go_as_files(
    viewer: napari.Viewer, widget: RateMapWidget, opened: list[Any], tmp_path: Path
) -> None:
    bar, form = widget.settings_bar, widget.form
    wanted = Settings(
        method="direct",
        reaction_length_nm=120,
        psf_nm=35,
        density_rate=False,
        intensity_per_fraction={"heterochromatin": 2000, "euchromatin": 1500},
        roles={"heterochromatin": "H3K27ac", "euchromatin": "no such layer"},
    )
    (tmp_path / "in.yaml").write_text(wanted.to_yaml(), encoding="utf-8")
    bar.load(tmp_path / "in.yaml")
    assert form.settings() == wanted.replace(roles=None)
    assert widget.choice.chosen()[Role.HETEROCHROMATIN] is opened[1]
    assert "no layer for: euchromatin (no such layer)" in widget.message.text()
    assert "heterochromatin 2000" in form.kept_note.text()
    bar.save(tmp_path / "out.yaml")
    assert Settings.from_yaml(tmp_path / "out.yaml") == form.settings()

    bar.presets.setCurrentText("Standard")
    bar.presets.activated.emit(bar.presets.currentIndex())
    assert form.settings() == Settings()
    assert not form.kept

    (tmp_path / "bad.yaml").write_text("metod: direct", encoding="utf-8")
    bar.load(tmp_path / "bad.yaml")
    assert "metod" in widget.message.text()
    assert form.settings() == Settings()
    bar.save(tmp_path / "nowhere" / "out.yaml")
    assert "cannot be written" in widget.message.text()


def test_the_settings_of_the_last_run_are_kept(
    viewer: napari.Viewer, widget: RateMapWidget, opened: list[Any], run: Run
) -> None:
    widget.form.editors["seed"].setValue(11)
    run(widget)
    presets = widget.settings_bar.presets
    for name, seed in (("Standard", 0), ("As in the last run", 11)):
        presets.setCurrentText(name)
        presets.activated.emit(presets.currentIndex())
        assert widget.form.settings().seed == seed


@pytest.mark.usefixtures("opened")
def test_the_copied_command_gives_the_same_map(
    viewer: napari.Viewer,
    widget: RateMapWidget,
    run: Run,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from typer.testing import CliRunner

    widget.form.editors["reaction_length_nm"].tick.setChecked(False)
    widget.form.editors["reaction_length_nm"].number.setValue(150)
    run(widget)
    widget.copy_command()
    command = shlex.split(QApplication.clipboard().text())
    assert command[:2] == ["chromamol", "run"]
    assert "on the clipboard" in widget.message.text()
    monkeypatch.chdir(tmp_path)
    done = CliRunner().invoke(app, command[1:])
    assert done.exit_code == 0, done.output
    stored = read_result(tmp_path / "results" / "cell 3" / "cell 3.ome.zarr")
    np.testing.assert_array_equal(stored.maps["rate"], shown(viewer, "rate").data)

    mine = viewer.add_labels(np.ones(viewer.layers[0].data.shape, int), name="mine", scale=(40, 30))
    mine.units = ("nm", "nm")
    widget.choice.nuclei.choose(mine)
    widget.copy_command()
    assert "--nuclei NUCLEI.tif" in QApplication.clipboard().text()
    assert "Save the layers first, as NUCLEI.tif" in widget.message.text()

    # What was made of a result that was opened again is the same call.
    viewer.layers.clear()
    viewer.open(tmp_path / "results" / "cell 3" / "cell 3.ome.zarr", plugin="chromamol")
    widget.copy_command()
    again = shlex.split(QApplication.clipboard().text())
    assert again[:7] == command[:7]


@pytest.mark.usefixtures("widget")
def test_the_copied_command_names_what_has_to_be_saved_and_said(
    viewer: napari.Viewer, widget: RateMapWidget, image_path: Path
) -> None:
    place = {"scale": (40, 40), "units": ("nm", "nm")}
    for yx, name in zip(two_channels(), ("H3K9me3", "H3K27ac"), strict=True):
        viewer.add_image(yx, name=name, **place)
    widget.copy_command()
    command = QApplication.clipboard().text()
    assert "CHANNEL-0.tif --with CHANNEL-1.tif" in command
    assert "heterochromatin=0,euchromatin=1" in command
    assert "pixel_size_nm=40" in command
    assert "CHANNEL-0.tif and CHANNEL-1.tif" in widget.message.text()

    viewer.layers.clear()
    viewer.open_sample("chromamol", "sted_nucleus")
    widget.copy_command()
    assert f"pixel_size_nm={STED_PIXEL_SIZE_NM:g}" in QApplication.clipboard().text()
    viewer.layers.clear()
    viewer.open(image_path, plugin="chromamol")
    widget.copy_command()
    assert "pixel_size_nm" not in QApplication.clipboard().text()


def test_an_error_has_its_details(viewer: napari.Viewer, widget: RateMapWidget, run: Run) -> None:
    noise = np.random.default_rng(0).poisson(4.0, (90, 140)).astype(np.uint16)
    viewer.add_image(noise, name="DNA", scale=(40, 30), units=("nm", "nm"))
    assert not widget.message.details.isVisible()
    run(widget)
    assert "No nucleus was found" in widget.message.text()
    assert widget.message.details.isVisible()
    assert not widget.message.details.isExpanded()
    assert "find_nuclei" in widget.message.details_text()


def test_what_is_done_so_far_is_shown_and_goes(
    qtbot: QtBot,
    viewer: napari.Viewer,
    widget: RateMapWidget,
    opened: list[Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    names: set[str] = set()
    viewer.layers.events.inserted.connect(lambda event: names.add(event.value.name))
    monkeypatch.setattr(_work, "_SO_FAR_EVERY_S", 0.0)
    widget._timer.setInterval(1)
    widget.run_button.click()
    qtbot.waitUntil(lambda: shown(viewer, "nuclei so far") is not None, timeout=30_000)
    outlines = shown(viewer, "nuclei so far")
    np.testing.assert_allclose(outlines.scale, (40, 30))
    qtbot.waitUntil(lambda: not widget.is_running, timeout=30_000)
    assert "nuclei so far · cell 3" in names
    # The layers are those of any run, in the same order, and tell their uncertainty.
    maps = [x.metadata["chromamol"].get("map") for x in viewer.layers[2:]]
    order = ["nuclei", "compaction", "rate_sd", "rate", "fade", "doubt", "domains"]
    assert maps == order
    assert (
        "nucleus 1: " in shown(viewer, "rate").get_status((85 * 40, 130 * 30), world=True)["value"]
    )
    assert not [x.name for x in viewer.layers if "so far" in x.name]


def test_the_nuclei_that_are_outlined_are_those_of_the_run(
    qtbot: QtBot, viewer: napari.Viewer, widget: RateMapWidget, opened: list[Any], run: Run
) -> None:
    _, outliner = viewer.window.add_plugin_dock_widget("chromamol", "Outline nuclei")
    outliner.run_button.click()
    qtbot.waitUntil(outliner.run_button.isEnabled, timeout=30_000)
    assert outliner.message.text() == "1 nucleus found."
    outlines = viewer.layers["outlines · cell 3"]
    np.testing.assert_allclose(outlines.scale, (40, 30))
    assert widget.choice.nuclei.layer() is outlines
    run(widget)
    assert shown(viewer, "nuclei") is None  # they are on the screen already
    np.testing.assert_array_equal(np.isfinite(shown(viewer, "compaction").data), outlines.data > 0)
    outliner.rows.editors["nucleus_min_area_um2"].setValue(900)
    outliner.run_button.click()
    qtbot.waitUntil(outliner.run_button.isEnabled, timeout=30_000)
    assert "No nucleus was found" in outliner.message.text()


def test_twenty_runs_keep_no_memory(viewer: napari.Viewer, widget: RateMapWidget, run: Run) -> None:
    place = {"scale": (40, 30), "units": ("nm", "nm")}
    for yx, name in zip(two_channels()[:, 50:114, 90:170], ("H3K9me3", "H3K27ac"), strict=True):
        viewer.add_image(yx, name=name, **place)
    viewer.add_labels(np.ones((64, 80), int), name="field", **place)
    assert widget.choice.nuclei.choose_by_name("field")
    process, used_mb, n_layers = psutil.Process(), [], set()
    for _ in range(20):
        run(widget)
        assert widget.message.text().startswith("Done")
        gc.collect()
        used_mb.append(process.memory_info().rss / 2**20)
        n_layers.add(len(viewer.layers))
    slope_mb = np.polyfit(np.arange(15), used_mb[5:], 1)[0]
    assert len(n_layers) == 1
    assert slope_mb < 2
