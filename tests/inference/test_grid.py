"""Binning to the analysis grid, and back."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy import ndimage

from chromamol.inference.grid import MaskGrid, PeriodicGrid, resample

CPU = torch.device("cpu")
SPACING_NM = (8.0, 11.0)
RIM = 1


@pytest.fixture(scope="module")
def mask() -> np.ndarray:
    y, x = np.indices((95, 71))
    return np.hypot((y - 47) / 44, (x - 33) / 31) < 1


def _grid(mask: np.ndarray, resolution_nm: float) -> MaskGrid:
    return MaskGrid.of(mask, SPACING_NM, resolution_nm=resolution_nm, padding_nm=100.0)


def _waves(shape: tuple[int, int], *, at: tuple[int, int] | None = None) -> np.ndarray:
    """Four waves of a box, sampled at `at` places of it."""
    y, x = (index / size for index, size in zip(np.indices(at or shape), at or shape, strict=True))
    y, x = 2 * np.pi * y, 2 * np.pi * x
    return 0.3 + np.cos(3 * y + 0.4) + np.sin(2 * x) * np.cos(y) + 0.5 * np.cos(4 * x - 2 * y)


@pytest.mark.parametrize(
    ("resolution_nm", "factor"), [(5.0, 1), (21.9, 1), (22.0, 2), (33.0, 3), (54.0, 4)]
)
def test_bins_are_the_largest_that_are_fine_enough(mask, resolution_nm, factor):
    grid = _grid(mask, resolution_nm)
    assert grid.factor == factor
    assert grid.spacing_nm == (8.0 * factor, 11.0 * factor)
    assert grid.noise_factor == 1 / factor


@pytest.mark.parametrize("resolution_nm", [5.0, 22.0, 33.0])
def test_the_box_keeps_the_area_and_an_empty_padded_rim(mask, resolution_nm):
    grid = _grid(mask, resolution_nm)
    area = grid.cells.shares.sum() * grid.factor**2
    assert area == pytest.approx(mask.sum(), rel=0.01)
    for axis, side_nm in enumerate(grid.spacing_nm):
        filled = np.flatnonzero(grid.box_mask.any(axis=1 - axis))
        assert filled[0] >= 1
        empty_nm = (grid.box_shape[axis] - filled[-1] - 1) * side_nm
        assert empty_nm > 100.0 - side_nm


@pytest.mark.parametrize("resolution_nm", [22.0, 33.0])
def test_a_bin_holds_the_mean_of_its_pixels_in_the_mask(mask, resolution_nm):
    grid = _grid(mask, resolution_nm)
    field = np.random.default_rng(1).random(mask.shape)
    field[~mask] = np.nan
    box = grid.to_box(field, CPU).numpy()
    n = grid.factor
    rows, columns = np.nonzero(grid.box_mask)
    for row, column in zip(rows[::17], columns[::17], strict=True):
        y, x = (row - RIM) * n, (column - RIM) * n
        expected = np.nanmean(field[y : y + n, x : x + n])
        assert box[row, column] == pytest.approx(expected, rel=1e-12)
    assert not box[~grid.box_mask].any()


def test_binning_a_constant_leaves_it_and_white_noise_shrinks_by_the_factor(mask):
    grid = _grid(mask, 33.0)
    constant = grid.to_box(np.where(mask, 0.4, 7.0), CPU).numpy()
    np.testing.assert_allclose(constant[grid.box_mask], 0.4)
    noise = np.random.default_rng(2).standard_normal(mask.shape)
    whole = grid.cells.shares == 1
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


def test_a_field_of_coarser_bins_is_interpolated_at_finer_ones(mask):
    coarse, fine = _grid(mask, 44.0), _grid(mask, 22.0)

    def smooth(grid: MaskGrid) -> np.ndarray:
        y, x = ((place - RIM + 0.5) * grid.factor - 0.5 for place in np.indices(grid.box_shape))
        return np.sin(y * SPACING_NM[0] / 170) + np.cos(x * SPACING_NM[1] / 130 + 1)

    found = fine.from_coarser(torch.from_numpy(smooth(coarse)), coarse).numpy()
    deep = ndimage.binary_erosion(fine.box_mask, iterations=5)
    assert deep.sum() > 300
    np.testing.assert_allclose(found[deep], smooth(fine)[deep], atol=0.003)


@pytest.mark.parametrize("kind", ["periodic", "mask"])
def test_sums_over_bins_keep_the_sum(mask, kind):
    grid = _grid(mask, 33.0) if kind == "mask" else PeriodicGrid(mask.shape, SPACING_NM, 40.0)
    weights = np.random.default_rng(3).random(mask.shape) * mask
    sums = grid.bin_sums(weights)
    assert sums.shape == tuple(grid.box_shape)
    assert sums.sum() == pytest.approx(weights.sum(), rel=1e-12)
    # The centre of mass stays where it was, to a fraction of a bin.
    for axis in (0, 1):
        if kind == "mask":
            place_nm = (np.arange(sums.shape[axis]) - RIM + 0.5) * grid.spacing_nm[axis]
            pixel_nm = (np.arange(mask.shape[axis]) + 0.5) * SPACING_NM[axis]
        else:
            place_nm = np.arange(sums.shape[axis]) * grid.spacing_nm[axis]
            pixel_nm = np.arange(mask.shape[axis]) * SPACING_NM[axis]
        centre = (sums.sum(axis=1 - axis) @ place_nm) / sums.sum()
        expected = (weights.sum(axis=1 - axis) @ pixel_nm) / weights.sum()
        assert abs(centre - expected) < 0.15 * grid.spacing_nm[axis]


def test_a_mask_at_the_border_of_the_image_still_has_a_rim():
    mask = np.ones((20, 31), dtype=bool)
    grid = _grid(mask, 22.0)
    assert grid.box_mask.sum() == 10 * 16
    for side in (grid.box_mask[0], grid.box_mask[-1], grid.box_mask[:, 0], grid.box_mask[:, -1]):
        assert not side.any()


def test_bins_of_a_periodic_grid_fill_the_image():
    grid = PeriodicGrid((96, 81), SPACING_NM, 30.0)
    for bins, size, side, bin_nm in zip(
        grid.box_shape, (96, 81), SPACING_NM, grid.spacing_nm, strict=True
    ):
        assert bins % 2 == 0
        assert bins * bin_nm == pytest.approx(size * side)
        assert 24.0 < bin_nm <= 30.0
    white = np.random.default_rng(4).standard_normal((96, 81))
    binned = grid.to_box(white, CPU).numpy()
    assert binned.std() == pytest.approx(grid.noise_factor, rel=0.1)


def test_long_waves_are_the_same_on_a_periodic_grid_and_come_back():
    shape = (96, 81)
    grid = PeriodicGrid(shape, SPACING_NM, 40.0)
    assert grid.box_shape < shape
    box = grid.to_box(_waves(shape), CPU)
    np.testing.assert_allclose(box.numpy(), _waves(shape, at=grid.box_shape), atol=1e-12)
    np.testing.assert_allclose(grid.to_image(box), _waves(shape), atol=1e-12)


@pytest.mark.parametrize("shape", [(30, 21), (15, 64), (17, 13)])
def test_resampling_keeps_band_limited_fields(shape):
    field = torch.from_numpy(_waves((24, 30)))
    found = resample(field, shape)
    np.testing.assert_allclose(found.numpy(), _waves((24, 30), at=shape), atol=1e-12)


def test_a_periodic_grid_as_fine_as_the_image_is_the_image():
    field = np.random.default_rng(5).random((12, 18))
    grid = PeriodicGrid(field.shape, SPACING_NM, 1.0)
    assert grid.spacing_nm == SPACING_NM
    np.testing.assert_array_equal(grid.to_box(field, CPU).numpy(), field)
    np.testing.assert_array_equal(grid.to_image(torch.from_numpy(field)), field)
