"""The processor or the CUDA device: is it there, and how much of its memory is taken."""

from __future__ import annotations

from typing import Literal

from chromamol.errors import CallError
from chromamol.memory import forget_peak, peak_resident_bytes, resident_bytes

Device = Literal["cpu", "cuda"]


def check_device(device: Device) -> None:
    """Raise a `CallError` if there is no such device."""
    import torch

    if device == "cuda" and not torch.cuda.is_available():
        msg = "There is no CUDA device here, or this torch was built without it. Leave out --cuda."
        raise CallError(msg)


class Memory:
    """Memory that is taken from now on."""

    def __init__(self, device: Device) -> None:
        import torch

        self._device = device
        if device == "cuda":
            torch.cuda.reset_peak_memory_stats()
            self._start = torch.cuda.memory_allocated()
        else:
            forget_peak()
            self._start = resident_bytes()

    def peak_bytes(self) -> int:
        """Return the most that was held at any time."""
        import torch

        if self._device == "cuda":
            return torch.cuda.max_memory_allocated() - self._start
        return peak_resident_bytes() - self._start
