r"""One histone mark that is deposited, diffuses and is lost (order 2, linear)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from chromamol.equations.checks import check_map
from chromamol.equations.no_flux import MaskedSteps
from chromamol.equations.periodic import PeriodicSteps

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True)
class MarkTurnover:
    r"""Mark density u >= 0 with deposition s(x) > 0, loss gamma and diffusion D.

    .. math::

        \partial_t u = D \nabla^2 u + s - \gamma u, \qquad
        \text{steady:}\quad s / \gamma = u - \ell^2 \nabla^2 u, \quad \ell^2 = D / \gamma

    with no flux through the edge.

    Attributes
    ----------
    reaction_length_nm : float
        ell, nm, > 0.
    """

    derivatives: ClassVar[tuple[str, ...]] = ("", "laplacian")

    reaction_length_nm: float

    def residual(self, mark: Mapping[str, Any], deposition: Any) -> Any:
        """Return u - ell^2 lap u - s / gamma, (y, x), in the unit of u; zero at steady state.

        Parameters
        ----------
        mark : mapping of (y, x) arrays or tensors
            u ("") and lap u ("laplacian", per nm2).
        deposition : (y, x) array or tensor
            s / gamma, in the unit of u.
        """
        return self.recover(mark) - deposition

    def recover(self, mark: Mapping[str, Any]) -> Any:
        """Return s / gamma = u - ell^2 lap u, (y, x); unit and argument are as in `residual`."""
        return mark[""] - self.reaction_length_nm**2 * mark["laplacian"]

    def symbol(self, k2: Any, stencil_nm2: float = 0.0) -> Any:
        """Return 1 + ell^2 (k2 + stencil_nm2 k2^2), no unit; k2 may be a polynomial."""
        return 1 + self.reaction_length_nm**2 * (k2 + stencil_nm2 * k2**2)

    def deposition(
        self, mark: Any, minus_laplacian: Callable[[Any], Any], stencil_nm2: float = 0.0
    ) -> Any:
        """Return u - ell^2 lap u of a mark density, with the Laplacian given (1/nm2)."""
        bent = minus_laplacian(mark)
        return mark + self.reaction_length_nm**2 * (bent + stencil_nm2 * minus_laplacian(bent))

    def simulate(
        self,
        deposition: NDArray[np.float64],
        spacing_nm: tuple[float, float],
        *,
        mask: NDArray[np.bool_] | None = None,
    ) -> NDArray[np.float64]:
        """Return the steady mark density of a deposition rate s / gamma, (y, x) float64.

        Spectral on a periodic box; five-point finite volumes on a mask (NaN outside).

        Parameters
        ----------
        deposition : (y, x) array
            s / gamma, in the unit of u, > 0.
        spacing_nm : (float, float)
            Pixel size along y and x, nm.
        mask : (y, x) bool array, optional
            No flux through its edge; default: a periodic box.

        Raises
        ------
        ValueError
            If the deposition is not a (y, x) array, finite and positive (inside the mask), the
            pixel size not two positive lengths, or the mask empty or of another shape.
        """
        check_map("deposition", deposition, spacing_nm, mask, above=0.0)
        steps = (
            PeriodicSteps(deposition.shape, spacing_nm)
            if mask is None
            else MaskedSteps(mask, spacing_nm)
        )
        solve = steps.implicit(1.0, self.reaction_length_nm**2, 0.0)
        return steps.scatter(solve(steps.gather(deposition)))
