"""A smooth map, one with edges, or their average."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
import torch

from chromamol.benchmarks import cases
from chromamol.inference.blend import Blend, edge_share
from chromamol.inference.regression import cross_validation

N_ROWS = 400


def _solution(residual, freedom, *, edges, converged=True) -> SimpleNamespace:
    """A solution that leaves a residual, and whose field is its negative."""
    residual = np.asarray(residual, dtype=np.float64)
    fit = SimpleNamespace(
        misfit=residual @ residual / N_ROWS,
        degrees_of_freedom=freedom,
        has_edges=edges,
        field=torch.from_numpy(-residual),
    )

    def product(own, other, other_fit) -> float:
        return float((own.field * other_fit.field).sum()) / N_ROWS

    regression = SimpleNamespace(
        n_rows=N_ROWS, product_of_misfits=product, residual=lambda each: -each.field
    )
    return SimpleNamespace(fit=fit, regression=regression, converged=converged)


@pytest.fixture
def residuals() -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    shared = rng.standard_normal(N_ROWS)
    return tuple(shared + 0.3 * rng.standard_normal(N_ROWS) for _ in range(2))


@pytest.mark.parametrize("freedom", [(20.0, 20.0), (20.0, 35.0), (45.0, 20.0)])
def test_the_share_is_that_of_the_best_score_of_the_average(residuals, freedom):
    smooth, edges = (
        _solution(left, count, edges=has_edges)
        for left, count, has_edges in zip(residuals, freedom, (False, True), strict=True)
    )

    def score(share: float) -> float:
        left = (1 - share) * residuals[0] + share * residuals[1]
        count = (1 - share) * freedom[0] + share * freedom[1]
        return cross_validation(left @ left / N_ROWS, count, N_ROWS)

    found = edge_share(smooth, edges)
    shares = np.linspace(0, 1, 1001)
    assert found == pytest.approx(shares[np.argmin([score(w) for w in shares])], abs=0.006)


def test_the_average_is_of_fields_and_residuals(residuals):
    pair = [_solution(left, 20.0, edges=i == 1) for i, left in enumerate(residuals)]
    blend = Blend.of(pair)
    assert 0.2 < blend.edge_share < 0.8
    w = blend.edge_share
    expected = (1 - w) * residuals[0] + w * residuals[1]
    np.testing.assert_allclose(blend.field.numpy(), -expected)
    np.testing.assert_allclose(blend.residual.numpy(), expected)
    assert blend.converged


def test_a_much_better_map_stands_alone(residuals):
    good, bad = residuals[0], residuals[0] + 2 * residuals[1]
    for pair, share in (((good, bad), 0.0), ((bad, good), 1.0)):
        blend = Blend.of([_solution(left, 20.0, edges=i == 1) for i, left in enumerate(pair)])
        assert blend.edge_share == share
        assert len(blend.solutions) == 1


def test_what_did_not_converge_does_not_count(residuals):
    smooth, edges = residuals
    lost = _solution(smooth, 20.0, edges=False, converged=False)
    blend = Blend.of([lost, _solution(edges, 20.0, edges=True)])
    assert (blend.edge_share, blend.converged) == (1.0, True)
    both_lost = Blend.of([lost, _solution(edges, 20.0, edges=True, converged=False)])
    assert (both_lost.edge_share, both_lost.converged) == (0.0, False)


def test_an_image_that_does_not_decide_gets_the_average_and_intervals_that_hold_the_truth():
    case = cases.masked("step", 1, 0.1)
    found = case.infer()
    (averaged,) = (each for each in found.findings if each.code == "map-averaged")
    assert 0.2 < averaged.value < 0.8
    # The smooth map alone is off by 0.107.
    assert case.errors(found.rate)["relative_l2"] < 0.08
    errors = found.posterior.errors[:, found.posterior.inside]
    assert len(errors) == 48
    assert np.abs(errors.mean(axis=0)).mean() < 0.25 * errors.std(axis=0).mean()
    low, high = found.interval(0.95)
    inside = (low <= case.truth) & (case.truth <= high)
    assert inside[case.mask].mean() > 0.9
