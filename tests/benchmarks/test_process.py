"""Measurements in a process of its own."""

from __future__ import annotations

import os

import numpy as np
import pytest

from chromamol.benchmarks.process import describe_machine, in_fresh_process
from chromamol.memory import peak_resident_bytes, resident_bytes


def test_a_fresh_process_is_another_one_and_returns_the_result():
    assert in_fresh_process(os.getpid) != os.getpid()
    assert in_fresh_process(divmod, 17, 5) == (3, 2)


def test_errors_come_back_from_a_fresh_process():
    with pytest.raises(ZeroDivisionError):
        in_fresh_process(divmod, 17, 0)


def test_the_peak_is_not_inherited_from_the_parent():
    held = np.ones(40_000_000)
    assert resident_bytes() > held.nbytes
    assert in_fresh_process(peak_resident_bytes) < held.nbytes


def test_the_peak_holds_what_was_given_back(in_new_python):
    before, peak, after = in_new_python(
        "import numpy as np",
        "from chromamol.memory import peak_resident_bytes, resident_bytes",
        "before = resident_bytes()",
        "np.ones(30_000_000).sum()",
        "print(before, peak_resident_bytes(), resident_bytes())",
    )
    assert peak >= before + 200_000_000
    assert after < before + 100_000_000


def test_the_machine_is_described_in_one_line():
    line = describe_machine()
    assert "torch" in line
    assert f"{os.cpu_count()} cores" in line
    assert "\n" not in line
