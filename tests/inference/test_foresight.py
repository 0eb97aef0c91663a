"""Doubts that the settings tell are those that an inference finds."""

from __future__ import annotations

import numpy as np
import pytest

from chromamol.inference.foresight import doubts_ahead
from chromamol.inference.infer import infer_rates
from chromamol.settings import Settings

FORESEEN = {"uncalibrated-fixed-ell", "uncalibrated-total"}
PAIR = {"heterochromatin": 0, "euchromatin": 1}
SPACING_NM = (40.0, 30.0)


def codes_of(settings: Settings) -> set[str]:
    """The findings of a wave of both species, in the channels that the settings name."""
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
    found = infer_rates(**channels, spacing_nm=SPACING_NM, calibrated=calibrated, settings=settings)
    return {finding.code for finding in found.findings}


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
    foreseen = [one for one in doubts_ahead(settings) if "gain of the channels" in one]
    assert bool(foreseen) == bool(codes_of(settings) & FORESEEN)
    assert [said in sentence for sentence in foreseen] == ([] if said is None else [True])


@pytest.mark.parametrize("method", ["direct", "network"])
def test_a_method_without_checks_is_said_to_make_exploratory_maps(method: str) -> None:
    unchecked = Settings(method=method, roles=PAIR, intensity_per_fraction=1.0)
    (sentence,) = doubts_ahead(unchecked)
    assert "will be exploratory" in sentence
    assert f"method: {method} is set" in sentence
    assert "set method: weak-form" in sentence
    unknown_gain = unchecked.replace(intensity_per_fraction="auto", reaction_length_nm=140.0)
    assert len(doubts_ahead(unknown_gain)) == 2
    # A total density has a fit of its own.
    assert not doubts_ahead(Settings(method=method, roles={"total": 0}))


def test_where_the_channels_are_not_known_yet_it_says_so() -> None:
    sentence, _ = doubts_ahead(Settings(method="direct"))
    assert sentence.startswith("No rate map of an image with two channels")
    assert not doubts_ahead(Settings())
    assert not doubts_ahead(Settings(roles=PAIR))  # the image may tell the length
