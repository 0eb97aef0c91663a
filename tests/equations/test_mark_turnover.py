"""Mark turnover against its analytic solution."""

from __future__ import annotations

import numpy as np
import pytest

from chromamol.equations.mark_turnover import MarkTurnover

ELL_NM = 90.0


def _deposition(shape: tuple[int, int], spacing_nm: tuple[float, float]):
    """A no-flux mode on a box, and the analytic steady density that it feeds."""
    y, x = ((np.arange(n) + 0.5) * d for n, d in zip(shape, spacing_nm, strict=True))
    k_y = 2 * np.pi / (shape[0] * spacing_nm[0])
    k_x = 4 * np.pi / (shape[1] * spacing_nm[1])
    wave = np.cos(k_y * y)[:, None] * np.cos(k_x * x)[None, :]
    return 1 + 0.6 * wave, 1 + 0.6 * wave / (1 + ELL_NM**2 * (k_y**2 + k_x**2))


def test_periodic_solution_is_exact():
    shape, spacing_nm = (60, 34), (12.0, 19.0)
    deposition, expected = _deposition(shape, spacing_nm)
    found = MarkTurnover(ELL_NM).simulate(deposition, spacing_nm)
    np.testing.assert_allclose(found, expected, atol=1e-12)


def test_solution_without_flux_converges_with_the_square_of_the_pixel():
    errors = []
    for finer in (1, 2):
        shape, spacing_nm = (30 * finer, 22 * finer), (24.0 / finer, 33.0 / finer)
        deposition, expected = _deposition(shape, spacing_nm)
        mask = np.ones(shape, dtype=bool)
        found = MarkTurnover(ELL_NM).simulate(deposition, spacing_nm, mask=mask)
        errors.append(np.abs(found - expected).max())
    assert errors[0] < 0.02
    assert errors[0] / errors[1] == pytest.approx(4, rel=0.1)


def test_what_is_deposited_is_lost_inside_the_mask():
    y, x = np.indices((40, 52))
    mask = np.hypot((y - 20) / 16, (x - 27) / 22) < 1
    deposition = 1 + 0.5 * np.sin(y / 5) * np.cos(x / 7)
    found = MarkTurnover(ELL_NM).simulate(
        np.where(mask, deposition, np.nan), (10.0, 14.0), mask=mask
    )
    np.testing.assert_array_equal(np.isfinite(found), mask)
    assert found[mask].mean() == pytest.approx(deposition[mask].mean(), rel=1e-12)
    assert 0 < found[mask].std() < deposition[mask].std()


def test_the_symbol_is_the_inverse_gain_of_a_wave():
    shape, spacing_nm = (60, 34), (12.0, 19.0)
    equation = MarkTurnover(ELL_NM)
    deposition, _ = _deposition(shape, spacing_nm)
    found = equation.simulate(deposition, spacing_nm)
    k2 = (2 * np.pi / 720.0) ** 2 + (4 * np.pi / (34 * 19.0)) ** 2
    gain = (found - 1).std() / (deposition - 1).std()
    assert equation.symbol(k2) == pytest.approx(1 / gain, rel=1e-10)
    assert equation.symbol(k2, 30.0) == pytest.approx(1 + ELL_NM**2 * (k2 + 30.0 * k2**2))


def test_the_analytic_density_leaves_no_residual():
    shape, spacing_nm = (60, 34), (12.0, 19.0)
    deposition, mark = _deposition(shape, spacing_nm)
    k2 = (2 * np.pi / 720.0) ** 2 + (4 * np.pi / (34 * 19.0)) ** 2
    field = {"": mark, "laplacian": -k2 * (mark - 1)}
    equation = MarkTurnover(ELL_NM)
    np.testing.assert_allclose(equation.residual(field, deposition), 0, atol=1e-13)
    np.testing.assert_allclose(equation.residual(field, deposition - 0.5), 0.5, atol=1e-13)
    np.testing.assert_allclose(equation.recover(field), deposition, rtol=1e-13)
