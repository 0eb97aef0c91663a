"""As few directions as the theory of sums of powers allows."""

from __future__ import annotations

from itertools import combinations_with_replacement

import numpy as np
import pytest

from chromamol.engines.directions import fewest_directions
from chromamol.mollifiers.names import parse


def partials(axes, order):
    return ["".join(letters) for letters in combinations_with_replacement("zyx"[-axes:], order)]


# Monomials: real Waring rank. Bilaplacians: (m + 2) / 2 in the plane, the icosahedron in space.
@pytest.mark.parametrize(
    ("axes", "names", "count"),
    [
        (1, ["x", "xx", "xxxx"], 1),
        (2, ["x", "xxx"], 1),
        (2, ["yy"], 1),
        (2, ["x", "y"], 2),
        (2, ["xy"], 2),
        (2, ["laplacian", "x", "y"], 2),
        (2, ["xxy"], 3),
        (2, ["x", "y", "xx", "xy", "laplacian", "bilaplacian"], 3),
        (2, partials(2, 3), 4),
        (2, partials(2, 4), 5),
        (3, ["yy", "laplacian"], 3),
        (3, partials(3, 2), 6),
        (3, ["x", "y", "z", "xz", "laplacian", "bilaplacian"], 6),
        (3, partials(3, 3), 10),
        (3, partials(3, 4), 15),
    ],
)
def test_no_direction_is_wasted(axes, names, count):
    directions, weights = fewest_directions([parse(name, axes) for name in names], axes)
    assert directions.shape == (count, axes)
    np.testing.assert_allclose(np.linalg.norm(directions, axis=1), 1)
    assert [len(of_name) for of_name in weights] == [count] * len(names)


def test_the_weights_give_the_derivative_of_a_plane_wave():
    # Each derivative of exp(k.p) at 0 is a product of the wave numbers.
    k = {"z": 0.7, "y": -1.3, "x": 0.4}
    names = ["z", "yx", "zzx", "zyxx", "yyyx", "laplacian", "bilaplacian"]
    directions, weights = fewest_directions([parse(name, 3) for name in names], 3)
    along = directions @ list(k.values())
    square = sum(value**2 for value in k.values())
    for name, of_name in zip(names[:-2], weights[:-2], strict=True):
        expected = np.prod([k[letter] for letter in name])
        assert of_name @ along ** len(name) == pytest.approx(expected)
    assert weights[-2] @ along**2 == pytest.approx(square)
    assert weights[-1] @ along**4 == pytest.approx(square**2)
