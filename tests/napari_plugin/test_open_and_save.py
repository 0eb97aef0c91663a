"""Files of every kind opened, with choices and without, and layers saved, in a real window."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import tifffile
import yaml
from napari.layers import Image
from napari.utils.notifications import notification_manager
from napari_builtins.io import napari_get_reader

import napari_chromamol
from chromamol.images.file_name import IMAGE_SUFFIXES, TABLE_SUFFIXES, VENDOR_SUFFIXES
from chromamol.pipeline import analyse
from chromamol.results.record import record_of
from chromamol.results.tiff import write_colours_tiff
from chromamol.settings import Settings
from napari_chromamol._fields import for_window
from napari_chromamol._reader import get_reader, layers_of

if TYPE_CHECKING:
    from collections.abc import Callable

    import napari
    from pytestqt.qtbot import QtBot

    from napari_chromamol._open_widget import OpenWidget
    from napari_chromamol._run_widget import RateMapWidget

MANIFEST = Path(napari_chromamol.__file__).with_name("napari.yaml")


@pytest.fixture
def opener(viewer: napari.Viewer) -> OpenWidget:
    _, widget = viewer.window.add_plugin_dock_widget("chromamol", "Open with choices")
    return widget


def open_files(qtbot: QtBot, opener: OpenWidget, *paths: Path) -> str:
    opener.choose(paths)
    opener.open()
    qtbot.waitUntil(opener.open_button.isEnabled, timeout=20_000)
    text: str = opener.message.text()
    return text


def table_of(path: Path, *, names: str = "x,y,frame", unit_nm: float = 1.0) -> Path:
    """A cloud of localisations, 6 x 9 um."""
    rng = np.random.default_rng(3)
    rows = np.column_stack([rng.uniform(0, (9_000, 6_000), (3_000, 2)) / unit_nm, range(3_000)])
    np.savetxt(path, rows, delimiter=",", header=names, comments="", fmt="%.4f")
    return path


def test_the_manifest_offers_every_format_that_is_read() -> None:
    (reader,) = yaml.safe_load(MANIFEST.read_text())["contributions"]["readers"]
    suffixes = {f"*{one}" for one in (*IMAGE_SUFFIXES, *VENDOR_SUFFIXES, *TABLE_SUFFIXES)}
    # A pattern covers the longer ones: *.tif also *.ome.tif.
    assert set(reader["filename_patterns"]) == {one for one in suffixes if ".ome." not in one}


def test_files_of_others_are_left_to_them(tmp_path: Path) -> None:
    (tmp_path / "points.csv").write_text("index,axis-0,axis-1\n0,1,2\n1,3,4\n")
    (tmp_path / "data.bin").write_bytes(bytes(range(256)) * 9)
    for name in ("points.csv", "data.bin", "notes.md", "picture.png"):
        assert get_reader(str(tmp_path / name)) is None
    assert get_reader(str(table_of(tmp_path / "locs.csv"))) is not None
    assert get_reader("cell.ome.zarr/") is not None


def test_a_table_opens_as_counts_and_is_analysed_as_counts(
    viewer: napari.Viewer, widget: RateMapWidget, tmp_path: Path
) -> None:
    path = table_of(tmp_path / "DNA.csv", names="x_nm,y_nm,frame")
    (layer,) = viewer.open(path, plugin="chromamol")
    np.testing.assert_allclose(layer.scale, (20, 20))
    assert layer.data.sum() == 3_000
    from napari_chromamol._job import prepare

    assert prepare(widget.choice.chosen(), None, widget.form.settings()).counts


def blinking_table(path: Path) -> Path:
    """A nucleus in which every molecule is seen twice; its frames have an unknown name."""
    rng = np.random.default_rng(2)
    radius, angle = 3_000 * np.sqrt(rng.uniform(size=16_000)), rng.uniform(0, 2 * np.pi, 16_000)
    first = rng.integers(0, 3_000, 16_000)
    seen = np.repeat([radius * np.cos(angle), radius * np.sin(angle)], 2, axis=1)
    seen += 4_000 + 10 * rng.standard_normal(seen.shape)
    frame = np.stack([first, first + 2], axis=1).ravel()
    rows = np.column_stack([*seen, np.full(frame.size, 10.0), frame])
    names = "x [nm],y [nm],uncertainty [nm],t"
    np.savetxt(path, rows, delimiter=",", header=names, comments="", fmt="%.2f")
    return path


def test_what_is_known_of_a_table_arrives_in_the_analysis_as_on_the_command_line(
    viewer: napari.Viewer,
    widget: RateMapWidget,
    run: Callable[[RateMapWidget], None],
    tmp_path: Path,
) -> None:
    path = blinking_table(tmp_path / "DNA.csv")
    settings = Settings(columns={"frame": "t"})
    for data, shown, kind in layers_of([path], settings):
        getattr(viewer, f"add_{kind}")(data, **shown)
    widget.form.editors["density_rate"].setChecked(False)
    run(widget)
    maps = [x for x in viewer.layers if "result" in about(x)]
    record = about(maps[0])["result"].record
    expected = record_of(analyse(path, settings.replace(density_rate=False, method="direct")))
    assert "blinking" in {finding.code for finding in expected.nuclei[0].findings}
    assert record.nuclei == expected.nuclei
    assert (record.counts, record.psf_nm) == (True, expected.psf_nm)
    # The layer is called as its file, which the channel is not.
    (other,) = set(expected.notes) - set(record.notes)
    assert "The only channel (no name) is taken" in other
    roles = {"roles": None}
    assert record.settings.replace(**roles) == expected.settings.replace(**roles)

    # And again from the store of the result.
    from chromamol.results.store import write_store

    write_store(tmp_path / "a.ome.zarr", about(maps[0])["result"])
    viewer.layers.clear()
    viewer.open(tmp_path / "a.ome.zarr", plugin="chromamol")
    run(widget)
    again = next(about(x)["result"].record for x in viewer.layers if "inputs" in about(x))
    assert {one.code for one in again.nuclei[0].findings} == {
        one.code for one in expected.nuclei[0].findings
    }


def test_what_a_file_does_not_tell_is_said_in_the_window(
    qtbot: QtBot, viewer: napari.Viewer, opener: OpenWidget, tmp_path: Path
) -> None:
    path = table_of(tmp_path / "DNA.csv", names="a,b,frame", unit_nm=100.0)
    viewer.open(path, plugin="chromamol")
    assert "'Columns' x=NAME,y=NAME" in notification_manager.records[-1].message
    assert "Open with choices" in notification_manager.records[-1].message
    assert "'a', 'b'" in open_files(qtbot, opener, path)
    opener.rows.editors["columns"].setText("x=a, y = b")
    assert "'Camera pixel' 160" in open_files(qtbot, opener, path)
    opener.rows.editors["camera_pixel_nm"].tick.setChecked(False)
    opener.rows.editors["camera_pixel_nm"].number.setValue(100)
    opener.rows.editors["frame_range"].setText("0, 999")
    assert open_files(qtbot, opener, path).startswith("Opened.")
    (layer,) = viewer.layers
    assert layer.data.sum() == 1_000
    assert layer.data.shape[1] * 20 == pytest.approx(9_000, abs=60)


def test_a_stack_is_opened_at_the_plane_that_is_chosen(
    qtbot: QtBot, viewer: napari.Viewer, opener: OpenWidget, tmp_path: Path
) -> None:
    stack = np.random.default_rng(0).poisson(30, (4, 40, 50)).astype(np.uint16)
    path = tmp_path / "DNA.tif"
    tifffile.imwrite(path, stack, imagej=True, metadata={"axes": "ZYX"})
    assert "'Z plane' N (0 to 3)" in open_files(qtbot, opener, path)
    opener.rows.editors["z_plane"].setText("2")
    open_files(qtbot, opener, path)
    np.testing.assert_array_equal(viewer.layers[-1].data, stack[2])
    opener.rows.editors["z_plane"].setText("mean")
    open_files(qtbot, opener, path)
    np.testing.assert_allclose(viewer.layers[-1].data, stack.mean(axis=0), rtol=1e-6)
    opener.rows.editors["z_plane"].setText("{a: [")
    opener.open()
    assert "cannot be understood" in opener.message.text()


def test_two_files_are_two_channels(
    qtbot: QtBot, viewer: napari.Viewer, opener: OpenWidget, tmp_path: Path
) -> None:
    paths = [table_of(tmp_path / f"{name}.csv", names="x_nm,y_nm,f") for name in ("HP1", "H3K9ac")]
    open_files(qtbot, opener, *paths)
    assert [layer.name for layer in viewer.layers] == ["HP1", "H3K9ac"]
    assert viewer.layers[0].data.shape == viewer.layers[1].data.shape


@pytest.mark.parametrize(
    ("sentence", "expected"),
    [
        ("give it in nm, as in --pixel-size-nm 20.", "'Pixel size' 20."),
        ("Say so: --set length_unit=camera-pixel.", "Say so: 'Length unit' camera-pixel."),
        ("Give them with --with B.csv.", "Give them with several files at once."),
        ("Run 'chromamol settings --help'.", "Run 'chromamol settings --help'."),
        ("one plane with --z-plane N (0 to 3), or with --z-plane mean.", "'Z plane' mean."),
    ],
)
def test_options_of_the_command_line_become_fields(sentence: str, expected: str) -> None:
    assert expected in for_window(sentence)


def test_maps_and_results_are_saved_and_open_again(
    viewer: napari.Viewer,
    widget: RateMapWidget,
    run: Callable[[RateMapWidget], None],
    image_path: Path,
    tmp_path: Path,
) -> None:
    viewer.open(image_path, plugin="chromamol")
    run(widget)

    def layer(name: str) -> Any:
        maps = (x for x in viewer.layers if x.metadata.get("chromamol", {}).get("map") == name)
        return next(maps)

    rate = layer("rate")
    for writer, name in (("write_ome_tiff", "rate.ome.tif"), ("write_imagej_tiff", "rate.tif")):
        (written,) = viewer.layers.save(
            str(tmp_path / name), plugin="chromamol", selected=True, _writer=writer_of(writer)
        )
        with tifffile.TiffFile(written) as file:
            np.testing.assert_array_equal(file.asarray(), rate.data)
            x = file.pages[0].tags["XResolution"].value
            described = file.ome_metadata or file.imagej_metadata["Info"]
        per_um = x[0] / x[1] / (1e4 if name.endswith(".ome.tif") else 1)
        assert 1 / per_um == pytest.approx(0.030)
        assert "relative: 1 is the average" in described
    store = tmp_path / "saved.ome.zarr"
    (written,) = viewer.layers.save(
        str(store), plugin="chromamol", _writer=writer_of("write_result_zarr")
    )
    assert Path(written) == store
    before = {x.metadata["chromamol"]["map"]: x.data for x in viewer.layers if "map" in about(x)}
    viewer.layers.clear()
    viewer.open(store, plugin="chromamol")
    again = {x.metadata["chromamol"]["map"]: x.data for x in viewer.layers if "map" in about(x)}
    assert set(again) == set(before)
    for name, data in again.items():
        np.testing.assert_array_equal(data, before[name])

    viewer.layers.selection = {viewer.layers[0]}
    with pytest.warns(UserWarning, match="did not return any written paths"):
        viewer.layers.save(
            str(tmp_path / "none.ome.zarr"),
            selected=True,
            plugin="chromamol",
            _writer=writer_of("write_result_zarr"),
        )
    assert "no results of chromamol" in notification_manager.records[-1].message
    assert not (tmp_path / "none.ome.zarr").exists()


def test_an_exported_picture_opens_in_its_colours(tmp_path: Path) -> None:
    path = tmp_path / "rate.ome.tif"
    yxs = np.random.default_rng(2).integers(0, 256, (40, 70, 3), np.uint8)
    write_colours_tiff(path, yxs, (20.0, 30.0), "rate", "a rate", imagej=False)
    read = napari_get_reader(str(path))
    assert read is not None
    ((data, *_),) = read(str(path))
    layer = Image(data)
    assert layer.rgb
    np.testing.assert_array_equal(layer.data, yxs)


def about(layer: Any) -> dict[str, Any]:
    found: dict[str, Any] = layer.metadata.get("chromamol", {})
    return found


def writer_of(name: str) -> Any:
    """The writer of the manifest, as the dialog of File > Save gives it."""
    from npe2 import PluginManifest

    manifest = PluginManifest.from_file(MANIFEST)
    return next(one for one in manifest.contributions.writers if one.command.endswith(name))
