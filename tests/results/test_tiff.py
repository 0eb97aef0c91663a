"""Maps as TIFF: values, pixel size where Fiji and Bio-Formats look for it, compression."""

from __future__ import annotations

from xml.etree import ElementTree as ET

import numpy as np
import pytest
import tifffile

from chromamol.errors import CallError
from chromamol.results import tiff
from chromamol.results.tiff import write_colours_tiff, write_map_imagej_tiff, write_map_tiff

from .conftest import SPACING_NM

OME = "{http://www.openmicroscopy.org/Schemas/OME/2016-06}"


@pytest.fixture
def written(tmp_path, analysis):
    path = tmp_path / "rate.ome.tif"
    rate = analysis.full_map("rate")
    write_map_tiff(path, rate, SPACING_NM, "rate", description="cell_3: rate ratio")
    return path, rate


def test_values_are_float32_and_nan_outside(written):
    path, rate = written
    back = tifffile.imread(path)
    assert back.dtype == np.float32
    np.testing.assert_array_equal(back, rate.astype(np.float32))
    assert np.isnan(back[0, -1])


def test_ome_metadata_state_the_pixel_size_and_the_channel(written):
    path, rate = written
    with tifffile.TiffFile(path) as file:
        assert file.is_ome
        root = ET.fromstring(file.ome_metadata)
    pixels = root.find(f"{OME}Image/{OME}Pixels")
    assert float(pixels.get("PhysicalSizeX")) == pytest.approx(0.017)
    assert float(pixels.get("PhysicalSizeY")) == pytest.approx(0.023)
    assert {pixels.get("PhysicalSizeXUnit"), pixels.get("PhysicalSizeYUnit")} == {"µm"}
    assert (int(pixels.get("SizeY")), int(pixels.get("SizeX"))) == rate.shape
    assert pixels.get("Type") == "float"
    assert pixels.find(f"{OME}Channel").get("Name") == "rate"
    assert root.find(f"{OME}Image/{OME}Description").text == "cell_3: rate ratio"


def test_imagej_reads_the_pixel_size_from_the_resolution_tags(written):
    # ImageJ takes 1 / resolution for the pixel; centimetres below 1e-3 become micrometres.
    path, _ = written
    with tifffile.TiffFile(path) as file:
        tags = file.pages[0].tags
        assert tags["ResolutionUnit"].value == tifffile.RESUNIT.CENTIMETER
        x, y = (tags[name].value for name in ("XResolution", "YResolution"))
    assert 1e4 * x[1] / x[0] == pytest.approx(0.017)
    assert 1e4 * y[1] / y[0] == pytest.approx(0.023)


def test_compression_is_one_that_every_reader_knows(written):
    path, _ = written
    with tifffile.TiffFile(path) as file:
        page = file.pages[0]
        assert page.compression == tifffile.COMPRESSION.ADOBE_DEFLATE
        assert page.predictor == tifffile.PREDICTOR.NONE
        assert not file.is_bigtiff


def test_above_four_gigabytes_it_is_a_bigtiff(tmp_path, monkeypatch):
    monkeypatch.setattr(tiff, "_CLASSIC_LIMIT_BYTES", 1_000)
    write_map_tiff(tmp_path / "large.ome.tif", np.ones((30, 20)), SPACING_NM, "rate")
    with tifffile.TiffFile(tmp_path / "large.ome.tif") as file:
        assert file.is_bigtiff


def test_a_tiff_of_imagej_is_never_larger_than_it_can_be(tmp_path, monkeypatch):
    monkeypatch.setattr(tiff, "_CLASSIC_LIMIT_BYTES", 1_000)
    with pytest.raises(CallError, match=r"up to 4 GB.*--format ome"):
        write_map_imagej_tiff(tmp_path / "large.tif", np.ones((30, 20)), SPACING_NM, "rate")
    assert not (tmp_path / "large.tif").exists()


@pytest.mark.parametrize("imagej", [False, True])
def test_a_picture_in_colours(tmp_path, imagej):
    yxs = np.random.default_rng(4).integers(0, 256, (30, 50, 3), np.uint8)
    path = tmp_path / "rate.tif"
    write_colours_tiff(path, yxs, SPACING_NM, "rate", "cell_3", imagej=imagej)
    with tifffile.TiffFile(path) as file:
        assert (file.is_imagej, file.is_ome) == (imagej, not imagej)
        assert file.series[0].axes == "YXS"
        np.testing.assert_array_equal(file.asarray(), yxs)
        x, y = (file.pages[0].tags[name].value for name in ("XResolution", "YResolution"))
        if not imagej:
            pixels = ET.fromstring(file.ome_metadata).find(f"{OME}Image/{OME}Pixels")
            assert float(pixels.get("PhysicalSizeY")) == pytest.approx(0.023)
            assert pixels.find(f"{OME}Channel").get("SamplesPerPixel") == "3"
    per_um = 1 if imagej else 1e4
    assert per_um * x[1] / x[0] == pytest.approx(0.017)
    assert per_um * y[1] / y[0] == pytest.approx(0.023)


def test_a_tiff_of_imagej(tmp_path, analysis):
    path, rate = tmp_path / "rate.tif", analysis.full_map("rate")
    write_map_imagej_tiff(path, rate, SPACING_NM, "cell_3: µm")
    with tifffile.TiffFile(path) as file:
        assert file.is_imagej
        assert file.imagej_metadata["unit"] == "um"
        assert file.imagej_metadata["Info"] == "cell_3: ?m"
        x, y = (file.pages[0].tags[name].value for name in ("XResolution", "YResolution"))
        np.testing.assert_array_equal(file.asarray(), rate.astype(np.float32))
    assert x[1] / x[0] == pytest.approx(0.017)
    assert y[1] / y[0] == pytest.approx(0.023)
