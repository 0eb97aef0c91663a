"""The preconditioner on a small mask, against the dense matrix that it nearly inverts."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from numpy.polynomial import Polynomial
from scipy.linalg import eigvalsh

from chromamol.inference.cut_cells import CutCells
from chromamol.inference.domain import PeriodicBox
from chromamol.inference.masked_box import MaskedBox
from chromamol.inference.preconditioner import Preconditioner

SHAPE, SPACING_NM = (24, 30), (40.0, 45.0)
COUNT = SHAPE[0] * SHAPE[1]
# As of an e-form with ell = 140 nm and a rate of 1.
VARIANCE = Polynomial([1.0]) + Polynomial([1.0, 140.0**2]) ** 2
CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def domain() -> MaskedBox:
    y, x = np.indices(SHAPE)
    mask = np.hypot((y - 10) / 8, (x - 12) / 10) < 1
    return MaskedBox(CutCells.of_mask(mask), SPACING_NM, CPU)


def matrices(domain, length_nm, seen=None):
    """Return the dense matrix, two approximate inverses, the preconditioner and the factor.

    The inverses are the preconditioner's, and that of each wave by itself.
    """
    seen = domain.inside if seen is None else seen
    factor = torch.from_numpy(np.random.default_rng(0).uniform(0.5, 1.5, SHAPE)) * seen
    information = float((factor**2).mean()) / VARIANCE(domain.k2)
    symbol = information[0, 0] * (length_nm**2 * domain.k2) ** 4
    hold = 1e-4 * float(information[0, 0]) * (~seen).double()
    units = torch.eye(COUNT, dtype=torch.float64).reshape(COUNT, *SHAPE)

    def waves(values):
        return torch.fft.irfft2(torch.fft.rfft2(units) * torch.from_numpy(values), s=SHAPE)

    data = factor * domain.inverse(VARIANCE)(factor * units)
    matrix = (data + waves(symbol) + hold * units).reshape(COUNT, COUNT).numpy()
    preconditioner = Preconditioner(
        factor, seen, hold, information=information, variance=VARIANCE, domain=domain
    )
    inverse = preconditioner.inverse(symbol)(units).reshape(COUNT, COUNT).numpy()
    plain = waves(1 / (information + symbol)).reshape(COUNT, COUNT).numpy()
    return (matrix + matrix.T) / 2, inverse, plain, preconditioner, factor


def condition(matrix, inverse) -> float:
    product = np.linalg.cholesky(matrix)
    values = eigvalsh(product.T @ (inverse + inverse.T) @ product / 2)
    return values[-1] / values[0]


@pytest.mark.parametrize("length_nm", [50.0, 110.0])
def test_a_mask_is_hardly_worse_than_the_open(domain, length_nm):
    matrix, inverse, plain, *_ = matrices(domain, length_nm)
    np.testing.assert_allclose(inverse, inverse.T, atol=1e-6 * np.abs(inverse).max())
    assert condition(matrix, inverse) < min(50, condition(matrix, plain) / 5)


@pytest.mark.parametrize("kind", ["box", "mask"])
def test_a_region_without_data_is_hardly_worse_than_the_open(domain, kind):
    box = PeriodicBox(SHAPE, SPACING_NM, CPU) if kind == "box" else domain
    y, x = np.indices(SHAPE)
    empty = torch.from_numpy(np.hypot((y - 11) / 11, (x - 18) / 11) < 1)
    matrix, inverse, plain, *_ = matrices(box, 80.0, box.inside & ~empty)
    assert condition(matrix, inverse) < min(50, condition(matrix, plain) / 5)


def test_without_a_mask_waves_are_inverted_one_by_one():
    _, inverse, plain, *_ = matrices(PeriodicBox(SHAPE, SPACING_NM, CPU), 80.0)
    np.testing.assert_allclose(inverse, plain, rtol=0, atol=1e-12 * np.abs(plain).max())


def test_it_is_kept_for_a_factor_that_is_much_alike(domain):
    *_, preconditioner, factor = matrices(domain, 80.0)
    assert preconditioner.serves(1.05 * factor)
    assert not preconditioner.serves(1.5 * factor)
