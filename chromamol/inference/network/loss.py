r"""What is minimised: data and equation, each in units of its own noise.

.. math::

    \mathcal L = \sum_i \frac{|u_i - y_i|^2}{\sigma_i^2}
      + n \log \Big( 1 + \frac{|\eta * (b - a \lambda)|^2}{n \rho^2} \Big)

per cell. The fields :math:`u_i` are those of the network, by the engine (mollified, for the
mollifier), :math:`y_i` the data with noise :math:`\sigma_i`, and :math:`b - a \lambda` the
equation's residual. Its product of fields and rate is formed first and then tested with a mollifier
:math:`\eta` (the weak form: N(u) * eta, not N(u * eta)): short waves, whose errors derivatives
amplify, do not stall the training.

No weight is left to be tuned. :math:`\rho` is the noise of the data, relative to their spread,
times the size of what the rate does. The logarithm is what is left of a Gaussian residual whose
variance is :math:`\rho^2` and an unknown part, n being its independent values: an equation that the
fields do not obey yet asks for little, and for all once they do.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor, nn

from chromamol.engines.jet import Jet
from chromamol.errors import CallError
from chromamol.inference.network.smooth_rate import SmoothRate
from chromamol.mollifiers.kernels import derivative_kernel

if TYPE_CHECKING:
    from chromamol.engines.engine import Engine
    from chromamol.inference.network.problem import NetworkProblem


class NotFinite(ArithmeticError):
    """The network, the loss or the rate is infinite or no number."""


@dataclass(frozen=True)
class Terms:
    """The parts of a loss.

    Attributes
    ----------
    data : scalar tensor
        Per cell: 1 for each field where the network leaves the noise and nothing else.
    equation : scalar tensor
        Mean square of the residual in units of its noise.
    share : float
        Independent values of the residual over cells with data.
    """

    data: Tensor
    equation: Tensor
    share: float

    @property
    def total(self) -> Tensor:
        """The loss."""
        return self.data + self.share * torch.log1p(self.equation)


class NetworkLoss(nn.Module):
    """Fields by a network, their rate, and what is left of data and equation.

    Parameters
    ----------
    problem : NetworkProblem
    backbone : torch.nn.Module
        (points, axes) coordinates -> (points, field) values, about of mean 0 and spread 1.
    engine : Engine
        For the grid of the problem, with "" and the equation's derivatives.
    plain : Engine
        The same with "" alone.

    Raises
    ------
    CallError
        If the residual of the equation cannot be evaluated, or is not linear in its rate.
    """

    unit: Tensor

    def __init__(
        self, problem: NetworkProblem, backbone: nn.Module, engine: Engine, plain: Engine
    ) -> None:
        super().__init__()
        self._problem, self._engine, self._plain = problem, engine, plain
        self.backbone = backbone
        means, spreads, noises = np.array(problem.scales).T
        inside = problem.inside
        weight = inside if problem.weight is None else np.where(inside, problem.weight, 0.0)
        buffers = {
            "_mean": means,
            "_spread": spreads,
            "_noise": noises.reshape(-1, *(1,) * inside.ndim),
            "_data": np.where(inside, np.stack(problem.fields), 0.0),
            "_inside": inside,
            "_weight": weight,
            "unit": 1.0,
        }
        if problem.source is not None:
            buffers["_source"] = np.where(inside, problem.source, 0.0)
        problem.check_linear()
        for name, values in buffers.items():
            # What is known beforehand is no part of a checkpoint.
            tensor = torch.as_tensor(values, dtype=torch.float32)
            self.register_buffer(name, tensor, persistent=name == "unit")
        tests = [
            _test_matrix(cells, radius)
            for cells, radius in zip(problem.shape, problem.test_radius, strict=True)
        ]
        for axis, test in enumerate(tests):
            self.register_buffer(f"_test_{axis}", test, persistent=False)
        self._cells = int(inside.sum())
        self._rows = prod(map(_independent_rows, tests)) * self._cells / inside.size
        self._level = float(np.sqrt(np.mean((noises / spreads) ** 2)))
        self.rate = SmoothRate(
            problem.shape, problem.sides, waves=problem.waves, positive=problem.positive
        )

    def forward(self, points: Tensor | Jet) -> Tensor | Jet:
        """Return the fields at coordinates, (points, field), in their own units.

        Raises
        ------
        CallError
            If the network has another number of values at a point.
        NotFinite
            If they are infinite or no number.
        """
        values: Tensor | Jet = self.backbone(points)
        fields = len(self._problem.fields)
        if values.shape[-1] != fields:
            msg = (
                f"The network returned the shape {tuple(values.shape)}. Make it return (points, "
                f"field), with {fields} for the fields of this problem."
            )
            raise CallError(msg)
        plain = values.coefficients[0] if isinstance(values, Jet) else values
        if not torch.isfinite(plain).all():
            raise NotFinite
        scaled: Tensor | Jet = values * self.get_buffer("_spread") + self.get_buffer("_mean")
        return scaled

    def data_term(self) -> Tensor:
        """Return the data's part of the loss, which needs no derivative."""
        return self._misfit(self._plain(self)[""][0])

    @torch.no_grad()
    def misfits(self) -> Tensor:
        """Return the mean square of data less each field over that of its noise, (field,)."""
        left = self._left(self._plain(self)[""][0])
        return left.square().flatten(1).sum(1) / self._cells

    def terms(self) -> Terms:
        """Return the parts of the loss."""
        derived = self._derived()
        balance, weight = self._parts(derived)
        left = self._test(balance - weight * self.rate().to(weight)) / self.unit
        return Terms(
            self._misfit(derived[""]),
            left.square().sum() / self._rows,
            self._rows / self._cells,
        )

    @torch.no_grad()
    def begin_rate(self) -> None:
        """Set an even rate for the fields as they are; raise NotFinite if there is none."""
        balance, weight = self._parts(self._derived())
        size = float(balance.norm() / weight.norm())
        level = float((balance * weight).sum() / weight.square().sum())
        if not 0 < size < np.inf:
            raise NotFinite
        self.rate.begin(size if self._problem.positive else level, size)

    @torch.no_grad()
    def improve_rate(self, steps: int) -> None:
        """Take steps to the best rate for the fields as they are; raise NotFinite at none."""
        balance, weight = self._parts(self._derived())
        for _ in range(steps):
            acting = weight * self.rate().to(weight)
            self.unit.copy_(self._level * (acting.square().sum() / self._cells).sqrt())
            left = self._test(balance - acting).square().sum() / self._rows
            noise = (self.unit**2 + left).sqrt()
            self.rate.improve(balance / noise, weight / noise, self._test)
        if not torch.isfinite(self.rate()).all():
            raise NotFinite

    @torch.no_grad()
    def fields(self) -> Tensor:
        """Return the fields, (field, [y,] x)."""
        return self._plain(self)[""][0]

    def _misfit(self, fields: Tensor) -> Tensor:
        return self._left(fields).square().sum() / self._cells

    def _left(self, fields: Tensor) -> Tensor:
        """Return what fields leave of the data, in units of their noise."""
        left = (fields - self.get_buffer("_data")) / self.get_buffer("_noise")
        return self.get_buffer("_inside") * left

    def _derived(self) -> dict[str, Tensor]:
        return {name: values[0] for name, values in self._engine(self).items()}

    def _parts(self, derived: dict[str, Tensor]) -> tuple[Tensor, Tensor]:
        """Return balance and weight of residual = balance - weight x rate, zero where not used."""
        used = self.get_buffer("_weight")
        source = None if self._problem.source is None else self.get_buffer("_source").double()
        # In float32 the difference would be lost to rounding where rates are far from 1.
        exact = {name: values.double() for name, values in derived.items()}
        balance, left = (
            self._problem.residual(exact, torch.full_like(used, rate).double(), source)
            for rate in (0.0, 1.0)
        )
        return used * balance.to(used), used * (balance - left).to(used)

    def _test(self, residual: Tensor) -> Tensor:
        """Test a residual with mollifiers, (..., [y,] x)."""
        if len(self._problem.shape) == 1:
            return residual @ self.get_buffer("_test_0").T
        return self.get_buffer("_test_0") @ residual @ self.get_buffer("_test_1").T


def _test_matrix(cells: int, radius: int) -> Tensor:
    """Return the mollifier at every cell along an axis, cut off at its ends and made whole."""
    matrix = np.zeros((cells, cells))
    for shift, tap in enumerate(derivative_kernel(0, radius, 1.0), start=-radius):
        matrix += tap * np.eye(cells, k=shift)
    return torch.as_tensor(matrix / matrix.sum(axis=1, keepdims=True), dtype=torch.float32)


def _independent_rows(matrix: Tensor) -> float:
    """Return how many independent values are left of white noise."""
    gains = torch.linalg.svdvals(matrix) ** 2
    return float(gains.sum() ** 2 / gains.square().sum())
