"""Nuclei found in drawn and in measured images, against the drawing and the authors' mask."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import tifffile
from scipy import ndimage
from skimage.filters import threshold_li
from skimage.segmentation import watershed

from chromamol.errors import InputError
from chromamol.images.nuclei import find_nuclei
from chromamol.samples import STED_PIXEL_SIZE_NM, sample_path
from chromamol.settings import Settings

SHARED = Path(__file__).parents[3] / "shared" / "data"
SPACING_NM = (60.0, 40.0)
SHAPE = (500, 900)


def ellipse(y_um, x_um, ry_um, rx_um, turn=0.0):
    """Draw an ellipse given in um, on pixels of two different sides."""
    y, x = np.mgrid[: SHAPE[0], : SHAPE[1]]
    y = y * SPACING_NM[0] / 1e3 - y_um
    x = x * SPACING_NM[1] / 1e3 - x_um
    u, v = x * np.cos(turn) + y * np.sin(turn), y * np.cos(turn) - x * np.sin(turn)
    return (u / rx_um) ** 2 + (v / ry_um) ** 2 < 1


def dice(a, b):
    return 2 * (a & b).sum() / (a.sum() + b.sum())


def draw(*objects, seed=0, counts=20, background=1.0):
    mean = np.full(SHAPE, background)
    for inside, brightness in objects:
        mean[inside] = background + brightness * counts
    return np.random.default_rng(seed).poisson(mean).astype(np.uint16)


def best_match(nuclei, inside):
    number = np.bincount(nuclei.labels[inside]).argmax()
    assert number > 0
    return number, dice(nuclei.labels == number, inside)


def test_nuclei_of_unequal_brightness_each_with_its_outline():
    objects = [
        (ellipse(7, 8, 4, 6, 0.3), 1.0),
        (ellipse(20, 10, 2.5, 8, 0.5), 0.3),
        (ellipse(15, 25, 6, 4), 0.5),
        (ellipse(27, 33, 6, 6), 0.8),
    ]
    nuclei = find_nuclei(draw(*objects), SPACING_NM, Settings())
    assert nuclei.labels.dtype == np.int32
    assert set(np.unique(nuclei.labels)) == {0, 1, 2, 3, 4}
    matches = [best_match(nuclei, inside) for inside, _ in objects]
    assert len({number for number, _ in matches}) == 4
    assert min(score for _, score in matches) > 0.97
    cut = {number for number, _ in matches if nuclei.touches_border[number - 1]}
    assert cut == {matches[3][0]}


def test_touching_nuclei_are_split_where_they_touch():
    left, right = ellipse(15, 9, 5, 7.5, 0.4), ellipse(15, 22.8, 5, 7.5, -0.4)
    assert (left & np.roll(right, -5, axis=1)).any()
    nuclei = find_nuclei(draw((left, 1.0), (right, 0.9)), SPACING_NM, Settings())
    (first, score), (second, other_score) = best_match(nuclei, left), best_match(nuclei, right)
    assert nuclei.labels.max() == 2
    assert first != second
    assert min(score, other_score) > 0.97


@pytest.mark.parametrize(("ry", "rx"), [(2.5, 12.0), (9.0, 3.0)])
def test_an_elongated_wobbly_nucleus_stays_whole(ry, rx):
    y, x = np.mgrid[: SHAPE[0], : SHAPE[1]]
    y, x = y * SPACING_NM[0] / 1e3 - 15, x * SPACING_NM[1] / 1e3 - 17
    angle = np.arctan2(y / ry, x / rx)
    inside = np.hypot(y / ry, x / rx) < 1 + 0.1 * np.cos(5 * angle) + 0.05 * np.sin(9 * angle)
    nuclei = find_nuclei(draw((inside, 1.0)), SPACING_NM, Settings())
    assert nuclei.labels.max() == 1
    assert dice(nuclei.labels > 0, inside) > 0.97


def test_nucleoli_are_filled_and_spots_outside_do_not_count():
    whole = ellipse(15, 15, 7, 9)
    image = draw((whole, 1.0), (ellipse(14, 13, 1.5, 1.2), 0.0))
    rng = np.random.default_rng(4)
    spots = rng.integers(0, (480, 880), (400, 2))
    for y, x in spots:
        image[y : y + 3, x : x + 4] += 150  # 180 x 160 nm
    nuclei = find_nuclei(image, SPACING_NM, Settings())
    assert nuclei.labels.max() == 1
    assert dice(nuclei.labels > 0, whole) > 0.97


def test_saturated_pixels_and_a_hot_one_do_not_matter():
    inside = ellipse(15, 15, 7, 9)
    image = np.minimum(draw((inside, 1.0)), 18)
    image[3, 700] = 60_000
    nuclei = find_nuclei(image, SPACING_NM, Settings())
    assert nuclei.labels.max() == 1
    assert dice(nuclei.labels > 0, inside) > 0.97


def test_small_objects_are_dropped():
    large, small = ellipse(15, 10, 6, 6), ellipse(10, 28, 2, 2)
    image = draw((large, 1.0), (small, 1.0))
    assert find_nuclei(image, SPACING_NM, Settings()).labels.max() == 1
    both = Settings(nucleus_min_area_um2=5)
    assert find_nuclei(image, SPACING_NM, both).labels.max() == 2


@pytest.mark.parametrize(
    ("image", "sentence"),
    [
        (np.random.default_rng(0).poisson(5, SHAPE), "brighter than its noise"),
        (np.random.default_rng(0).normal(100, 10, SHAPE), "brighter than its noise"),
        (np.full((8, 11), 3.0), "nothing in it"),
        (draw((ellipse(10, 28, 2, 2), 1.0)), "the largest object has 12."),
    ],
    ids=["counts", "camera", "tiny", "small object"],
)
def test_no_nucleus(image, sentence):
    with pytest.raises(InputError, match="No nucleus was found") as caught:
        find_nuclei(image, SPACING_NM, Settings())
    assert sentence in str(caught.value)
    assert "--nuclei mask.tif" in str(caught.value)


def test_the_measured_sted_nucleus_against_the_mask_of_its_authors():
    image = tifffile.imread(sample_path("sted"))
    truth = tifffile.imread(sample_path("sted-mask")) > 0
    nuclei = find_nuclei(image, (STED_PIXEL_SIZE_NM,) * 2, Settings())
    assert nuclei.labels.max() == 1  # and so none of the mitochondria
    assert nuclei.touches_border == (True,)
    assert dice(nuclei.labels > 0, truth) > 0.98


def shared(*parts):
    path = SHARED.joinpath(*parts)
    if not path.is_file():
        pytest.skip(f"the shared image {path.name} is not here")
    return tifffile.imread(path)


def test_two_confocal_nuclei():
    image = shared("neubias-nuclei", "xyc_16bit__nup_nuclei.tif")[1]
    nuclei = find_nuclei(image, (100.0, 100.0), Settings())
    assert nuclei.touches_border == (False, False)
    assert sorted(np.bincount(nuclei.labels.ravel())[1:] / 100 > 300) == [False, True]


def test_widefield_nuclei_two_of_them_touching_two_cut():
    image = shared("hoechst-h2ax", "1-162hrhoe2.tif")
    nuclei = find_nuclei(image, (200.0, 200.0), Settings())
    assert len(nuclei.touches_border) == 8
    assert sum(nuclei.touches_border) == 2


def within_the_pores(rim):
    """Region enclosed by the ridge of the nuclear pores: the watershed from inside and outside."""
    smooth = ndimage.gaussian_filter(rim.astype(float), 1)
    solid = ndimage.binary_fill_holes(smooth > threshold_li(smooth))
    solid = ndimage.binary_opening(solid, iterations=10)
    markers, count = ndimage.label(ndimage.binary_erosion(solid, iterations=15))
    markers[~ndimage.binary_dilation(solid, iterations=5)] = count + 1
    parts = watershed(smooth, markers)
    return [parts == number for number in range(1, count + 1)]


@pytest.mark.parametrize("side_nm", [60.0, 100.0, 160.0])  # the file does not state it
def test_the_dna_ends_at_the_nuclear_pores(side_nm):
    rim, dna = shared("neubias-nuclei", "xyc_16bit__nup_nuclei.tif")
    nuclei = find_nuclei(dna, (side_nm, side_nm), Settings())
    enclosed = within_the_pores(rim)
    assert len(enclosed) == 2
    scores = [best_match(nuclei, inside)[1] for inside in enclosed]
    assert min(scores) > 0.92
    assert max(scores) > 0.95


def test_a_bright_rim_does_not_widen_the_outline():
    inside, core = ellipse(15, 15, 7, 9), ellipse(15, 15, 6.5, 8.5)
    nuclei = find_nuclei(draw((inside, 3.0), (core, 1.0)), SPACING_NM, Settings())
    assert (nuclei.labels > 0).sum() == pytest.approx(inside.sum(), rel=0.03)


@pytest.mark.parametrize("per_um2", [30, 300])
def test_few_localisations(per_um2):
    inside = ellipse(15, 15, 7, 9)
    per_pixel = per_um2 * np.prod(SPACING_NM) / 1e6
    image = draw((inside, per_pixel), counts=1, background=per_pixel / 50)
    nuclei = find_nuclei(image, SPACING_NM, Settings())
    assert nuclei.labels.max() == 1
    assert dice(nuclei.labels > 0, inside) > 0.93


@pytest.mark.parametrize(
    ("per_um2", "too_small"), [(100, 0.10), (400, 0.045), (2_500, 0.024), (25_000, 0.014)]
)
def test_outlines_of_localisations_lie_inside_as_the_docs_say(per_um2, too_small):
    y, x = np.indices((500, 600)) * 0.02
    inside = np.hypot(y - 5, x - 6) < 3
    shares = []
    for seed in range(3):
        image = np.random.default_rng(seed).poisson(inside * per_um2 * 0.02**2)
        found = find_nuclei(image, (20.0, 20.0), Settings()).labels > 0
        shares.append(1 - found.sum() / inside.sum())
    assert np.mean(shares) == pytest.approx(too_small, rel=0.25)


@pytest.mark.parametrize("side_nm", [20.0, 40.0])
def test_the_measured_localisations_of_one_nucleus(side_nm):
    path = SHARED / "locs-u2os-nls" / "region_2_7ms_trajs.csv"
    if not path.is_file():
        pytest.skip(f"the shared table {path.name} is not here")
    table = pd.read_csv(path)
    yx_nm = 160 * table.loc[table.error_flag == 0, ["y", "x"]].to_numpy()
    edges = [np.arange(low - 2000, low + 24_000, side_nm) for low in yx_nm.min(axis=0)]
    image = np.histogram2d(*yx_nm.T, bins=edges)[0]
    nuclei = find_nuclei(image, (side_nm, side_nm), Settings())
    assert nuclei.labels.max() == 1
    assert (nuclei.labels > 0).sum() * side_nm**2 / 1e6 == pytest.approx(250, rel=0.1)
    assert image[nuclei.labels > 0].sum() > 0.93 * image.sum()


def test_a_nucleus_as_large_as_no_cell_has_is_doubted():
    inside = ellipse(15, 15, 7, 9)
    image = draw((inside, 100))
    huge = find_nuclei(image, tuple(5 * side for side in SPACING_NM), Settings())
    assert any("Is the pixel size right" in note for note in huge.notes)
    assert not find_nuclei(image, SPACING_NM, Settings()).notes
