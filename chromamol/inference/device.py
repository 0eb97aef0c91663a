"""Where it computes: the processor, or a graphics card."""

from __future__ import annotations

from typing import get_args

import torch

from chromamol.errors import CallError
from chromamol.settings import Settings

_DEVICES = get_args(Settings.model_fields["device"].annotation)

# Of less, an H200 was slower than six cores of its computer (docs/benchmarks.md).
_WORTH_A_CARD_PX = 2**20


def is_worth_a_card(method: str, pixels: int) -> bool:
    """Tell whether a graphics card makes an analysis faster; networks keep it busy at any size.

    Parameters
    ----------
    method : str
        The setting `method`.
    pixels : int
        Of the image of one nucleus.
    """
    return method == "network" or pixels >= _WORTH_A_CARD_PX


def choose_device(wanted: str, *, worth_a_card: bool) -> torch.device:
    """Return the device to compute on.

    Parameters
    ----------
    wanted : str
        The setting `device`: auto, cpu or cuda.
    worth_a_card : bool
        Whether "auto" takes a graphics card that is there.

    Raises
    ------
    CallError
        If there is no such device, or CUDA was asked for and is not there.
    """
    if wanted not in _DEVICES:
        msg = f"There is no '{wanted}'. Choose one of {', '.join(_DEVICES)}."
        raise CallError(msg)
    available = torch.cuda.is_available()
    if wanted == "cuda" and not available:
        msg = "No CUDA graphics card was found; set device to 'auto' or 'cpu'."
        raise CallError(msg)
    takes_card = wanted == "cuda" or (wanted == "auto" and available and worth_a_card)
    return torch.device("cuda" if takes_card else "cpu")


def describe_device(wanted: str, *, worth_a_card: bool) -> str:
    """Say for people what is computed on, and why.

    Parameters
    ----------
    wanted : str
    worth_a_card : bool
        As for `choose_device`.
    """
    if choose_device(wanted, worth_a_card=worth_a_card).type == "cuda":
        return f"the graphics card {torch.cuda.get_device_name(0)} (CUDA)"
    threads = torch.get_num_threads()
    if wanted == "cpu":
        why = "as chosen"
    elif torch.cuda.is_available():
        why = "the graphics card is for nuclei of a million pixels and more"
    else:
        why = "no CUDA graphics card was found, none is needed"
    return f"the processor, {threads} thread{'s' * (threads > 1)} ({why})"
