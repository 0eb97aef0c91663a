"""Checkpoints of a training: tensors and plain values, which nobody's code comes with."""

from __future__ import annotations

import hashlib
import io
from dataclasses import asdict
from pickle import UnpicklingError
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

import chromamol
from chromamol.errors import CallError
from chromamol.inference.network.training import State
from chromamol.output import appearing_file, disk_told

if TYPE_CHECKING:
    from pathlib import Path

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


def fingerprint(problem: NetworkProblem, *choices: object) -> str:
    """Return what tells this training from others: the data and all choices that were made."""
    told = hashlib.sha256()
    known = (problem.source, problem.mask, problem.weight)
    for array in (*problem.fields, *(extra for extra in known if extra is not None)):
        told.update(np.ascontiguousarray(array).tobytes())
    equation = problem.equation
    for name, value in sorted(getattr(equation, "__dict__", {}).items()):
        # The words for a large array leave most of it out.
        is_array = isinstance(value, np.ndarray | torch.Tensor)
        told.update(np.asarray(value).tobytes() if is_array else f"{name}={value!r}".encode())
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


def save(path: Path, loss: NetworkLoss, state: State, of: str) -> None:
    """Write a checkpoint, all of it or nothing."""
    values = {
        "chromamol": chromamol.__version__,
        "of": of,
        "state": asdict(state),
        "loss": {name: tensor.cpu() for name, tensor in loss.state_dict().items()},
    }
    # torch's own errors of writing do not say what the disk said.
    held = io.BytesIO()
    torch.save(values, held)
    with disk_told(path.parent), appearing_file(path) as partial:
        partial.write_bytes(held.getbuffer())


def load(path: Path, loss: NetworkLoss, of: str) -> State:
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
        version, theirs = (str(dict(values)[name]) for name in ("chromamol", "of"))
        state, tensors = State(**values["state"]), dict(values["loss"])
        _check(state, tensors)
    except _IS_NONE as error:
        msg = f"{path.name} is no checkpoint of a training. {advice}"
        raise CallError(msg) from error
    if version != chromamol.__version__:
        msg = (
            f"{path.name} was written by chromamol {version}, and this is {chromamol.__version__}. "
            f"{advice}"
        )
        raise CallError(msg)
    if theirs != of:
        msg = f"{path.name} is of other data or other settings. {advice}"
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
