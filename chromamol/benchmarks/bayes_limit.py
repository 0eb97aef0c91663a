r"""The least error that a linear estimator can have, knowing more than any user does.

Near the truth the e-form is a linear observation of the rate, e lambda = q + noise, with e the
true euchromatin. Noise of sd_h and sd_e in the two channels is seen through the equation, which
weights a wave number k by

.. math::

    W^2(k) = \left[ sd_h^2 (1 - \chi \ell^2 k^2 / 2)^2 + sd_e^2 \,
        (\lambda_0 + \ell^2 k^2 (1 + \delta^2 k^2))^2 \right]^{-1},
    \qquad \lambda_0 = \langle h \rangle / \langle e \rangle .

For one mark e is a constant, and :math:`W^2(k) = [sd (1 + \ell^2 k^2)]^{-2}`.

With a Gaussian prior that has the power spectrum S(k) of the field's own kind (isotropic, of
fields over their means, times the squared mean of this one), the posterior covariance is
:math:`C = (e W^2 e + S^{-1})^{-1}`. Its trace is the expected squared error of the posterior
mean, and the limit is

.. math:: \sqrt{\mathrm{tr}\, C \, / \, \textstyle\sum \lambda^2} .

The noise of e in the factor of lambda is left out, and lambda_0 stands for lambda in W: the
limit is one of this linear Gaussian problem. A prior that is not Gaussian (positive, or with
edges) can do better on fields of its kind. So the same is given for the logarithm of the rate,
linearised about the truth: e lambda takes the place of e, S is the spectrum of the logarithm, and
the posterior covariance is multiplied by lambda from both sides.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy import fft
from scipy.sparse.linalg import LinearOperator, cg

from chromamol.equations.chromatin_phase_field import ChromatinPhaseField
from chromamol.simulation import PIXEL_NM

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from chromamol.benchmarks.cases import Case

    Field = NDArray[np.float64]

_TOLERANCE = 1e-4


def power_spectrum(fields: Iterable[Field]) -> Field:
    """Return the isotropic power spectrum of square fields.

    Parameters
    ----------
    fields : iterable of (side, side) float64
        Draws of one kind of field on a periodic box: the rates over their means, or their
        logarithms.

    Returns
    -------
    (side, side // 2 + 1) float64
        Variance of the coefficients of the orthonormal half-complex Fourier transform: the mean
        over the fields and over rings. The coefficient of the mean, of which nothing is
        known, has the variance of the next ring.
    """
    stack = np.stack(list(fields))
    side = stack.shape[-1]
    power = np.square(np.abs(fft.rfft2(stack, norm="ortho"))).mean(axis=0)
    waves_y, waves_x = side * fft.fftfreq(side)[:, None], side * fft.rfftfreq(side)[None, :]
    rings = np.rint(np.hypot(waves_y, waves_x)).astype(int)
    total = np.bincount(rings.ravel(), power.ravel())
    average = total / np.bincount(rings.ravel())
    average[0] = average[1]
    spectrum: Field = average[rings]
    return spectrum


def bayes_limit(
    case: Case, spectrum: Field, *, logarithm: bool = False, probes: int = 12, seed: int = 0
) -> float:
    """Return the expected relative L2 error of the best linear estimator.

    The trace is Hutchinson's estimate, each probe solved by conjugate gradients.

    Parameters
    ----------
    case : Case
        Two channels or one mark on a periodic box, with white noise of a known level.
    spectrum : (y, x // 2 + 1) float64
        Prior of the rate over its mean, or of its logarithm, as `power_spectrum` gives it.
    logarithm : bool
        Which of the two it is.
    probes : int
        Random vectors for the trace.
    seed : int
        Of the probes.

    Raises
    ------
    ValueError
        If the box is not periodic, or the noise is not known.
    """
    weight, factor, shape = _noise_precision(case), case.factor, case.truth.shape
    amplitude = np.sqrt(spectrum)
    # A small change of what the prior is about, times this, is one of the rate.
    scale = case.truth if logarithm else np.full(shape, case.truth.mean())

    def multiply(factors: Field, field: Field) -> Field:
        product: Field = fft.irfft2(factors * fft.rfft2(field), s=shape)
        return product

    def posterior_precision(flat: Field) -> Field:
        """Apply 1 + S^(1/2) e W^2 e S^(1/2), e with the scale."""
        shown = factor * scale * multiply(amplitude, flat.reshape(shape))
        seen = scale * factor * multiply(weight, shown)
        return flat + multiply(amplitude, seen).ravel()

    precision = LinearOperator((factor.size,) * 2, matvec=posterior_precision, dtype=np.float64)
    generator = np.random.default_rng(seed)
    traces = []
    for _ in range(probes):
        probe = multiply(amplitude, scale * generator.standard_normal(shape)).ravel()
        solved, failed = cg(precision, probe, rtol=_TOLERANCE)
        if failed:
            msg = f"The Bayes limit did not converge in {failed} iterations."
            raise RuntimeError(msg)
        traces.append(float(probe @ solved))
    return float(np.sqrt(np.mean(traces) / np.square(case.truth).sum()))


def _noise_precision(case: Case) -> Field:
    """Return W^2 on the half-complex spectrum."""
    if case.boundary != "periodic" or case.noise_sd is None:
        msg = "The Bayes limit needs a periodic box and white noise of a known level."
        raise ValueError(msg)
    rows, columns = case.truth.shape
    k_y = 2 * np.pi * fft.fftfreq(rows, PIXEL_NM)[:, None]
    k_x = 2 * np.pi * fft.rfftfreq(columns, PIXEL_NM)[None, :]
    k2, equation = k_y**2 + k_x**2, case.equation
    if isinstance(equation, ChromatinPhaseField):
        # <h> = <lambda e> at steady state.
        uniform = (case.truth * case.factor).mean() / case.factor.mean()
        through = uniform + equation.transport_symbol(k2)
        gain2 = equation.mixing_symbol(k2) ** 2 + through**2
    else:
        gain2 = equation.symbol(k2) ** 2
    precision: Field = 1 / (case.noise_sd**2 * gain2)
    return precision
