"""The user's mask or label image, and everything that may be wrong with it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import tifffile
import zarr

from chromamol.errors import InputError
from chromamol.images.nuclei import nuclei_from_file
from chromamol.samples import sample_path

SHAPE = (60, 90)


def regions():
    """Two nuclei, the second cut by the right border."""
    labels = np.zeros(SHAPE, np.uint16)
    labels[10:40, 10:40] = 3
    labels[20:50, 60:] = 11
    return labels


LABELS = regions()
IMAGE = np.random.default_rng(0).poisson(np.where(LABELS > 0, 30, 3)).astype(np.float64)


def read(tmp_path: Path, array, **options):
    path = tmp_path / "mask.tif"
    tifffile.imwrite(path, array, **options)
    return nuclei_from_file(path, IMAGE)


@pytest.mark.parametrize(
    "mask",
    [
        (LABELS > 0),
        (LABELS > 0).astype(np.uint8),
        (LABELS > 0).astype(np.uint8) * 255,
        (LABELS > 0).astype(np.float32),
        LABELS,
        LABELS.astype(np.float32),
        LABELS.astype(np.int32) * 100_000,
    ],
    ids=["bool", "0/1", "0/255", "float", "labels", "float labels", "large labels"],
)
def test_masks_and_label_images(tmp_path, mask):
    nuclei = read(tmp_path, mask)
    assert nuclei.labels.dtype == np.int32
    np.testing.assert_array_equal(nuclei.labels, np.searchsorted([0, 3, 11], LABELS))
    assert nuclei.touches_border == (False, True)
    assert nuclei.notes == ()


def test_label_image_keeps_touching_nuclei_apart(tmp_path):
    labels = np.zeros(SHAPE, np.uint8)
    labels[10:40, 10:25] = 7
    labels[10:40, 25:40] = 2
    nuclei = read(tmp_path, labels)
    assert nuclei.labels.max() == 2
    assert np.unique(nuclei.labels[labels == 2]).size == 1


def test_specks_are_dropped_with_a_note(tmp_path):
    mask = (LABELS > 0).astype(np.uint8)
    mask[5, 5] = mask[55, 3:6] = 1
    nuclei = read(tmp_path, mask)
    assert nuclei.labels.max() == 2
    assert nuclei.notes == ("2 specks of the mask, of at most 3 pixels, dropped.",)


def test_a_mask_of_the_whole_image_is_a_cut_out(tmp_path):
    nuclei = read(tmp_path, np.full(SHAPE, 255, np.uint8))
    assert nuclei.labels.min() == nuclei.labels.max() == 1
    assert nuclei.touches_border == (True,)
    assert "cut-out" in nuclei.notes[0]


def test_labels_of_ome_zarr(tmp_path):
    group = zarr.open_group(tmp_path / "nuclei", mode="w", zarr_format=2)
    array = group.create_array("0", shape=SHAPE, dtype=LABELS.dtype, chunks=(30, 30))
    array[...] = LABELS
    scale = [{"type": "scale", "scale": [1, 1]}]
    axes = [{"name": name, "type": "space"} for name in "yx"]
    datasets = [{"path": "0", "coordinateTransformations": scale}]
    group.attrs["multiscales"] = [{"version": "0.4", "axes": axes, "datasets": datasets}]
    group.attrs["image-label"] = {"version": "0.4"}
    nuclei = nuclei_from_file(tmp_path / "nuclei", IMAGE)
    assert nuclei.touches_border == (False, True)


@pytest.mark.parametrize(
    ("array", "options", "sentence"),
    [
        (np.where(LABELS > 0, 0, 255).astype(np.uint8), {}, "inverted"),
        (LABELS == 0, {}, "inverted"),
        (LABELS[:, :80], {}, "has 60 x 80 pixels (y, x), the image 60 x 90"),
        (LABELS.T, {}, "axes are exchanged"),
        (np.zeros(SHAPE, np.uint8), {}, "empty"),
        (np.zeros((*SHAPE, 3), np.uint8), {"photometric": "rgb"}, "colour"),
        (np.stack([LABELS, LABELS]), {"metadata": {"axes": "CYX"}}, "2 channels"),
        (np.stack([LABELS] * 4), {"ome": True, "metadata": {"axes": "ZYX"}}, "z-stack"),
        (LABELS / np.float32(2), {}, "fractional"),
        (-LABELS.astype(np.int16), {}, "negative"),
        (np.where(LABELS > 0, np.nan, 0).astype(np.float32), {}, "missing"),
        (np.where(LABELS > 0, 2, 1).astype(np.uint8), {}, "no 0"),
        (IMAGE.astype(np.uint8), {}, "grey values"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_refused_masks(tmp_path, array, options, sentence):
    with pytest.raises(InputError, match=r"mask\.tif") as caught:
        read(tmp_path, array, **{"photometric": "minisblack"} | options)
    assert sentence in str(caught.value)


def test_a_mask_of_another_image_is_noted(tmp_path):
    mask = np.zeros(SHAPE, np.uint8)
    mask[42:58, 5:50] = 1
    assert "check that the mask belongs" in read(tmp_path, mask).notes[0]


def test_the_inverted_mask_of_the_measured_nucleus(tmp_path):
    image = tifffile.imread(sample_path("sted"))
    mask = tifffile.imread(sample_path("sted-mask"))
    nuclei = nuclei_from_file(sample_path("sted-mask"), image)
    assert nuclei.touches_border == (True,)
    path = tmp_path / "inverted.tif"
    tifffile.imwrite(path, 255 - mask)
    with pytest.raises(InputError, match="inverted"):
        nuclei_from_file(path, image)


def test_missing_mask():
    with pytest.raises(InputError, match="There is no file"):
        nuclei_from_file(Path("nowhere.tif"), IMAGE)
