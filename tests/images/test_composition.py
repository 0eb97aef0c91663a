"""Background, gain and saturation, against the numbers that the image was made with."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from chromamol.errors import CallError, InputError
from chromamol.images.composition import compose
from chromamol.images.image import Image
from chromamol.settings import Role, Settings

H, E, T = Role.HETEROCHROMATIN, Role.EUCHROMATIN, Role.TOTAL
LABELS = np.zeros((120, 200), np.int32)
LABELS[30:90, 40:130] = 1
INSIDE = LABELS > 0


def make_image(*channels):
    cyx = np.stack(channels)
    return Image("a", Path("a.tif"), "", cyx, ("",) * len(cyx), (20.0, 15.0))


def counts(signal, background, seed):
    mean = np.where(INSIDE, signal + background, background)
    return np.random.default_rng(seed).poisson(mean).astype(np.uint16)


def test_the_background_is_found_below_haze_and_spots():
    h, e = counts(100, 20, 0), counts(50, 7, 1)
    h[:, 150:] += 30  # a neighbour out of focus
    h[100:104, 10:14] = 4000
    found = compose(make_image(h, e), LABELS, Settings(), {H: 0, E: 1}, ("from the names",))
    assert found.density(H).dtype == np.float64
    assert found.density(H)[INSIDE].mean() == pytest.approx(100, abs=1.5)
    assert found.density(E)[INSIDE].mean() == pytest.approx(50, abs=1.5)
    assert not found.calibrated
    assert found.notes[0] == "from the names"
    assert "do not compare between images" in found.notes[-1]


def test_a_given_background_and_gain_give_volume_fractions():
    image = make_image(counts(100, 20, 0), counts(50, 20, 1))
    settings = Settings(
        background_intensity=20, intensity_per_fraction={"heterochromatin": 400, "euchromatin": 250}
    )
    found = compose(image, LABELS, settings, {E: 1, H: 0})
    assert found.calibrated
    assert found.density(H)[INSIDE].mean() == pytest.approx(0.25, abs=0.01)
    assert found.density(E)[INSIDE].mean() == pytest.approx(0.2, abs=0.01)
    assert dict(found.roles) == {E: 1, H: 0}


def test_no_outside_means_no_background_and_a_note():
    image = make_image(counts(100, 20, 0))
    found = compose(image, np.ones_like(LABELS), Settings(), {T: 0})
    np.testing.assert_array_equal(found.density(T), image.cyx[0])
    assert "0 was taken" in found.notes[0]


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        (Settings(intensity_per_fraction=40), "more than 1"),
        (Settings(intensity_per_fraction=140), "more than 1"),
        (Settings(background_intensity=500), "not brighter in the nuclei than its background"),
    ],
)
def test_numbers_that_cannot_be(settings, sentence):
    image = make_image(counts(100, 20, 0), counts(60, 20, 1))
    with pytest.raises(InputError, match=sentence):
        compose(image, LABELS, settings, {H: 0, E: 1})


def test_total_and_one_species_are_not_added_up():
    image = make_image(counts(100, 20, 0), counts(60, 20, 1))
    found = compose(image, LABELS, Settings(intensity_per_fraction=140), {T: 0, E: 1})
    assert found.calibrated


def test_a_gain_for_one_role_only_is_an_error_of_the_call():
    image = make_image(counts(100, 20, 0), counts(60, 20, 1))
    settings = Settings(intensity_per_fraction={"heterochromatin": 400})
    with pytest.raises(CallError, match="no value for the role euchromatin"):
        compose(image, LABELS, settings, {H: 0, E: 1})


def test_one_picture_for_two_roles_is_refused():
    image = make_image(counts(100, 20, 0), counts(50, 20, 1), counts(100, 20, 0))
    with pytest.raises(InputError, match="the same to the last pixel"):
        compose(image, LABELS, Settings(), {H: 0, E: 2})
