"""The check of a given reaction length, on simulated images whose length is known."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
import pytest

from chromamol.inference import length_check
from chromamol.inference.channels import check_channels
from chromamol.inference.length_check import better_length_nm
from chromamol.inference.model_fit import Model
from chromamol.progress import Silent
from chromamol.settings import Role, Settings
from chromamol.simulation import simulate_field

ELL_NM = 141.4


def _better(
    image,
    given_nm: float,
    *,
    boundary: str = "periodic",
    side_px=(128, 128),
    smallest_nm=30.0,
    undefined=None,
):
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


def test_lengths_that_the_image_does_not_resolve_are_not_tried():
    image = simulate_field("smooth", 1)
    assert _better(image, 1.35 * ELL_NM, smallest_nm=160.0) is None


class _Nucleus:
    """Has given deviances at 100, 130 and 169 nm, and remembers what it was made of."""

    deviances: ClassVar[dict[bool, tuple[float, ...]]] = {}
    seen: ClassVar[list[tuple[tuple[int, ...], str]]] = []

    def __init__(self, channels, settings, *_):
        self.seen.append((channels.mask.shape, settings.boundary))

    def deviance(self, model, *, edges: bool) -> float:
        return self.deviances[edges][(100, 130, 169).index(round(model.reaction_length_nm))]


@pytest.mark.parametrize(
    ("smooth", "edges", "expected"),
    [
        # Deviances at 100 nm, at the given 130 nm and at 169 nm.
        ((0, 50, 40), (10, 60, 70), 100.0),
        ((0, 50, 40), (90, -20, 90), None),
        ((0, 50, -5), (0, 50, -5), 169.0),
        ((0, np.inf, np.inf), (0, 40, np.inf), 100.0),
        ((0, np.inf, np.inf), (0, np.inf, np.inf), None),
        ((45, 50, 45), (0, 50, 0), None),
    ],
)
def test_maps_with_edges_have_to_agree(smooth, edges, expected, monkeypatch):
    monkeypatch.setattr(length_check, "Nucleus", _Nucleus)
    monkeypatch.setattr(_Nucleus, "deviances", {False: smooth, True: edges})
    found = _better(simulate_field("smooth", 1), 130.0)
    assert found == (expected if expected is None else pytest.approx(expected))


def test_the_middle_of_a_large_image_is_cut_out(monkeypatch):
    tile = simulate_field("smooth", 1)
    large = type(tile)(
        *(np.tile(a, (3, 1)) for a in (tile.heterochromatin, tile.euchromatin, tile.rate)),
        np.tile(tile.mask, (3, 1)),
    )
    monkeypatch.setattr(length_check, "Nucleus", _Nucleus)
    monkeypatch.setattr(_Nucleus, "deviances", {False: (0, 0, 0)})
    monkeypatch.setattr(_Nucleus, "seen", [])
    _better(large, 130.0, side_px=(384, 128))
    _better(tile, 130.0)
    assert _Nucleus.seen == [((208, 128), "auto"), ((128, 128), "periodic")]


def test_a_part_without_a_rate_tells_nothing():
    image = simulate_field("smooth", 1)
    undefined = np.ones_like(image.mask)
    undefined[:40] = False
    undefined[:, 60:] = True
    assert _better(image, 1.35 * ELL_NM, undefined=undefined) is None
    assert _better(image, 1.35 * ELL_NM, undefined=np.zeros_like(image.mask)) is not None
