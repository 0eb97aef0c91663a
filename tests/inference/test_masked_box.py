"""The Laplacian of a mask and its inverses, against analytic modes, sparse and dense matrices."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from numpy.polynomial import Polynomial
from scipy import ndimage, sparse
from scipy.sparse.linalg import splu

from chromamol.inference.cut_cells import CutCells
from chromamol.inference.domain import PeriodicBox
from chromamol.inference.masked_box import MaskedBox

CPU = torch.device("cpu")
SIDE_NM = 20.0
ELL2, DELTA2, RATE = 141.4**2, 10.0**2, 1.2
_K2 = Polynomial([0.0, 1.0])
_STENCIL_NM2 = SIDE_NM**2 / 12
_TRANSPORT = ELL2 * (_K2 + (DELTA2 + _STENCIL_NM2) * _K2**2)
_MIXED = 1 - 0.4 * ELL2 * _K2 / 2

# What the estimators invert: the whitening, a double real root, mixing, the total density.
POLYNOMIALS = {
    "whitening": 0.7**2 + (RATE + _TRANSPORT) ** 2,
    "double-real-root": 0.3**2 * (1 + ELL2 * _K2 + ELL2 * _STENCIL_NM2 * _K2**2) ** 2,
    "mixing-energy": 0.7**2 * _MIXED**2 + (RATE + _TRANSPORT) ** 2,
    "total-and-euchromatin": 0.7**2 + (1 + RATE + _TRANSPORT) ** 2,
    "one-real-root": 2.0 + ELL2 * _K2,
    "two-real-roots": 1 + RATE + _TRANSPORT,
}


def wobbly_mask(shape: tuple[int, int]) -> np.ndarray:
    """A body with a notch and a hole, not symmetric, off the rim of its box."""
    y, x = np.indices(shape)
    v, u = (y - 0.46 * shape[0]) / (0.42 * shape[0]), (x - 0.5 * shape[1]) / (0.4 * shape[1])
    mask = np.hypot(v, u) < 0.9 + 0.1 * np.cos(3 * np.arctan2(v, u) + 0.4)
    mask[:, : shape[1] // 3][shape[0] // 2 : shape[0] // 2 + 2] = False
    mask[shape[0] // 3, shape[1] // 2] = False
    return mask


def nine_point_matrix(mask: np.ndarray, side_nm: float) -> sparse.csr_array:
    """-lap on square pixels: 1 / 6 through corners whose four pixels are inside, the rest straight.

    A side is 1 in all, whatever of it goes through the corners at its ends.
    """
    number = {tuple(pixel): i for i, pixel in enumerate(np.argwhere(mask))}
    corner = {
        (y, x): mask[y : y + 2, x : x + 2].all() / 6
        for y, x in np.ndindex(mask.shape[0] - 1, mask.shape[1] - 1)
    }
    matrix = sparse.lil_array((len(number), len(number)))
    for (y, x), i in number.items():
        for dy, dx, weight in (
            (0, 1, 1 - corner[y, x] - corner[y - 1, x]),
            (1, 0, 1 - corner[y, x] - corner[y, x - 1]),
            (1, 1, corner[y, x]),
            (1, -1, corner[y, x - 1]),
        ):
            j = number.get((y + dy, x + dx))
            if j is not None:
                for one, other in ((i, j), (j, i)):
                    matrix[one, other] -= weight / side_nm**2
                    matrix[one, one] += weight / side_nm**2
    return matrix.tocsr()


@pytest.fixture(scope="module")
def mask() -> np.ndarray:
    return wobbly_mask((36, 29))


@pytest.fixture(scope="module")
def matrix(mask) -> sparse.csr_array:
    return nine_point_matrix(mask, SIDE_NM)


def on_box(mask: np.ndarray, values: np.ndarray) -> torch.Tensor:
    box = np.zeros(mask.shape)
    box[mask] = values
    return torch.from_numpy(box)


def test_masked_laplacian_is_the_nine_point_graph(mask, matrix):
    values = np.random.default_rng(1).standard_normal(int(mask.sum()))
    found = (
        MaskedBox(CutCells.of_mask(mask), (SIDE_NM, SIDE_NM), CPU)
        .minus_laplacian(on_box(mask, values))
        .numpy()
    )
    np.testing.assert_allclose(found[mask], matrix @ values, rtol=0, atol=1e-15)
    assert not found[~mask].any()


@pytest.mark.parametrize("spacing_nm", [(20.0, 20.0), (14.0, 23.0), (9.0, 31.0)])
def test_constants_are_in_the_null_space_and_nothing_flows_out(mask, spacing_nm):
    box = MaskedBox(CutCells.of_mask(mask), spacing_nm, CPU)
    ones = box.inside.to(torch.float64)
    assert box.minus_laplacian(ones).abs().max() < 1e-16
    field = on_box(mask, np.random.default_rng(2).standard_normal(int(mask.sum())))
    bent = box.minus_laplacian(field)
    assert abs(float(bent.sum())) < 1e-12 * float(bent.abs().sum())
    assert float((field * bent).sum()) > 0


@pytest.mark.parametrize("spacing_nm", [(20.0, 20.0), (14.0, 23.0)])
def test_masked_laplacian_of_a_wave_with_its_stencil_error_taken_out(spacing_nm):
    errors = []
    for finer in (1, 2):
        shape = (24 * finer, 30 * finer)
        sides = (spacing_nm[0] / finer, spacing_nm[1] / finer)
        mask = np.zeros(shape, dtype=bool)
        mask[1:-1, 1:-1] = True
        box = MaskedBox(CutCells.of_mask(mask), sides, CPU)
        y, x = np.indices(shape)
        k_y, k_x = 2 * np.pi / 260, 2 * np.pi / 310
        wave = np.cos(k_y * y * sides[0] + 0.2) * np.cos(k_x * x * sides[1])
        bent = box.minus_laplacian(torch.from_numpy(wave * mask)).numpy()
        k2 = k_y**2 + k_x**2
        expected = (k2 - box.stencil_nm2 * k2**2) * wave
        inner = np.s_[4 * finer : -4 * finer, 4 * finer : -4 * finer]
        errors.append(np.abs(bent - expected)[inner].max() / k2)
    # Square pixels: isotropic to the fourth order. Others: as good as k_y and k_x are alike.
    order = 4 if spacing_nm[0] == spacing_nm[1] else 2
    assert errors[0] < 0.01
    assert errors[0] / errors[1] > 0.9 * 2**order


@pytest.mark.parametrize("name", POLYNOMIALS)
def test_masked_inverse_is_that_of_a_sparse_factorisation(mask, matrix, name):
    polynomial = POLYNOMIALS[name]
    powers = [sparse.identity(matrix.shape[0], format="csr")]
    for _ in range(polynomial.degree()):
        powers.append(powers[-1] @ matrix)
    whole = sum(c * power for c, power in zip(polynomial.coef, powers, strict=True))
    values = np.random.default_rng(3).standard_normal(matrix.shape[0])
    expected = splu(whole.tocsc()).solve(values)
    box = MaskedBox(CutCells.of_mask(mask), (SIDE_NM, SIDE_NM), CPU)
    found = box.inverse(polynomial)(on_box(mask, values)).numpy()
    np.testing.assert_allclose(found[mask], expected, rtol=0, atol=1e-9 * np.abs(expected).max())
    assert not found[~mask].any()


@pytest.mark.parametrize("name", POLYNOMIALS)
def test_single_precision_is_near_double_precision(mask, name):
    box = MaskedBox(CutCells.of_mask(mask), (SIDE_NM, SIDE_NM), CPU)
    values = np.random.default_rng(3).standard_normal(int(mask.sum()))
    exact = box.inverse(POLYNOMIALS[name])(on_box(mask, values))
    found = box.inverse(POLYNOMIALS[name], single=True)(on_box(mask, values))
    assert found.dtype == torch.float64
    torch.testing.assert_close(found, exact, rtol=0, atol=1e-5 * float(exact.abs().max()))
    assert not torch.equal(found, exact)


def test_masked_inverse_takes_many_fields_at_once(mask):
    box = MaskedBox(CutCells.of_mask(mask), (SIDE_NM, 25.0), CPU)
    rng = np.random.default_rng(4)
    fields = torch.stack([on_box(mask, rng.standard_normal(int(mask.sum()))) for _ in range(3)])
    inverse = box.inverse(POLYNOMIALS["whitening"])
    together = inverse(fields)
    for field, found in zip(fields, together, strict=True):
        torch.testing.assert_close(
            found, inverse(field), rtol=0, atol=1e-12 * float(found.abs().max())
        )


@pytest.fixture(scope="module")
def cut_cells() -> CutCells:
    """Two pieces, one with a hole, of cells of 3 x 3 pixels that the edges cut."""
    y, x = np.indices((66, 72))
    pixels = np.hypot((y - 26) / 21, (x - 29) / 25) < 1
    pixels &= np.hypot(y - 29, x - 24) > 7
    pixels |= np.hypot((y - 57) / 7, (x - 60) / 10) < 1
    return CutCells.of_pixels(pixels, 3, (25, 28), 1)


@pytest.mark.parametrize("name", POLYNOMIALS)
def test_inverse_in_cut_cells_is_that_of_the_dense_matrix(cut_cells, name):
    box = MaskedBox(cut_cells, (21.0, 27.0), CPU)
    inside = cut_cells.shares > 0
    assert ndimage.label(inside, np.ones((3, 3)))[1] == 2
    assert ((cut_cells.shares > 0) & (cut_cells.shares < 1)).sum() > 40
    count = int(inside.sum())
    units = torch.zeros((count, *inside.shape), dtype=torch.float64)
    units[:, torch.from_numpy(inside)] = torch.eye(count, dtype=torch.float64)
    minus_laplacian = box.minus_laplacian(units)[:, torch.from_numpy(inside)].numpy().T
    np.testing.assert_allclose(minus_laplacian, minus_laplacian.T, rtol=0, atol=1e-18)
    assert np.linalg.eigvalsh(minus_laplacian)[2] > 1e-8
    np.testing.assert_allclose(np.linalg.eigvalsh(minus_laplacian)[:2], 0, atol=1e-15)

    whole = np.zeros((count, count))
    for coefficient in POLYNOMIALS[name].coef[::-1]:
        whole = whole @ minus_laplacian + coefficient * np.eye(count)
    values = np.random.default_rng(5).standard_normal((2, 3, count))
    expected = np.linalg.solve(whole, values.reshape(6, count).T).T.reshape(values.shape)
    fields = torch.zeros((2, 3, *inside.shape), dtype=torch.float64)
    fields[..., torch.from_numpy(inside)] = torch.from_numpy(values)
    found = box.inverse(POLYNOMIALS[name])(fields).numpy()
    np.testing.assert_allclose(
        found[..., inside], expected, rtol=0, atol=1e-9 * np.abs(expected).max()
    )
    assert not found[..., ~inside].any()


def test_the_laplacian_of_a_constant_is_zero_in_cut_cells(cut_cells):
    box = MaskedBox(cut_cells, (21.0, 27.0), CPU)
    assert box.minus_laplacian(box.root_share).abs().max() < 1e-16


def test_one_shifted_solve_is_that_of_the_shifted_matrix(mask, matrix):
    shift = 3e-5 + 2e-5j
    box = MaskedBox(CutCells.of_mask(mask), (SIDE_NM, SIDE_NM), CPU)
    values = np.random.default_rng(6).standard_normal(matrix.shape[0])
    shifted = matrix - shift * sparse.identity(matrix.shape[0])
    expected = splu(shifted.tocsc()).solve(values.astype(complex)).imag / shift.imag
    solved = box.inverse(Polynomial([abs(shift) ** 2, -2 * shift.real, 1.0]))
    found = solved(on_box(mask, values)).numpy()[mask]
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-10 * np.abs(expected).max())


@pytest.mark.parametrize("single", [False, True])
def test_a_long_edge_is_solved_in_stretches(single):
    # A reach of some ten cells, on a mask of more than a hundred, with a slit: its sides are near.
    shape, short = (190, 236), Polynomial([1.0, 25.0**2]) ** 2 + Polynomial([0.5])
    mask = wobbly_mask(shape)
    mask[90, 30:170] = False
    matrix = nine_point_matrix(mask, SIDE_NM)
    one, helmholtz = sparse.identity(matrix.shape[0]), 25.0**2 * matrix
    whole = (one + helmholtz) @ (one + helmholtz) + 0.5 * one
    values = np.random.default_rng(7).standard_normal(matrix.shape[0])
    expected = splu(whole.tocsc()).solve(values)
    box = MaskedBox(CutCells.of_mask(mask), (SIDE_NM, SIDE_NM), CPU)
    inverse = box.inverse(short, single=single)
    found = inverse(on_box(mask, values)).numpy()[mask]
    accuracy = 3e-6 if single else 1e-13
    np.testing.assert_allclose(found, expected, rtol=0, atol=accuracy * np.abs(expected).max())
    (solver,) = next(
        cell.cell_contents for cell in inverse.__closure__ if isinstance(cell.cell_contents, list)
    )
    assert len(solver._stretches) > 5
    assert sorted(torch.cat([own for own, *_ in solver._stretches])) == list(range(len(solver._y)))


def test_the_share_of_a_cell_is_known_as_well_as_an_outline_of_whole_pixels_can_be():
    # A straight edge at any place, drawn in whole pixels: 4 pixels a cell, many such cells.
    factor, width = 4, 400
    rng = np.random.default_rng(0)
    true_edge_px = 10 + rng.uniform(0, 1, width)
    y = np.arange(24)[:, None]
    drawn = np.zeros((24, width), dtype=bool)
    drawn[2:] = y[2:] + 0.5 < true_edge_px
    cells = CutCells.of_pixels(drawn, factor, (8, width // factor + 2), 1)
    cut = cells.shares[1:-1, 1:-1]
    true_share = np.clip(true_edge_px[None] - y, 0, 1)
    true_share[:2] = 0
    true_share = true_share.reshape(6, factor, -1, factor).mean(axis=(1, 3))
    found = np.std((cut - true_share)[2])
    assert cells.share_sd[3, 1:-1] == pytest.approx(found, rel=0.15)
    # In the open the share is known.
    assert not cells.share_sd[2, 2:-2].any()
    assert not PeriodicBox((8, 8), (10.0, 10.0), CPU).outline_sd.any()
