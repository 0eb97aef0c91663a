"""The OME-Zarr store: valid, complete, read back as it was; what strangers may put in it."""

from __future__ import annotations

import json
import shutil
import warnings
from dataclasses import fields, replace
from xml.etree import ElementTree as ET

import numpy as np
import pandas as pd
import pytest
import yaozarrs
import zarr

from chromamol.analysis import MAP_NAMES
from chromamol.errors import InputError
from chromamol.images.pyramid import pyramid
from chromamol.results.figure import draw_figure
from chromamol.results.frame import frame_around
from chromamol.results.measure import measure
from chromamol.results.panels import panels_of
from chromamol.results.reopen import is_result, read_map, read_result
from chromamol.results.result import analysis_of, result_of
from chromamol.results.store import write_store

from .conftest import SHAPE, SPACING_NM

LABELS = ("image/labels/nuclei", "image/labels/domains")
OME = "{http://www.openmicroscopy.org/Schemas/OME/2016-06}"


@pytest.fixture(scope="module")
def store(analysis, tmp_path_factory):
    path = tmp_path_factory.mktemp("store") / "cell_3.ome.zarr"
    write_store(path, result_of(analysis))
    return path


@pytest.fixture
def copy(store, tmp_path):
    return shutil.copytree(store, tmp_path / "cell_3.ome.zarr")


def edit(path, change):
    """Change the JSON of a zarr node."""
    content = json.loads(path.read_text())
    change(content)
    path.write_text(json.dumps(content))


def test_store_is_valid_ome_zarr(store):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for group in ("", "image", "image/labels", *LABELS, *MAP_NAMES):
            yaozarrs.validate_zarr_store(store / group)


def test_every_image_has_scale_and_unit(store):
    for group in ("image", *LABELS, *MAP_NAMES):
        (multiscale,) = zarr.open_group(store / group, mode="r").attrs["ome"]["multiscales"]
        y, x = multiscale["axes"][-2:]
        assert (y["name"], x["name"]) == ("y", "x")
        assert y["unit"] == x["unit"] == "nanometer"
        (transform,) = multiscale["datasets"][0]["coordinateTransformations"]
        assert transform["scale"][-2:] == list(SPACING_NM)


def test_channels_have_names_colours_and_limits(store, analysis):
    channels = zarr.open_group(store / "image", mode="r").attrs["ome"]["omero"]["channels"]
    assert [channel["label"] for channel in channels] == ["H3K9me3", "H3K27ac"]
    assert [channel["color"] for channel in channels] == ["FF00FF", "00FF00"]
    for channel, yx in zip(channels, analysis.image.cyx, strict=True):
        window = channel["window"]
        assert (window["min"], window["max"]) == (yx.min(), yx.max())
        assert window["min"] <= window["start"] < window["end"] <= window["max"]


def test_the_list_of_images_names_each_with_its_pixel_size(store, analysis):
    listed = zarr.open_group(store / "OME", mode="r").attrs["ome"]["series"]
    root = ET.parse(store / "OME" / "METADATA.ome.xml").getroot()
    images = root.findall(f"{OME}Image")
    assert [image.get("ID") for image in images] == [f"Image:{name}" for name in listed]
    assert set(listed) == {"image", *MAP_NAMES}
    for image in images:
        pixels = image.find(f"{OME}Pixels")
        assert float(pixels.get("PhysicalSizeX")) == pytest.approx(0.017)
        assert float(pixels.get("PhysicalSizeY")) == pytest.approx(0.023)
        assert (int(pixels.get("SizeY")), int(pixels.get("SizeX"))) == SHAPE
    assert len(images[0].findall(f"{OME}Pixels/{OME}Channel")) == len(analysis.image.cyx)


def test_arrays_are_chunked_and_compressed_with_zstd(store):
    array = zarr.open_array(store / "image" / "0", mode="r")
    assert array.chunks == (1, *SHAPE)
    assert "zstd" in str(array.compressors).lower()


def test_result_comes_back_as_it_was(store, analysis):
    result = read_result(store)
    np.testing.assert_array_equal(result.cyx, analysis.image.cyx)
    assert result.cyx.dtype == analysis.image.cyx.dtype
    np.testing.assert_array_equal(result.labels, analysis.nuclei.labels)
    assert set(result.maps) == set(MAP_NAMES)
    for name in MAP_NAMES:
        expected = analysis.full_map(name).astype(np.float32)
        np.testing.assert_array_equal(result.maps[name], expected)
        record, yx_map = read_map(store, name)
        np.testing.assert_array_equal(yx_map, expected)
        assert record == result.record
    assert result.channel_names == ("H3K9me3", "H3K27ac")
    assert result.yx_spacing_nm == SPACING_NM
    assert result.record.settings == analysis.settings
    assert result.record.notes == analysis.notes
    first = result.record.nuclei[0]
    assert (first.quantity, first.scale, first.status) == ("rate ratio", "RELATIVE", "CONVERGED")
    assert [finding.code for finding in first.findings] == ["ell-assumed", "scale-relative"]
    assert first.findings[1].value is None  # NaN is no JSON


def test_its_tables_come_back_with_the_domains_that_they_are_about(store, analysis):
    result = read_result(store)
    pd.testing.assert_frame_equal(result.nuclei_table, measure(analysis).nuclei)
    pd.testing.assert_frame_equal(result.domains_table, measure(analysis).domains)
    pixel_um2 = 0.023 * 0.017
    areas_um2 = np.bincount(result.domains.ravel())[1:] * pixel_um2
    np.testing.assert_allclose(areas_um2, result.domains_table.area_um2)
    for number, row in enumerate(result.domains_table.itertuples(), start=1):
        assert set(result.labels[result.domains == number]) == {row.nucleus}


@pytest.mark.parametrize("lie", [[7], [{"nucleus": []}], {"a": 1}, 7])
def test_a_table_that_lies_is_refused(copy, lie):
    def change(label):
        label["attributes"]["ome"]["image-label"]["properties"] = lie

    edit(copy / "image" / "labels" / "nuclei" / "zarr.json", change)
    with pytest.raises(InputError, match="table of the nuclei"):
        read_result(copy)


def test_the_panels_of_a_stored_result_are_those_of_its_analysis(store, analysis):
    again = analysis_of(read_result(store))
    # The composition of this analysis holds densities that its image does not.
    again = replace(again, composition=replace(analysis.composition, image=analysis.image))
    frame = frame_around(analysis.nuclei.labels, SPACING_NM)
    for one, other in zip(panels_of(analysis, frame), panels_of(again, frame), strict=True):
        for field in fields(one):
            value, same = getattr(one, field.name), getattr(other, field.name)
            if isinstance(value, np.ndarray):
                np.testing.assert_allclose(same, value, rtol=1e-5, atol=1e-6)
            elif field.name == "bars":
                assert [bar.label for bar in same] == [bar.label for bar in value]
                limits = [(bar.low, bar.high) for bar in value]
                np.testing.assert_allclose([(b.low, b.high) for b in same], limits, rtol=1e-5)
            else:
                assert same == value
    texts = [[text.get_text() for text in draw_figure(x).texts] for x in (analysis, again)]
    assert texts[0] == texts[1]


def test_one_nucleus_of_a_result(store, analysis):
    one = analysis_of(read_result(store), label=2)
    assert [nucleus.label for nucleus in one.per_nucleus] == [2]
    assert set(np.unique(one.nuclei.labels)) == {0, 2}
    assert one.nuclei.touches_border == (True, False)
    expected = np.where(analysis.nuclei.labels == 2, analysis.full_map("rate"), np.nan)
    np.testing.assert_allclose(one.full_map("rate"), expected, rtol=1e-6)


def test_a_result_without_a_rate_comes_back_empty(rejected_analysis, tmp_path):
    write_store(tmp_path / "r.ome.zarr", result_of(rejected_analysis))
    yaozarrs.validate_zarr_store(tmp_path / "r.ome.zarr")
    result = read_result(tmp_path / "r.ome.zarr")
    assert np.isnan(result.maps["rate"]).all()
    assert result.record.nuclei[0].reaction_length_nm is None


def test_large_images_have_a_pyramid_that_lies_where_they_lie(analysis, tmp_path):
    # The nuclei in the corner of a larger image; a ramp shows shifts between the levels.
    shape = (501, 1030)
    ramp = np.add.outer(2.0 * np.arange(shape[0]), np.arange(shape[1])).astype(np.float32)
    labels = np.zeros(shape, np.int32)
    labels[: SHAPE[0], : SHAPE[1]] = analysis.nuclei.labels
    large = replace(
        analysis,
        image=replace(analysis.image, cyx=np.stack([ramp, ramp])),
        nuclei=replace(analysis.nuclei, labels=labels),
    )
    write_store(tmp_path / "large.ome.zarr", result_of(large))
    yaozarrs.validate_zarr_store(tmp_path / "large.ome.zarr")
    group = zarr.open_group(tmp_path / "large.ome.zarr" / "image", mode="r")
    (multiscale,) = group.attrs["ome"]["multiscales"]
    shapes = [group[dataset["path"]].shape for dataset in multiscale["datasets"]]
    assert shapes == [(2, 501, 1030), (2, 251, 515), (2, 126, 258), (2, 63, 129)]
    for dataset in multiscale["datasets"][1:]:
        scale, shift = dataset["coordinateTransformations"]
        y_nm, x_nm = (20 * scale["scale"][i] + shift["translation"][i] for i in (1, 2))
        expected = 2 * y_nm / SPACING_NM[0] + x_nm / SPACING_NM[1]
        assert group[dataset["path"]][0, 20, 20] == pytest.approx(expected)
    nuclei = zarr.open_group(tmp_path / "large.ome.zarr" / "image/labels/nuclei", mode="r")
    np.testing.assert_array_equal(nuclei["1"][:], labels[::2, ::2])


def test_a_pyramid_leaves_nan_out():
    array = np.full((300, 4), np.nan, np.float32)
    array[0, 0], array[1, 1], array[2, 2] = 1.0, 3.0, 5.0
    coarse = pyramid(array, "mean")[1]
    assert coarse.shape == (150, 2)
    assert (coarse[0, 0], coarse[1, 1]) == (2.0, 5.0)
    assert np.isnan(coarse[2:]).all()


@pytest.mark.parametrize("dtype", ["bool", "int64", "float16", ">u2"])
def test_every_pixel_type_is_stored_as_one_of_ome(analysis, tmp_path, dtype):
    cyx = (analysis.image.cyx % 2).astype(dtype)
    other = replace(analysis, image=replace(analysis.image, cyx=cyx))
    write_store(tmp_path / "t.ome.zarr", result_of(other))
    result = read_result(tmp_path / "t.ome.zarr")
    np.testing.assert_array_equal(result.cyx, cyx)
    assert result.cyx.dtype in {np.dtype(kind) for kind in ("uint8", "uint16", "float64")}


def test_a_folder_that_is_no_result_is_named(tmp_path):
    with pytest.raises(InputError, match=r"no result at .*nothing.*\.ome\.zarr"):
        read_result(tmp_path / "nothing")
    zarr.create_group(tmp_path / "other.ome.zarr")
    with pytest.raises(InputError, match="not a result of chromamol"):
        read_result(tmp_path / "other.ome.zarr")


def test_a_result_of_a_later_version_says_so(copy):
    edit(copy / "zarr.json", lambda root: root["attributes"]["chromamol"].update(schema_version=3))
    with pytest.raises(InputError, match=r"does not fit this version.*schema_version"):
        read_result(copy)


@pytest.mark.parametrize(("key", "lie"), [("scale", "LOUD"), ("quantity", "speed")])
def test_a_map_of_an_unknown_kind_is_refused(copy, key, lie):
    def change(root):
        root["attributes"]["chromamol"]["nuclei"][0][key] = lie

    edit(copy / "zarr.json", change)
    with pytest.raises(InputError, match=f"does not fit this version.*{key}"):
        read_result(copy)


def test_it_is_told_from_other_stores(copy, tmp_path):
    zarr.create_group(tmp_path / "other.ome.zarr")
    assert is_result(copy)
    assert not is_result(copy / "image")
    assert not is_result(tmp_path / "other.ome.zarr")
    assert not is_result(tmp_path / "nothing")


@pytest.mark.parametrize("missing", ["rate", "image/labels", "OME/../image/0/zarr.json"])
def test_an_incomplete_result_is_refused(copy, missing):
    target = copy / missing
    target.unlink() if target.is_file() else shutil.rmtree(target)
    with pytest.raises(InputError, match="incomplete"):
        read_result(copy)


def test_one_map_is_read_without_the_others(copy):
    shutil.rmtree(copy / "rate" / "0")
    with pytest.raises(InputError):
        read_map(copy, "rate")
    shutil.copytree(copy / "image" / "labels" / "nuclei" / "0", copy / "rate" / "0")
    with pytest.raises(InputError, match="do not fit together"):
        read_map(copy, "rate")
    with pytest.raises(InputError, match="There is no result at"):
        read_map(copy / "none.ome.zarr", "rate")
    assert np.isfinite(read_map(copy, "compaction")[1]).any()


def test_damaged_pixels_are_refused(copy):
    chunk = copy / "rate" / "0" / "c" / "0" / "0"
    chunk.write_bytes(chunk.read_bytes()[:40])
    with pytest.raises(InputError, match="damaged"):
        read_result(copy)


def test_a_link_out_of_the_store_is_refused(copy, tmp_path):
    (tmp_path / "secret").write_text("x")
    (copy / "rate" / "0" / "c" / "0" / "1").symlink_to(tmp_path / "secret")
    with pytest.raises(InputError, match="link"):
        read_result(copy)


@pytest.mark.parametrize(
    "lie",
    [
        {"shape": [10**7, 10**7]},
        {"shape": [150, 271]},
        {"data_type": "string"},
        {"codecs": [{"name": "numcodecs.pickle"}]},
        {"shape": "all of it"},
    ],
)
def test_a_header_that_lies_is_refused_before_any_pixel_is_read(copy, lie):
    edit(copy / "rate" / "0" / "zarr.json", lambda array: array.update(lie))
    with pytest.raises(InputError):
        read_result(copy)


@pytest.mark.parametrize("largest", [10**6, -1])
def test_labels_that_are_no_numbers_of_nuclei_are_refused(copy, largest):
    labels = zarr.open_array(copy / "image" / "labels" / "nuclei" / "0", mode="r+")
    labels[0, 0] = largest
    with pytest.raises(InputError, match="not those of its record"):
        read_result(copy)


@pytest.mark.parametrize(
    ("key", "lie"), [("label", 7), ("status", "FINE"), ("roles", {"heterochromatin": 9})]
)
def test_a_record_that_does_not_fit_its_pixels_is_refused(copy, key, lie):
    def change(root):
        record = root["attributes"]["chromamol"]
        (record if key == "roles" else record["nuclei"][0])[key] = lie

    edit(copy / "zarr.json", change)
    with pytest.raises(InputError, match=r"not those of its record|does not fit this version"):
        read_result(copy)
