"""What the image of a nucleus is worth, against images that were made good and bad."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import tifffile
from scipy import ndimage

from chromamol.images.composition import compose
from chromamol.images.image import Image
from chromamol.images.nuclei import find_nuclei, label_nuclei
from chromamol.quality import Quality, detail_nm, measure_quality
from chromamol.settings import Role, Settings

SHARED = Path(__file__).parents[2] / "shared" / "data"
SHAPE, SPACING_NM = (260, 360), (50.0, 40.0)
CENTRES_UM = ((3.4, 3.6), (3.4, 10.4), (9.6, 3.6), (9.6, 10.4))


def discs(radius_um=2.6):
    y, x = (i * side / 1e3 for i, side in zip(np.indices(SHAPE), SPACING_NM, strict=True))
    labels = np.zeros(SHAPE, int)
    for label, (cy, cx) in enumerate(CENTRES_UM, start=1):
        labels[np.hypot(y - cy, x - cx) < radius_um] = label
    return labels


def texture(seed, width_nm=100.0):
    white = np.random.default_rng(seed).normal(size=SHAPE)
    field = ndimage.gaussian_filter(white, [width_nm / side for side in SPACING_NM])
    return np.exp(0.5 * field / field.std())


def qualities(yx, *, counted=False):
    nuclei = label_nuclei(discs(), ())
    image = Image("i", Path("i.tif"), "", yx[None], ("DNA",), SPACING_NM, counts=counted)
    composition = compose(image, nuclei.labels, Settings(), {Role.TOTAL: 0})
    return measure_quality(nuclei, composition, SPACING_NM)


def photograph(density, signal=400.0, background=20.0, seed=0):
    return np.random.default_rng(seed).poisson(signal * density + background).astype(np.uint16)


def codes(quality):
    return [finding.code for finding in quality.findings]


def test_a_good_image_has_no_flag():
    for quality in qualities(photograph(texture(1) * (discs() > 0))):
        assert codes(quality) == []
        assert quality.saturated_share == 0
        assert np.isnan(quality.localisations_per_um2)
        assert quality.detail_over_others == pytest.approx(1, abs=0.25)


@pytest.mark.parametrize(("dtype", "ceiling"), [(np.uint8, 255), (np.uint16, 900)])
def test_the_share_of_saturated_pixels_of_each_nucleus(dtype, ceiling):
    labels = discs()
    gain = np.array([0, 1.0, 0.03, 0.03, 0.03])[labels]
    cut = np.minimum(photograph(texture(2) * gain), ceiling).astype(dtype)
    first, *others = qualities(cut)
    assert first.saturated_share == pytest.approx((cut[labels == 1] == ceiling).mean())
    assert first.saturated_share > 0.001
    assert [other.saturated_share for other in others] == [0, 0, 0]


def test_a_nucleus_as_dim_as_its_background_is_uneven():
    y, x = np.indices(SHAPE)
    haze = 1 + 0.5 * np.sin(y / 20) * np.cos(x / 25)
    gain = np.array([0, 1.0, 1.0, 1.0, 0.06])[discs()]
    *others, dim = qualities(photograph(texture(3) * gain, 600, 100 * haze))
    assert codes(dim) == ["low-signal"]
    assert all(codes(other) == [] for other in others)


def test_localisations_are_counted_per_area_with_chromatin():
    labels = discs()
    per_um2 = np.array([1, 100.0, 2000.0, 2000.0, 2000.0])[labels]
    image = np.random.default_rng(4).poisson(per_um2 * np.prod(SPACING_NM) / 1e6)
    few, *others = qualities(image.astype(np.uint16), counted=True)
    assert few.localisations_per_um2 == pytest.approx(100, rel=0.1)
    assert "few-localisations" in codes(few)
    assert not any("few-localisations" in codes(other) for other in others)
    assert "few-localisations" not in codes(qualities(image.astype(np.uint16))[0])
    # Few counts pile up at their largest number, which is no end of a detector's range.
    two = np.minimum(image, 2).astype(np.uint16)
    assert all(quality.saturated_share == 0 for quality in qualities(two, counted=True))
    assert any(quality.saturated_share > 0 for quality in qualities(two))


def test_one_nucleus_out_of_focus():
    density = texture(5) * (discs() > 0)
    blurred = ndimage.gaussian_filter(density, [300 / side for side in SPACING_NM])
    mixed = np.where(discs() == 2, blurred, density)
    found = qualities(photograph(mixed))
    assert [codes(quality) for quality in found] == [[], ["out-of-focus"], [], []]


@pytest.mark.parametrize("signal", [10.0, 1000.0])
def test_detail_is_a_length_whatever_the_brightness(signal):
    inside = discs() == 1
    sizes = [
        detail_nm(photograph(texture(6, width), signal).astype(float), inside, SPACING_NM)
        for width in (120.0, 240.0)
    ]
    # Of a Gaussian spectrum exp(-(k w)^2) the root of <k^2> / <k^4> is w / sqrt(2), and the
    # smoothing over 2 pixels of 50 nm adds to w^2.
    expected = [np.hypot(width, 100) / np.sqrt(2) for width in (120.0, 240.0)]
    np.testing.assert_allclose(sizes, expected, rtol=0.25)


def test_a_smooth_nucleus_in_noise_has_no_detail_and_no_flag():
    for quality in qualities(photograph(1.0 * (discs() > 0), 30)):
        assert np.isnan(quality.detail_nm)
        assert codes(quality) == []


def test_nothing_known_is_nothing_found():
    assert Quality().findings == ()


def test_a_measured_nucleus_that_was_blurred_among_its_neighbours():
    path = SHARED / "hoechst-h2ax" / "1-162hrhoe2.tif"
    if not path.is_file():
        pytest.skip(f"the shared image {path.name} is not here")
    image, spacing = tifffile.imread(path), (200.0, 200.0)
    nuclei = find_nuclei(image, spacing, Settings())
    noise = np.random.default_rng(0).normal(0, 17, image.shape)  # as in the image
    blurred = ndimage.gaussian_filter(image.astype(float), 8) + noise
    second = np.where(nuclei.labels == 2, blurred, image).astype(np.uint16)
    for yx, flagged in ((image, []), (second, [2])):
        one = Image("i", path, "", yx[None], ("Hoechst",), spacing)
        composition = compose(one, nuclei.labels, Settings(), {Role.TOTAL: 0})
        found = measure_quality(nuclei, composition, spacing)
        assert [n for n, quality in enumerate(found, 1) if codes(quality)] == flagged
