"""The widget "Explore" in a real window: tables, plots, fade, files."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import matplotlib.image
import numpy as np
import pandas as pd
import pytest

from napari_chromamol._plots import HISTOGRAM, LINE, RADIAL

if TYPE_CHECKING:
    from pathlib import Path

    import napari
    from pytestqt.qtbot import QtBot

    from napari_chromamol._explore_widget import ExploreWidget


@pytest.fixture
def result_path(image_path: Path, tmp_path: Path) -> Path:
    """The small nucleus twice, side by side, as the store of a result."""
    import tifffile

    from chromamol.pipeline import analyse
    from chromamol.results.write import write_results
    from chromamol.settings import Settings

    cyx = tifffile.imread(image_path)
    path = tmp_path / "pair.ome.tif"
    tifffile.imwrite(
        path,
        np.concatenate([cyx, cyx[:, :, ::-1]], axis=2),
        metadata={
            "axes": "CYX",
            "Channel": {"Name": ["H3K9me3", "H3K27ac"]},
            "PhysicalSizeY": 40.0,
            "PhysicalSizeX": 30.0,
            "PhysicalSizeYUnit": "nm",
            "PhysicalSizeXUnit": "nm",
        },
    )
    settings = Settings(method="direct", reaction_length_nm=140.0, intensity_per_fraction=2000)
    write_results(analyse(path, settings), tmp_path / "out")
    return tmp_path / "out" / "pair.ome.zarr"


@pytest.fixture
def explore(viewer: napari.Viewer) -> ExploreWidget:
    _, widget = viewer.window.add_plugin_dock_widget("chromamol", "Explore")
    return widget


def layer(viewer: napari.Viewer, name: str) -> Any:
    (one,) = (x for x in viewer.layers if x.metadata.get("chromamol", {}).get("map") == name)
    return one


def test_without_a_result_it_says_what_to_do(explore: ExploreWidget) -> None:
    assert "run the widget 'Rate map'" in explore.plots.note.text()
    assert not explore.figure_button.isEnabled()
    assert not explore.plots.save_button.isEnabled()


def test_tables_and_the_view_follow_each_other(
    viewer: napari.Viewer, explore: ExploreWidget, result_path: Path
) -> None:
    viewer.open(result_path, plugin="chromamol")
    assert explore.nuclei.model().rowCount() == 2
    assert explore.domains.model().rowCount() == len(explore.result.domains_table) > 10
    viewer.reset_view()
    whole = viewer.scene.camera.zoom
    explore.nuclei.choose_row(1)
    assert explore.chosen_labels == [2]
    assert viewer.scene.camera.zoom > 1.2 * whole
    y_nm, x_nm = viewer.scene.camera.center[-2:]
    row = explore.result.nuclei_table.iloc[1]
    assert y_nm == pytest.approx(1e3 * row["centroid_y_um"], abs=300)
    assert x_nm == pytest.approx(1e3 * row["centroid_x_um"], abs=300)

    # A click on the other nucleus chooses its row, and the view stays.
    before = viewer.scene.camera.center
    rate = layer(viewer, "rate")
    viewer.layers.selection.active = rate
    first = explore.result.nuclei_table.iloc[0]

    class Press:
        position = (1e3 * first["centroid_y_um"], 1e3 * first["centroid_x_um"])

    for callback in viewer.mouse_drag_callbacks:
        callback(viewer, Press())
    assert explore.chosen_labels == [1]
    assert viewer.scene.camera.center == before

    explore.domains.choose_row(3)
    domains = layer(viewer, "domains")
    assert domains.visible
    assert domains.selected_label == 4
    assert "um2" in explore.nuclei.model().headerData(3, _horizontal(), _tooltip())


def test_a_table_is_sorted_by_numbers(
    viewer: napari.Viewer, explore: ExploreWidget, result_path: Path
) -> None:
    viewer.open(result_path, plugin="chromamol")
    table = explore.result.domains_table
    from qtpy.QtCore import Qt

    model = explore.domains.model()
    names = [model.headerData(i, Qt.Orientation.Horizontal) for i in range(model.columnCount())]
    assert sorted(names) == sorted(one.replace("_", " ") for one in table if one != "image")
    column = names.index("area um2")
    explore.domains.sortByColumn(column, Qt.SortOrder.DescendingOrder)
    explore.domains.selectRow(0)
    assert explore.domains.rows() == [int(table["area_um2"].argmax())]


def test_plots_have_the_numbers_of_the_result(
    viewer: napari.Viewer, explore: ExploreWidget, result_path: Path, tmp_path: Path
) -> None:
    viewer.open(result_path, plugin="chromamol")
    plots = explore.plots
    plots.kind.setCurrentText(HISTOGRAM)
    assert {"area_fraction_1", "area_fraction_2"} <= set(plots.data.table)
    explore.nuclei.choose_row(0)
    assert "area_fraction_2" not in plots.data.table
    plots.kind.setCurrentText(RADIAL)
    assert set(plots.data.table.nucleus) == {1}

    plots.kind.setCurrentText(LINE)
    assert plots.data is None
    assert "draw it over the map" in plots.note.text()
    explore.draw_line()
    line = viewer.layers["profile line"]
    np.testing.assert_allclose(line.scale, (40, 30))
    line.add_lines(np.array([[85.0, 60.0], [85.0, 200.0]]))
    rate = explore.result.maps["rate"]
    np.testing.assert_allclose(plots.data.table.rate, rate[85, 60:201], rtol=1e-5)
    assert plots.data.table.distance_um.iloc[-1] == pytest.approx(140 * 0.030)

    plots.save(tmp_path / "plot.svg")
    assert "<svg" in (tmp_path / "plot.svg").read_text()
    saved = pd.read_csv(tmp_path / "plot.csv")
    np.testing.assert_allclose(saved.rate, plots.data.table.rate)
    plots.save(tmp_path / "nowhere" / "plot.svg")
    assert "cannot be written" in explore.message.text()


def test_the_slider_moves_the_fade(
    viewer: napari.Viewer, explore: ExploreWidget, result_path: Path
) -> None:
    viewer.open(result_path, plugin="chromamol")
    fade = layer(viewer, "fade")
    rate, sd = explore.result.maps["rate"], explore.result.maps["rate_sd"]
    inside = explore.result.labels == 1
    spread = rate[inside & np.isfinite(rate)].std()
    y, x = np.argwhere(inside & np.isfinite(rate))[500]
    assert fade.data[y, x] == pytest.approx(sd[y, x] / spread, rel=1e-3)
    # Where the uncertainty is as large as the threshold, half of the map shines through.
    for percent in (100, 40):
        explore.fade.setValue(percent)
        low, high = fade.contrast_limits
        at_threshold = fade.colormap.map(np.array([(percent / 100 - low) / (high - low)]))[0]
        assert at_threshold[3] == pytest.approx(0.5, abs=0.01)
    assert explore.fade.isEnabled()
    explore.result.maps["rate_sd"] = np.full_like(sd, np.nan)
    explore._show()
    assert not explore.fade.isEnabled()


def test_figure_and_files_are_those_of_the_command_line(
    qtbot: QtBot, viewer: napari.Viewer, explore: ExploreWidget, result_path: Path, tmp_path: Path
) -> None:
    viewer.open(result_path, plugin="chromamol")
    explore.save_figure(tmp_path / "all.png")
    qtbot.waitUntil(explore.figure_button.isEnabled, timeout=60_000)
    assert "all.png" in explore.message.text()
    first = matplotlib.image.imread(tmp_path / "all.png")
    command_line = matplotlib.image.imread(result_path.with_name("figure.png"))
    np.testing.assert_array_equal(first, command_line)
    explore.nuclei.choose_row(1)
    explore.save_figure(tmp_path / "one.png")
    qtbot.waitUntil(explore.figure_button.isEnabled, timeout=60_000)
    one = matplotlib.image.imread(tmp_path / "one.png")
    assert one.shape != first.shape or not np.array_equal(one, first)

    explore.save_files(tmp_path / "saved")
    qtbot.waitUntil(explore.files_button.isEnabled, timeout=60_000)
    written = {path.name for path in (tmp_path / "saved" / "pair").iterdir()}
    assert written == {path.name for path in result_path.parent.iterdir()}
    for name in ("nuclei.csv", "domains.csv", "settings.yaml"):
        text = (tmp_path / "saved" / "pair" / name).read_text()
        assert text == result_path.with_name(name).read_text()

    (tmp_path / "file").write_text("in the way")
    explore.save_files(tmp_path / "file")
    qtbot.waitUntil(explore.files_button.isEnabled, timeout=60_000)
    assert explore.message.text()
    assert "Written" not in explore.message.text()


def test_a_result_goes_with_its_layers(
    viewer: napari.Viewer, explore: ExploreWidget, result_path: Path
) -> None:
    viewer.open(result_path, plugin="chromamol")
    assert explore.result is not None
    viewer.layers.clear()
    assert explore.result is None
    assert not explore.files_button.isEnabled()


def _horizontal() -> Any:
    from qtpy.QtCore import Qt

    return Qt.Orientation.Horizontal


def _tooltip() -> Any:
    from qtpy.QtCore import Qt

    return Qt.ItemDataRole.ToolTipRole
