"""`Jet`: a truncated Taylor series that takes a tensor's place in a network."""

from __future__ import annotations

from functools import partial, reduce
from itertools import zip_longest
from math import prod
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor
from torch.nn import functional

from chromamol.engines.series import FUNCTIONS, apply, convolve

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


class Jet:
    """The Taylor series of a tensor's values along several directions.

    Ordinary modules work on it unchanged: torch hands its functions over to
    `__torch_function__`, and a tensor's operators and methods are here.

    Parameters
    ----------
    coefficients : sequence of tensor
        The values (*shape); then, for each power of the parameter along the directions, its
        coefficient (direction, *shape), or one that broadcasts to it. Trailing coefficients that
        are zero may be left out.
    order : int
        Highest power to keep.
    """

    def __init__(self, coefficients: Sequence[Tensor], order: int) -> None:
        value, *others = coefficients
        self.coefficients = (value, *(other.expand(-1, *value.shape) for other in others))
        self.order = order

    @property
    def shape(self) -> torch.Size:
        """Shape of the values."""
        return self.coefficients[0].shape

    @property
    def ndim(self) -> int:
        """Number of axes of the values."""
        return self.coefficients[0].ndim

    @property
    def dtype(self) -> torch.dtype:
        """Type of the values."""
        return self.coefficients[0].dtype

    @property
    def device(self) -> torch.device:
        """Device of the values."""
        return self.coefficients[0].device

    @classmethod
    def __torch_function__(
        cls,
        function: Callable[..., Any],
        types: Sequence[type],
        args: tuple[Any, ...] = (),
        kwargs: dict[str, Any] | None = None,
    ) -> Jet:
        """Return the series of what a torch function returns.

        Raises
        ------
        TypeError
            If there is no rule for the function.
        """
        name = function.__name__
        if name not in _RULES:
            msg = f"Taylor mode has no rule for torch's '{name}'. {_advice()}"
            raise TypeError(msg)
        return _RULES[name](*args, **(kwargs or {}))

    def __getattr__(self, name: str) -> Callable[..., Jet]:
        """Return a method that tensors have, such as `reshape`."""
        if name not in _RULES:
            msg = f"Taylor mode has no rule for a tensor's '{name}'. {_advice()}"
            raise AttributeError(msg)
        return partial(_RULES[name], self)

    def map(self, function: Callable[[Tensor], Tensor]) -> Jet:
        """Return the series behind a function that is linear."""
        value, *others = self.coefficients
        return Jet(
            [function(value), *(torch.vmap(function)(other) for other in others)], self.order
        )

    def __getitem__(self, index: Any) -> Jet:
        return self.map(lambda values: values[index])

    def __neg__(self) -> Jet:
        return _mul(self, -1.0)

    def __add__(self, other: Operand) -> Jet:
        return _add(self, other)

    __radd__ = __add__

    def __sub__(self, other: Operand) -> Jet:
        return _sub(self, other)

    def __rsub__(self, other: Operand) -> Jet:
        return _sub(other, self)

    def __mul__(self, other: Operand) -> Jet:
        return _mul(self, other)

    __rmul__ = __mul__

    def __truediv__(self, other: Operand) -> Jet:
        return _div(self, other)

    def __rtruediv__(self, other: Operand) -> Jet:
        return _div(other, self)

    def __pow__(self, exponent: Operand) -> Jet:
        return _pow(self, exponent)

    def __matmul__(self, other: Jet | Tensor) -> Jet:
        return _matmul(self, other)


Operand = Jet | Tensor | float


def _operands(*operands: Operand) -> tuple[list[tuple[Tensor, ...]], int]:
    """Return the coefficients of operands, with the axes of directions aligned, and the order."""
    jet = next(operand for operand in operands if isinstance(operand, Jet))
    found: list[tuple[Tensor, ...]] = []
    for operand in operands:
        if isinstance(operand, Jet):
            found.append(operand.coefficients)
        elif isinstance(operand, Tensor):
            found.append((operand,))
        else:
            found.append((torch.tensor(operand, dtype=jet.dtype, device=jet.device),))
    ndim = max(value.ndim for value, *_ in found)
    aligned = []
    for value, *others in found:
        ones = (1,) * (ndim - value.ndim)
        along = [other.reshape(len(other), *ones, *value.shape) for other in others]
        aligned.append((value, *along))
    return aligned, jet.order


def _add(one: Operand, other: Operand) -> Jet:
    (left, right), order = _operands(one, other)
    longer = left if len(left) > len(right) else right
    shared = [a + b for a, b in zip(left, right, strict=False)]
    return Jet([*shared, *longer[len(shared) :]], order)


def _sub(one: Operand, other: Operand) -> Jet:
    (left, right), order = _operands(one, other)
    shared = [a - b for a, b in zip(left, right, strict=False)]
    rest = left[len(shared) :] or [-b for b in right[len(shared) :]]
    return Jet([*shared, *rest], order)


def _mul(one: Operand, other: Operand) -> Jet:
    (left, right), order = _operands(one, other)
    degree = min(order, len(left) + len(right) - 2)
    return Jet([convolve(left, right, k) for k in range(degree + 1)], order)


def _div(one: Operand, other: Operand) -> Jet:
    if isinstance(other, Jet):
        return _mul(one, _elementwise("reciprocal", other))
    return _mul(one, 1 / other)


def _pow(jet: Jet, exponent: Operand) -> Jet:
    if not isinstance(exponent, int) or exponent < 1:
        msg = f"Taylor mode takes powers with an int of 1 or more, not {exponent!r}."
        raise TypeError(msg)
    return prod([jet] * (exponent - 1), start=jet)


def _matmul(one: Jet | Tensor, other: Jet | Tensor) -> Jet:
    if isinstance(one, Jet) and isinstance(other, Tensor):
        return one.map(lambda values: values @ other)
    if isinstance(one, Tensor) and isinstance(other, Jet):
        return other.map(lambda values: one @ values)
    (left, right), order = _operands(one, other)
    degree = min(order, len(left) + len(right) - 2)
    products = (
        [left[j] @ right[k - j] for j in range(k + 1) if j < len(left) and k - j < len(right)]
        for k in range(degree + 1)
    )
    return Jet([reduce(torch.add, of_order) for of_order in products], order)


def _linear(jet: Jet, weight: Tensor, bias: Tensor | None = None) -> Jet:
    value, *others = jet.coefficients
    return Jet(
        [
            functional.linear(value, weight, bias),
            *(functional.linear(other, weight) for other in others),
        ],
        jet.order,
    )


def _join(function: Callable[..., Tensor], tensors: Sequence[Jet | Tensor], dim: int = 0) -> Jet:
    """Return the series behind `torch.cat` or `torch.stack`."""
    operands = [tensor.coefficients if isinstance(tensor, Jet) else (tensor,) for tensor in tensors]
    jet = next(tensor for tensor in tensors if isinstance(tensor, Jet))
    value, *others = zip_longest(*operands)
    joined = [function(value, dim=dim)]
    for coefficients in others:
        directions = next(len(other) for other in coefficients if other is not None)
        filled = [
            torch.zeros_like(first).expand(directions, *first.shape) if other is None else other
            for first, other in zip(value, coefficients, strict=True)
        ]
        joined.append(torch.vmap(lambda *parts: function(parts, dim=dim))(*filled))
    return Jet(joined, jet.order)


def _elementwise(name: str, jet: Jet) -> Jet:
    return Jet(apply(FUNCTIONS[name], jet.coefficients, jet.order), jet.order)


def _silu(jet: Jet, inplace: bool = False) -> Jet:
    return _elementwise("silu", jet)


def _gelu(jet: Jet, approximate: str = "none") -> Jet:
    if approximate != "none":
        msg = f"Taylor mode has the exact 'gelu' only, not approximate={approximate!r}."
        raise TypeError(msg)
    return _elementwise("gelu", jet)


def _map_method(name: str, jet: Jet, *args: Any, **kwargs: Any) -> Jet:
    return jet.map(lambda values: getattr(values, name)(*args, **kwargs))


_LINEAR = (
    "flatten",
    "mean",
    "permute",
    "reshape",
    "squeeze",
    "sum",
    "transpose",
    "unsqueeze",
    "view",
)

_RULES: dict[str, Callable[..., Jet]] = {
    **{name: partial(_elementwise, name) for name in FUNCTIONS},
    **{name: partial(_map_method, name) for name in _LINEAR},
    "add": _add,
    "cat": partial(_join, torch.cat),
    "div": _div,
    "gelu": _gelu,
    "linear": _linear,
    "matmul": _matmul,
    "mul": _mul,
    "neg": Jet.__neg__,
    "pow": _pow,
    "silu": _silu,
    "stack": partial(_join, torch.stack),
    "sub": _sub,
    "true_divide": _div,
}


def _advice() -> str:
    return f"It has those for {', '.join(sorted(_RULES))}. Use these, or the engine 'autodiff'."
