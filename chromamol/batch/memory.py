"""The most memory that this process held since some moment."""

from __future__ import annotations

from pathlib import Path

from chromamol.benchmarks.process import peak_resident_bytes

_RESET = Path("/proc/self/clear_refs")
_RESET_PEAK = "5"


class PeakMemory:
    """Measures from now on; where the system cannot begin anew, since the process began."""

    def __init__(self) -> None:
        try:
            _RESET.write_text(_RESET_PEAK, encoding="ascii")
        except OSError:
            return

    def mb(self) -> float | None:
        """Return the peak, MiB; None where the system does not tell."""
        try:
            return peak_resident_bytes() / 2**20
        except ImportError:  # Windows
            return None
