"""Measuring in a process of its own: what earlier work has left does not count."""

from __future__ import annotations

import multiprocessing
import os
import platform
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, ParamSpec, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

_Parameters = ParamSpec("_Parameters")
_Result = TypeVar("_Result")


def in_fresh_process(
    function: Callable[_Parameters, _Result],
    *args: _Parameters.args,
    **kwargs: _Parameters.kwargs,
) -> _Result:
    """Call a function of a module in a new process, and return its result.

    Raises
    ------
    concurrent.futures.process.BrokenProcessPool
        If the process was killed, for instance for want of memory.
    """
    spawn = multiprocessing.get_context("spawn")
    # An idle worker would outlive a parent that is killed.
    with ProcessPoolExecutor(1, spawn, max_tasks_per_child=1) as pool:
        return pool.submit(function, *args, **kwargs).result()


def describe_machine(device: str = "cpu") -> str:
    """Return the processor or CUDA device, the system and the version of torch in one line."""
    import torch

    if device == "cuda":
        return (
            f"{torch.cuda.get_device_name()}, CUDA {torch.version.cuda}, {platform.system()} "
            f"{platform.machine()}, torch {torch.__version__}"
        )
    table = Path("/proc/cpuinfo")
    names = [
        line.partition(":")[2].strip()
        for line in (table.read_text(encoding="utf-8").splitlines() if table.exists() else [])
        if line.startswith("model name")
    ]
    processor = names[0] if names else platform.processor() or platform.machine()
    return (
        f"{processor}, {os.cpu_count()} cores, {platform.system()} {platform.machine()}, "
        f"torch {torch.__version__}"
    )
