"""The memory that this process holds, and the most that it has held."""

from __future__ import annotations

import sys
from contextlib import suppress
from pathlib import Path

_STATUS = Path("/proc/self/status")
# Linux counts in KiB, macOS in bytes.
_RSS_UNIT = 1 if sys.platform == "darwin" else 1024
_CLEAR = Path("/proc/self/clear_refs")


def resident_bytes() -> int:
    """Return the memory of this process now (where the system does not tell: its peak)."""
    return _status_bytes("VmRSS")


def peak_resident_bytes() -> int:
    """Return the most memory that this process has held."""
    return _status_bytes("VmHWM")


def forget_peak() -> None:
    """Let the peak of this process begin anew (Linux; elsewhere it holds what came before)."""
    with suppress(OSError):
        _CLEAR.write_text("5", encoding="ascii")


class PeakMemory:
    """Measures from now on; where the system cannot begin anew, since the process began."""

    def __init__(self) -> None:
        forget_peak()

    def mb(self) -> float | None:
        """Return the peak, MiB; None where the system does not tell."""
        try:
            return peak_resident_bytes() / 2**20
        except ImportError:  # Windows
            return None


def _status_bytes(key: str) -> int:
    # A process that was forked inherits the peak that `resource` reports; the table's is its own.
    if _STATUS.exists():
        lines = _STATUS.read_text(encoding="ascii").splitlines()
        line = next(line for line in lines if line.startswith(f"{key}:"))
        return int(line.split()[1]) * 1024
    import resource  # not on Windows

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * _RSS_UNIT
