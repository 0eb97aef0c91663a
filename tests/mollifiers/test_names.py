"""Names of derivatives, read by hand."""

from __future__ import annotations

import pytest

from chromamol.mollifiers.names import parse


@pytest.mark.parametrize(
    ("name", "axes", "terms"),
    [
        ("", 1, [(1, (0,))]),
        ("xxxx", 1, [(1, (4,))]),
        ("laplacian", 1, [(1, (2,))]),
        ("bilaplacian", 1, [(1, (4,))]),
        ("", 2, [(1, (0, 0))]),
        ("x", 2, [(1, (0, 1))]),
        ("xxy", 2, [(1, (1, 2))]),
        ("xyx", 2, [(1, (1, 2))]),
        ("yxyx", 2, [(1, (2, 2))]),
        ("laplacian", 2, [(1, (0, 2)), (1, (2, 0))]),
        ("bilaplacian", 2, [(1, (0, 4)), (1, (4, 0)), (2, (2, 2))]),
        ("z", 3, [(1, (1, 0, 0))]),
        ("xyzz", 3, [(1, (2, 1, 1))]),
        ("laplacian", 3, [(1, (0, 0, 2)), (1, (0, 2, 0)), (1, (2, 0, 0))]),
        (
            "bilaplacian",
            3,
            [
                *[(1, (0, 0, 4)), (1, (0, 4, 0)), (1, (4, 0, 0))],
                *[(2, (0, 2, 2)), (2, (2, 0, 2)), (2, (2, 2, 0))],
            ],
        ),
    ],
)
def test_a_name_stands_for_a_sum_of_partial_derivatives(name, axes, terms):
    assert sorted(parse(name, axes)) == terms


@pytest.mark.parametrize(
    ("name", "axes", "message"),
    [
        ("y", 1, "no derivative 'y' on a grid with the axes x. Name it by its axes"),
        ("zx", 2, "no derivative 'zx' on a grid with the axes y, x"),
        ("w", 3, "no derivative 'w' on a grid with the axes z, y, x"),
        ("X", 2, "no derivative 'X'"),
        ("laplace", 2, "'laplacian', 'bilaplacian', or ''"),
        ("xxxxx", 1, "'xxxxx' has the order 5; derivatives of order 0 to 4"),
        ("xyxyxy", 2, "has the order 6"),
        (("x", "y"), 2, "Name it by its axes"),
    ],
)
def test_what_is_no_derivative_is_refused(name, axes, message):
    with pytest.raises(ValueError, match=message):
        parse(name, axes)
