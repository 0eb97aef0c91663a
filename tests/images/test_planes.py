"""Stacks and series: the plane, the projection, the time point and the axes are the user's."""

from __future__ import annotations

import numpy as np
import pytest
import tifffile
from yaozarrs import v05
from yaozarrs.write.v05 import write_image

from chromamol.errors import CallError, InputError
from chromamol.images.formats import open_source
from chromamol.images.read import read_image
from chromamol.settings import Settings, make_settings

TZCYX = np.random.default_rng(11).integers(1, 4000, (3, 5, 2, 24, 37)).astype(np.uint16)
ZCYX = TZCYX[0]
ZYX = ZCYX[:, 0]


def write_tiff(path, array, axes, **options):
    kind = {"ome": True} if "imagej" not in options else {}
    metadata = {"axes": axes, "PhysicalSizeZ": 0.3} if kind else {"axes": axes, "spacing": 0.3}
    metadata |= {} if kind else {"unit": "um"}
    tifffile.imwrite(path, array, photometric="minisblack", metadata=metadata, **kind, **options)
    return path


def write_zarr(path, array, axes):
    kinds = {"c": v05.ChannelAxis, "t": v05.TimeAxis}
    scale = [0.3 if a == "z" else 0.02 for a in axes]
    multiscale = v05.Multiscale(
        axes=[
            kinds[a](name=a) if a in kinds else v05.SpaceAxis(name=a, unit="micrometer")
            for a in axes
        ],
        datasets=[
            v05.Dataset(path="0", coordinateTransformations=[v05.ScaleTransformation(scale=scale)])
        ],
    )
    write_image(path, v05.Image(multiscales=[multiscale]), array, writer="zarr")
    return path


@pytest.fixture(params=["ome", "imagej", "tiled", "bigtiff", "zarr"])
def series(request, tmp_path):
    """One time series of a z-stack with channels, in every kind of file."""
    if request.param == "zarr":
        return write_zarr(tmp_path / "a.ome.zarr", TZCYX.swapaxes(1, 2), "tczyx")
    options = {
        "ome": {},
        "imagej": {"imagej": True},
        "tiled": {"tile": (16, 16), "compression": "zlib"},
        "bigtiff": {"bigtiff": True, "compression": "zlib", "rowsperstrip": 1},
    }[request.param]
    return write_tiff(tmp_path / "a.ome.tif", TZCYX, "TZCYX", **options)


def test_the_chosen_plane_and_time(series):
    image = read_image(series, Settings(z_plane=3, time_point=1))
    np.testing.assert_array_equal(image.cyx, TZCYX[1, 3])
    assert image.cyx.dtype == np.uint16
    assert "Plane 3 of 5 (z, counted from 0) was read." in image.notes
    assert "Time point 1 of 3 was read." in image.notes


def test_the_mean_of_the_planes(series):
    image = read_image(series, Settings(z_plane="mean", time_point=2))
    np.testing.assert_allclose(image.cyx, TZCYX[2].mean(axis=0), rtol=1e-6)
    assert "The mean of 5 planes (z) was read." in image.notes


def test_what_is_missing_is_said_with_what_to_give(series):
    with pytest.raises(InputError, match=r"3 time points.*--time-point N \(0 to 2\)") as caught:
        read_image(series)
    sentence = "one plane with --z-plane N (0 to 4), or the mean of all with --z-plane mean"
    assert sentence in str(caught.value)
    with pytest.raises(InputError) as caught:
        read_image(series, Settings(z_plane=0))
    assert "z-stack" not in str(caught.value)


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"z_plane": 5, "time_point": 0}, "no --z-plane 5; the image has 5 planes .z., 0 to 4"),
        ({"z_plane": 0, "time_point": 3}, "no --time-point 3; the image has 3 time points, 0 to 2"),
    ],
)
def test_a_choice_out_of_range(series, settings, sentence):
    with pytest.raises(InputError, match=sentence):
        read_image(series, make_settings(settings))


@pytest.mark.parametrize(
    "choice", [{"z_plane": 0}, {"z_plane": "mean"}, {"time_point": 0}], ids=str
)
def test_a_choice_for_an_axis_that_is_not_there(tmp_path, choice):
    path = write_tiff(tmp_path / "a.tif", ZCYX[0], "CYX")
    with pytest.raises(InputError, match="leave --"):
        read_image(path, make_settings(choice))


def test_a_plain_imagej_stack_does_not_say_what_its_slices_are(tmp_path):
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, ZYX, imagej=True, metadata={"axes": "ZYX", "hyperstack": False})
    with pytest.raises(InputError, match=r"5 pages and does not say .*--axes CYX"):
        read_image(path, Settings(z_plane=1))
    image = read_image(path, Settings(axes="ZYX", z_plane=1))
    np.testing.assert_array_equal(image.cyx, ZYX[1:2])
    assert "does not name its pages; ZYX was given" in image.notes[0]
    np.testing.assert_array_equal(read_image(path, Settings(axes="CYX")).cyx, ZYX)
    labels = [f"z:{z + 1}/5 - a" for z in range(5)]
    metadata = {"axes": "ZYX", "hyperstack": False, "Labels": labels}
    tifffile.imwrite(path, ZYX, imagej=True, metadata=metadata)
    np.testing.assert_array_equal(read_image(path, Settings(z_plane=4)).cyx, ZYX[4:])


def test_the_axes_of_the_user_overrule_the_file_and_a_note_says_so(tmp_path):
    path = write_tiff(tmp_path / "a.ome.tif", ZYX, "ZYX")
    image = read_image(path, Settings(axes="CYX"))
    np.testing.assert_array_equal(image.cyx, ZYX)
    assert image.notes == ("The file names its axes ZYX; CYX was given and is used.",)
    np.testing.assert_array_equal(
        read_image(path, Settings(axes="ZXY", z_plane=0)).cyx[0], ZYX[0].T
    )
    for axes in ("YX", "TZYX"):
        with pytest.raises(InputError, match=r"has 3 axes of 5 x 24 x 37 values; --axes .* names"):
            read_image(path, Settings(axes=axes))


@pytest.mark.parametrize("axes", ["CZ", "CYXX", "QYX", "", 3])
def test_axes_that_are_none(axes):
    with pytest.raises(CallError, match="axes"):
        make_settings({"axes": axes})


def test_too_many_channels(tmp_path):
    path = write_tiff(tmp_path / "a.ome.tif", np.repeat(ZYX, 7, axis=0), "CYX")
    with pytest.raises(InputError, match="35 channels; at most 32"):
        read_image(path)


def test_labels_of_an_imagej_stack_name_its_channels(tmp_path):
    labels = [f"c:{c + 1}/2 z:{z + 1}/5 - {('DAPI', 'HP1')[c]}" for z in range(5) for c in (0, 1)]
    path = tmp_path / "a.tif"
    metadata = {"axes": "ZCYX", "Labels": labels}
    tifffile.imwrite(path, ZCYX, imagej=True, metadata=metadata)
    assert read_image(path, Settings(z_plane=2)).channel_names == ("DAPI", "HP1")


def test_a_pyramid_is_read_at_its_highest_resolution(tmp_path):
    path = tmp_path / "a.ome.tif"
    big = np.random.default_rng(2).integers(1, 999, (2, 96, 160)).astype(np.uint16)
    tiles = {"tile": (32, 16), "compression": "zlib", "photometric": "minisblack"}
    with tifffile.TiffWriter(path, ome=True, bigtiff=True) as tiff:
        tiff.write(big, subifds=1, metadata={"axes": "CYX"}, **tiles)
        tiff.write(big[:, ::2, ::2], subfiletype=1, **tiles)
    np.testing.assert_array_equal(read_image(path).cyx, big)


def test_of_several_series_the_first_is_read(tmp_path):
    path = tmp_path / "a.tif"
    with tifffile.TiffWriter(path) as tiff:
        tiff.write(ZYX[0], metadata=None)
        tiff.write(ZYX[1, :, :30], metadata=None)
    image = read_image(path)
    np.testing.assert_array_equal(image.cyx[0], ZYX[0])
    assert image.notes == ("The file holds 2 images; the first was read.",)


def test_only_the_chosen_plane_is_decoded(tmp_path):
    """A page that cannot be decoded does no harm to the others."""
    path = write_tiff(tmp_path / "a.ome.tif", ZYX, "ZYX", compression="zlib")
    with tifffile.TiffFile(path) as tiff:
        start = tiff.pages[2].dataoffsets[0]
    content = bytearray(path.read_bytes())
    content[start : start + 8] = b"\xff" * 8
    path.write_bytes(content)
    with pytest.raises(InputError, match="damaged"):
        read_image(path, Settings(z_plane=2))
    with open_source(path, Settings(z_plane=4)) as source:
        np.testing.assert_array_equal(source.cyx[0], ZYX[4])


def test_what_the_reader_of_an_image_raises_is_not_blamed_on_the_file(tmp_path):
    path = write_tiff(tmp_path / "a.ome.tif", ZYX, "CYX")
    full = OSError("disk full")
    with pytest.raises(OSError, match="disk full"), open_source(path, Settings()):
        raise full
