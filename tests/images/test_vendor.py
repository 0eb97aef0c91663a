"""Files of vendors, with a stand-in that has the interface of bioio: no real file is at hand."""

from __future__ import annotations

import sys
from types import ModuleType, SimpleNamespace

import dask.array as da
import numpy as np
import pytest

from chromamol.errors import InputError
from chromamol.images.file_name import output_name
from chromamol.images.read import read_image
from chromamol.settings import Settings

MAGIC = {".nd2": b"\xda\xce\xbe\x0a", ".czi": b"ZISRAWFI", ".lif": b"p\0\0\0"}
TCZYX = np.random.default_rng(4).integers(1, 999, (1, 2, 5, 24, 37)).astype(np.uint16)
SIZES = SimpleNamespace(Z=0.3, Y=0.04, X=0.03)


class BioImage:
    """What this test says that a file holds."""

    def __init__(self, path, reader):
        assert path.exists()
        self.__dict__ |= reader.content


@pytest.fixture(params=sorted(MAGIC))
def file(request, tmp_path):
    path = tmp_path / f"cell.1{request.param}"
    path.write_bytes(MAGIC[request.param] + bytes(5000))
    return path


@pytest.fixture
def bioio(file, monkeypatch):
    """Install the stand-in; returns a function that changes what it finds in a file."""
    content = {
        "scenes": ("one",),
        "dims": SimpleNamespace(order="TCZYX"),
        "dask_data": da.from_array(TCZYX, chunks=(1, 1, 1, 24, 37)),
        "physical_pixel_sizes": SIZES,
        "channel_names": ["DAPI", "Channel:0:1"],
    }
    stand_in = ModuleType("bioio")
    stand_in.BioImage = BioImage
    plugin = ModuleType("plugin")
    plugin.Reader = SimpleNamespace(content=content)
    monkeypatch.setitem(sys.modules, "bioio", stand_in)
    monkeypatch.setitem(sys.modules, f"bioio_{file.suffix[1:]}", plugin)
    return content.update


@pytest.mark.usefixtures("bioio")
def test_a_plane_of_a_stack(file):
    image = read_image(file, Settings(z_plane=3))
    np.testing.assert_array_equal(image.cyx, TCZYX[0, :, 3])
    assert image.name == output_name(file) == "cell.1"
    assert image.channel_names == ("DAPI", "")
    assert image.yx_spacing_nm == pytest.approx((40.0, 30.0))
    assert image.notes == ("Plane 3 of 5 (z, counted from 0) was read.",)
    with pytest.raises(InputError, match="z-stack of 5 planes"):
        read_image(file)


def test_scenes_and_an_unknown_pixel_size_are_noted(file, bioio):
    unknown = SimpleNamespace(Z=None, Y=1.0, X=1.0)
    bioio(scenes=("one", "two"), physical_pixel_sizes=unknown, channel_names=None)
    image = read_image(file, Settings(z_plane="mean"))
    assert image.channel_names == ("", "")
    assert image.yx_spacing_nm is None
    assert "The file holds 2 images; the first was read." in image.notes
    assert any("states no pixel size" in note for note in image.notes)


def test_colour_is_refused(file, bioio):
    rgb = da.zeros((1, 1, 1, 24, 37, 3), dtype=np.uint8)
    bioio(dims=SimpleNamespace(order="TCZYXS", S=3), dask_data=rgb)
    with pytest.raises(InputError, match="colour"):
        read_image(file)


def test_what_a_plugin_raises_becomes_one_sentence(file, bioio):
    error = RuntimeError("no such\n chunk")

    def fail(block):
        raise error

    broken = da.from_array(TCZYX).map_blocks(fail, dtype=TCZYX.dtype, meta=TCZYX)
    bioio(dask_data=broken)
    with pytest.raises(InputError, match=r"could not be read as .* \(no such\n? chunk\)"):
        read_image(file, Settings(z_plane=0))
    bioio(scenes=None)
    with pytest.raises(InputError, match=r"cell\.1\.... could not be read as"):
        read_image(file)


def test_without_the_extra_the_error_says_how_to_install_it(file, monkeypatch):
    monkeypatch.setitem(sys.modules, "bioio", None)
    with pytest.raises(InputError, match=r"pip install 'chromamol\[vendor\]'"):
        read_image(file)
