"""What cannot be analysed is refused in a sentence."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage

from chromamol.errors import CallError, InputError
from chromamol.inference.channels import check_channels
from chromamol.inference.infer import infer_rates
from chromamol.settings import Role, Settings

SHAPE = (16, 12)


def _density(seed: int = 0, shape: tuple[int, ...] = SHAPE) -> np.ndarray:
    return 0.2 + 0.1 * np.random.default_rng(seed).random(shape)


def _with_value(value: float) -> np.ndarray:
    density = _density()
    density[4, 5] = value
    return density


BAD_CALLS = {
    "nothing": ({}, "none"),
    "one species": ({"heterochromatin": _density()}, "heterochromatin"),
    "the other species": ({"euchromatin": _density()}, "euchromatin"),
    "a mark and a species": ({"mark": _density(), "total": _density(1)}, "mark, total"),
    "three species": (
        {"heterochromatin": _density(), "euchromatin": _density(1), "total": _density(2)},
        "two of",
    ),
    "shapes that differ": (
        {"heterochromatin": _density(), "euchromatin": _density(1, SHAPE[::-1])},
        r"one shape.*\(16, 12\).*\(12, 16\)",
    ),
    "a mask of another shape": (
        {"total": _density(), "mask": np.ones(SHAPE[::-1], dtype=bool)},
        r"one shape.*'mask': \(12, 16\)",
    ),
    "a stack": ({"total": _density(0, (4, 16, 12))}, r"\(y, x\) arrays.*\(4, 16, 12\)"),
    "a mask of numbers": ({"total": _density(), "mask": np.ones(SHAPE, dtype=int)}, "mask > 0"),
    "no pixel size": ({"total": _density(), "spacing_nm": 0.0}, "pixel size.*0.0"),
    "a negative pixel size": ({"total": _density(), "spacing_nm": (10.0, -10.0)}, "pixel size"),
    "a pixel size in um": ({"total": _density(), "spacing_nm": 0.01}, "Is this in µm"),
    "an endless pixel": ({"total": _density(), "spacing_nm": float("inf")}, "pixel size"),
    "three pixel sizes": ({"total": _density(), "spacing_nm": (30.0, 10.0, 10.0)}, "pixel size"),
    "negative noise": ({"total": _density(), "noise_sd": -1.0}, "noise_sd"),
    "noise of no number": ({"total": _density(), "noise_sd": float("nan")}, "noise_sd"),
    "noise of an absent channel": ({"total": _density(), "noise_sd": {"totl": 0.1}}, "totl"),
    "an equation that does not fit": (
        {"mark": _density(), "settings": Settings(equation="chromatin")},
        "use 'mark-turnover'",
    ),
    "an equation for one mark": (
        {"total": _density(), "settings": Settings(equation="mark-turnover")},
        "use 'chromatin'",
    ),
    "a box that repeats, with a mask": (
        {
            "heterochromatin": _density(),
            "euchromatin": _density(1),
            "mask": np.arange(12)[None, :] < np.full((16, 1), 9),
            "settings": Settings(boundary="periodic", reaction_length_nm=100.0),
        },
        "periodic",
    ),
}

BAD_IMAGES = {
    "NaN inside": ({"total": _with_value(np.nan)}, "total channel has 1 values inside"),
    "infinity inside": ({"total": _with_value(np.inf)}, "NaN or infinite"),
    "a constant": ({"total": np.full(SHAPE, 0.3)}, "constant"),
    "all zeros": ({"total": np.zeros(SHAPE)}, "constant"),
    "below the background": ({"total": _density() - 2}, "must be positive"),
    "one pixel": ({"total": np.ones((1, 1))}, "1 pixels"),
    "three pixels wide": ({"total": _density(0, (15, 3))}, "45 pixels"),
    "an empty mask": ({"total": _density(), "mask": np.zeros(SHAPE, dtype=bool)}, "0 pixels"),
}


@pytest.mark.parametrize("name", BAD_CALLS)
def test_a_call_that_makes_no_sense(name):
    arguments, message = BAD_CALLS[name]
    with pytest.raises(CallError, match=message):
        infer_rates(**{"spacing_nm": 10.0, **arguments})


@pytest.mark.parametrize("name", BAD_IMAGES)
def test_an_image_that_says_nothing(name):
    arguments, message = BAD_IMAGES[name]
    with pytest.raises(InputError, match=message):
        infer_rates(spacing_nm=10.0, **arguments)


def test_a_strip_of_a_nucleus_that_is_all_cut():
    strip = {"heterochromatin": _density(0, (200, 3)), "euchromatin": _density(1, (200, 3))}
    with pytest.raises(InputError, match="farther than"):
        infer_rates(**strip, spacing_nm=10.0, settings=Settings(reaction_length_nm=140.0))


def _checked(given: dict[Role, np.ndarray], **options):
    defaults = {"spacing_nm": 10.0, "mask": None, "noise_sd": None, "mean_fraction": None}
    return check_channels(given, **{**defaults, **options})


def test_what_is_outside_the_mask_is_ignored():
    mask = np.zeros(SHAPE, dtype=bool)
    mask[2:14, 1:11] = True
    density = np.where(mask, _density(), np.nan)
    channels = _checked({Role.TOTAL: density}, mask=mask)
    found = channels.densities[Role.TOTAL]
    np.testing.assert_array_equal(found[mask], density[mask])
    assert not found[~mask].any()


def test_channels_of_unknown_gain_get_the_mean_fraction():
    given = {Role.HETEROCHROMATIN: 900 * _density(), Role.EUCHROMATIN: 30 * _density(1)}
    channels = _checked(given, mean_fraction=0.5)
    for role in given:
        assert channels.densities[role].mean() == pytest.approx(0.25)
    alone = _checked({Role.TOTAL: 900 * _density()}, mean_fraction=0.5)
    assert alone.densities[Role.TOTAL].mean() == pytest.approx(0.5)


def test_stated_noise_is_scaled_with_its_channel():
    given = {Role.HETEROCHROMATIN: 900 * _density(), Role.TOTAL: 30 * _density(1)}
    channels = _checked(given, mean_fraction=0.5, noise_sd={"heterochromatin": 45.0, "total": 1.5})
    for role, stated in ((Role.HETEROCHROMATIN, 45.0), (Role.TOTAL, 1.5)):
        gain = channels.densities[role].mean() / given[role].mean()
        assert channels.noise_sd[role] == pytest.approx(gain * stated)


@pytest.mark.parametrize("shown", [Role.HETEROCHROMATIN, Role.EUCHROMATIN])
def test_the_species_behind_a_total_and_a_part(shown):
    part, rest = _density(), _density(1)
    noise_sd = {shown.value: 0.03, "total": 0.04}
    channels = _checked({shown: part, Role.TOTAL: part + rest}, noise_sd=noise_sd)
    euchromatin, heterochromatin, sds = channels.species()
    pair = (part, rest) if shown is Role.EUCHROMATIN else (rest, part)
    np.testing.assert_allclose((euchromatin, heterochromatin), pair)
    assert sds == pytest.approx((0.03, 0.05) if shown is Role.EUCHROMATIN else (0.05, 0.03))
    np.testing.assert_allclose(channels.total, part + rest)


FIELD_SHAPE = (96, 110)


def _domains() -> np.ndarray:
    y, x = np.indices(FIELD_SHAPE)
    wave = np.sin(2 * np.pi * (y + 6 * np.sin(x / 15)) / 24) + 0.4 * np.cos(2 * np.pi * x / 31)
    return 0.4 + 0.3 * np.tanh(2 * wave)


def _white_noise(seed: int) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal(FIELD_SHAPE)


def _codes(density: np.ndarray, **options) -> list[str]:
    channels = _checked({Role.TOTAL: density}, **options)
    return [finding.code for finding in channels.findings]


@pytest.mark.parametrize("level", [0.0, 0.01, 0.05, 0.1, 1.0])
def test_white_noise_is_no_finding(level):
    assert _codes(_domains() + level * _domains().std() * _white_noise(0)) == []


def test_noise_is_measured_in_the_unit_of_the_densities():
    noisy = 900 * (_domains() + 0.02 * _white_noise(1))
    channels = _checked({Role.MARK: noisy}, mean_fraction=0.4)
    gain = 0.4 / noisy.mean()
    assert channels.noise[Role.MARK].sd == pytest.approx(gain * 900 * 0.02, rel=0.05)
    assert channels.noise_sd[Role.MARK] == channels.noise[Role.MARK].sd


def test_noise_that_is_not_white_is_found_whatever_was_stated():
    density = _domains() + 0.05 * ndimage.gaussian_filter(_white_noise(2), 1.0)
    assert _codes(density) == ["coloured-noise"]
    assert _codes(density, noise_sd=0.02) == ["coloured-noise"]


def test_a_channel_of_noise_is_found():
    assert _codes(10 + _white_noise(3)) == ["noise-above-signal"]
    assert _codes(10 + _white_noise(4), spacing_nm=(25.0, 40.0)) == ["noise-above-signal"]
    # Domains of 12 px average 100 pixels of noise, ten times the signal's size: as large.
    assert "noise-above-signal" in _codes(30 + _domains() + 30 * _domains().std() * _white_noise(5))


def test_stated_noise_above_the_signal_is_found():
    noisy = _domains() + 0.02 * _white_noise(6)
    assert _codes(noisy, noise_sd=0.02) == []
    assert _codes(noisy, noise_sd=20.0) == ["noise-above-signal"]


def test_channels_without_noise_get_as_much_as_a_bin_needs():
    mask = np.arange(48)[None, :] < np.full((40, 1), 44)
    wide, narrow = _density(3, mask.shape), 0.3 + 0.01 * _density(4, mask.shape)
    given = {Role.HETEROCHROMATIN: wide, Role.EUCHROMATIN: narrow}
    stated = {"heterochromatin": 1e-5, "euchromatin": 2e-5}
    clean = _checked(given, mask=mask, noise_sd=stated, spacing_nm=(10.0, 20.0))
    noisy, found = clean.with_enough_noise(40.0)
    enough = 2e-3 * wide[mask].std() * np.sqrt(4 * 2)  # pixels of a bin
    for role in given:
        added = noisy.densities[role] - clean.densities[role]
        assert not added[~mask].any()
        before = clean.noise_sd[role]
        assert added[mask].std() == pytest.approx(np.sqrt(enough**2 - before**2), rel=0.05)
        assert noisy.noise_sd[role] == pytest.approx(enough)
    assert [finding.code for finding in found] == ["noise-added"]
    # Bins as small as a pixel need no more than pixels do.
    fine, _ = clean.with_enough_noise(5.0)
    assert fine.noise_sd[Role.EUCHROMATIN] == pytest.approx(2e-3 * wide[mask].std())


def test_nothing_is_added_where_one_channel_has_noise():
    given = {Role.HETEROCHROMATIN: _density(3), Role.EUCHROMATIN: _density(4)}
    stated = {"heterochromatin": 0.0, "euchromatin": 0.1 * _density().std()}
    channels = _checked(given, noise_sd=stated)
    same, nothing = channels.with_enough_noise(40.0)
    assert same is channels
    assert not nothing


def test_saturated_pixels_are_found():
    counts = np.random.default_rng(7).poisson(100 * _domains()).astype(np.float64)
    assert _codes(counts, mean_fraction=0.4) == []
    channels = _checked({Role.TOTAL: np.minimum(counts, 70)}, mean_fraction=0.4)
    (found,) = channels.findings
    assert found.code == "saturated"
    assert found.value == (counts >= 70).mean()
