"""The phase field: what its steady state obeys, and that two kinds of operators agree."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import fft

from chromamol.equations.chromatin_phase_field import ChromatinPhaseField
from chromamol.equations.no_flux import five_point_laplacian
from chromamol.errors import Cancelled

ELL_NM, DELTA_NM = 141.4, 10.0
SHAPE, SPACING_NM = (48, 40), (12.0, 16.0)


def _rate(shape: tuple[int, int] = SHAPE) -> np.ndarray:
    """Smooth and even about every side of the box, sampled at the centres of its pixels."""
    y, x = (np.arange(size) + 0.5 for size in shape)
    return (
        1.2
        + 0.4 * np.cos(2 * np.pi * y / shape[0])[:, None]
        - 0.3 * np.cos(2 * np.pi * x / shape[1])[None, :]
    )


def _e_form_residual(equation, rate, h, e, minus_laplacian) -> np.ndarray:
    """lambda e - h - ell^2 (lap (e + chi h / 2) - delta^2 lap lap e), written out."""
    ell2, delta2 = equation.reaction_length_nm**2, equation.gradient_length_nm**2
    mixed = -minus_laplacian(e + equation.mixing_energy * h / 2)
    bilaplacian = minus_laplacian(minus_laplacian(e))
    return rate * e - h - ell2 * (mixed - delta2 * bilaplacian)


def _spectral(field: np.ndarray) -> np.ndarray:
    """-lap on the periodic box by the complex transform."""
    k_y, k_x = (
        2 * np.pi * fft.fftfreq(size, side)
        for size, side in zip(field.shape, SPACING_NM, strict=True)
    )
    return fft.ifft2((k_y[:, None] ** 2 + k_x[None, :] ** 2) * fft.fft2(field)).real


@pytest.fixture(scope="module")
def mask() -> np.ndarray:
    y, x = np.indices(SHAPE)
    return np.hypot((y - 23) / 21, (x - 20) / 17) < 0.9 + 0.1 * np.cos(3 * np.arctan2(y - 23, x))


@pytest.mark.parametrize("chi", [0.0, -0.4])
def test_the_periodic_steady_state_obeys_the_e_form(chi):
    equation = ChromatinPhaseField(ELL_NM, DELTA_NM, mixing_energy=chi)
    h, e = equation.simulate(_rate(), SPACING_NM, settled=1e-7, duration=400, time_step=0.2)
    assert h.std() > 0.1
    residual = _e_form_residual(equation, _rate(), h, e, _spectral)
    assert np.abs(residual).max() < 5e-4


def test_the_masked_steady_state_obeys_the_e_form(mask):
    equation = ChromatinPhaseField(ELL_NM, DELTA_NM)
    h, e = equation.simulate(
        _rate(), SPACING_NM, mask=mask, settled=1e-7, duration=400, time_step=0.2
    )
    assert np.nanstd(h) > 0.1
    matrix = five_point_laplacian(mask, SPACING_NM)
    residual = _e_form_residual(
        equation, _rate()[mask], h[mask], e[mask], lambda field: matrix @ field
    )
    assert np.abs(residual).max() < 5e-4
    np.testing.assert_array_equal(np.isnan(h), ~mask)
    np.testing.assert_array_equal(np.isnan(e), ~mask)


@pytest.mark.parametrize("fraction", [0.4, 0.5])
@pytest.mark.parametrize("masked", [True, False])
def test_the_total_is_conserved_and_the_exchange_balances(mask, masked, fraction):
    equation = ChromatinPhaseField(ELL_NM, DELTA_NM)
    h, e = equation.simulate(
        _rate(),
        SPACING_NM,
        mask=mask if masked else None,
        chromatin_fraction=fraction,
        time_step=0.2,
    )
    inside = mask if masked else np.ones(SHAPE, dtype=bool)
    assert (h + e)[inside].mean() == pytest.approx(fraction, abs=1e-12)
    assert (_rate() * e)[inside].mean() == pytest.approx(h[inside].mean(), rel=1e-3)
    assert h[inside].min() > -0.02
    assert e[inside].min() > 0


def test_a_box_without_flux_is_the_quarter_of_a_periodic_one():
    # The rate is even about the sides: mirrored, the box repeats. Spectral against finite volumes.
    equation = ChromatinPhaseField(ELL_NM, DELTA_NM, mixing_energy=0.2, h_max=0.3)
    rate = _rate()
    everywhere = np.ones(SHAPE, dtype=bool)
    options = {"settled": 1e-6, "duration": 200, "time_step": 0.2}
    h, e = equation.simulate(rate, SPACING_NM, mask=everywhere, **options)
    mirrored = np.block([[rate, rate[:, ::-1]], [rate[::-1], rate[::-1, ::-1]]])
    whole_h, whole_e = equation.simulate(mirrored, SPACING_NM, **options)
    # This h_max does not phase separate: the steady state does not depend on the start.
    assert h.std() > 0.01
    np.testing.assert_allclose(whole_h[: SHAPE[0], : SHAPE[1]], h, atol=0.02 * h.std())
    np.testing.assert_allclose(whole_e[: SHAPE[0], : SHAPE[1]], e, atol=0.02 * e.std())


def test_the_transform_of_the_equation_is_what_it_does_to_a_wave():
    equation = ChromatinPhaseField(ELL_NM, DELTA_NM, mixing_energy=0.7)
    y, x = np.indices(SHAPE)
    wave = np.cos(2 * np.pi * (3 * y / SHAPE[0] + 2 * x / SHAPE[1]))
    k2 = (2 * np.pi * 3 / (48 * 12.0)) ** 2 + (2 * np.pi * 2 / (40 * 16.0)) ** 2
    moved = equation.transport(wave, _spectral, stencil_nm2=50.0)
    np.testing.assert_allclose(
        moved, ELL_NM**2 * (k2 + (DELTA_NM**2 + 50.0) * k2**2) * wave, atol=1e-10
    )
    np.testing.assert_allclose(moved, equation.transport_symbol(k2, 50.0) * wave, atol=1e-10)
    mixed = equation.mix(wave, _spectral)
    np.testing.assert_allclose(mixed, (1 - 0.35 * ELL_NM**2 * k2) * wave, atol=1e-10)
    np.testing.assert_allclose(mixed, equation.mixing_symbol(k2) * wave, atol=1e-10)


def test_the_seed_decides_where_domains_form():
    equation = ChromatinPhaseField(ELL_NM, DELTA_NM)
    uniform = np.full(SHAPE, 1.2)
    first, again, other = (
        equation.simulate(uniform, SPACING_NM, duration=20, time_step=0.2, seed=seed)[0]
        for seed in (0, 0, 1)
    )
    np.testing.assert_array_equal(first, again)
    assert np.abs(first - other).max() > 0.1


def test_a_simulation_can_be_watched_and_cancelled():
    class Watching:
        stages: tuple[tuple[str, int | None], ...] = ()
        steps = 0

        def begin(self, stage: str, steps: int | None = None) -> None:
            self.stages += ((stage, steps),)

        def advance(self, steps: int = 1) -> None:
            self.steps += steps
            if self.steps == 7:
                raise Cancelled

    progress = Watching()
    with pytest.raises(Cancelled):
        ChromatinPhaseField(ELL_NM, DELTA_NM).simulate(
            _rate(), SPACING_NM, duration=5, time_step=0.1, progress=progress
        )
    assert progress.stages == (("simulating chromatin", 50),)
