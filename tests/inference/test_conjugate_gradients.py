"""Conjugate gradients against dense solves, real and complex symmetric."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from chromamol.inference.conjugate_gradients import conjugate_gradients

SHAPE = (5, 7)
SIZE = SHAPE[0] * SHAPE[1]


def _system(kind: str) -> np.ndarray:
    """A symmetric matrix: positive definite, or that and a complex shift (not Hermitian)."""
    rng = np.random.default_rng(5)
    factors = rng.standard_normal((SIZE, SIZE))
    matrix = factors @ factors.T + SIZE * np.eye(SIZE)
    return matrix - (3.0 + 20.0j) * np.eye(SIZE) if kind == "complex" else matrix


def _operator(matrix: np.ndarray):
    matrix = torch.from_numpy(matrix)
    return lambda fields: (fields.flatten(-2) @ matrix).unflatten(-1, SHAPE)


@pytest.mark.parametrize("kind", ["real", "complex"])
@pytest.mark.parametrize("preconditioned", [True, False])
def test_solution_is_that_of_a_dense_solve(kind, preconditioned):
    matrix = _system(kind)
    rng = np.random.default_rng(6)
    right = rng.standard_normal((2, *SHAPE)).astype(matrix.dtype)
    diagonal = torch.from_numpy(np.diag(matrix).reshape(SHAPE).copy())
    start = torch.from_numpy(rng.standard_normal(right.shape).astype(matrix.dtype))
    found, converged = conjugate_gradients(
        _operator(matrix),
        torch.from_numpy(right),
        (lambda field: field / diagonal) if preconditioned else (lambda field: field),
        start,
        tolerance=1e-11,
    )
    expected = np.linalg.solve(matrix, right.reshape(2, SIZE).T).T.reshape(right.shape)
    assert converged
    np.testing.assert_allclose(found.numpy(), expected, rtol=0, atol=1e-9 * np.abs(expected).max())


def test_a_system_that_is_solved_already_stays_so_beside_another():
    matrix = _system("real")
    rng = np.random.default_rng(7)
    truth = rng.standard_normal((2, SIZE))
    right = torch.from_numpy((truth @ matrix).reshape(2, *SHAPE))
    right[0] = 0
    found, converged = conjugate_gradients(
        _operator(matrix), right, lambda field: field, torch.zeros_like(right), tolerance=1e-10
    )
    assert converged
    assert not found[0].any()
    np.testing.assert_allclose(found[1].numpy().ravel(), truth[1], atol=1e-8)


def test_giving_up_is_said():
    matrix = _system("real")
    right = torch.from_numpy(np.random.default_rng(8).standard_normal(SHAPE))
    _, converged = conjugate_gradients(
        _operator(matrix),
        right,
        lambda field: field,
        torch.zeros_like(right),
        tolerance=1e-12,
        max_steps=2,
    )
    assert not converged
