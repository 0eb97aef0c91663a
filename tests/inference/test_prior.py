"""The penalties as matrices: what they are derivatives of, and the fields drawn from them."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from chromamol.inference.domain import PeriodicBox
from chromamol.inference.prior import EdgePrior, SmoothPrior

SHAPE, SPACING_NM = (5, 6), (20.0, 30.0)
COUNT = SHAPE[0] * SHAPE[1]
DOMAIN = PeriodicBox(SHAPE, SPACING_NM, torch.device("cpu"))
STRENGTH, LEAST_SLOPE = 0.7, 0.01


def dense(operator) -> np.ndarray:
    units = torch.eye(COUNT, dtype=torch.float64).reshape(COUNT, *SHAPE)
    return operator(units).reshape(COUNT, COUNT).numpy()


def about() -> torch.Tensor:
    return torch.from_numpy(np.random.default_rng(1).standard_normal(SHAPE))


def priors():
    return [
        SmoothPrior(STRENGTH, 40.0, DOMAIN),
        EdgePrior(STRENGTH, about(), LEAST_SLOPE, DOMAIN),
    ]


@pytest.mark.parametrize("prior", priors(), ids=["smooth", "edges"])
def test_a_penalty_is_symmetric_and_costs_all_but_constants(prior):
    matrix = dense(prior.apply)
    np.testing.assert_allclose(matrix, matrix.T, atol=1e-12 * np.abs(matrix).max())
    values = np.linalg.eigvalsh(matrix)
    assert abs(values[0]) < 1e-12 * values[-1]
    assert values[1] > 1e-6 * values[-1]
    assert np.abs(matrix @ np.ones(COUNT)).max() < 1e-12 * values[-1]


@pytest.mark.parametrize("prior", priors(), ids=["smooth", "edges"])
def test_drawn_fields_have_the_penalty_for_covariance(prior):
    matrix = dense(prior.apply)
    drawn = prior.draw(20_000, torch.Generator().manual_seed(0)).reshape(-1, COUNT).numpy()
    found = drawn.T @ drawn / len(drawn)
    scale = np.sqrt(np.outer(np.diag(matrix), np.diag(matrix)))
    assert np.abs((found - matrix) / scale).max() < 5 / np.sqrt(len(drawn)) * np.sqrt(2)


@pytest.mark.parametrize("prior", priors(), ids=["smooth", "edges"])
def test_the_curvature_is_no_more_than_the_bound(prior):
    gap = dense(prior.apply) - dense(prior.bend)
    values = np.linalg.eigvalsh((gap + gap.T) / 2)
    assert values[0] > -1e-12 * np.abs(dense(prior.apply)).max()


def total_variation(field: torch.Tensor) -> torch.Tensor:
    """Smoothed at the least slope, on a box that repeats."""
    down = (field.roll(-1, 0) - field) / SPACING_NM[0]
    right = (field.roll(-1, 1) - field) / SPACING_NM[1]
    return STRENGTH * torch.sqrt(down**2 + right**2 + LEAST_SLOPE**2).sum()


def test_at_its_field_the_edge_penalty_is_that_of_the_total_variation():
    prior = EdgePrior(STRENGTH, about(), LEAST_SLOPE, DOMAIN)
    field = about().requires_grad_()
    (gradient,) = torch.autograd.grad(total_variation(field), field)
    torch.testing.assert_close(prior.apply(about()), gradient, rtol=1e-12, atol=1e-15)
    curvature = torch.autograd.functional.hessian(total_variation, about())
    np.testing.assert_allclose(
        dense(prior.bend), curvature.reshape(COUNT, COUNT).numpy(), atol=1e-14
    )


def test_a_smooth_penalty_is_one_strength_at_its_length():
    wave_nm = SPACING_NM[1] * SHAPE[1]
    prior = SmoothPrior(STRENGTH, wave_nm / (2 * np.pi), DOMAIN)
    x = np.indices(SHAPE)[1]
    wave = torch.from_numpy(np.cos(2 * np.pi * x / SHAPE[1]))
    torch.testing.assert_close(prior.apply(wave), STRENGTH * wave, rtol=0, atol=1e-9)
    shorter = torch.from_numpy(np.cos(2 * np.pi * 2 * x / SHAPE[1]))
    torch.testing.assert_close(prior.apply(shorter), 2**8 * STRENGTH * shorter, rtol=0, atol=1e-9)
