"""Every format against the numbers that its file was made from."""

from __future__ import annotations

import json
import struct
import zipfile
from pathlib import Path

import h5py
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from chromamol.errors import InputError
from chromamol.images.localisations.columns import understand
from chromamol.images.localisations.read import open_table
from chromamol.images.localisations.selection import selected
from chromamol.settings import Settings

from .conftest import Truth, write_table

SHARED = Path(__file__).parents[4] / "shared" / "data"
real = pytest.mark.skipif(not SHARED.is_dir(), reason="the real data are not beside this checkout")


def read(path, **settings):
    settings = Settings(**settings)
    table = open_table(path)
    return selected(path.name, table, understand(path.name, table, settings), settings)


def check(path, truth, *, precision=True, frame=True, **settings):
    """The file holds the truth, in its order."""
    found, _, notes = read(path, **settings)
    np.testing.assert_allclose(found.x_nm, truth.x_nm, rtol=1e-6)
    np.testing.assert_allclose(found.y_nm, truth.y_nm, rtol=1e-6)
    if precision:
        np.testing.assert_allclose(found.precision_nm, truth.precision_nm, rtol=1e-5)
    if frame:
        np.testing.assert_array_equal(found.frame, truth.frame)
    assert notes == (f"{len(truth.x_nm)} rows, {len(truth.x_nm)} localisations used.",)
    return found


def test_thunderstorm(tmp_path, truth: Truth):
    names = ["id", "frame", "x [nm]", "y [nm]", "sigma [nm]", "intensity [photon]"]
    names.append("uncertainty [nm]")
    index = np.arange(len(truth.x_nm))
    columns = [index, truth.frame, truth.x_nm, truth.y_nm, 130 + index, truth.photons]
    columns.append(truth.precision_nm)
    plain = write_table(tmp_path / "plain.csv", [f'"{name}"' for name in names], columns)
    found = check(plain, truth)
    np.testing.assert_allclose(found.photons, truth.photons, rtol=1e-6)
    # The whole header as one cell, quotes doubled, as some versions write it.
    text = plain.read_text(encoding="utf-8").split("\n")
    text[0] = '"' + ",".join([names[0], *(f'""{name}""' for name in names[1:])]) + '"'
    odd = tmp_path / "odd.csv"
    odd.write_text("\n".join(text), encoding="utf-8")
    check(odd, truth)
    assert open_table(odd).kind == "ThunderSTORM table"


@pytest.mark.parametrize(
    ("delimiter", "decimal"), [(";", ","), ("\t", ","), (";", "."), ("\t", "."), (" ", ".")]
)
def test_delimiters_and_decimal_marks(tmp_path, truth: Truth, delimiter, decimal):
    columns = [truth.x_nm, truth.y_nm, truth.precision_nm, truth.frame]
    names = ["x_nm", "y_nm", "precision_nm", "frame"]
    check(write_table(tmp_path / "a.txt", names, columns, delimiter, decimal), truth)


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "latin-1"])
def test_encodings(tmp_path, truth: Truth, encoding):
    path = write_table(
        tmp_path / "a.csv",
        ["x (µm)", "y (µm)", "Precision (nm)", "frame"],
        [truth.x_nm / 1e3, truth.y_nm / 1e3, truth.precision_nm, truth.frame],
    )
    path.write_text(path.read_text(encoding="utf-8"), encoding=encoding)
    check(path, truth)


def test_rapidstorm(tmp_path, truth: Truth):
    path = write_table(
        tmp_path / "a.txt", ["?"], [truth.y_nm, truth.x_nm, truth.frame, truth.photons], " "
    )
    fields = [("Position-1-0", "nanometer"), ("Position-0-0", "nanometer")]
    fields += [("ImageNumber-0-0", "frame"), ("Amplitude-0-0", "A/D count")]
    header = "".join(f'<field identifier="{key}" unit="{unit}" />' for key, unit in fields)
    text = path.read_text(encoding="utf-8").replace(
        "?", f"# <localizations>{header}</localizations>", 1
    )
    path.write_text(text, encoding="utf-8")
    found = check(path, truth, precision=False)
    assert found.photons is None  # camera counts are no photons


def test_elyra_with_its_footer(tmp_path, truth: Truth):
    names = ["Index", "First Frame", "Number Frames", "Position X [nm]", "Position Y [nm]"]
    names += ["Precision [nm]", "Number Photons"]
    index = np.arange(len(truth.x_nm))
    columns = [index, truth.frame, index, truth.x_nm, truth.y_nm, truth.precision_nm]
    path = write_table(tmp_path / "a.txt", names, [*columns, truth.photons], "\t")
    footer = b"\0\r\n\r\nVoxelSizeX : 0.0970873786 \xb5m\r\nSizeX : 3200\r\n\r\nROI List : \r\n"
    path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n") + footer)
    found, _, notes = read(path)
    np.testing.assert_array_equal(found.x_nm, truth.x_nm)
    assert found.frame[-1] == truth.frame[-1]
    assert notes == ("504 rows, 500 localisations used. Dropped: 4 without a position.",)


def test_nanoimager_takes_nm_before_pixels(tmp_path, truth: Truth):
    names = ["Channel", "Frame", "X (pix)", "Y (pix)", "X (nm)", "Y (nm)", "X precision (nm)"]
    names.append("Y precision (nm)")
    columns = [truth.frame % 2, truth.frame, truth.x_nm / 117, truth.y_nm / 117, truth.x_nm]
    columns += [truth.y_nm, truth.precision_nm, truth.precision_nm]
    found = check(write_table(tmp_path / "a.csv", names, columns), truth)
    np.testing.assert_array_equal(
        found.channel == found.channel[0], truth.frame % 2 == truth.frame[0] % 2
    )


def test_picasso_with_its_pixel_size(tmp_path, truth: Truth):
    path = tmp_path / "a_locs.hdf5"
    kinds = [("frame", "u4"), ("x", "f8"), ("y", "f8"), ("photons", "f4"), ("lpx", "f8")]
    records = np.zeros(len(truth.x_nm), dtype=[*kinds, ("lpy", "f8"), ("group", "i4")])
    records["frame"], records["photons"] = truth.frame, truth.photons
    records["x"], records["y"] = truth.x_nm / 130, truth.y_nm / 130
    records["lpx"] = truth.precision_nm / 130 * np.sqrt(0.5)
    records["lpy"] = truth.precision_nm / 130 * np.sqrt(1.5)
    with h5py.File(path, "w") as file:
        file["locs"] = records
    with pytest.raises(Exception, match="--camera-pixel-nm"):
        read(path)
    check(path, truth, camera_pixel_nm=130)
    path.with_suffix(".yaml").write_text("Camera: x\n---\nPixelsize: 130\n", encoding="utf-8")
    check(path, truth)


def test_decode_with_oblong_pixels(tmp_path, truth: Truth):
    path = tmp_path / "a.h5"
    sd = truth.precision_nm[:, None] / (127, 117, 1)
    with h5py.File(path, "w") as file:
        z_nm = np.linspace(-300, 300, len(truth.x_nm))
        file["data/xyz"] = np.column_stack((truth.x_nm / 127, truth.y_nm / 117, z_nm))
        file["data/xyz_sig"] = sd
        file["data/frame_ix"], file["data/phot"] = truth.frame, truth.photons
        meta = file.create_group("meta")
        meta.attrs["px_size"], meta.attrs["xy_unit"] = np.array([127.0, 117.0]), "px"
    found = check(path, truth)
    np.testing.assert_allclose(found.z_nm, z_nm, rtol=1e-6)


def test_smap_as_matlab_saves_it(tmp_path, truth: Truth):
    path = tmp_path / "a_sml.mat"
    with h5py.File(path, "w", userblock_size=512) as file:
        group = file.create_group("saveloc/loc")
        columns = {"xnm": truth.x_nm, "ynm": truth.y_nm, "locprecnm": truth.precision_nm}
        for name, values in (columns | {"frame": truth.frame, "phot": truth.photons}).items():
            group[name] = values[None, :]
    with path.open("r+b") as file:
        file.write(b"MATLAB 7.3 MAT-file".ljust(512))
    check(path, truth)


def test_smlm_container(tmp_path, truth: Truth):
    path = tmp_path / "a.smlm"
    headers = ["frame", "y", "x", "precision"]
    dtype = np.dtype([("frame", "<i4"), ("y", "<f4"), ("x", "<f4"), ("precision", "<f8")])
    records = np.zeros(len(truth.x_nm), dtype)
    columns = (truth.frame, truth.y_nm, truth.x_nm, truth.precision_nm)
    for name, column in zip(headers, columns, strict=True):
        records[name] = column
    manifest = {
        "formats": {
            "t": {
                "mode": "binary",
                "headers": headers,
                "dtype": ["int32", "float32", "float32", "float64"],
                "shape": ["1"] * 4,
                "units": ["", "nm", "nm", "nm"],
            }
        },
        "files": [
            {"name": "table-0.bin", "type": "table", "format": "t", "rows": str(len(records))}
        ],
    }
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("manifest.json", json.dumps(manifest))
        archive.writestr("table-0.bin", records.tobytes())
    check(path, truth)


def test_insight3(tmp_path, truth: Truth):
    path = tmp_path / "a_list.bin"
    with path.open("wb") as file:
        file.write(struct.pack("<4siii", b"M425", 1, 6, len(truth.x_nm)))
        for x, y, frame in zip(truth.x_nm, truth.y_nm, truth.frame, strict=True):
            numbers = [0.0, 0.0, x / 160, y / 160, *[1.0] * 7]
            file.write(struct.pack("<11f5i2f", *numbers, 1, 1, frame, 1, -1, 0.0, 0.0))
    check(path, truth, camera_pixel_nm=160, precision=False)


def test_parquet_with_variances(tmp_path, truth: Truth):
    path = tmp_path / "a.parquet"
    columns = {
        "# x[nm]": truth.x_nm,
        "y[nm]": truth.y_nm,
        "frameIndex[]": truth.frame.astype(float),
        "variance_x[nm^2]": truth.precision_nm**2,
        "variance_y[nm^2]": truth.precision_nm**2,
        "label": np.array(["a"] * len(truth.x_nm)),
    }
    pq.write_table(pa.table(columns), path, row_group_size=70)
    check(path, truth)


def test_columns_named_by_the_user(tmp_path, truth: Truth):
    names = ["y", "x", "bg", "how good", "t0"]
    columns = [truth.y_nm / 160, truth.x_nm / 160, truth.photons, truth.precision_nm / 160]
    path = write_table(tmp_path / "a.csv", names, [*columns, truth.frame])
    chosen = {"x": "x", "y": "Y ", "precision": "how good", "frame": "t0"}
    check(path, truth, columns=chosen, camera_pixel_nm=160)


def test_a_table_without_a_header_has_numbered_columns(tmp_path, truth: Truth):
    path = write_table(tmp_path / "a.csv", ["1.5", "2.5"], [truth.y_nm, truth.x_nm])
    text = path.read_text(encoding="utf-8").partition("\n")[2]
    path.write_text(text, encoding="utf-8")
    with pytest.raises(Exception, match="Its columns are: '1', '2'"):
        read(path)
    check(path, truth, columns={"x": "2", "y": "1"}, length_unit="nm", precision=False, frame=False)


@real
@pytest.mark.parametrize(
    ("file", "rows", "first_x_nm", "settings"),
    [
        ("Thunderstorm_dstorm_data.csv", 19, 1320.109670647555, {}),
        ("rapidSTORM_dstorm_data.txt", 14, 9657.4, {}),
        ("Elyra_dstorm_data.txt", 15, 15850.6, {}),
        ("Nanoimager_dstorm_data.csv", 14, 40918.949219, {}),
        ("SMLM_dstorm_data.smlm", 10, None, {}),
        ("picasso_egfr_mols.hdf5", 4230, None, {}),
        ("smap_dstorm_data.mat", 1158, None, {}),
        ("insight3_test_olist.bin", 2000, 63.344547271728516 * 160, {"camera_pixel_nm": 160}),
    ],
)
def test_the_formats_in_the_wild(file, rows, first_x_nm, settings):
    found, _, _ = read(SHARED / "loc-formats" / file, **settings)
    assert len(found) == rows
    if first_x_nm is not None:
        assert found.x_nm[0] == pytest.approx(first_x_nm)


@real
def test_real_tables_of_a_nuclear_tag_and_of_two_colours():
    tag, _, notes = read(SHARED / "locs-u2os-nls" / "region_2_7ms_trajs.csv", camera_pixel_nm=160)
    assert tag.x_nm[0] == pytest.approx(44.25908174194818 * 160)
    assert tag.y_nm[0] == pytest.approx(10.063496101576794 * 160)
    assert "177 whose fit failed" in notes[0]
    folder = SHARED / "locs-twocolour-egfr-ereg"
    two, _, _ = read(folder / "C15_EGFR647_EREG568_FOV7.parquet")
    assert np.bincount(two.channel).tolist() == [11_782, 9_107]


@pytest.mark.parametrize("category", [False, True])
def test_parquet_with_channels_by_name(tmp_path, truth: Truth, category):
    import pandas as pd

    mark = np.where(truth.frame % 3 == 0, "H3K9me3", "H3K27ac")
    frame = pd.DataFrame({"x_nm": truth.x_nm, "y_nm": truth.y_nm, "channel": mark})
    if category:
        frame["channel"] = frame["channel"].astype("category")
    frame.loc[5, "channel"] = None
    frame.to_parquet(tmp_path / "a.parquet")
    found, channels, notes = read(tmp_path / "a.parquet")
    names = {one.code: one.label for one in channels}
    read_marks = [names[number] for number in found.channel]
    assert read_marks == np.delete(mark, 5).tolist()
    assert "1 without a channel" in notes[0]


def test_picasso_with_channels_by_name(tmp_path, truth: Truth):
    kinds = [("x", "f8"), ("y", "f8"), ("channel", "S8")]
    records = np.zeros(len(truth.x_nm), dtype=kinds)
    records["x"], records["y"] = truth.x_nm / 100, truth.y_nm / 100
    records["channel"] = np.where(truth.frame % 3 == 0, b"H3K9me3", b"H3K27ac")
    with h5py.File(tmp_path / "a.hdf5", "w") as file:
        file["locs"] = records
    found, channels, _ = read(tmp_path / "a.hdf5", camera_pixel_nm=100)
    number = {one.label: one.code for one in channels}["H3K9me3"]
    assert ((found.channel == number) == (truth.frame % 3 == 0)).all()


def test_the_line_that_excel_writes_above_a_table(tmp_path, truth: Truth):
    path = write_table(
        tmp_path / "a.csv",
        ["x [nm]", "y [nm]", "frame"],
        [truth.x_nm, truth.y_nm, truth.frame],
        ";",
        ",",
    )
    path.write_text("sep=;\n" + path.read_text(encoding="utf-8"), encoding="utf-8")
    check(path, truth, precision=False)


def test_channels_that_are_called_none(tmp_path, truth: Truth):
    """A label is a label, whatever pandas takes it for."""
    marks = np.where(truth.frame % 2 == 0, "None", "NA")
    rows = zip(truth.x_nm, truth.y_nm, marks, strict=True)
    lines = ["x_nm,y_nm,channel", *(f"{x},{y},{mark}" for x, y, mark in rows)]
    (tmp_path / "a.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    found, channels, _ = read(tmp_path / "a.csv")
    assert len(found) == 500
    assert {one.label for one in channels} == {"None", "NA"}


def test_text_that_swells_is_refused(tmp_path):
    import pyarrow as pa
    import pyarrow.parquet as pq

    n = 2_000
    table = pa.table(
        {"x_nm": np.arange(n) * 7.0, "y_nm": np.arange(n) * 5.0, "channel": ["x" * 99_000] * n}
    )
    pq.write_table(table, tmp_path / "a.parquet", compression="zstd")
    with pytest.raises(InputError, match="no names of channels"):
        read(tmp_path / "a.parquet")


def test_no_module_beside_a_file_is_imported(tmp_path, truth: Truth, monkeypatch):
    trap = tmp_path / "trap"
    for name in ("h5py", "signal"):
        (tmp_path / f"{name}.py").write_text(f"open({str(trap)!r}, 'w')")
    path = tmp_path / "a.h5"
    with h5py.File(path, "w") as file:
        xyz = np.column_stack([truth.x_nm, truth.y_nm, 0 * truth.x_nm])
        file["data/xyz"] = xyz
        file.create_group("meta").attrs["xy_unit"] = "nm"
    monkeypatch.chdir(tmp_path)
    found, *_ = read(path)
    np.testing.assert_allclose(found.x_nm, truth.x_nm)
    assert not trap.exists()
