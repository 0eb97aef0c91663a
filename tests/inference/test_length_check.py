"""The check of a given reaction length, on simulated images whose length is known."""

from __future__ import annotations

import numpy as np
import pytest

from chromamol.inference.channels import check_channels
from chromamol.inference.length_check import better_length_nm
from chromamol.inference.model_fit import Model
from chromamol.progress import Silent
from chromamol.settings import Role, Settings
from chromamol.simulation import simulate_field, simulate_masked

ELL_NM = 141.4


def _better(
    image,
    given_nm: float,
    *,
    boundary: str = "periodic",
    side_px=(128, 128),
    smallest_nm=30.0,
    noise=0.05,
    undefined=None,
):
    h, e, _ = image.with_noise(noise, 3)
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
        undefined=np.zeros_like(mask) if undefined is None else undefined,
        psf_nm=0.0,
        smallest_nm=smallest_nm,
        progress=Silent(),
    )


@pytest.fixture(scope="module", params=["smooth", "spots", "step"])
def image(request):
    return simulate_field(request.param, 1)


def test_the_right_length_is_left_alone(image):
    assert _better(image, ELL_NM) is None


@pytest.mark.parametrize("factor", [0.75, 1.35])
def test_a_wrong_length_is_seen_and_the_better_one_is_nearer(image, factor):
    better_nm = _better(image, factor * ELL_NM)
    assert better_nm is not None
    assert abs(np.log(better_nm / ELL_NM)) < abs(np.log(factor))


def test_lengths_that_the_image_does_not_resolve_are_not_tried(image):
    assert _better(image, 1.35 * ELL_NM, smallest_nm=160.0) is None


@pytest.mark.parametrize("factor", [1.0, 0.75])
def test_the_middle_of_a_large_image_tells(factor):
    tile = simulate_field("smooth", 1)
    large = type(tile)(
        *(np.tile(a, (2, 1)) for a in (tile.heterochromatin, tile.euchromatin, tile.rate)),
        np.tile(tile.mask, (2, 1)),
    )
    better_nm = _better(large, factor * ELL_NM, side_px=(256, 128))
    assert (better_nm is None) == (factor == 1)


def test_sharp_borders_are_no_other_length():
    # Under the smooth prior alone 184 nm would seem far better.
    nucleus = simulate_masked("step", 6)
    assert _better(nucleus, ELL_NM, boundary="no-flux", noise=0.01) is None


def test_a_part_without_a_rate_tells_nothing(image):
    undefined = np.ones_like(image.mask)
    undefined[:40] = False
    undefined[:, 60:] = True
    assert _better(image, 1.35 * ELL_NM, undefined=undefined) is None
    assert _better(image, 1.35 * ELL_NM, undefined=np.zeros_like(image.mask)) is not None
