"""The part of a nucleus that is simulated."""

from __future__ import annotations

import numpy as np
import pytest

from chromamol.inference.simulated_window import depth_nm, simulated_window

SPACING_NM = (20.0, 10.0)


def ellipse(rows: int, columns: int) -> np.ndarray:
    y, x = np.indices((rows, columns))
    return np.hypot((y - rows / 2) / (0.48 * rows), (x - columns / 2) / (0.45 * columns)) < 1


def window_of(mask: np.ndarray) -> tuple[slice, slice]:
    return simulated_window(depth_nm(mask, SPACING_NM), mask, SPACING_NM, 10_000)


def test_a_small_nucleus_is_simulated_whole():
    mask = ellipse(100, 80)
    np.testing.assert_array_equal(mask[window_of(mask)], mask)


@pytest.mark.parametrize("shape", [(300, 400), (200, 600), (500, 120)])
def test_a_large_nucleus_is_simulated_from_rim_to_centre(shape):
    mask = ellipse(*shape)
    depth = depth_nm(mask, SPACING_NM)
    window = window_of(mask)
    assert 2000 < mask[window].sum() <= 10_500
    inside = depth[window][mask[window]]
    assert inside.max() == depth.max()
    assert inside.min() <= min(SPACING_NM)


def test_a_huge_nucleus_is_simulated_at_its_rim():
    mask = ellipse(1000, 2000)
    window = window_of(mask)
    inside = depth_nm(mask, SPACING_NM)[window][mask[window]]
    assert 5000 < inside.size <= 10_500
    assert inside.min() <= min(SPACING_NM)
    assert inside.max() > 2000


def test_without_a_rim_the_middle_is_simulated():
    mask = np.ones((300, 250), dtype=bool)
    assert np.isnan(depth_nm(mask, SPACING_NM)).all()
    assert window_of(mask) == (slice(100, 200), slice(75, 175))


def test_the_image_border_is_no_rim():
    """The lower half of a nucleus: the strip runs to its rim, not to the cut."""
    mask = ellipse(400, 300)[200:]
    window = window_of(mask)
    touched = depth_nm(mask, SPACING_NM)[window]
    assert touched[mask[window]].min() <= min(SPACING_NM)
