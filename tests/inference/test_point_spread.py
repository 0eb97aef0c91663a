"""The blur of the microscope, against a Gaussian filter."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy import ndimage

from chromamol.inference.cut_cells import CutCells
from chromamol.inference.domain import PeriodicBox
from chromamol.inference.masked_box import MaskedBox
from chromamol.inference.point_spread import PointSpread

CPU = torch.device("cpu")
SHAPE, SPACING_NM = (60, 44), (10.0, 16.0)
PSF_NM = 80.0
SD_NM = PSF_NM / np.sqrt(8 * np.log(2))


@pytest.fixture(scope="module")
def field() -> np.ndarray:
    """Waves down to periods of four widths of the blur."""
    y, x = np.indices(SHAPE)
    return (
        1
        + np.cos(2 * np.pi * 1 * y / SHAPE[0] + 0.3)
        + np.cos(2 * np.pi * 2 * x / SHAPE[1] + 1)
        + np.cos(2 * np.pi * (y / SHAPE[0] + x / SHAPE[1]))
    )


@pytest.fixture(scope="module")
def masked() -> MaskedBox:
    mask = np.zeros(SHAPE, dtype=bool)
    mask[4:50, 3:40] = True
    mask[20:26, 10:15] = False
    return MaskedBox(CutCells.of_mask(mask), SPACING_NM, CPU)


def test_a_periodic_blur_is_a_gaussian_filter(field):
    found = PointSpread(PSF_NM, PeriodicBox(SHAPE, SPACING_NM, CPU)).apply(torch.from_numpy(field))
    sigma = [SD_NM / side for side in SPACING_NM]
    expected = ndimage.gaussian_filter(field, sigma, mode="wrap")
    assert np.abs(expected - field).max() > 0.1
    np.testing.assert_allclose(found.numpy(), expected, atol=0.01)


def test_deep_in_a_mask_the_blur_is_the_same_and_a_constant_stays(masked, field):
    blur = PointSpread(PSF_NM, masked)
    inside = masked.inside.numpy()
    found = blur.apply(torch.from_numpy(field * inside)).numpy()
    everywhere = PointSpread(PSF_NM, PeriodicBox(SHAPE, SPACING_NM, CPU))
    expected = everywhere.apply(torch.from_numpy(field)).numpy()
    deep = ndimage.distance_transform_edt(inside, sampling=SPACING_NM) > 4 * SD_NM
    assert deep.sum() > 50
    np.testing.assert_allclose(found[deep], expected[deep], atol=0.01)
    one = masked.inside.to(torch.float64)
    torch.testing.assert_close(blur.apply(one), one, rtol=0, atol=1e-10)


@pytest.mark.parametrize("kind", ["periodic", "masked"])
def test_undoing_the_blur_gives_the_field_back(masked, kind):
    domain = masked if kind == "masked" else PeriodicBox(SHAPE, SPACING_NM, CPU)
    blur = PointSpread(PSF_NM, domain)
    white = np.random.default_rng(1).standard_normal((3, *SHAPE))
    fields = torch.from_numpy(white) * domain.inside
    torch.testing.assert_close(blur.undo(blur.apply(fields)), fields, rtol=0, atol=1e-8)
    torch.testing.assert_close(blur.twice(fields), blur.apply(blur.apply(fields)))
    assert float(blur.apply(fields).std()) < 0.5 * float(fields.std())


def test_no_width_no_blur(masked):
    blur = PointSpread(0.0, masked)
    field = torch.from_numpy(np.random.default_rng(2).standard_normal(SHAPE))
    assert (blur.symbol == 1).all()
    for operator in (blur.apply, blur.twice, blur.undo):
        torch.testing.assert_close(operator(field), field, rtol=0, atol=0)
