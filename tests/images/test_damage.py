"""Files with wrong bytes give a sentence or an image: never a traceback, never a part of one."""

from __future__ import annotations

import contextlib
import struct

import numpy as np
import pytest
import tifffile
import zarr
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chromamol.errors import InputError
from chromamol.images.formats import open_source
from chromamol.settings import Settings

ZCYX = np.random.default_rng(1).integers(0, 4000, (3, 2, 24, 37)).astype(np.uint16)
PLANE = Settings(z_plane=1)
KINDS = {
    "plain": {},
    "strips": {"compression": "zlib", "rowsperstrip": 5},
    "tiles": {"compression": "zlib", "tile": (16, 16), "predictor": 2},
    "big": {"compression": "lzw", "tile": (16, 32), "bigtiff": True},
}


def written(folder, kind):
    path = folder / f"{kind}.ome.tif"
    metadata = {"axes": "ZCYX"}
    tifffile.imwrite(
        path, ZCYX, photometric="minisblack", metadata=metadata, ome=True, **KINDS[kind]
    )
    return path


@pytest.mark.parametrize("kind", KINDS)
@given(changes=st.lists(st.tuples(st.floats(0, 1), st.binary(min_size=1, max_size=12)), max_size=3))
@settings(
    max_examples=40,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_overwritten_bytes_of_a_stack(tmp_path, kind, changes):
    path = written(tmp_path, kind)
    content = bytearray(path.read_bytes())
    for where, what in changes:
        start = 4 + int(where * (len(content) - 4 - len(what)))
        content[start : start + len(what)] = what
    path.write_bytes(content)
    with contextlib.suppress(InputError), open_source(path, PLANE) as source:
        assert source.cyx[:].shape == source.cyx.shape


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("part", [0.97, 0.7, 0.2])
def test_a_cut_stack_is_refused_though_the_plane_is_there(tmp_path, kind, part):
    path = written(tmp_path, kind)
    content = path.read_bytes()
    path.write_bytes(content[: int(part * len(content))])
    with pytest.raises(InputError, match=r"damaged|cut short"), open_source(path, PLANE) as source:
        source.cyx[:]


def test_damage_shows_when_the_block_is_computed(tmp_path):
    path = written(tmp_path, "tiles")
    with tifffile.TiffFile(path) as tiff:
        start = tiff.pages[3].dataoffsets[1]
    content = bytearray(path.read_bytes())
    content[start : start + 20] = bytes(20)
    path.write_bytes(content)
    with open_source(path, Settings(z_plane=2)) as source:
        np.testing.assert_array_equal(source.cyx[:], ZCYX[2])
    with open_source(path, PLANE) as source, pytest.raises(InputError, match="is damaged"):
        source.cyx[1]


def test_a_bomb_in_a_strip_is_stopped_at_the_size_of_the_strip(tmp_path):
    import tracemalloc
    import zlib

    path = tmp_path / "bomb.tif"
    rng = np.random.default_rng(0)
    tifffile.imwrite(path, rng.integers(0, 9, (400, 500), np.uint8), compression="zlib")
    with tifffile.TiffFile(path) as tiff:
        start, count = tiff.pages[0].dataoffsets[0], tiff.pages[0].databytecounts[0]
    bomb = zlib.compress(bytes(60_000_000), 9)
    content = bytearray(path.read_bytes())
    content[start : start + count] = bomb.ljust(count, b"\0")[:count]
    path.write_bytes(content)
    tracemalloc.start()
    with pytest.raises(InputError, match="damaged"), open_source(path, Settings()) as source:
        source.cyx[:]
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 20_000_000


@pytest.mark.parametrize("bigtiff", [False, True])
@pytest.mark.parametrize("to", ["itself", "nothing", "beyond"])
def test_a_chain_of_pages_without_an_end(tmp_path, bigtiff, to):
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, ZCYX[0], photometric="minisblack", metadata=None, bigtiff=bigtiff)
    with tifffile.TiffFile(path) as tiff:
        first, page = tiff.pages[0], tiff.pages[1]
        width, tag, word = (8, 20, "<Q") if bigtiff else (2, 12, "<I")
        link = page.offset + width + tag * len(page.tags)
        goal = {"itself": first.offset, "nothing": 60, "beyond": 10**6}[to]
    content = bytearray(path.read_bytes())
    content[link : link + struct.calcsize(word)] = struct.pack(word, goal)
    if to == "nothing":
        content[60 : 60 + width] = bytes(width)
    path.write_bytes(content)
    with pytest.raises(InputError, match="damaged"), open_source(path, Settings()):
        pass


@given(where=st.floats(0, 1), what=st.binary(min_size=1, max_size=12), compressed=st.booleans())
@settings(
    max_examples=40,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_overwritten_bytes_of_a_store(tmp_path, where, what, compressed):
    path = tmp_path / "a.zarr"
    group = zarr.open_group(path, mode="w", zarr_format=2)
    options = {} if compressed else {"compressors": None}
    array = group.create_array("0", data=ZCYX, chunks=(1, 1, 9, 16), **options)
    assert array.shape == ZCYX.shape
    axes = [{"name": a, "type": "channel" if a == "c" else "space"} for a in "zcyx"]
    scale = [{"type": "scale", "scale": [1.0, 1.0, 1.0, 1.0]}]
    datasets = [{"path": "0", "coordinateTransformations": scale}]
    group.attrs["multiscales"] = [{"version": "0.4", "axes": axes, "datasets": datasets}]
    files = sorted(file for file in path.rglob("*") if file.is_file())
    file = files[int(where * (len(files) - 1))]
    content = bytearray(file.read_bytes())
    start = int(where * max(0, len(content) - len(what)))
    content[start : start + len(what)] = what
    file.write_bytes(content)
    with contextlib.suppress(InputError), open_source(path, PLANE) as source:
        source.cyx[:]
