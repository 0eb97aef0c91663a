"""The suggested radius against the errors of many radii on simulated noisy fields."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from chromamol.mollifiers.kernels import smallest_radius
from chromamol.mollifiers.layer import MollifierLayer
from chromamol.mollifiers.radius import suitable_radius

LINE, PLANE, SPACE = (20_000,), (150, 210), (30, 36, 42)
CELL = (0.02, 0.013)


def directions(axes, count):
    """Random unit vectors."""
    vectors = np.random.default_rng(axes).standard_normal((count, axes))
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def case(name, shape, spacing, **options):
    return pytest.param(name, shape, spacing, options, id=f"{name} {len(shape)}-D")


@pytest.mark.parametrize(
    ("name", "shape", "spacing", "options"),
    [
        case("x", LINE, (0.01,), wavelength=0.4, noise=0.1, accuracy=2),
        case("xxxx", LINE, (0.01,), wavelength=0.6, noise=0.003, kernel="bump"),
        case("", PLANE, CELL, wavelength=0.4, noise=0.5, accuracy=2, kernel="gaussian"),
        case("xy", PLANE, CELL, wavelength=0.5, noise=0.2, kernel="gaussian"),
        case("laplacian", PLANE, CELL, wavelength=0.5, noise=0.05),
        case("bilaplacian", PLANE, CELL, wavelength=0.6, noise=0.01, accuracy=2),
        case("laplacian", SPACE, (0.03, 0.02, 0.016), wavelength=0.3, noise=0.1, accuracy=2),
    ],
)
def test_no_other_radius_is_much_better(waves, name, shape, spacing, options):
    axes, count = len(shape), 1 if len(shape) == 1 else 100
    numbers = 2 * np.pi / options["wavelength"] * directions(axes, count)
    field = waves(shape, spacing, tuple(map(tuple, numbers)))
    clean = field.derivative() / field.derivative().std()
    truth = field.derivative(name) / field.derivative().std()
    noisy = clean + options["noise"] * np.random.default_rng(1).standard_normal(shape)
    chosen = suitable_radius(name, spacing, **options)
    accuracy = options.get("accuracy", 4)
    least = smallest_radius({"laplacian": 2, "bilaplacian": 4}.get(name, len(name)), accuracy)
    errors = {}
    for factor in (0.5, 0.7, 0.8, 0.9, 1.0, 1.1, 1.25, 1.5, 2.0):
        radius = tuple(max(round(factor * cells), least) for cells in chosen.radius)
        kernel = options.get("kernel", "polynomial")
        layer = MollifierLayer(spacing, radius, [name], kernel, accuracy=accuracy)
        found = layer(torch.from_numpy(noisy)[None, None])[name][0, 0].numpy()
        expected = truth[tuple(slice(cells, -cells) for cells in radius)]
        errors[radius] = np.linalg.norm(found - expected) / np.linalg.norm(expected)
    assert len(errors) > 4
    assert errors[chosen.radius] <= 1.15 * min(errors.values())
    assert errors[chosen.radius] == pytest.approx(chosen.relative_error, rel=0.15)


@pytest.mark.parametrize(
    ("name", "spacing", "accuracy", "least"),
    [
        ("xx", (0.01,), 2, 1e-4),
        ("xx", (0.01,), 4, 1e-3),
        ("laplacian", (0.006, 0.01), 2, 1e-4),
    ],
)
def test_the_radius_grows_with_a_power_of_the_noise(name, spacing, accuracy, least):
    little, much = (
        suitable_radius(name, spacing, wavelength=1.8, noise=noise, accuracy=accuracy)
        for noise in (least, 100 * least)
    )
    power = 2 / (2 * accuracy + 2 * 2 + len(spacing))
    assert much.relative_error > little.relative_error
    for few, many in zip(little.radius, much.radius, strict=True):
        assert np.log(many / few) / np.log(100) == pytest.approx(power, rel=0.2)


def test_the_radius_is_a_length():
    fine = suitable_radius("laplacian", (0.01, 0.02), wavelength=1.0, noise=0.02)
    turned = suitable_radius("laplacian", (0.02, 0.01), wavelength=1.0, noise=0.02)
    scaled = suitable_radius("laplacian", (10.0, 20.0), wavelength=1000.0, noise=0.02)
    assert turned.radius == fine.radius[::-1]
    assert turned.relative_error == pytest.approx(fine.relative_error)
    assert scaled.radius == fine.radius
    assert scaled.relative_error == pytest.approx(fine.relative_error)
    assert fine.radius[0] == pytest.approx(2 * fine.radius[1], abs=1)


def test_without_noise_to_speak_of_the_radius_is_the_smallest():
    for accuracy in (2, 4):
        found = suitable_radius("xx", (0.1,), wavelength=1.0, noise=1e-12, accuracy=accuracy)
        assert found.radius == (smallest_radius(2, accuracy),)
    noisy = suitable_radius("xx", (0.1,), wavelength=1.0, noise=1e3)
    assert noisy.relative_error > 0.5


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"wavelength": 0.2}, "wavelength of 0.2 cannot be seen on cells of 0.1: .*two cells"),
        ({"wavelength": float("nan")}, "longer than two cells"),
        ({"wavelength": float("inf")}, "wavelength of inf"),
        (
            {"noise": 0.0},
            "noise must be positive, relative to the field, not 0.0.*2e-7 of the largest",
        ),
        ({"noise": -1.0}, "noise must be positive"),
        ({"noise": float("nan")}, "noise must be positive"),
        ({"derivative": "z"}, "no derivative 'z' on a grid with the axes y, x"),
        ({"derivative": "xxxxx"}, "derivatives of order 0 to 4"),
        ({"spacing": (0.1, 0.0)}, "spacing must be a positive length, not 0.0"),
        ({"spacing": (0.1, -0.1)}, "spacing must be a positive length"),
        ({"kernel": "box"}, "one of polynomial, bump, gaussian"),
        ({"accuracy": 3}, "order 2 or 4, not 3"),
    ],
)
def test_what_has_no_suitable_radius(changes, message):
    arguments = {"derivative": "xx", "spacing": (0.1, 0.1), "wavelength": 1.0, "noise": 0.1}
    with pytest.raises(ValueError, match=message):
        suitable_radius(**{**arguments, **changes})
