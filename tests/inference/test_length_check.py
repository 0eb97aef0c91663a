"""The check of a given reaction length, on simulated images whose length is known."""

from __future__ import annotations

import numpy as np
import pytest

from chromamol.inference.channels import check_channels
from chromamol.inference.length_check import better_length_nm
from chromamol.inference.model_fit import Model
from chromamol.progress import Silent
from chromamol.settings import Role, Settings
from chromamol.simulation import simulate_field

ELL_NM = 141.4


def _better(image, given_nm: float, *, boundary: str, side_px=(128, 128), smallest_nm=30.0):
    h, e, _ = image.with_noise(0.05, 3)
    window = slice(side_px[0]), slice(side_px[1])
    mask = image.mask[window]
    channels = check_channels(
        {Role.HETEROCHROMATIN: h[window], Role.EUCHROMATIN: e[window]},
        spacing_nm=10.0,
        mask=mask,
        noise_sd=None,
        mean_fraction=None,
    )
    settings = Settings(reaction_length_nm=given_nm, boundary=boundary, device="cpu")
    return better_length_nm(
        channels,
        Model(given_nm),
        settings,
        undefined=np.zeros_like(mask),
        psf_nm=0.0,
        smallest_nm=smallest_nm,
        progress=Silent(),
    )


@pytest.fixture(scope="module", params=["smooth", "spots", "step"])
def image(request):
    return simulate_field(request.param, 1)


def test_the_right_length_is_left_alone(image):
    assert _better(image, ELL_NM, boundary="periodic") is None


@pytest.mark.parametrize("factor", [0.75, 1.35])
def test_a_wrong_length_is_seen_and_the_better_one_is_nearer(image, factor):
    better_nm = _better(image, factor * ELL_NM, boundary="periodic")
    assert better_nm is not None
    assert abs(np.log(better_nm / ELL_NM)) < abs(np.log(factor))


def test_lengths_that_the_image_does_not_resolve_are_not_tried(image):
    assert _better(image, 1.35 * ELL_NM, boundary="periodic", smallest_nm=160.0) is None


@pytest.mark.parametrize(("given_nm", "is_right"), [(ELL_NM, True), (1.35 * ELL_NM, False)])
def test_the_middle_of_a_large_image_tells(given_nm, is_right):
    tile = simulate_field("smooth", 1)
    large = type(tile)(
        *(np.tile(a, (3, 2)) for a in (tile.heterochromatin, tile.euchromatin, tile.rate)),
        np.tile(tile.mask, (3, 2)),
    )
    better_nm = _better(large, given_nm, boundary="periodic", side_px=(384, 256))
    assert (better_nm is None) == is_right
