"""Doubts that the settings tell are those that an inference finds."""

from __future__ import annotations

import numpy as np
import pytest

from chromamol.inference.foresight import doubts_ahead
from chromamol.inference.infer import infer_rates
from chromamol.inference.rate_map import Quantity, RateMap
from chromamol.settings import Settings

FORESEEN = {"uncalibrated-fixed-ell", "uncalibrated-total"}
PAIR = {"heterochromatin": 0, "euchromatin": 1}
SPACING_NM = (40.0, 30.0)


def inferred(settings: Settings) -> RateMap:
    """The map of a wave of both species, in the channels that the settings name."""
    x_nm = SPACING_NM[1] * np.arange(52) * np.ones((40, 1))
    wave = 0.03 * np.cos(2 * np.pi / 600 * x_nm)
    noise = 0.002 * np.random.default_rng(4).standard_normal((2, *wave.shape))
    heterochromatin, euchromatin = 0.25 + 3 * wave + noise[0], 0.25 + wave + noise[1]
    fractions = {
        "heterochromatin": heterochromatin,
        "euchromatin": euchromatin,
        "total": heterochromatin + euchromatin,
        "mark": heterochromatin,
    }
    channels = {role.value: fractions[role.value] for role in settings.roles or ()}
    calibrated = settings.intensity_per_fraction != "auto"
    return infer_rates(**channels, spacing_nm=SPACING_NM, calibrated=calibrated, settings=settings)


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"method": "direct", "roles": PAIR}, "or set method: weak-form. The"),
        ({"reaction_length_nm": 140.0, "roles": PAIR}, "or set reaction_length_nm: fit. The"),
        (
            {"method": "direct", "reaction_length_nm": 140.0, "roles": PAIR},
            "or set method: weak-form and reaction_length_nm: fit. The",
        ),
        (
            {"method": "direct", "roles": {"total": 0, "euchromatin": 1}},
            "Give intensity_per_fraction. The",
        ),
        ({"method": "direct", "roles": PAIR, "intensity_per_fraction": 1.0}, None),
        ({"method": "direct", "roles": {"mark": 0}}, None),
        ({"method": "direct", "roles": {"total": 0}}, None),
    ],
)
def test_what_is_foreseen_is_found(values: dict[str, object], said: str | None) -> None:
    settings = Settings(density_rate=False, forward_check=False, **values)
    foreseen, found = doubts_ahead(settings), inferred(settings)
    of_gains = [sentence for sentence in foreseen if "gain of the channels" in sentence]
    assert bool(of_gains) == bool({finding.code for finding in found.findings} & FORESEEN)
    assert [said in sentence for sentence in of_gains] == ([] if said is None else [True])
    if not of_gains and found.quantity is not Quantity.DENSITY_ONLY:
        assert bool(foreseen) == found.exploratory


@pytest.mark.parametrize("method", ["direct", "network"])
def test_a_method_without_checks_is_said_to_make_exploratory_maps(method: str) -> None:
    unchecked = Settings(method=method, roles=PAIR, intensity_per_fraction=1.0)
    (sentence,) = doubts_ahead(unchecked)
    assert sentence.startswith("The rate maps of this batch are exploratory")
    assert f"the maps of method: {method} are not tested" in sentence
    assert "set method: weak-form" in sentence
    unknown_gain = unchecked.replace(intensity_per_fraction="auto", reaction_length_nm=140.0)
    (sentence,) = doubts_ahead(unknown_gain)  # which says more
    assert "gain of the channels" in sentence
    # A total density has a fit of its own.
    assert not doubts_ahead(Settings(method=method, roles={"total": 0}))


def test_where_the_channels_are_not_known_yet_it_says_so() -> None:
    of_two_channels, of_others = doubts_ahead(Settings(method="direct"))
    assert of_two_channels.startswith("No rate map of an image with two channels")
    assert of_others.startswith("The other rate maps of this batch are exploratory")
    assert not doubts_ahead(Settings())
    assert not doubts_ahead(Settings(roles=PAIR))  # the image may tell the length
