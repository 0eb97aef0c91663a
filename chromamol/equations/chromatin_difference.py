r"""The phase field of chromatin as one equation of order 4 for the difference h - e."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from chromamol.equations.chromatin_phase_field import ChromatinPhaseField

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True)
class ChromatinDifference(ChromatinPhaseField):
    r"""`ChromatinPhaseField` with its two equations subtracted, phi_d = h - e.

    .. math::

        \partial_t \phi_d = M \nabla^2 \mu_d + 2 \Gamma_{ac} (\lambda e - h), \quad
        \mu_d = (\mu_h - \mu_e) / 2

    (Kant et al., Nat. Commun. 15, 4338, 2024; Bhartari, Vinayak and Shenoy, arXiv 2505.11682).
    Unlike the e-form it holds the double well, and so h_max, and it is not linear in h. The
    Laplacian of the well f(h) = 2 h (h_max - h)(h_max - 2 h) is taken by the chain rule,
    f' lap h + f'' (grad h)^2. Variables, attributes and `simulate` are those of
    `ChromatinPhaseField`; the residual is that of the steady state, -(d phi_d / dt) / (2 Gamma_ac).

    The first derivatives are those along every axis of the fields: without "y" on a line, with "z"
    in a volume.
    """

    derivatives: ClassVar[tuple[str, ...]] = ("", "y", "x", "laplacian", "bilaplacian")

    def _balance(self, h: Mapping[str, Any], e: Mapping[str, Any]) -> Any:
        """Return h - (ell^2 / 2) lap mu_d."""
        ell2, delta2 = self.reaction_length_nm**2, self.gradient_length_nm**2
        chi, h_max = self.mixing_energy, self.h_max
        slope = 2 * (h_max**2 - 6 * h_max * h[""] + 6 * h[""] ** 2)
        curvature = 12 * (2 * h[""] - h_max)
        steepness2 = h["x"] ** 2 + sum(h[axis] ** 2 for axis in "yz" if axis in h)
        lap_mu_h = (
            slope * h["laplacian"]
            + curvature * steepness2
            + chi * e["laplacian"]
            - 2 * delta2 * h["bilaplacian"]
        )
        lap_mu_e = 2 * e["laplacian"] + chi * h["laplacian"] - 2 * delta2 * e["bilaplacian"]
        return h[""] - ell2 / 4 * (lap_mu_h - lap_mu_e)
