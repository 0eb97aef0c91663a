"""Binning to the analysis grid, and back."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy import ndimage

from chromamol.inference.grid import AnalysisGrid

CPU = torch.device("cpu")
SPACING_NM = (8.0, 11.0)


@pytest.fixture(scope="module")
def mask() -> np.ndarray:
    y, x = np.indices((95, 71))
    return np.hypot((y - 47) / 44, (x - 33) / 31) < 1


def _grid(mask: np.ndarray, resolution_nm: float) -> AnalysisGrid:
    return AnalysisGrid.for_mask(mask, SPACING_NM, resolution_nm=resolution_nm, padding_nm=100.0)


@pytest.mark.parametrize(
    ("resolution_nm", "factor"), [(5.0, 1), (21.9, 1), (22.0, 2), (33.0, 3), (54.0, 4)]
)
def test_bins_are_the_largest_that_are_fine_enough(mask, resolution_nm, factor):
    grid = _grid(mask, resolution_nm)
    assert grid.factor == factor
    assert grid.spacing_nm == (8.0 * factor, 11.0 * factor)


@pytest.mark.parametrize("resolution_nm", [5.0, 22.0, 33.0])
def test_the_box_keeps_the_area_and_an_empty_padded_rim(mask, resolution_nm):
    grid = _grid(mask, resolution_nm)
    area = grid.box_mask.sum() * grid.factor**2
    assert area == pytest.approx(mask.sum(), rel=0.02)
    for axis, side_nm in enumerate(grid.spacing_nm):
        filled = np.flatnonzero(grid.box_mask.any(axis=1 - axis))
        assert filled[0] >= 1
        empty_nm = (grid.box_mask.shape[axis] - filled[-1] - 1) * side_nm
        assert empty_nm > 100.0 - side_nm


@pytest.mark.parametrize("resolution_nm", [22.0, 33.0])
def test_a_bin_holds_the_mean_of_its_pixels_in_the_mask(mask, resolution_nm):
    grid = _grid(mask, resolution_nm)
    field = np.random.default_rng(1).random(mask.shape)
    field[~mask] = np.nan
    box = grid.to_box(field, CPU).numpy()
    n = grid.factor
    for row, column in [(5, 9), (20, 4), (15, 15), (1, 10)]:
        if grid.box_mask[row, column]:
            y, x = (row - grid.rim) * n, (column - grid.rim) * n
            expected = np.nanmean(field[y : y + n, x : x + n])
            assert box[row, column] == pytest.approx(expected, rel=1e-12)
    assert not box[~grid.box_mask].any()


def test_binning_a_constant_leaves_it_and_white_noise_shrinks_by_the_factor(mask):
    grid = _grid(mask, 33.0)
    constant = grid.to_box(np.where(mask, 0.4, 7.0), CPU).numpy()
    np.testing.assert_allclose(constant[grid.box_mask], 0.4)
    noise = np.random.default_rng(2).standard_normal(mask.shape)
    whole = ndimage.binary_erosion(grid.box_mask)
    assert grid.to_box(noise, CPU).numpy()[whole].std() == pytest.approx(1 / 3, rel=0.15)


@pytest.mark.parametrize("resolution_nm", [5.0, 22.0, 33.0])
def test_a_smooth_field_comes_back(mask, resolution_nm):
    grid = _grid(mask, resolution_nm)
    y, x = np.indices(mask.shape)
    field = 1 + 0.4 * np.sin(y * SPACING_NM[0] / 150) + 0.3 * np.cos(x * SPACING_NM[1] / 120 + 1)
    back = grid.to_image(grid.to_box(field, CPU))
    deep_nm = ndimage.distance_transform_edt(mask, sampling=SPACING_NM)
    deep = deep_nm > 4 * max(grid.spacing_nm)
    assert deep.sum() > 300
    np.testing.assert_allclose(back[deep], field[deep], atol=0.006)
    assert np.isnan(back[~mask]).all()
    assert np.isfinite(back[mask]).all()


def test_a_mask_at_the_border_of_the_image_still_has_a_rim():
    mask = np.ones((20, 31), dtype=bool)
    grid = _grid(mask, 22.0)
    assert grid.box_mask.sum() == 10 * 16
    for side in (grid.box_mask[0], grid.box_mask[-1], grid.box_mask[:, 0], grid.box_mask[:, -1]):
        assert not side.any()


def test_the_periodic_grid_is_the_image_itself():
    field = np.random.default_rng(3).random((12, 17))
    grid = AnalysisGrid.periodic(np.ones(field.shape, dtype=bool), SPACING_NM)
    assert grid.spacing_nm == SPACING_NM
    np.testing.assert_array_equal(grid.to_box(field, CPU).numpy(), field)
    np.testing.assert_allclose(grid.to_image(torch.from_numpy(field)), field, atol=1e-12)
