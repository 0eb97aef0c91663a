"""One mark: simulated deposition, inferred back."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage

from chromamol.equations.mark_turnover import MarkTurnover
from chromamol.inference.infer import infer_rates
from chromamol.inference.rate_map import Quantity, Scale, Status
from chromamol.settings import Settings

ELL_NM = 110.0
FINE_NM = (6.0, 9.0)
BIN = 3


@pytest.fixture(scope="module")
def deposition() -> np.ndarray:
    """Smooth, above zero, on a grid that is neither square nor isotropic."""
    y, x = np.indices((168, 96))
    y_nm, x_nm = y * FINE_NM[0], x * FINE_NM[1]
    return 1 + 0.45 * np.sin(y_nm / 95) + 0.4 * np.cos(x_nm / 120 + 0.5)


@pytest.fixture(scope="module")
def ellipse() -> np.ndarray:
    y, x = np.indices((168, 96))
    v, u = (y - 83.5) / 78, (x - 47.5) / 44
    return np.hypot(v, u) < 0.93 + 0.06 * np.cos(3 * np.arctan2(v, u))


def _binned(yx_field: np.ndarray) -> np.ndarray:
    return yx_field.reshape(168 // BIN, BIN, 96 // BIN, BIN).mean(axis=(1, 3))


@pytest.mark.parametrize(("method", "bound"), [("weak-form", 0.05), ("direct", 0.12)])
def test_a_nucleus_simulated_on_a_finer_grid(deposition, ellipse, method, bound):
    fine = MarkTurnover(ELL_NM).simulate(deposition, FINE_NM, mask=ellipse)
    share = _binned(ellipse.astype(float))
    mask = share >= 0.5
    mark, truth = (
        _binned(np.where(ellipse, field, 0)) / np.maximum(share, 0.5)
        for field in (fine, deposition)
    )
    truth = np.where(mask, truth / truth[mask].mean(), np.nan)
    noise = 0.05 * mark[mask].std() * np.random.default_rng(1).standard_normal(mark.shape)
    found = infer_rates(
        mark=900 * (mark + noise),
        spacing_nm=(BIN * FINE_NM[0], BIN * FINE_NM[1]),
        mask=mask,
        settings=Settings(reaction_length_nm=ELL_NM, method=method, device="cpu"),
    )
    assert found.quantity is Quantity.DEPOSITION
    assert found.scale is Scale.RELATIVE
    assert found.status in {Status.CONVERGED, Status.CLOSED_FORM}
    assert "one-mark" in {finding.code for finding in found.findings}
    error = np.sqrt(np.nansum((found.rate - truth) ** 2) / np.nansum(truth**2))
    shown = mark / mark[mask].mean()
    untouched = np.sqrt(np.nansum((shown - truth) ** 2) / np.nansum(truth**2))
    assert error < bound
    assert error < 0.6 * untouched


def test_intervals_cover_the_truth_on_a_box_that_repeats():
    rng = np.random.default_rng(2)
    field = ndimage.gaussian_filter(rng.standard_normal((84, 60)), (13, 10), mode="wrap")
    truth = np.exp(0.35 * field / field.std())
    mark = MarkTurnover(ELL_NM).simulate(truth, (11.0, 15.0))
    noise = 0.05 * mark.std() * rng.standard_normal(mark.shape)
    found = infer_rates(
        mark=mark + noise,
        spacing_nm=(11.0, 15.0),
        settings=Settings(reaction_length_nm=ELL_NM, boundary="periodic", device="cpu"),
    )
    low, high = found.interval(0.95)
    expected = truth / truth.mean()
    covered = (low < expected) & (expected < high)
    assert 0.8 < covered.mean() <= 1
    assert found.rate_sd.mean() < 0.1


def test_the_length_is_assumed_where_nothing_was_said(deposition):
    mark = MarkTurnover(ELL_NM).simulate(deposition, FINE_NM)
    found = infer_rates(
        mark=mark, spacing_nm=FINE_NM, settings=Settings(method="direct", boundary="periodic")
    )
    assert found.reaction_length_nm == 140.0
    assert "ell-assumed" in {finding.code for finding in found.findings}
