"""How the error falls on finer grids, and how small it is in a case of the fourth order."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from chromamol.mollifiers.kernels import SHAPES
from chromamol.mollifiers.layer import MollifierLayer

RADIUS = 5
NAMES = ("", "x", "yy", "xxy", "bilaplacian")


@pytest.fixture(scope="module")
def coarse_and_fine(waves):
    """One field on a box of 1 x 1.2, with cells of half the size the second time."""
    numbers = ((2.0, 1.5), (-1.3, 2.2))
    return [waves((48 * n, 56 * n), (1 / 48 / n, 1.2 / 56 / n), numbers) for n in (1, 2)]


@pytest.mark.parametrize("accuracy", [2, 4])
@pytest.mark.parametrize("kernel", SHAPES)
def test_half_the_spacing_makes_less_error_on_a_box(coarse_and_fine, kernel, accuracy):
    errors = []
    for field in coarse_and_fine:
        layer = MollifierLayer(field.spacing, RADIUS, NAMES, kernel, "one-sided", accuracy=accuracy)
        found = layer(field.tensor())
        # The same part of the box both times, out of reach of the edge.
        inside = tuple(slice(n // 3, -n // 3) for n in field.shape)
        wrong = [np.abs(found[name][0, 0].numpy() - field.derivative(name)) for name in NAMES]
        errors.append([(each[inside].max(), each.max()) for each in wrong])
    inner, everywhere = np.log2(np.divide(*errors)).T
    np.testing.assert_allclose(inner, accuracy, atol=0.35)
    assert everywhere.min() > accuracy - 0.35


@pytest.mark.parametrize("accuracy", [2, 4])
@pytest.mark.parametrize("kernel", ["polynomial", "bump"])
def test_half_the_spacing_makes_less_error_in_a_mask(coarse_and_fine, ellipse, kernel, accuracy):
    names = ["laplacian", "bilaplacian"]
    errors = []
    for field in coarse_and_fine:
        layer = MollifierLayer(field.spacing, RADIUS, names, kernel, "one-sided", accuracy=accuracy)
        mask = ellipse(field.shape)
        found = layer(field.tensor(), mask)
        wrong = [(found[name][0, 0].numpy() - field.derivative(name))[mask] for name in names]
        # The worst cell depends on where the edge cuts the grid: the mean over all does not.
        errors.append([np.sqrt((each**2).mean()) for each in wrong])
    assert np.log2(np.divide(*errors)).min() > accuracy - 0.35


@pytest.fixture(scope="module")
def wave_on_an_offset():
    """Return sin(6x) cos(5y) + 5 in float32 on 1.0 x 1.3, and its bilaplacian."""
    shape, spacing = (200, 256), (1.0 / 200, 1.3 / 256)
    y, x = ((np.arange(n) + 0.5) * h for n, h in zip(shape, spacing, strict=True))
    wave = np.cos(5 * y)[:, None] * np.sin(6 * x)
    field = torch.from_numpy(wave + 5).float()[None, None]
    return field, spacing, 61.0**2 * wave


@pytest.mark.parametrize(
    ("radius", "inside", "everywhere"),
    [(10, 0.01, 0.05), (15, 0.003, 0.04), (20, 0.003, 0.04), (25, 0.003, 0.04)],
)
def test_the_bilaplacian_of_a_float32_field(wave_on_an_offset, radius, inside, everywhere):
    field, spacing, truth = wave_on_an_offset
    layer = MollifierLayer(spacing, radius, ["bilaplacian"], boundary="one-sided")
    wrong = layer(field)["bilaplacian"][0, 0].numpy() - truth
    largest = np.abs(truth).max()
    assert np.abs(wrong[radius:-radius, radius:-radius]).max() <= inside * largest
    assert np.abs(wrong).max() <= everywhere * largest
    assert np.linalg.norm(wrong) <= 0.007 * np.linalg.norm(truth)


def test_the_bilaplacian_of_a_float32_field_in_a_mask(wave_on_an_offset, ellipse):
    field, spacing, truth = wave_on_an_offset
    mask = ellipse(truth.shape)
    layer = MollifierLayer(spacing, 10, ["bilaplacian"], boundary="one-sided")
    wrong = layer(field, mask)["bilaplacian"][0, 0].numpy()[mask] - truth[mask]
    assert np.abs(wrong).max() <= 0.05 * np.abs(truth).max()
    assert np.linalg.norm(wrong) <= 0.007 * np.linalg.norm(truth[mask])
