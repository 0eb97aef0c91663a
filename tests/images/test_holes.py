"""Bodies without chromatin: found where they were drawn, and nowhere else."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import tifffile
from scipy import ndimage

from chromamol.equations.chromatin_phase_field import ChromatinPhaseField
from chromamol.images.composition import Composition
from chromamol.images.holes import empty_bodies, with_holes
from chromamol.images.image import Image
from chromamol.images.nuclei import label_nuclei, nuclei_from_file
from chromamol.inference.infer import infer_rates
from chromamol.inference.rate_map import Status
from chromamol.settings import Role, Settings

SHAPE, SPACING_NM = (320, 480), (25.0, 20.0)
MIN_NM = 500.0


def disc(y_um, x_um, ry_um, rx_um):
    y, x = (i * side / 1e3 for i, side in zip(np.indices(SHAPE), SPACING_NM, strict=True))
    return np.hypot((y - y_um) / ry_um, (x - x_um) / rx_um) < 1


NUCLEUS = disc(4, 4.8, 3.6, 4.4)
NUCLEOLUS = disc(3.6, 5.6, 0.6, 0.6)


def chromatin(seed, width_nm=60.0, contrast=0.5):
    """Log-normal density with a mean of 1."""
    white = np.random.default_rng(seed).normal(size=SHAPE)
    field = ndimage.gaussian_filter(white, [width_nm / side for side in SPACING_NM])
    return np.exp(contrast * field / field.std() - contrast**2 / 2)


def counts(density, per_pixel, seed):
    return np.random.default_rng(seed).poisson(per_pixel * density).astype(float)


def dice(a, b):
    return 2 * (a & b).sum() / (a.sum() + b.sum())


@pytest.mark.parametrize("per_pixel", [1.0, 10.0, 1000.0])
@pytest.mark.parametrize("left", [0.0, 0.1])
def test_a_nucleolus_in_structured_chromatin(per_pixel, left):
    density = chromatin(1) * np.where(NUCLEOLUS, left, 1) * NUCLEUS
    found = empty_bodies([counts(density, per_pixel, 2)], NUCLEUS, SPACING_NM, MIN_NM)
    assert dice(found, NUCLEOLUS) > 0.88


def test_few_counts_show_a_large_body_only():
    large = disc(3.6, 5.2, 1.3, 1.3)
    for body, seen in ((large, True), (NUCLEOLUS, False)):
        image = counts(NUCLEUS & ~body, 0.02, 3)  # 40 per um2
        found = empty_bodies([image], NUCLEUS, SPACING_NM, MIN_NM)
        assert found.any() == seen
        assert not seen or dice(found, body) > 0.75


@pytest.mark.parametrize("per_pixel", [0.02, 0.2, 2.0, 200.0])
@pytest.mark.parametrize(("width_nm", "contrast"), [(50, 0.0), (50, 0.5), (120, 0.5)])
def test_no_hole_in_loose_chromatin_nor_in_noise(per_pixel, width_nm, contrast):
    density = chromatin(4, width_nm, contrast) * NUCLEUS
    image = counts(density, per_pixel, 5)
    assert not empty_bodies([image], NUCLEUS, SPACING_NM, MIN_NM).any()


def test_what_one_channel_shows_is_no_hole():
    other = np.where(NUCLEOLUS, 0.02, 1.0)
    mark = np.where(NUCLEOLUS, 1.5, 0.5)
    channels = [counts(density * NUCLEUS, 50, 6) for density in (other, mark)]
    assert not empty_bodies(channels, NUCLEUS, SPACING_NM, MIN_NM).any()
    assert empty_bodies(channels[:1], NUCLEUS, SPACING_NM, MIN_NM).any()


@pytest.mark.parametrize(("diameter_um", "found"), [(0.35, False), (0.6, True)])
def test_the_setting_is_a_diameter(diameter_um, found):
    body = disc(3.6, 5.6, diameter_um / 2, diameter_um / 2)
    image = counts(NUCLEUS & ~body, 200, 7)
    assert empty_bodies([image], NUCLEUS, SPACING_NM, MIN_NM).any() == found


def test_a_nucleus_that_is_all_noise_or_darker_than_its_background_has_no_hole():
    rng = np.random.default_rng(12)
    for mean in (0.01, 0.0, -5.0):
        image = rng.normal(mean, 1.0, SHAPE)
        assert not empty_bodies([image], NUCLEUS, SPACING_NM, MIN_NM).any()


def one_channel(yx):
    """A composition of the densities themselves."""
    image = Image("a", Path("a.tif"), "", yx[None], ("DNA",), SPACING_NM)
    return Composition(image, {Role.TOTAL: 0}, {Role.TOTAL: 0.0}, {Role.TOTAL: 1.0}, False)


def test_brightness_and_gain_do_not_matter():
    image = counts(chromatin(8) * (NUCLEUS & ~NUCLEOLUS), 20, 8)
    found = empty_bodies([image], NUCLEUS, SPACING_NM, MIN_NM)
    np.testing.assert_array_equal(empty_bodies([7.5 * image], NUCLEUS, SPACING_NM, MIN_NM), found)


def test_holes_are_noted_and_the_nucleus_stays_whole():
    nuclei = label_nuclei(NUCLEUS.astype(int), ())
    image = counts(NUCLEUS & ~NUCLEOLUS, 200, 9)
    pierced = with_holes(nuclei, one_channel(image), SPACING_NM, MIN_NM)
    np.testing.assert_array_equal(pierced.labels, nuclei.labels)
    np.testing.assert_array_equal(pierced.chromatin == 0, pierced.yx_holes | ~NUCLEUS)
    (note,) = pierced.notes
    assert note.startswith("1 hole of 1.")
    unpierced = with_holes(nuclei, one_channel(image), SPACING_NM, 0.0)
    assert not unpierced.yx_holes.any()
    assert not unpierced.notes


def test_holes_that_the_user_drew_stay_and_come_back_from_a_result(tmp_path):
    drawn = disc(4.6, 3.0, 0.3, 0.3)
    path = tmp_path / "mask.tif"
    tifffile.imwrite(path, (255 * (NUCLEUS & ~drawn)).astype(np.uint8))
    image = counts(NUCLEUS & ~NUCLEOLUS, 200, 10)
    nuclei = nuclei_from_file(path, image)
    np.testing.assert_array_equal(nuclei.labels > 0, NUCLEUS)
    np.testing.assert_array_equal(nuclei.yx_holes, drawn)
    pierced = with_holes(nuclei, one_channel(image), SPACING_NM, MIN_NM)
    assert len(pierced.notes) == 2
    assert (pierced.yx_holes & drawn).sum() == drawn.sum()
    tifffile.imwrite(path, pierced.chromatin)
    again = with_holes(nuclei_from_file(path, image), one_channel(image), SPACING_NM, MIN_NM)
    np.testing.assert_array_equal(again.yx_holes, pierced.yx_holes)


def test_a_nucleus_in_the_hole_of_another_stays():
    labels = NUCLEUS.astype(int)
    labels[disc(4, 4.8, 2, 2)] = 0
    labels[disc(4, 4.8, 1, 1)] = 2
    nuclei = label_nuclei(labels, ())
    np.testing.assert_array_equal(nuclei.chromatin, labels)
    assert (nuclei.labels == 2).sum() == (labels == 2).sum()


def test_the_solver_converges_around_a_nucleolus():
    y, x = np.indices((112, 132))
    side_nm = 20.0
    nucleus = np.hypot((y - 56) / 50, (x - 66) / 60) < 1
    inside = nucleus & (np.hypot(y - 52, x - 74) > 17)
    rate = np.exp(0.4 * np.sin(y * side_nm / 500) + 0.3 * np.cos(x * side_nm / 600))
    species = ChromatinPhaseField(141.4, 10.0).simulate(
        rate, (side_nm, side_nm), mask=inside, duration=20, time_step=0.2
    )
    rng = np.random.default_rng(11)
    h, e = ((rng.poisson(400 * np.where(inside, density, 0) + 2) - 2) / 400 for density in species)
    holes = empty_bodies([h, e], nucleus, (side_nm, side_nm), MIN_NM)
    found = infer_rates(
        h,
        e,
        spacing_nm=side_nm,
        mask=nucleus & ~holes,
        calibrated=True,
        settings=Settings(reaction_length_nm=141.4, forward_check=False),
    )
    assert found.status is Status.CONVERGED
    assert "excluded-bodies" not in {finding.code for finding in found.findings}
    both = np.isfinite(found.rate) & inside
    assert both.sum() > 0.95 * inside.sum()
    assert np.linalg.norm((found.rate - rate)[both]) < 0.03 * np.linalg.norm(rate[both])
