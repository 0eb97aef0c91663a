"""What a user would do instead, against waves whose derivatives are known."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from chromamol.benchmarks import alternatives
from chromamol.benchmarks.alternatives import gaussian_algebra, plain_blur, savitzky_golay
from chromamol.benchmarks.cases import Case
from chromamol.equations.chromatin_phase_field import ChromatinPhaseField
from chromamol.equations.mark_turnover import MarkTurnover

SHAPE = (60, 80)
ELL_NM, DELTA_NM = 80.0, 15.0


def wave():
    """Return a wave and minus its Laplacian over itself, 1/nm2."""
    k_y, k_x = 2 * np.pi / 600.0, 2 * np.pi * 2 / 800.0
    y_nm, x_nm = 10.0 * np.arange(60)[:, None], 10.0 * np.arange(80)[None, :]
    return np.cos(k_y * y_nm) * np.sin(k_x * x_nm), k_y**2 + k_x**2


def two_channels(noise_sd=0.0):
    shape, k2 = wave()
    e = 0.4 + 0.05 * shape
    h = 0.3 + 0.1 * shape
    balance = h - 0.05 * ELL_NM**2 * (k2 + DELTA_NM**2 * k2**2) * shape
    noise = noise_sd * np.random.default_rng(0).standard_normal((2, *SHAPE))
    everywhere = np.ones(SHAPE, dtype=bool)
    return Case(
        {"heterochromatin": h + noise[0], "euchromatin": e + noise[1]},
        balance / e,
        e,
        everywhere,
        everywhere,
        ChromatinPhaseField(ELL_NM, DELTA_NM),
        "periodic",
        noise_sd,
    )


def one_mark():
    shape, k2 = wave()
    deposition = 2 + 0.3 * (1 + ELL_NM**2 * k2) * shape
    everywhere = np.ones(SHAPE, dtype=bool)
    return Case(
        {"mark": 2 + 0.3 * shape},
        deposition / 2,
        np.full(SHAPE, 2.0),
        everywhere,
        everywhere,
        MarkTurnover(ELL_NM),
        "periodic",
        0.0,
    )


@pytest.mark.parametrize("case", [two_channels(), one_mark()], ids=["two channels", "one mark"])
@pytest.mark.parametrize("estimate", [gaussian_algebra, savitzky_golay])
def test_filters_without_noise_are_the_equation(estimate, case):
    assert case.errors(estimate(case))["relative_l2"] < 0.005


@pytest.mark.parametrize(
    ("estimate", "widths"),
    [(gaussian_algebra, "_SIGMAS_PX"), (savitzky_golay, "_WINDOWS_PX")],
)
def test_the_best_width_is_taken(monkeypatch, estimate, widths):
    case = two_channels(noise_sd=0.002)
    best = case.errors(estimate(case))["relative_l2"]
    errors = []
    for width in getattr(alternatives, widths):
        monkeypatch.setattr(alternatives, widths, (width,))
        errors.append(case.errors(estimate(case))["relative_l2"])
    assert best == min(errors)
    # Neither end is the best: the noise and the wave are both seen.
    assert errors[0] > 1.5 * best < errors[-1]


@pytest.mark.parametrize("estimate", [gaussian_algebra, savitzky_golay])
def test_what_is_outside_a_mask_is_not_used(estimate):
    y, x = np.indices(SHAPE)
    mask = (y - 30) ** 2 / 24**2 + (x - 40) ** 2 / 35**2 < 1
    h, e = np.where(mask, 0.3, np.nan), np.where(mask, 0.4, np.nan)
    case = replace(
        two_channels(),
        channels={"heterochromatin": h, "euchromatin": e},
        truth=np.where(mask, 0.75, np.nan),
        mask=mask,
        judged=mask,
        boundary="no-flux",
    )
    found = estimate(case)
    np.testing.assert_allclose(found[mask], 0.75, rtol=1e-6)
    assert np.isnan(found[~mask]).all()


def test_the_plain_blur_has_the_mean_rate():
    assert np.mean(plain_blur(two_channels())) == pytest.approx(0.3 / 0.4)
    assert np.mean(plain_blur(one_mark())) == pytest.approx(1.0)
