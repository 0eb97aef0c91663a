"""Where it computes: the processor, or a graphics card."""

from __future__ import annotations

import torch

from chromamol.errors import CallError


def choose_device(wanted: str) -> torch.device:
    """Return the device to compute on.

    Parameters
    ----------
    wanted : str
        The setting `device`: auto, cpu or cuda.

    Raises
    ------
    CallError
        If CUDA was asked for and is not there.
    """
    available = torch.cuda.is_available()
    if wanted == "cuda" and not available:
        msg = "No CUDA graphics card was found; set device to 'auto' or 'cpu'."
        raise CallError(msg)
    return torch.device("cuda" if available and wanted != "cpu" else "cpu")


def describe_device(wanted: str) -> str:
    """Say for people what is computed on, and why.

    Parameters
    ----------
    wanted : str
        As for `choose_device`.
    """
    if choose_device(wanted).type == "cuda":
        return f"the graphics card {torch.cuda.get_device_name(0)} (CUDA)"
    threads = torch.get_num_threads()
    why = "as chosen" if wanted == "cpu" else "no CUDA graphics card was found, none is needed"
    return f"the processor, {threads} thread{'s' * (threads > 1)} ({why})"
