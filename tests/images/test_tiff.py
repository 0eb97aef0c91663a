"""Files of the TIFF family, written by tifffile: axes, names, pixel sizes, and what is refused."""

from __future__ import annotations

import contextlib
import struct

import numpy as np
import pytest
import tifffile

from chromamol.errors import InputError
from chromamol.images.read import read_image

CYX = np.random.default_rng(7).integers(0, 4000, (2, 24, 37)).astype(np.uint16)
YX = CYX[0]


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"bigtiff": True},
        {"byteorder": ">"},
        {"compression": "zlib", "rowsperstrip": 5},
        {"compression": "lzw", "predictor": 2},
        {"compression": "packbits"},
        {"tile": (16, 16), "compression": "zstd"},
        {"imagej": True},
        {"ome": True},
    ],
    ids=str,
)
def test_values_of_a_plain_image(tmp_path, options):
    path = tmp_path / "cell.v2.tif"
    tifffile.imwrite(path, YX, **options)
    image = read_image(path)
    assert image.name == "cell.v2"
    assert image.cyx.shape == (1, 24, 37)
    assert image.cyx.dtype == np.uint16
    assert image.cyx.dtype.isnative
    np.testing.assert_array_equal(image.cyx[0], YX)
    assert len(image.sha256) == 64


@pytest.mark.parametrize(
    ("array", "options"),
    [
        (CYX, {"ome": True, "metadata": {"axes": "CYX"}}),
        (CYX[:, None], {"ome": True, "metadata": {"axes": "CZYX"}}),
        (CYX[None, None], {"imagej": True, "metadata": {"axes": "TZCYX"}}),
        (CYX, {"imagej": True, "metadata": {"axes": "CYX"}}),
        (CYX, {"metadata": {"axes": "CYX"}}),
        (CYX, {"planarconfig": "separate"}),
        (np.moveaxis(CYX, 0, -1), {"planarconfig": "contig"}),
    ],
    ids=lambda value: str(value) if isinstance(value, dict) else "",
)
def test_channels(tmp_path, array, options):
    path = tmp_path / "cell.ome.tif"
    tifffile.imwrite(path, array, photometric="minisblack", **options)
    np.testing.assert_array_equal(read_image(path).cyx, CYX)


def test_channel_names_and_pixel_size_of_ome(tmp_path):
    path = tmp_path / "cell.ome.tif"
    metadata = {
        "axes": "CYX",
        "Channel": {"Name": ["H3K9me3", "H3K27ac"]},
        "PhysicalSizeX": 15.0,
        "PhysicalSizeXUnit": "nm",
        "PhysicalSizeY": 0.02,
    }
    tifffile.imwrite(path, CYX, photometric="minisblack", metadata=metadata, ome=True)
    image = read_image(path)
    assert image.name == "cell"
    assert image.channel_names == ("H3K9me3", "H3K27ac")
    assert image.yx_spacing_nm == pytest.approx((20.0, 15.0))
    assert image.notes == ()


def test_ome_with_one_physical_size_assumes_square_pixels(tmp_path):
    path = tmp_path / "cell.ome.tif"
    tifffile.imwrite(path, YX, ome=True, metadata={"PhysicalSizeX": 0.03})
    image = read_image(path)
    assert image.yx_spacing_nm == pytest.approx((30.0, 30.0))
    assert "square pixels were assumed" in image.notes[0]


@pytest.mark.parametrize("value", [-0.02, 0.0, float("nan"), float("inf"), 5000.0, 1e-9], ids=str)
def test_absurd_physical_size_is_ignored_with_a_note(tmp_path, value):
    path = tmp_path / "cell.ome.tif"
    tifffile.imwrite(path, YX, ome=True, metadata={"PhysicalSizeX": value, "PhysicalSizeY": 0.02})
    image = read_image(path)
    assert image.yx_spacing_nm is None
    assert "cannot be the pixel size" in image.notes[0]


@pytest.mark.parametrize(
    ("unit", "nm"),
    [("micron", 1e3), ("um", 1e3), ("\\u00B5m", 1e3), ("nm", 1.0), ("mm", 1e6), ("cm", 1e7)],
)
def test_imagej_units(tmp_path, unit, nm):
    path = tmp_path / "cell.tif"
    x_per_unit, y_per_unit = nm / 25.0, nm / 40.0
    tifffile.imwrite(
        path,
        CYX,
        imagej=True,
        resolution=(x_per_unit, y_per_unit),
        metadata={"axes": "CYX", "unit": unit, "Labels": ["c:1/2 - DAPI", "c:2/2 - H3K27ac"]},
    )
    image = read_image(path)
    assert image.yx_spacing_nm == pytest.approx((40.0, 25.0), rel=1e-5)
    assert image.channel_names == ("DAPI", "H3K27ac")


def test_imagej_unit_that_is_no_length(tmp_path):
    path = tmp_path / "cell.tif"
    tifffile.imwrite(path, YX, imagej=True, resolution=(1, 1), metadata={"unit": "pixel"})
    image = read_image(path)
    assert image.yx_spacing_nm is None
    assert "'pixel', which is no length" in image.notes[0]


@pytest.mark.parametrize("dpi", [72, 96, 300, 1200])
def test_a_printing_resolution_is_no_pixel_size(tmp_path, dpi):
    path = tmp_path / "cell.tif"
    tifffile.imwrite(path, YX, resolution=(dpi, dpi), resolutionunit="inch")
    image = read_image(path)
    assert image.yx_spacing_nm is None
    assert image.notes == (
        f"The file states {dpi} dpi, which is a printing resolution, not a pixel size.",
    )


def test_resolution_tags_that_can_be_a_pixel_size(tmp_path):
    path = tmp_path / "cell.tif"
    tifffile.imwrite(path, YX, resolution=(1e7 / 80, 1e7 / 100), resolutionunit="centimeter")
    assert read_image(path).yx_spacing_nm == pytest.approx((100.0, 80.0))
    tifffile.imwrite(path, YX, resolution=(0.01, 0.01), resolutionunit="centimeter")
    assert read_image(path).yx_spacing_nm is None


@pytest.mark.parametrize(
    ("array", "options", "sentence"),
    [
        (np.zeros((24, 37, 3), np.uint8) + 5, {"photometric": "rgb"}, "colour"),
        (
            np.zeros((24, 37, 3), np.uint8) + 5,
            {"photometric": "rgb", "ome": True},
            "Split Channels",
        ),
        (np.ones((5, 24, 37), np.uint8), {"metadata": None}, "5 pages and does not say"),
        (np.ones((5, 24, 37), np.uint8), {}, "5 pages and does not say"),
        (
            np.ones((5, 24, 37), np.uint8),
            {"ome": True, "metadata": {"axes": "ZYX"}},
            "z-stack of 5 planes",
        ),
        (
            np.ones((4, 24, 37), np.uint8),
            {"imagej": True, "metadata": {"axes": "TYX"}},
            "4 time points",
        ),
        (np.ones((1, 1), np.uint8), {}, "1 x 1 pixels"),
        (np.ones((24, 3), np.uint16), {}, "24 x 3 pixels"),
        (np.ones((24, 37), np.complex64), {}, "complex64"),
        (np.eye(24, 37) > 0, {}, "only true and false"),
        (np.zeros((24, 37), np.uint16), {}, "all zeros"),
        (np.full((24, 37), 7, np.uint16), {}, "the same value (7)"),
        (np.where(YX.max() == YX, np.nan, YX).astype(np.float32), {}, "1 value that is NaN"),
        (np.where(YX.max() == YX, np.inf, YX).astype(np.float32), {}, "NaN or infinite"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_refused_content(tmp_path, array, options, sentence):
    path = tmp_path / "bad.tif"
    tifffile.imwrite(path, array, **{"photometric": "minisblack"} | options)
    with pytest.raises(InputError, match=r"bad\.tif") as caught:
        read_image(path)
    assert sentence in str(caught.value)


def test_an_empty_channel_beside_a_real_one_is_noted(tmp_path):
    path = tmp_path / "cell.tif"
    cyx = np.stack([YX, np.zeros_like(YX)])
    tifffile.imwrite(path, cyx, imagej=True, metadata={"axes": "CYX"})
    assert "Channel 1 has the same value everywhere." in read_image(path).notes


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (None, "There is no file"),
        (b"", "is empty"),
        (b"just some text", "no image that chromamol knows"),
        (b"\x89PNG\r\n\x1a\n" + bytes(50), "PNG"),
        (b"\xff\xd8\xff\xe0" + bytes(50), "JPEG"),
        (b"II*\0", "damaged"),
        (b"II*\0\xff\xff\xff\xff", "damaged"),
        (b"MM\0*" + bytes(40), "damaged"),
    ],
    ids=["missing", "empty", "text", "png", "jpeg", "magic", "offset", "zeros"],
)
def test_refused_files(tmp_path, content, sentence):
    path = tmp_path / "bad.tif"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(InputError, match=sentence):
        read_image(path)


@pytest.mark.parametrize(
    "options",
    [
        {"metadata": None},
        {"ome": True, "metadata": {"axes": "CYX"}},
        {"imagej": True, "metadata": {"axes": "CYX"}},
        {"compression": "lzw", "rowsperstrip": 8},
        {"compression": "zlib", "rowsperstrip": 8},
        {"tile": (16, 16), "compression": "zlib"},
    ],
    ids=str,
)
@pytest.mark.parametrize("part", [0.95, 0.6, 0.1])
def test_a_truncated_file_is_never_read_in_part(tmp_path, caplog, options, part):
    path = tmp_path / "cut.tif"
    tifffile.imwrite(path, CYX, photometric="minisblack", **options)
    whole = path.read_bytes()
    path.write_bytes(whole[: int(part * len(whole))])
    with pytest.raises(InputError):
        read_image(path)
    assert caplog.records == []  # nothing of the decoder's own words reaches the user


def test_overwritten_bytes_give_a_sentence_or_an_image(tmp_path):
    path = tmp_path / "noise.tif"
    tifffile.imwrite(path, CYX, photometric="minisblack", compression="zlib", rowsperstrip=8)
    whole = path.read_bytes()
    rng = np.random.default_rng(3)
    for _ in range(60):
        broken = bytearray(whole)
        start = int(rng.integers(4, len(whole) - 12))
        broken[start : start + 12] = rng.bytes(12)
        path.write_bytes(broken)
        with contextlib.suppress(InputError):  # anything else would be a traceback
            read_image(path)


def test_pixels_of_which_a_part_is_missing(tmp_path):
    path = tmp_path / "sparse.tif"
    tifffile.imwrite(path, YX, compression="zlib", rowsperstrip=8, metadata=None)
    with tifffile.TiffFile(path, mode="r+b") as tiff:
        tiff.pages[0].tags["StripByteCounts"].overwrite([0, 100, 100, 100, 100][:3])
    with pytest.raises(InputError, match="not in the file"):
        read_image(path)


@pytest.mark.parametrize("side", [60_000, 2_000_000_000])
def test_a_header_that_promises_too_much(tmp_path, side):
    entries = [
        (256, 4, 1, side),
        (257, 4, 1, side),
        (258, 3, 1, 8),
        (259, 3, 1, 8),
        (262, 3, 1, 1),
        (273, 4, 1, 8),
        (277, 3, 1, 1),
        (278, 4, 1, side),
        (279, 4, 1, 50),
    ]
    header = b"II*\0" + struct.pack("<I", 100) + bytes(92)
    directory = struct.pack("<H", len(entries))
    directory += b"".join(struct.pack("<HHII", *entry) for entry in entries) + bytes(4)
    path = tmp_path / "bomb.tif"
    path.write_bytes(header + directory)
    with pytest.raises(InputError, match=r"bomb.tif (declares|is damaged)"):
        read_image(path)


def test_a_renamed_ome_file_is_read_and_a_part_of_a_set_is_not(tmp_path):
    path = tmp_path / "cell.ome.tif"
    tifffile.imwrite(path, CYX, photometric="minisblack", ome=True, metadata={"axes": "CYX"})
    xml = tifffile.tiffcomment(path)
    plane = (
        '<TiffData IFD="{}" FirstC="{}" PlaneCount="1">'
        '<UUID FileName="{}">urn:uuid:{}</UUID></TiffData>'
    )
    start, end = xml.index("<TiffData"), xml.index("</Pixels>")

    def refer(*names):
        parts = [
            plane.format(i if len(set(names)) == 1 else 0, i, name, i)
            for i, name in enumerate(names)
        ]
        return (xml[:start] + "".join(parts) + xml[end:]).encode()

    tifffile.tiffcomment(path, refer("former.ome.tif", "former.ome.tif"))
    np.testing.assert_array_equal(read_image(path).cyx, CYX)
    secret = tmp_path / "secret.tif"
    tifffile.imwrite(secret, YX)
    tifffile.imwrite(path, YX, ome=True, metadata={"axes": "YX"})
    tifffile.tiffcomment(path, refer("cell.ome.tif", str(secret)))
    with pytest.raises(InputError, match="one part of an image in several files"):
        read_image(path)


def test_xml_entities_are_refused(tmp_path):
    path = tmp_path / "cell.ome.tif"
    tifffile.imwrite(path, YX, ome=True)
    xml = tifffile.tiffcomment(path)
    head, body = xml.split("<OME", 1)
    bomb = f'{head}<!DOCTYPE x [<!ENTITY a "aaaa">]><OME{body}'
    tifffile.tiffcomment(path, bomb.encode())
    with pytest.raises(InputError, match="entities"):
        read_image(path)


def test_sha256_is_that_of_the_file(tmp_path):
    import hashlib

    path = tmp_path / "cell.tif"
    tifffile.imwrite(path, YX)
    assert read_image(path).sha256 == hashlib.sha256(path.read_bytes()).hexdigest()


def test_masks_and_labels_are_told_from_images(tmp_path):
    rng = np.random.default_rng(0)
    y, x = np.indices((60, 70))
    inside = np.hypot(y - 30, x - 35) < 20
    for number, mask in enumerate((inside * 255, inside * 1)):
        path = tmp_path / f"mask{number}.tif"
        tifffile.imwrite(path, mask.astype(np.uint8))
        with pytest.raises(InputError, match="looks like a mask"):
            read_image(path)
    labels = tmp_path / "labels.tif"
    tifffile.imwrite(labels, (inside * (1 + x // 30)).astype(np.uint16))
    assert any("looks like a label image" in note for note in read_image(labels).notes)
    picture = tmp_path / "picture.tif"
    tifffile.imwrite(picture, np.minimum(rng.poisson(200 * inside + 2), 210).astype(np.uint8))
    assert not any("label" in note for note in read_image(picture).notes)
