"""Tables from strangers: damaged, hostile, or something else; each ends in a sentence."""

from __future__ import annotations

import contextlib
import json
import pickle
import zipfile
from typing import TYPE_CHECKING

import h5py
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chromamol.errors import ChromamolError, InputError
from chromamol.images.localisations.containers import INSIGHT3, INSIGHT3_HEADER
from chromamol.images.localisations.hdf5 import check_members
from chromamol.images.localisations.read import is_table, read_localisations
from chromamol.images.read import read_image
from chromamol.settings import Settings

if TYPE_CHECKING:
    from pathlib import Path

N = 60
RNG = np.random.default_rng(11)
X_NM, Y_NM = RNG.uniform(0, 6_000, N), RNG.uniform(0, 4_000, N)
FRAME = np.arange(N)
MARKS = ["H3K9me3", "H3K27ac", "DAPI"] * (N // 3)
PIXELS = Settings(camera_pixel_nm=100)


def read(path: Path):
    return read_localisations([path], PIXELS)


def read_or_told(path: Path) -> None:
    """Read, or fail as a user may see it; any other exception fails the test."""
    with contextlib.suppress(ChromamolError):
        read(path)


def text(path: Path) -> None:
    table = zip(FRAME, X_NM, Y_NM, MARKS, strict=True)
    rows = [f"{i},{x:.3f},{y:.3f},12.5,{mark}" for i, x, y, mark in table]
    header = '"frame","x [nm]","y [nm]","uncertainty [nm]","channel"'
    path.write_text("\n".join([header, *rows]) + "\n")


def picasso(path: Path) -> None:
    with h5py.File(path, "w") as file:
        kinds = [("frame", "u4"), ("x", "f4"), ("y", "f4"), ("lpx", "f4"), ("lpy", "f4")]
        kinds.append(("channel", "S8"))
        records = np.zeros(N, dtype=kinds)
        records["x"], records["y"], records["frame"] = X_NM / 100, Y_NM / 100, FRAME
        records["lpx"] = records["lpy"] = 0.1
        records["channel"] = MARKS
        file.create_dataset("locs", data=records, compression="gzip")


def decode(path: Path) -> None:
    with h5py.File(path, "w") as file:
        file["data/xyz"] = np.column_stack((X_NM / 100, Y_NM / 100, 0 * X_NM))
        file["data/frame_ix"] = FRAME
        file.create_group("meta").attrs.update({"px_size": [100.0, 100.0], "xy_unit": "px"})


def smlm(path: Path) -> None:
    described = {"headers": ["x", "y"], "dtype": ["float32"] * 2, "units": ["nm", "nm"]}
    table = {"name": "table-0.bin", "type": "table", "format": "t", "rows": str(N)}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(
            "manifest.json", json.dumps({"formats": {"t": described}, "files": [table]})
        )
        archive.writestr("table-0.bin", np.column_stack((X_NM, Y_NM)).astype("<f4").tobytes())


def insight3(path: Path) -> None:
    records = np.zeros(N, INSIGHT3)
    records["x"], records["y"], records["frame"] = X_NM / 100, Y_NM / 100, FRAME
    path.write_bytes(INSIGHT3_HEADER.pack(b"M425", 1, 6, N) + records.tobytes())


def parquet(path: Path) -> None:
    columns = {"x_nm": X_NM, "y_nm": Y_NM, "frame": FRAME, "channel": MARKS}
    pq.write_table(pa.table(columns), path)


FORMATS = {
    "a.csv": text,
    "a.hdf5": picasso,
    "a.h5": decode,
    "a.smlm": smlm,
    "a.bin": insight3,
    "a.parquet": parquet,
}


@pytest.fixture(scope="module")
def good(tmp_path_factory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("good")
    for name, write in FORMATS.items():
        write(folder / name)
    return {name: folder / name for name in FORMATS}


@pytest.mark.parametrize("name", FORMATS)
def test_the_undamaged_files_are_read(good, name):
    assert read(good[name]).cyx.sum() == N


@pytest.mark.parametrize("name", FORMATS)
@given(data=st.data())
@settings(
    max_examples=60,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_damage_ends_in_a_sentence(good, name, data):
    content = bytearray(good[name].read_bytes())
    places = st.integers(0, len(content) - 1)
    for place in data.draw(st.lists(places, max_size=8)):
        content[place] = data.draw(st.integers(0, 255))
    content = content[: data.draw(st.one_of(st.just(len(content)), places))]
    bad = good[name].with_name(f"bad-{name}")
    bad.write_bytes(content)
    read_or_told(bad)


@given(content=st.one_of(st.text(), st.text('0123456789.,;\t\n -eExy[nm]"#')))
@settings(max_examples=200, deadline=None, derandomize=True)
def test_any_text_ends_in_a_sentence(tmp_path_factory, content):
    path = tmp_path_factory.getbasetemp() / "any.csv"
    path.write_text(content, encoding="utf-8", errors="replace")
    read_or_told(path)


@pytest.mark.parametrize(
    ("content", "hint"),
    [
        ("x [nm],y [nm]\n", "has a header and no rows"),
        ("x [nm],y [nm]\n\n\n", "has a header and no rows"),
        ("x [nm]|y [nm]\n1|2\n3|4\n", "first line has 1 column"),
        ("x [nm],y [nm]\n1,5,2,5\n3,5,4,5\n", "decimal commas"),
        ("x [nm];y [nm]\n" + "a;b\n" * 9, "9 of 9 rows hold no position"),
        ("x [nm],y [nm]\n1,2\n3,4\n5,6,7,8,9\n", "line 4 has 5 columns, and the first line 2"),
        ("x [nm],y [nm]\n1,2\n3,4,9\n", "line 3 has 3 columns, and the first line 2"),
        ("x [nm],y [nm]\n1e999,2\n1e999,5\n", "rows hold no position"),
        ("id,frame\n1,2\n3,4\n", "Its columns are: 'id', 'frame'"),
        ("<html><body>Not found</body></html>\n", "no rows"),
        ("\n" * 50, "0 columns"),
    ],
)
def test_texts_that_are_no_tables_say_why(tmp_path, content, hint):
    path = tmp_path / "a.csv"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(InputError, match=hint):
        read(path)


def test_a_table_that_was_cut_short_says_so(good, tmp_path):
    path = tmp_path / "cut.csv"
    path.write_bytes(good["a.csv"].read_bytes()[:-8])
    source = read(path)
    assert source.cyx.sum() == N - 1
    assert any("cut short" in note for note in source.notes)


def test_one_endless_line_or_cell_is_no_table(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("x [nm],y [nm]\n" + "1" * 140_000 + ",2\n")
    with pytest.raises(InputError, match="cells that are no numbers"):
        read(path)
    path.write_bytes(b"1," * 2**20)
    with pytest.raises(InputError, match="no line breaks"):
        read(path)


def test_links_out_of_a_file_are_not_followed(good, tmp_path):
    secret = tmp_path / "secret.h5"
    decode(secret)
    for name, link in (
        ("external", h5py.ExternalLink("secret.h5", "/data")),
        ("soft", h5py.SoftLink("/elsewhere")),
    ):
        path = tmp_path / f"{name}.h5"
        with h5py.File(path, "w") as file:
            file["data"] = link
        with pytest.raises(InputError, match="not followed for safety"):
            read(path)
    outside = tmp_path / "raw.bin"
    outside.write_bytes(np.zeros(3 * N).tobytes())
    with h5py.File(tmp_path / "raw.h5", "w") as file:
        external = [(str(outside), 0, h5py.h5f.UNLIMITED)]
        file.create_dataset("data/xyz", (N, 3), "f8", external=external)
    with h5py.File(tmp_path / "virtual.h5", "w") as file:
        layout = h5py.VirtualLayout((N, 3), "f8")
        layout[:] = h5py.VirtualSource(secret, "data/xyz", (N, 3))
        file.create_virtual_dataset("data/xyz", layout)
    for name in ("raw.h5", "virtual.h5"):
        with pytest.raises(InputError, match="refers to other files"):
            read(tmp_path / name)


@pytest.mark.parametrize("rows", [10**12, 10**8])
def test_more_rows_than_a_file_can_hold(tmp_path, rows):
    path = tmp_path / "a.h5"
    with h5py.File(path, "w") as file:
        file.create_dataset("data/xyz", (rows, 3), "f8", chunks=(1_000, 3), compression="gzip")
    with pytest.raises(InputError, match=r"at most 100 million|more than 100 times"):
        read(path)
    path = tmp_path / "a.bin"
    path.write_bytes(INSIGHT3_HEADER.pack(b"M425", 1, 6, 2**31 - 1))
    with pytest.raises(InputError, match="declares 2147483647 molecules and holds 0"):
        read(path)


def test_objects_in_hdf5_are_not_decoded(tmp_path):
    path = tmp_path / "a.h5"
    with h5py.File(path, "w") as file:
        file["data/xyz"] = np.array([[pickle.dumps(print)]], dtype=h5py.opaque_dtype("V64"))
    with pytest.raises(InputError, match="holds no numbers"):
        read(path)


@pytest.mark.parametrize("member", ["../../table-0.bin", "/etc/passwd", "missing.bin"])
def test_zip_members_elsewhere(good, tmp_path, member):
    path = tmp_path / "a.smlm"
    with zipfile.ZipFile(good["a.smlm"]) as archive:
        manifest = json.loads(archive.read("manifest.json"))
    manifest["files"][0]["name"] = member
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("manifest.json", json.dumps(manifest))
    with pytest.raises(InputError, match="SMLM container"):
        read(path)


def test_a_zip_that_swells(good, tmp_path):
    path = tmp_path / "a.smlm"
    with zipfile.ZipFile(good["a.smlm"]) as archive:
        manifest = json.loads(archive.read("manifest.json"))
    for rows, hint in (
        (10**6, "does not hold them"),
        (10**8, "more than 100"),
        (10**10, "at most 100"),
    ):
        manifest["files"][0]["rows"] = str(rows)
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("manifest.json", json.dumps(manifest))
            archive.writestr("table-0.bin", bytes(2**20))
        with pytest.raises(InputError, match=hint):
            read(path)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("manifest.json", bytes(2**25))
    with pytest.raises(InputError, match="manifest of more than"):
        read(path)


def test_other_archives_and_yaml_bombs(good, tmp_path):
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("thesis.txt", "")
    with pytest.raises(InputError, match="it has no manifest"):
        read(path)
    table = tmp_path / "a.hdf5"
    table.write_bytes(good["a.hdf5"].read_bytes())
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]" for i in range(1, 30)]
    table.with_suffix(".yaml").write_text("\n".join(lines))
    assert any("is not YAML" in note for note in read(table).notes)


def test_other_files_are_told_apart(tmp_path):
    for name, content, hint in (
        ("a.asdf", b"#ASDF 1.0.0\n", "an ASDF file"),
        ("a.npy", b"\x93NUMPY\x01\0v\0", "a NumPy array"),
        ("old.mat", b"MATLAB 5.0 MAT-file".ljust(600), "older than version 7.3"),
        ("a.dat", bytes(range(32)) * 9, "no image that chromamol knows"),
    ):
        path = tmp_path / name
        path.write_bytes(content)
        with pytest.raises(InputError, match=hint):
            read_image(path)


def test_a_picture_named_as_one_is_no_table(tmp_path):
    path = tmp_path / "a.tif"
    path.write_text("x,y\n1,2\n")
    assert not is_table(path)


def test_columns_that_overlap_are_refused_before_they_are_read():
    """The HDF5 library would write a wide column over the next one, and end the process."""

    def table(offsets: list[int]) -> np.dtype:
        columns = {"names": ["x", "y"], "formats": ["<f8", "<f4"], "itemsize": 12}
        return np.dtype(columns | {"offsets": offsets})

    for apart in ([0, 8], [4, 0]):
        check_members("locs", table(apart))
    for overlapping in ([0, 4], [0, 7], [2, 0]):
        with pytest.raises(ValueError, match="overlap"):
            check_members("locs", table(overlapping))
