r"""Heat in steady flow from a known source (order 2)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from scipy import fft

from chromamol.equations.checks import check_map

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    Field = NDArray[np.float64]


@dataclass(frozen=True)
class Heat:
    r"""Temperature u of a plate with diffusivity lambda(x, y) and a known source m(x, y).

    .. math::

        0 = \lambda \nabla^2 u + m

    with u and m of any sign, lambda > 0, and u = 0 on the edge of the box (Bhartari, Vinayak and
    Shenoy, arXiv 2505.11682). With u in U, lengths in L and times in T: lambda in L^2 / T and m in
    U / T.
    """

    derivatives: ClassVar[tuple[str, ...]] = ("laplacian",)

    def residual(self, temperature: Mapping[str, Any], rate: Any, source: Any) -> Any:
        """Return lambda lap u + m, (y, x), in the unit of m.

        Parameters
        ----------
        temperature : mapping of (y, x) arrays or tensors
            lap u ("laplacian"), U / L^2.
        rate : (y, x) array or tensor
            lambda, L^2 / T.
        source : (y, x) array or tensor
            m, U / T.
        """
        return source + rate * temperature["laplacian"]

    def recover(self, temperature: Mapping[str, Any], source: Any) -> Any:
        """Return lambda = -m / lap u, (y, x), L^2 / T; the arguments are as in `residual`.

        Where lap u is near zero, so is m, and u does not hold lambda: the ratio is then of any
        size and sign, and infinite or NaN where lap u is zero. Nothing is clipped.
        """
        return -source / temperature["laplacian"]

    def simulate(self, rate: Field, source: Field, spacing: tuple[float, float]) -> Field:
        """Solve lap u = -m / lambda by sine transforms.

        Parameters
        ----------
        rate : (y, x) array
            lambda, L^2 / T, > 0.
        source : (y, x) array
            m, U / T.
        spacing : (float, float)
            Pixel size along y and x, L.

        Returns
        -------
        (y, x) float64
            u at the centres of the pixels, U; zero on the edge of the box that they fill, which
            is half a pixel outside. The error falls with the square of the pixel size.

        Raises
        ------
        ValueError
            If rate and source are not finite (y, x) arrays of one shape, the rate is not positive,
            or the pixel size is not two positive lengths.
        """
        check_map("rate", rate, spacing, above=0.0)
        check_map("source", source, spacing)
        if source.shape != rate.shape:
            msg = (
                f"The rate has the shape {rate.shape} and the source {source.shape}; give both on "
                "one grid."
            )
            raise ValueError(msg)
        # The waves sin(k y) sin(k x) that vanish on the edge.
        k_y, k_x = (
            np.pi * np.arange(1, size + 1) / (size * side)
            for size, side in zip(rate.shape, spacing, strict=True)
        )
        spectrum = fft.dstn(source / rate, type=2) / (k_y[:, None] ** 2 + k_x[None, :] ** 2)
        temperature: Field = fft.idstn(spectrum, type=2)
        return temperature
