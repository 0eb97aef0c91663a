"""There is advice for every finding that an analysis can make."""

from __future__ import annotations

import inspect
import runpy
from pathlib import Path

from chromamol.inference import findings

ADVICE = runpy.run_path(str(Path(__file__).parents[2] / "docs" / "finding_advice.py"))["ADVICE"]


def test_every_finding_has_advice_and_its_example_is_a_sentence():
    makers = {
        name: maker
        for name, maker in vars(findings).items()
        if inspect.isfunction(maker)
        and maker.__module__ == findings.__name__
        and not name.startswith("_")
    }
    assert set(ADVICE) == set(makers)
    for name, cases in ADVICE.items():
        for arguments, advice in cases:
            assert makers[name](*arguments).sentence.endswith(".")
            assert advice.endswith(".")
