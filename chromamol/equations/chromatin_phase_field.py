r"""The phase field of chromatin with methylation and acetylation (order 4)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from chromamol.equations.checks import check_map
from chromamol.equations.no_flux import MaskedSteps
from chromamol.equations.periodic import PeriodicSteps

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from numpy.typing import NDArray

    from chromamol.progress import Progress

# Bounds the curvature of the double well, h_max = 1: keeps the implicit steps stable.
_WELL_CURVATURE = 2.0
_INITIAL_NOISE = 0.02


@dataclass(frozen=True)
class ChromatinPhaseField:
    r"""Heterochromatin h and euchromatin e that separate, diffuse and turn into each other.

    .. math::

        \partial_t h &= \tfrac{M}{2} \nabla^2 \mu_h + \Gamma_{ac} (\lambda e - h), \quad
        \mu_h = 2 h (h_{max} - h)(h_{max} - 2 h) + \chi e - 2 \delta^2 \nabla^2 h

        \partial_t e &= \tfrac{M}{2} \nabla^2 \mu_e - \Gamma_{ac} (\lambda e - h), \quad
        \mu_e = 2 e + \chi h - 2 \delta^2 \nabla^2 e

    with volume fractions 0 <= h, e and h + e <= 1, rate ratio lambda > 0, ell^2 = M / Gamma_ac,
    and no flux through the edge (Kant et al., Nat. Commun. 15, 4338, 2024; Bhartari, Vinayak and
    Shenoy, arXiv 2505.11682, where chi = 0). At steady state the second line is linear and holds
    neither the double well nor h_max ("the e-form"):

    .. math::

        \lambda e = h + \ell^2 (\nabla^2 (e + \chi h / 2) - \delta^2 \nabla^4 e)

    `residual` and `recover` are those of the e-form; `ChromatinDifference` has the difference of
    the two lines. The unit of length cancels: any other one than nm, in all places, is as good.

    Attributes
    ----------
    reaction_length_nm : float
        ell, nm, > 0.
    gradient_length_nm : float
        delta, nm, >= 0.
    mixing_energy : float
        chi, no unit.
    h_max : float
        Volume fraction of the condensed phase, between 0 and 1; the e-form does not hold it.
    """

    derivatives: ClassVar[tuple[str, ...]] = ("", "laplacian", "bilaplacian")

    reaction_length_nm: float
    gradient_length_nm: float
    mixing_energy: float = 0.0
    h_max: float = 0.8

    def residual(
        self, heterochromatin: Mapping[str, Any], euchromatin: Mapping[str, Any], rate: Any
    ) -> Any:
        """Return h + ell^2 (lap(e + chi h / 2) - delta^2 lap lap e) - lambda e, which is de/dt.

        Parameters
        ----------
        heterochromatin, euchromatin : mapping of (y, x) arrays or tensors
            The `derivatives` of h and of e, in 1/nm to the power of their order.
        rate : (y, x) array or tensor
            lambda, no unit.

        Returns
        -------
        (y, x) array or tensor
            In units of Gamma_ac; zero at steady state.
        """
        balance = self._balance(heterochromatin, euchromatin)
        return balance - rate * euchromatin[""]

    def recover(self, heterochromatin: Mapping[str, Any], euchromatin: Mapping[str, Any]) -> Any:
        """Return lambda, (y, x), no unit; the arguments are as in `residual`.

        Where e is near zero the ratio is of any size and sign, and infinite or NaN where e is
        zero. Nothing is clipped.
        """
        return self._balance(heterochromatin, euchromatin) / euchromatin[""]

    def _balance(self, h: Mapping[str, Any], e: Mapping[str, Any]) -> Any:
        """Return what lambda e is at steady state."""
        ell2, delta2 = self.reaction_length_nm**2, self.gradient_length_nm**2
        mixed = e["laplacian"] + self.mixing_energy / 2 * h["laplacian"]
        return h[""] + ell2 * (mixed - delta2 * e["bilaplacian"])

    def transport_symbol(self, k2: Any, stencil_nm2: float = 0.0) -> Any:
        """Return ell^2 (k2 + (delta^2 + stencil_nm2) k2^2), no unit; k2 may be a polynomial.

        `stencil_nm2` (nm2) mends a discrete Laplacian whose symbol is k2 - stencil_nm2 k2^2.
        """
        delta2 = self.gradient_length_nm**2 + stencil_nm2
        return self.reaction_length_nm**2 * (k2 + delta2 * k2**2)

    def mixing_symbol(self, k2: Any) -> Any:
        """Return 1 - chi ell^2 k2 / 2, the factor of h in the e-form; k2 may be a polynomial."""
        return 1 - self.mixing_energy * self.reaction_length_nm**2 * k2 / 2

    def transport(
        self, field: Any, minus_laplacian: Callable[[Any], Any], stencil_nm2: float = 0.0
    ) -> Any:
        """Return ell^2 (-lap + delta^2 lap lap) of a field, with the Laplacian given (1/nm2)."""
        bent = minus_laplacian(field)
        delta2 = self.gradient_length_nm**2 + stencil_nm2
        return self.reaction_length_nm**2 * (bent + delta2 * minus_laplacian(bent))

    def mix(self, field: Any, minus_laplacian: Callable[[Any], Any]) -> Any:
        """Return (1 + chi ell^2 lap / 2) of a field, with the Laplacian given (1/nm2)."""
        if self.mixing_energy == 0:
            return field
        strength = self.mixing_energy * self.reaction_length_nm**2 / 2
        return field - strength * minus_laplacian(field)

    def simulate(
        self,
        rate: NDArray[np.float64],
        spacing_nm: tuple[float, float],
        *,
        mask: NDArray[np.bool_] | None = None,
        chromatin_fraction: float = 0.5,
        duration: float = 60.0,
        time_step: float = 0.05,
        settled: float = 1e-4,
        seed: int = 0,
        progress: Progress | None = None,
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Run to near the steady state, semi-implicitly.

        Operators are of its own (spectral on a periodic box, five-point finite volumes and a
        sparse factorisation on a mask), independent of those of the inference.

        Parameters
        ----------
        rate : (y, x) array
            lambda > 0.
        spacing_nm : (float, float)
            Pixel size along y and x, nm.
        mask : (y, x) bool array, optional
            No flux through its edge; default: a periodic box.
        chromatin_fraction : float
            Mean of h + e, conserved.
        duration, time_step : float
            In units of 1 / Gamma_ac.
        settled : float
            Stop when no pixel changes faster than this, Gamma_ac.
        seed : int
            Of the noise in the initial h.
        progress : Progress, optional
            Told of every step; may cancel.

        Returns
        -------
        heterochromatin, euchromatin : (y, x) float64
            NaN outside the mask.

        Raises
        ------
        ValueError
            If the rate is not a (y, x) array, finite and positive (inside the mask), the pixel
            size not two positive lengths, or the mask empty or of another shape.
        """
        check_map("rate", rate, spacing_nm, mask, above=0.0)
        steps = (
            PeriodicSteps(rate.shape, spacing_nm) if mask is None else MaskedSteps(mask, spacing_nm)
        )
        lam = steps.gather(rate)
        ell2, delta2 = self.reaction_length_nm**2, self.gradient_length_nm**2
        mean_rate = float(lam.mean())
        e = chromatin_fraction / (1 + lam)
        h = chromatin_fraction - e
        h += _INITIAL_NOISE * np.random.default_rng(seed).standard_normal(h.shape)
        advance_h = steps.implicit(
            1 + time_step, time_step * ell2 * _WELL_CURVATURE / 2, time_step * ell2 * delta2
        )
        advance_e = steps.implicit(
            1 + time_step * mean_rate, time_step * ell2, time_step * ell2 * delta2
        )
        count = int(np.ceil(duration / time_step))
        if progress:
            progress.begin("simulating chromatin", count)
        for _ in range(count):
            reaction = lam * e - h
            well = 2 * h * (self.h_max - h) * (self.h_max - 2 * h)
            bent_h, bent_e = steps.minus_laplacian(h), steps.minus_laplacian(e)
            h_rate = reaction - ell2 * (
                steps.minus_laplacian(well / 2 + delta2 * bent_h) + self.mixing_energy / 2 * bent_e
            )
            e_rate = -reaction - ell2 * (
                bent_e + delta2 * steps.minus_laplacian(bent_e) + self.mixing_energy / 2 * bent_h
            )
            h_step = advance_h(time_step * h_rate)
            h = h + h_step
            e = e + advance_e(time_step * e_rate)
            h += chromatin_fraction - (h + e).mean()
            if progress:
                progress.advance()
            if np.abs(h_step).max() < settled * time_step:
                break
        return steps.scatter(h), steps.scatter(e)
