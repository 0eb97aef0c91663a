"""Images of the benchmarks, small enough for tests."""

from __future__ import annotations

import subprocess
import sys
from functools import cache, partial

import pytest

from chromamol.benchmarks import cases
from chromamol.simulation import simulate_field, simulate_mark, simulate_masked

SIDE_PX = 48
# A smooth field on so small a box needs a shorter correlation length.
CORRELATION_NM = 100.0


@cache
def small_field(field, seed, side_px=SIDE_PX, **options):
    options["correlation_nm"] = CORRELATION_NM
    return simulate_field(field, seed, side_px=side_px, **options)


small_nucleus = cache(partial(simulate_masked, side_px=SIDE_PX))
small_mark = cache(partial(simulate_mark, side_px=SIDE_PX))


@pytest.fixture
def in_new_python():
    """Run lines in a Python that holds nothing yet; returns the numbers that they print."""

    def run(*lines):
        command = [sys.executable, "-c", "\n".join(lines)]
        done = subprocess.run(command, check=True, capture_output=True, text=True)
        return [int(number) for number in done.stdout.split()]

    return run


@pytest.fixture
def small(monkeypatch):
    """Simulate 48 x 48 pixels where the benchmark has 128 x 128."""
    monkeypatch.setattr(cases, "_field", small_field)
    monkeypatch.setattr(cases, "_nucleus", small_nucleus)
    monkeypatch.setattr(cases, "_mark", small_mark)
    monkeypatch.setattr(cases, "_CUT_FROM_PX", 72)
