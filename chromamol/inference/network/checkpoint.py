"""Checkpoints of a training: tensors and plain values, which nobody's code comes with."""

from __future__ import annotations

import hashlib
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


def fingerprint(problem: NetworkProblem, *choices: object) -> str:
    """Return what tells this training from others: the data and all choices that were made."""
    told = hashlib.sha256()
    known = (problem.source, problem.mask, problem.weight)
    for array in (*problem.fields, *(extra for extra in known if extra is not None)):
        told.update(np.ascontiguousarray(array).tobytes())
    plain = (
        repr(problem.equation),
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
    with disk_told(path.parent), appearing_file(path) as partial:
        torch.save(values, partial)


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
        version, theirs = values["chromamol"], values["of"]
        state = State(**values["state"])
        tensors = values["loss"]
    except (OSError, RuntimeError, EOFError, UnpicklingError, KeyError, TypeError) as error:
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
    except (RuntimeError, TypeError) as error:
        msg = f"{path.name} is of another network. {advice}"
        raise CallError(msg) from error
    return state
