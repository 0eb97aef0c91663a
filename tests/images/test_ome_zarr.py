"""OME-Zarr 0.4 (written with zarr) and 0.5 (written with yaozarrs), and hostile stores."""

from __future__ import annotations

import json

import numcodecs
import numpy as np
import pytest
import zarr
from yaozarrs import v05
from yaozarrs.write.v05 import write_image

from chromamol.errors import InputError
from chromamol.images.read import read_image

CYX = np.random.default_rng(5).integers(1, 4000, (2, 24, 37)).astype(np.uint16)


def write_05(path, array, axes, scale, *, names=(), unit="micrometer"):
    """Write an image with the independent writer of yaozarrs."""
    kinds = {"c": v05.ChannelAxis, "t": v05.TimeAxis}
    multiscale = v05.Multiscale(
        axes=[kinds[a](name=a) if a in kinds else v05.SpaceAxis(name=a, unit=unit) for a in axes],
        datasets=[
            v05.Dataset(path="0", coordinateTransformations=[v05.ScaleTransformation(scale=scale)])
        ],
    )
    window = v05.OmeroWindow(start=0, min=0, end=1, max=1)
    channels = [v05.OmeroChannel(label=name, color="FFFFFF", window=window) for name in names]
    omero = v05.Omero(channels=channels) if names else None
    write_image(path, v05.Image(multiscales=[multiscale], omero=omero), array, writer="zarr")
    return path


def write_04(path, array, axes, levels=1, *, common=None, **array_options):
    """Write an image by the text of the specification, version 0.4."""
    group = zarr.open_group(path, mode="w", zarr_format=2)
    datasets = []
    for level in range(levels):
        step = 2**level
        data = array[..., ::step, ::step]
        made = group.create_array(
            str(level),
            shape=data.shape,
            dtype=data.dtype,
            chunks=(1,) * (array.ndim - 2) + (9, 16),
            **array_options,
        )
        made[...] = data
        scale = [1.0] * (array.ndim - 2) + [0.02 * step, 0.03 * step]
        datasets.append(
            {
                "path": str(level),
                "coordinateTransformations": [{"type": "scale", "scale": scale}],
            }
        )
    kinds = {"c": "channel", "t": "time"}
    multiscale = {
        "version": "0.4",
        "axes": [
            {"name": a, "type": "channel"}
            if a == "c"
            else {"name": a, "type": kinds.get(a, "space"), "unit": "micrometer"}
            for a in axes
        ],
        "datasets": datasets,
    }
    if common:
        multiscale["coordinateTransformations"] = [{"type": "scale", "scale": common}]
    group.attrs["multiscales"] = [multiscale]
    group.attrs["omero"] = {"channels": [{"label": "DAPI"}, {"label": "H3K27ac"}][: len(array)]}
    return path


def edit_json(path, change):
    content = json.loads(path.read_text())
    change(content)
    path.write_text(json.dumps(content))


def test_version_05(tmp_path):
    path = write_05(
        tmp_path / "cell.ome.zarr", CYX, "cyx", [1, 0.02, 0.015], names=("H3K9me3", "H3K27ac")
    )
    image = read_image(path)
    assert image.name == "cell"
    np.testing.assert_array_equal(image.cyx, CYX)
    assert image.channel_names == ("H3K9me3", "H3K27ac")
    assert image.yx_spacing_nm == pytest.approx((20.0, 15.0))


def test_version_04_reads_the_highest_resolution_and_multiplies_the_scales(tmp_path):
    path = write_04(tmp_path / "cell.zarr", CYX, "cyx", levels=2, common=[1, 2, 2])
    image = read_image(path)
    np.testing.assert_array_equal(image.cyx, CYX)
    assert image.channel_names == ("DAPI", "H3K27ac")
    assert image.yx_spacing_nm == pytest.approx((40.0, 60.0))


def test_axes_of_length_one_are_dropped(tmp_path):
    path = write_05(tmp_path / "a.ome.zarr", CYX[None, :, None], "tczyx", [1, 1, 1, 0.02, 0.02])
    np.testing.assert_array_equal(read_image(path).cyx, CYX)


def test_a_plain_plane_and_nanometres(tmp_path):
    path = write_05(tmp_path / "a.ome.zarr", CYX[0], "yx", [18, 12], unit="nanometer")
    image = read_image(path)
    assert image.cyx.shape == (1, 24, 37)
    assert image.yx_spacing_nm == (18.0, 12.0)


@pytest.mark.parametrize("unit", [None, "furlong"])
def test_without_a_unit_of_length_there_is_no_pixel_size(tmp_path, unit):
    path = write_05(tmp_path / "a.ome.zarr", CYX[0], "yx", [1, 1])
    for axis in (0, 1):
        edit_json(
            path / "zarr.json",
            lambda content, axis=axis: content["attributes"]["ome"]["multiscales"][0]["axes"][
                axis
            ].update(unit=unit),
        )
    image = read_image(path)
    assert image.yx_spacing_nm is None
    assert len(image.notes) == 1


def test_a_stack_is_refused(tmp_path):
    path = write_05(tmp_path / "a.ome.zarr", CYX, "zyx", [1, 1, 1])
    with pytest.raises(InputError, match="z-stack of 2 planes"):
        read_image(path)


def test_the_hash_covers_every_byte(tmp_path):
    path = write_04(tmp_path / "a.zarr", CYX, "cyx")
    before = read_image(path).sha256
    zarr.open_array(path / "0", mode="r+")[0, 3, 5] += 1
    assert read_image(path).sha256 != before


def test_folders_that_are_no_image(tmp_path):
    with pytest.raises(InputError, match="is a folder"):
        read_image(tmp_path)
    zarr.open_group(tmp_path / "group.zarr", mode="w")
    with pytest.raises(InputError, match=r"Give the store in it, group\.zarr"):
        read_image(tmp_path)
    with pytest.raises(InputError, match="without OME metadata"):
        read_image(tmp_path / "group.zarr")
    zarr.create_array(tmp_path / "array.zarr", shape=(9, 9), dtype="u1")
    with pytest.raises(InputError, match="without OME metadata"):
        read_image(tmp_path / "array.zarr")


def test_damaged_and_foreign_metadata(tmp_path):
    path = write_05(tmp_path / "a.ome.zarr", CYX, "cyx", [1, 0.02, 0.02])
    good = (path / "zarr.json").read_text()
    cases = {
        "not JSON": "{",
        "not a JSON object": "[1, 2]",
        "is not JSON": "[" * 200_000,
        "version 9.9": good.replace('"0.5"', '"9.9"'),
        "is not valid OME-Zarr": good.replace('"space"', '"time"'),
        "collection": '{"zarr_format": 3, "node_type": "group", "attributes": {"ome": '
        '{"version": "0.5", "bioformats2raw.layout": 3}}}',
    }
    for sentence, text in cases.items():
        (path / "zarr.json").write_text(text)
        with pytest.raises(InputError, match=sentence):
            read_image(path)


@pytest.mark.parametrize("target", ["../other.zarr/0", "/etc", "file:///etc"])
def test_pixels_outside_of_the_store_are_refused(tmp_path, target):
    write_05(tmp_path / "other.zarr", CYX, "cyx", [1, 1, 1])
    path = write_05(tmp_path / "a.ome.zarr", CYX, "cyx", [1, 1, 1])
    edit_json(
        path / "zarr.json",
        lambda content: content["attributes"]["ome"]["multiscales"][0]["datasets"][0].update(
            path=target
        ),
    )
    with pytest.raises(InputError, match=r"outside|not a valid Zarr node name"):
        read_image(path)


def test_links_out_of_the_store_are_refused(tmp_path):
    path = write_05(tmp_path / "a.ome.zarr", CYX, "cyx", [1, 1, 1])
    (tmp_path / "secret").write_bytes(b"secret")
    (path / "0" / "link").symlink_to(tmp_path / "secret")
    with pytest.raises(InputError, match="link that leads out"):
        read_image(path)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"filters": [{"id": "pickle"}], "dtype": "|O"}, "type"),
        ({"filters": [{"id": "pickle"}]}, "codec pickle"),
        ({"compressor": {"id": "evil"}}, "codec evil"),
        ({"dtype": "<c8"}, "type"),
        ({"dtype": [["a", "<u2"]]}, "type"),
        ({"shape": [2, 900_000, 900_000]}, "declares"),
        ({"shape": [2, -5, 20]}, "which is none"),
        ({"chunks": [2, 900_000, 900_000]}, "chunks"),
        ({"shape": [24, 37]}, "axes"),
    ],
    ids=str,
)
def test_hostile_arrays_are_refused_before_they_are_opened(tmp_path, change, sentence):
    path = write_04(tmp_path / "a.zarr", CYX, "cyx")
    edit_json(path / "0" / ".zarray", lambda content: content.update(change))
    with pytest.raises(InputError, match=sentence):
        read_image(path)


def test_hostile_codec_of_version_05(tmp_path):
    path = write_05(tmp_path / "a.ome.zarr", CYX, "cyx", [1, 1, 1])
    edit_json(
        path / "0" / "zarr.json",
        lambda content: content["codecs"].append({"name": "numcodecs.pickle"}),
    )
    with pytest.raises(InputError, match="codec pickle"):
        read_image(path)


@pytest.mark.parametrize("codec", [None, "blosc", "gzip", "zstd"])
def test_chunks_that_are_cut_or_gone(tmp_path, codec):
    compressor = numcodecs.get_codec({"id": codec}) if codec else None
    path = write_04(tmp_path / "a.zarr", CYX, "cyx", compressors=compressor)
    chunk = path / "0" / "0.0.0"
    whole = chunk.read_bytes()
    for part in (0.9, 0.5, 0):
        chunk.write_bytes(whole[: int(part * len(whole))])
        with pytest.raises(InputError, match="is damaged"):
            read_image(path)
    chunk.unlink()
    assert any("1 of 18 chunks are not in the store" in note for note in read_image(path).notes)


def test_rendering_hints_that_are_incomplete_still_name_the_channels(tmp_path):
    path = write_05(tmp_path / "a.ome.zarr", CYX, "cyx", [1, 0.02, 0.02])
    edit_json(
        path / "zarr.json",
        lambda content: content["attributes"]["ome"].update(
            omero={"channels": [{"label": "DAPI"}, {"color": 3}]}
        ),
    )
    assert read_image(path).channel_names == ("DAPI", "")
