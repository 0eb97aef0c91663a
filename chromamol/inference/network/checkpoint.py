"""Checkpoints of a training: tensors and plain values, which nobody's code comes with."""

from __future__ import annotations

import hashlib
import io
from dataclasses import asdict, dataclass
from pickle import UnpicklingError
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

import chromamol
from chromamol.errors import CallError
from chromamol.inference.network.loss import NotFinite
from chromamol.inference.network.training import State
from chromamol.output import appearing_file, disk_told

if TYPE_CHECKING:
    from pathlib import Path

    from torch import Tensor

    from chromamol.inference.network.loss import NetworkLoss
    from chromamol.inference.network.problem import NetworkProblem

# What reading a file raises that is no checkpoint.
_IS_NONE = (
    OSError,
    RuntimeError,
    EOFError,
    UnpicklingError,
    LookupError,
    TypeError,
    ValueError,
    AttributeError,
)


# How far, over their size, what networks and equations make of the same input may differ: by
# rounding on another machine.
_NETWORKS, _EQUATIONS = 1e-3, 1e-6


@dataclass(frozen=True)
class Identity:
    """What tells a training from others.

    Attributes
    ----------
    words : str
        Of the data and all choices that were made.
    fields : tensor
        What the network makes of coordinates before it is trained; changed code makes another.
    residual : tensor
        What the equation makes of fields and rates that are made up.
    """

    words: str
    fields: Tensor
    residual: Tensor

    @classmethod
    def of(cls, problem: NetworkProblem, loss: NetworkLoss, *choices: object) -> Identity:
        """Return that of a training that has not begun."""
        mean, spread, _ = np.array(problem.scales).T.reshape(3, -1, *(1,) * len(problem.shape))
        modes = [(module, module.training) for module in loss.modules()]
        loss.eval()  # what is left out by chance would be no likeness
        try:
            fields = (loss.fields().cpu() - torch.from_numpy(mean)) / torch.from_numpy(spread)
        except NotFinite:  # which the training will say
            fields = torch.zeros(0)
        for module, mode in modes:
            module.training = mode
        return cls(fingerprint(problem, *choices), fields.float(), problem.sample_residual())

    def other(self, words: object, fields: Tensor, residual: Tensor) -> str:
        """Return what is another one in a file; nothing if it is the same training."""
        if self.words != words:
            return "other data or other settings"
        if not _alike(self.fields, fields, _NETWORKS):
            return "another network"
        return "" if _alike(self.residual, residual, _EQUATIONS) else "another equation"


def _alike(one: Tensor, other: Tensor, tolerance: float) -> bool:
    same = one.shape == other.shape and one.dtype == other.dtype
    sizes = one[one.isfinite()].abs()
    level = float(sizes.mean()) if len(sizes) else 0.0
    return same and torch.allclose(one, other, rtol=0, atol=tolerance * level, equal_nan=True)


def fingerprint(problem: NetworkProblem, *choices: object) -> str:
    """Return what tells this training from others: the data and all choices that were made."""
    told = hashlib.sha256()
    known = (problem.source, problem.mask, problem.weight)
    for array in (*problem.fields, *(extra for extra in known if extra is not None)):
        told.update(np.ascontiguousarray(array).tobytes())
    equation = problem.equation
    for name, value in sorted(getattr(equation, "__dict__", {}).items()):
        # The words for a large array leave most of it out, those for a function are never the same.
        if isinstance(value, np.ndarray | torch.Tensor):
            told.update(np.asarray(value).tobytes())
        elif isinstance(value, float | int | str):
            told.update(f"{name}={value!r}".encode())
    plain = (
        type(equation).__qualname__,
        problem.shape,
        tuple(map(float, problem.noise_sd)),
        problem.spacing,
        [extra is None for extra in known],
        problem.positive,
        problem.variation,
        choices,
    )
    told.update(repr(plain).encode())
    return told.hexdigest()


def save(path: Path, loss: NetworkLoss, state: State, of: Identity) -> None:
    """Write a checkpoint, all of it or nothing."""
    values = {
        "chromamol": chromamol.__version__,
        "of": of.words,
        "fields": of.fields,
        "residual": of.residual,
        "state": asdict(state),
        "loss": {name: tensor.cpu() for name, tensor in loss.state_dict().items()},
    }
    # torch's own errors of writing do not say what the disk said.
    held = io.BytesIO()
    torch.save(values, held)
    with disk_told(path.parent), appearing_file(path) as partial:
        partial.write_bytes(held.getbuffer())


def load(path: Path, loss: NetworkLoss, of: Identity) -> State:
    """Read a checkpoint into a loss, and return where its training is.

    Raises
    ------
    CallError
        If it is of another training or version, or no checkpoint.
    """
    advice = "Remove it or name another one to begin anew."
    try:
        # Files of strangers may run code when they are unpickled: this reads tensors only.
        values: Any = torch.load(path, map_location="cpu", weights_only=True)
        version = str(dict(values)["chromamol"])
        if version != chromamol.__version__:
            msg = (
                f"{path.name} was written by chromamol {version}, and this is "
                f"{chromamol.__version__}. {advice}"
            )
            raise CallError(msg)
        other = of.other(values["of"], values["fields"], values["residual"])
        state, tensors = State(**values["state"]), dict(values["loss"])
        _check(state, tensors)
    except _IS_NONE as error:
        msg = f"{path.name} is no checkpoint of a training. {advice}"
        raise CallError(msg) from error
    if other:
        msg = f"{path.name} is of {other}. {advice}"
        raise CallError(msg)
    try:
        loss.load_state_dict(tensors)
    except RuntimeError as error:
        msg = f"{path.name} is of another network. {advice}"
        raise CallError(msg) from error
    return state


def _check(state: Any, tensors: dict[Any, Any]) -> None:
    """Raise ValueError unless a training could have left these."""
    counts, times = (state.data_steps, state.steps), (state.data_seconds, state.seconds)
    if not (
        all(type(count) is int for count in counts)
        and all(type(time) is float for time in times)
        and 0 <= counts[0] <= counts[1]
        and 0 <= times[0] <= times[1] < np.inf
        and all(
            isinstance(name, str) and torch.isfinite(each).all() for name, each in tensors.items()
        )
    ):
        raise ValueError
