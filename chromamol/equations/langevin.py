r"""Exponential growth under a force that varies in time (order 1)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from scipy.interpolate import CubicSpline

from chromamol.equations.checks import check_values

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray


@dataclass(frozen=True)
class Langevin:
    r"""A coordinate u(t) that grows with itself and is pushed by lambda(t).

    .. math::

        \frac{d u}{d t} = u + \lambda(t)

    with u and lambda of any sign, in one unit, and t >= 0 in units of the growth time
    (Bhartari, Vinayak and Shenoy, arXiv 2505.11682). Time is the one axis, x, of the fields.
    """

    derivatives: ClassVar[tuple[str, ...]] = ("", "x")

    def residual(self, coordinate: Mapping[str, Any], rate: Any) -> Any:
        """Return du/dt - u - lambda, (t,), in the unit of u.

        Parameters
        ----------
        coordinate : mapping of (t,) arrays or tensors
            u ("") and du/dt ("x").
        rate : (t,) array or tensor
            lambda.
        """
        return self.recover(coordinate) - rate

    def recover(self, coordinate: Mapping[str, Any]) -> Any:
        """Return lambda = du/dt - u, (t,), in the unit of u; the argument is as in `residual`."""
        return coordinate["x"] - coordinate[""]

    def simulate(
        self, rate: NDArray[np.float64], time_step: float, *, initial: float
    ) -> NDArray[np.float64]:
        """Solve from t = 0 on, with a cubic spline between the given times (order 4).

        Parameters
        ----------
        rate : (t,) array
            lambda at t = 0, time_step, 2 time_step, ...
        time_step : float
            In units of the growth time, > 0.
        initial : float
            u at t = 0, in the unit of lambda.

        Returns
        -------
        (t,) float64
            u at the times of the rate.

        Raises
        ------
        ValueError
            If the rate is not a (t,) array of at least 2 finite values, the time step not
            positive, or the initial value not finite.
        """
        if rate.ndim != 1 or rate.size < 2:
            msg = f"The rate has the shape {rate.shape}; give a (t,) array of at least 2 values."
            raise ValueError(msg)
        if not 0 < time_step < np.inf:
            msg = f"The time step is {time_step}; give a positive number."
            raise ValueError(msg)
        check_values("rate", rate)
        check_values("initial value", np.array(initial))
        time = time_step * np.arange(rate.size)
        # u = exp(t) (u_0 + the integral of exp(-s) lambda(s) from 0 to t)
        pushed = CubicSpline(time, np.exp(-time) * rate).antiderivative()
        solution: NDArray[np.float64] = np.exp(time) * (initial + pushed(time))
        return solution
