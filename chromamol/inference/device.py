"""Where it computes: the processor, or a graphics card."""

from __future__ import annotations

import torch

from chromamol.errors import CallError

# Of less, an H200 was slower than six cores of its computer (docs/benchmarks.md).
WORTH_A_CARD_PX = 2**20


def choose_device(wanted: str, pixels: int) -> torch.device:
    """Return the device to compute on.

    Parameters
    ----------
    wanted : str
        The setting `device`: auto, cpu or cuda.
    pixels : int
        Of the image of one nucleus.

    Raises
    ------
    CallError
        If CUDA was asked for and is not there.
    """
    available = torch.cuda.is_available()
    if wanted == "cuda" and not available:
        msg = "No CUDA graphics card was found; set device to 'auto' or 'cpu'."
        raise CallError(msg)
    is_worth_it = wanted == "cuda" or (wanted == "auto" and pixels >= WORTH_A_CARD_PX)
    return torch.device("cuda" if available and is_worth_it else "cpu")


def describe_device(wanted: str, pixels: int) -> str:
    """Say for people what is computed on, and why.

    Parameters
    ----------
    wanted : str
    pixels : int
        As for `choose_device`.
    """
    if choose_device(wanted, pixels).type == "cuda":
        return f"the graphics card {torch.cuda.get_device_name(0)} (CUDA)"
    threads = torch.get_num_threads()
    if wanted == "cpu":
        why = "as chosen"
    elif torch.cuda.is_available():
        why = "the graphics card is for nuclei of a million pixels and more"
    else:
        why = "no CUDA graphics card was found, none is needed"
    return f"the processor, {threads} thread{'s' * (threads > 1)} ({why})"
