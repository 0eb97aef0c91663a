"""The input store against its source, other readers, and a killed process."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from contextlib import contextmanager
from dataclasses import replace

import h5py
import numpy as np
import pytest
import tifffile
import zarr
from yaozarrs import validate_zarr_store

from chromamol.errors import CallError, Cancelled, InputError
from chromamol.images import store as store_module
from chromamol.images.planes import LazyPlanes
from chromamol.images.read import read_image
from chromamol.images.store import stored_image
from chromamol.progress import Silent
from chromamol.settings import Settings

SHAPE = (2, 1_301, 613)


@pytest.fixture
def cyx() -> np.ndarray:
    return np.random.default_rng(3).poisson(20, SHAPE).astype(np.uint16)


@pytest.fixture
def path(tmp_path, cyx):
    path = tmp_path / "cell.ome.tif"
    size = {"PhysicalSizeY": 0.03, "PhysicalSizeX": 0.02, "axes": "CYX"}
    metadata = size | {"Channel": {"Name": ["H3K9me3", "H3K27ac"]}}
    tifffile.imwrite(path, cyx, photometric="minisblack", metadata=metadata)
    return path


def stamps(folder):
    """When each file of a folder was written."""
    return {one: one.stat().st_mtime_ns for one in folder.rglob("*") if one.is_file()}


def test_the_store_holds_the_image(tmp_path, path, cyx):
    store = tmp_path / "deep" / "cell.ome.zarr"
    image = stored_image([path], store, Settings())
    assert isinstance(image.cyx, LazyPlanes)  # read when it is asked for
    np.testing.assert_array_equal(image.cyx[:], cyx)
    assert zarr.open_array(store / "0").chunks == (1, 1_024, 613)
    in_memory = read_image(path)
    assert replace(image, cyx=None) == replace(in_memory, cyx=None)
    assert [entry.name for entry in store.parent.iterdir()] == ["cell.ome.zarr"]


def test_other_readers_find_a_pyramid_with_units_and_names(tmp_path, path, cyx):
    store = tmp_path / "cell.ome.zarr"
    stored_image([path], store, Settings())
    validate_zarr_store(store)
    again = read_image(store)
    np.testing.assert_array_equal(again.cyx, cyx)
    assert again.yx_spacing_nm == pytest.approx((30, 20))
    assert again.channel_names == ("H3K9me3", "H3K27ac")
    ome = json.loads((store / "zarr.json").read_text())["attributes"]["ome"]
    scales = [
        one["coordinateTransformations"][0]["scale"] for one in ome["multiscales"][0]["datasets"]
    ]
    np.testing.assert_allclose(scales, [[1, 30 * f, 20 * f] for f in (1, 2, 4, 8)])
    half = cyx[:, :1_300, :612].reshape(2, 650, 2, 306, 2).mean(axis=(2, 4))
    coarser = zarr.open_array(store / "1", mode="r")
    assert coarser.shape == (2, 651, 307)
    np.testing.assert_array_equal(coarser[:, :650, :306], np.rint(half))


def test_it_is_written_once_and_again_only_when_the_source_or_its_reading_changes(tmp_path, cyx):
    path, store = tmp_path / "a.tif", tmp_path / "a.ome.zarr"
    tifffile.imwrite(path, cyx[0], photometric="minisblack")
    stored_image([path], store, Settings())
    first = stamps(store)
    os.utime(path)  # the same bytes
    stored_image([path], store, Settings(reaction_length_nm=120))
    assert stamps(store) == first
    stored_image([path], store, Settings(min_photons=5))
    second = stamps(store)
    assert not set(second.values()) & set(first.values())
    tifffile.imwrite(path, cyx[1], photometric="minisblack")
    image = stored_image([path], store, Settings(min_photons=5))
    np.testing.assert_array_equal(image.cyx[0], cyx[1])
    assert not set(stamps(store).values()) & set(second.values())


@pytest.mark.parametrize("lost", ["0/c/0/0/0", "2", "3/zarr.json"])
def test_a_store_that_is_not_whole_is_made_again(tmp_path, path, cyx, lost):
    store = tmp_path / "cell.ome.zarr"
    stored_image([path], store, Settings())
    target = store / lost
    shutil.rmtree(target) if target.is_dir() else target.unlink()
    image = stored_image([path], store, Settings())
    np.testing.assert_array_equal(image.cyx[:], cyx)
    assert sorted(one.name for one in store.iterdir()) == ["0", "1", "2", "3", "zarr.json"]


def test_a_chunk_that_is_damaged_is_a_sentence(tmp_path, path):
    store = tmp_path / "cell.ome.zarr"
    stored_image([path], store, Settings())
    chunk = store / "0/c/1/0/0"
    chunk.write_bytes(chunk.read_bytes()[:50])
    with pytest.raises(InputError, match=r"is damaged .* Delete it"):
        stored_image([path], store, Settings()).cyx[1]


def test_another_version_makes_it_again(tmp_path, path, monkeypatch):
    store = tmp_path / "cell.ome.zarr"
    stored_image([path], store, Settings())
    first = stamps(store)
    monkeypatch.setattr(store_module.chromamol, "__version__", "99.0")
    stored_image([path], store, Settings())
    assert not set(stamps(store).values()) & set(first.values())


def test_a_store_is_not_its_own_source(tmp_path, path):
    store = tmp_path / "cell.ome.zarr"
    stored_image([path], store, Settings())
    for place in (store, store / "inside.ome.zarr"):
        with pytest.raises(CallError, match="lies where chromamol keeps"):
            stored_image([store], place, Settings())


@pytest.mark.parametrize("dtype", ["u1", ">u2", "i4", "i8", "u8", "f2", ">f4", "f8"])
def test_every_type_of_numbers(tmp_path, cyx, dtype):
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, cyx[0].astype(dtype), photometric="minisblack", byteorder=">")
    image = stored_image([path], tmp_path / "a.ome.zarr", Settings())
    np.testing.assert_array_equal(image.cyx[0], cyx[0])


def test_what_was_put_into_a_store_by_others_stays(tmp_path, path):
    store = tmp_path / "cell.ome.zarr"
    stored_image([path], store, Settings())
    (store / "mine.txt").write_text("precious")
    stored_image([path], store, Settings(min_photons=5))
    assert (store / "mine.txt").read_text() == "precious"


def test_the_yaml_beside_a_table_is_a_source(tmp_path):
    path, store = tmp_path / "a.hdf", tmp_path / "a.ome.zarr"
    records = np.zeros(50, dtype=[("x", "f4"), ("y", "f4")])
    records["x"], records["y"] = np.random.default_rng(0).uniform(0, 90, (2, 50))
    with h5py.File(path, "w") as file:
        file["locs"] = records
    for pixel_nm in (100, 200):
        path.with_suffix(".yaml").write_text(f"Pixelsize: {pixel_nm}\n")
        image = stored_image([path], store, Settings())
        assert image.cyx.shape[1] == pytest.approx(90 * pixel_nm / 20, rel=0.15)
        assert [one.name for one in image.sources] == ["a.hdf", "a.yaml"]


def test_a_file_that_is_cut_short_while_it_is_stored(tmp_path, cyx):
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, cyx, photometric="minisblack", metadata={"axes": "CYX"}, imagej=True)

    class Cutting(Silent):
        def begin(self, stage, steps=None):
            if stage == "storing the image":
                os.truncate(path, 5_000)

    with pytest.raises(InputError, match="damaged or was cut short"):
        stored_image([path], tmp_path / "a.ome.zarr", Settings(), Cutting())


def test_several_files_of_one_field(tmp_path, path, cyx):
    other, store = tmp_path / "DAPI.tif", tmp_path / "a.ome.zarr"
    tifffile.imwrite(other, cyx[0] + 1, photometric="minisblack")
    image = stored_image([path, other], store, Settings())
    assert image.channel_names == ("H3K9me3", "H3K27ac", "DAPI")
    np.testing.assert_array_equal(image.cyx[2], cyx[0] + 1)
    assert image.sha256 != read_image(path).sha256
    tifffile.imwrite(other, cyx[0, :-1], photometric="minisblack")
    with pytest.raises(InputError, match=r"1301 x 613 pixels .y, x. and DAPI.tif 1300 x 613"):
        stored_image([path, other], store, Settings())
    table = tmp_path / "a.csv"
    table.write_text("x_nm,y_nm\n1,2\n", encoding="utf-8")
    with pytest.raises(InputError, match="tables with tables"):
        read_image([path, table])


def test_what_is_no_store_of_ours_is_never_replaced(tmp_path, path):
    store = tmp_path / "cell.ome.zarr"
    store.mkdir()
    (store / "thesis.txt").write_text("precious")
    with pytest.raises(CallError, match="is in the way"):
        stored_image([path], store, Settings())
    assert (store / "thesis.txt").read_text() == "precious"


def test_a_file_that_changes_while_it_is_read(tmp_path, path, monkeypatch):
    open_files = store_module.open_files

    @contextmanager
    def growing(paths, settings):
        with open_files(paths, settings) as source:
            yield source
        with path.open("ab") as file:
            file.write(b"more")

    monkeypatch.setattr(store_module, "open_files", growing)
    with pytest.raises(InputError, match="changed while it was read"):
        stored_image([path], tmp_path / "new" / "cell.ome.zarr", Settings())
    assert not (tmp_path / "new").exists()


def test_cancelling_leaves_the_earlier_store(tmp_path, path, cyx):
    class Impatient(Silent):
        def advance(self, steps=1):
            raise Cancelled

    store = tmp_path / "cell.ome.zarr"
    stored_image([path], store, Settings())
    before = stamps(store)
    with pytest.raises(Cancelled):
        stored_image([path], store, Settings(min_photons=5), Impatient())
    assert stamps(store) == before
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["cell.ome.tif", "cell.ome.zarr"]


def test_values_that_are_no_image_leave_nothing(tmp_path, path, cyx):
    tifffile.imwrite(path, np.zeros_like(cyx[0]), photometric="minisblack")
    with pytest.raises(InputError, match="all zeros"):
        stored_image([path], tmp_path / "new" / "cell.ome.zarr", Settings())
    assert not (tmp_path / "new").exists()


KILLED = """
import sys, time
from pathlib import Path
from chromamol.images.store import stored_image
from chromamol.progress import Silent
from chromamol.settings import Settings
class Waiting(Silent):
    def advance(self, steps=1):
        print("half", flush=True)
        time.sleep(60)
stored_image([Path(sys.argv[1])], Path(sys.argv[2]), Settings(), Waiting())
"""


@pytest.mark.skipif(sys.platform == "win32", reason="processes are killed in another way")
def test_a_killed_process_leaves_no_torn_store(tmp_path, path, cyx):
    store = tmp_path / "out" / "cell.ome.zarr"
    command = [sys.executable, "-c", KILLED, str(path), str(store)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as running:
        assert running.stdout is not None
        assert running.stdout.readline() == "half\n"
        running.send_signal(signal.SIGKILL)
    assert not store.exists()
    (left,) = store.parent.iterdir()
    assert left.name.startswith(".cell.ome.zarr.partial-")
    image = stored_image([path], store, Settings())
    np.testing.assert_array_equal(image.cyx[:], cyx)
    assert list(store.parent.iterdir()) == [store]


def test_a_file_that_is_given_twice(tmp_path, path):
    with pytest.raises(InputError, match="was given twice"):
        read_image([path, tmp_path / "." / path.name])
