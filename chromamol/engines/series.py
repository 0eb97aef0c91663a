"""Functions of truncated Taylor series.

A series is the sequence of the coefficients x_k in x(t) = sum_k x_k t^k. A function y = f(x) has
y' = s x' with its slope s = f'(x), so that its coefficients follow from those of x and s,

    k y_k = sum_(j=1..k) j x_j s_(k-j),

and those of s from y: s = 1 - y^2 for the hyperbolic tangent (Griewank and Walther, Evaluating
Derivatives, 2nd ed., SIAM 2008, section 13.2).

x_0 has the shape of the values, the others that shape behind an axis of directions. Trailing
coefficients that are zero may be left out of an argument.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from math import pi, sqrt
from typing import Any

import torch
from torch import Tensor

Series = Sequence[Tensor]

Function = Callable[[Series, int], tuple[list[Tensor], list[Tensor]]]
"""Coefficients 0 to an order of y, and of s, from those of x."""


def apply(function: Function, x: Series, order: int) -> tuple[Tensor, ...]:
    """Return the coefficients 0 to `order` of a function, one of `FUNCTIONS`, of a series.

    Gradients flow through it; gradients of gradients raise RuntimeError.
    """
    y: tuple[Tensor, ...] = _Apply.apply(function, order, *x)  # type: ignore[no-untyped-call]
    return y


def convolve(one: Series, other: Series, k: int) -> Tensor:
    """Return coefficient k of the product of two series."""
    last = min(k, len(one) - 1)
    first = max(0, k - len(other) + 1)
    return _sum((one[j], other[k - j], 1.0) for j in range(first, last + 1))


def _square(x: Series, k: int) -> Tensor:
    return _sum((x[j], x[k - j], 1.0 if 2 * j == k else 2.0) for j in range(k // 2 + 1))


def _integral(x: Series, slope: Series, k: int) -> Tensor:
    """Return coefficient k, 1 or more, of y in y' = slope x'."""
    last = min(k, len(x) - 1)
    return _sum((x[j], slope[k - j], j / k) for j in range(last, 0, -1))


def _sum(products: Iterable[tuple[Tensor, Tensor, float]]) -> Tensor:
    """Return the sum of one * other * weight; the first product has the shape of the sum."""
    (one, other, weight), *more = products
    total = one * other
    if weight != 1:
        total *= weight
    for one, other, weight in more:
        total.addcmul_(one, other, value=weight)
    return total


class _Apply(torch.autograd.Function):
    """A function whose backward pass is the product with its slope, as series.

    Recorded step by step, the recurrence would take several times the memory.
    """

    @staticmethod
    def forward(ctx: Any, function: Function, order: int, *x: Tensor) -> tuple[Tensor, ...]:
        y, slope = function(x, order)
        ctx.save_for_backward(*slope)
        ctx.degree = len(x) - 1
        ctx.set_materialize_grads(False)
        return tuple(y)

    @staticmethod
    def backward(ctx: Any, *by_y: Tensor | None) -> tuple[Tensor | None, ...]:
        if torch.is_grad_enabled():
            msg = (
                "Taylor mode has no gradients of gradients. Call backward or grad without "
                "create_graph, or use the engine 'autodiff'."
            )
            raise RuntimeError(msg)
        slope = ctx.saved_tensors
        known = [(k, gradient) for k, gradient in enumerate(by_y) if gradient is not None]
        by_value = torch.zeros_like(slope[0])
        for k, gradient in known:
            pairs = zip(slope[k], gradient, strict=True) if k else [(slope[0], gradient)]
            for slope_along, gradient_along in pairs:
                by_value.addcmul_(slope_along, gradient_along)
        by_others = []
        for j in range(1, ctx.degree + 1):
            products = [(gradient, slope[k - j], 1.0) for k, gradient in known if k >= j]
            by_others.append(_sum(products) if products else None)
        return None, None, by_value, *by_others


def _autonomous(
    value: Callable[[Tensor], Tensor],
    slope_at: Callable[[Series, int], Tensor],
    x: Series,
    order: int,
) -> tuple[list[Tensor], list[Tensor]]:
    """Return a function whose slope's coefficient k follows from its own coefficients 0 to k."""
    y = [value(x[0])]
    slope = [slope_at(y, 0)]
    for k in range(1, order + 1):
        y.append(_integral(x, slope, k))
        slope.append(slope_at(y, k))
    return y, slope


def _slope_of_tanh(y: Series, k: int) -> Tensor:
    slope = _square(y, k).neg_()
    return slope if k else slope.add_(1)


_exp = partial(_autonomous, torch.exp, lambda y, k: y[k])
_reciprocal = partial(_autonomous, torch.reciprocal, lambda y, k: _square(y, k).neg_())
_sigmoid = partial(_autonomous, torch.sigmoid, lambda y, k: _square(y, k).neg_().add_(y[k]))
_tanh = partial(_autonomous, torch.tanh, _slope_of_tanh)


def _sin(x: Series, order: int) -> tuple[list[Tensor], list[Tensor]]:
    y, slope = [x[0].sin()], [x[0].cos()]
    for k in range(1, order + 1):
        y.append(_integral(x, slope, k))
        slope.append(_integral(x, y, k).neg_())
    return y, slope


def _cos(x: Series, order: int) -> tuple[list[Tensor], list[Tensor]]:
    sine, y = _sin(x, order)
    return y, [coefficient.neg_() for coefficient in sine]


def _silu(x: Series, order: int) -> tuple[list[Tensor], list[Tensor]]:
    return _gated(x, *_sigmoid(x, order))


def _gelu(x: Series, order: int) -> tuple[list[Tensor], list[Tensor]]:
    # The gate is the normal distribution; its density p has p' = -x p x'.
    gate = [0.5 * (1 + torch.erf(x[0] / sqrt(2)))]
    density = [torch.exp(-0.5 * x[0] ** 2) / sqrt(2 * pi)]
    weighted = [x[0] * density[0]]
    for k in range(1, order + 1):
        gate.append(_integral(x, density, k))
        density.append(_integral(x, weighted, k).neg_())
        weighted.append(convolve(x, density, k))
    return _gated(x, gate, density)


def _gated(x: Series, gate: Series, slope_of_gate: Series) -> tuple[list[Tensor], list[Tensor]]:
    orders = range(len(gate))
    y = [convolve(x, gate, k) for k in orders]
    slope = [convolve(x, slope_of_gate, k).add_(gate[k]) for k in orders]
    return y, slope


FUNCTIONS: dict[str, Function] = {
    "cos": _cos,
    "exp": _exp,
    "gelu": _gelu,
    "reciprocal": _reciprocal,
    "sigmoid": _sigmoid,
    "silu": _silu,
    "sin": _sin,
    "tanh": _tanh,
}
"""By the name of the torch function."""
