"""Files that are dropped on a real window."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
import tifffile
from napari.utils.notifications import notification_manager

from chromamol.results.tiff import write_map_tiff
from chromamol.samples import STED_PIXEL_SIZE_NM

if TYPE_CHECKING:
    from pathlib import Path

    import napari


def test_tiff_opens_with_names_pixel_size_and_units(
    viewer: napari.Viewer, image_path: Path
) -> None:
    layers = viewer.open(image_path, plugin="chromamol")
    assert [layer.name for layer in layers] == ["H3K9me3", "H3K27ac"]
    for layer, yx in zip(layers, tifffile.imread(image_path), strict=True):
        np.testing.assert_array_equal(layer.data, yx)
        np.testing.assert_allclose(layer.scale, (40.0, 30.0))
        assert [str(unit) for unit in layer.units] == ["nanometer", "nanometer"]
        assert layer.axis_labels == ("y", "x")


def test_without_a_pixel_size_it_opens_in_pixels(viewer: napari.Viewer, tmp_path: Path) -> None:
    path = tmp_path / "scan.tif"
    tifffile.imwrite(path, np.arange(600, dtype=np.uint16).reshape(20, 30))
    (layer,) = viewer.open(path, plugin="chromamol")
    assert layer.name == "scan"
    np.testing.assert_array_equal(layer.scale, (1, 1))
    assert [str(unit) for unit in layer.units] == ["pixel", "pixel"]


@pytest.mark.parametrize(
    ("array", "said"),
    [
        (np.zeros((20, 30), np.uint8), "all zeros"),
        (np.arange(20 * 30 * 3, dtype=np.uint8).reshape(20, 30, 3), "colour"),
    ],
)
def test_bad_file_is_a_sentence_and_no_layer(
    viewer: napari.Viewer, tmp_path: Path, array: np.ndarray, said: str
) -> None:
    path = tmp_path / "bad.tif"
    tifffile.imwrite(path, array)
    viewer.open(path, plugin="chromamol")
    assert len(viewer.layers) == 0
    notification = notification_manager.records[-1]
    assert said in notification.message
    assert notification.severity == "error"


def test_sted_sample(viewer: napari.Viewer) -> None:
    image, outlines = viewer.open_sample("chromamol", "sted_nucleus")
    assert image.data.shape == outlines.data.shape
    for layer in (image, outlines):
        np.testing.assert_allclose(layer.scale, STED_PIXEL_SIZE_NM)
        assert str(layer.units[0]) == "nanometer"
    assert outlines.data.max() == 1


def test_simulated_sample(viewer: napari.Viewer) -> None:
    *channels, outlines = viewer.open_sample("chromamol", "simulated_nucleus")
    assert [channel.name for channel in channels] == ["heterochromatin", "euchromatin"]
    np.testing.assert_allclose(outlines.scale, 10)


def test_an_exported_map_opens_with_its_nan_and_pixel_size(
    viewer: napari.Viewer, tmp_path: Path
) -> None:
    path = tmp_path / "rate.ome.tif"
    yx_map = np.full((20, 30), np.nan)
    yx_map[5:15, 5:20] = 1.5
    write_map_tiff(path, yx_map, (23.0, 17.0), "rate ratio")
    (layer,) = viewer.open(path, plugin="chromamol")
    np.testing.assert_array_equal(layer.data, yx_map)
    np.testing.assert_allclose(layer.scale, (23.0, 17.0), rtol=1e-6)
    assert [str(unit) for unit in layer.units] == ["nanometer", "nanometer"]
