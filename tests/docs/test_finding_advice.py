"""There is advice for every finding that an analysis can make, and an example for its page."""

from __future__ import annotations

import inspect
import re
import runpy
from pathlib import Path

import yaml

from chromamol.cli.run import run
from chromamol.inference import findings
from chromamol.results.advice import ADVICE
from chromamol.settings import Settings

DOCS = Path(__file__).parents[2] / "docs"
EXAMPLES = runpy.run_path(str(DOCS / "finding_examples.py"))["EXAMPLES"]


def test_every_finding_has_advice_and_its_example_is_a_sentence():
    makers = {
        name: maker
        for name, maker in vars(findings).items()
        if inspect.isfunction(maker)
        and maker.__module__ == findings.__name__
        and not name.startswith("_")
    }
    assert set(EXAMPLES) == set(makers)
    for name, examples in EXAMPLES.items():
        for arguments in examples:
            finding = makers[name](*arguments)
            assert finding.sentence.endswith(".")
            assert ADVICE[finding.code].endswith(".")


def test_there_is_advice_for_what_can_be_found_only():
    codes = set(re.findall(r'Finding\(\s*"([a-z-]+)"', inspect.getsource(findings)))
    assert set(ADVICE) == codes


def test_what_the_advice_names_is_there():
    named = [one for advice in ADVICE.values() for one in re.findall("`([^`]*)`", advice)]
    assert len(named) > 20
    for one in named:
        if ": " in one:
            Settings(**yaml.safe_load(one))
        elif one.startswith("--"):
            assert one.split()[0].removeprefix("--") in inspect.signature(run).parameters
        else:
            assert one in {*ADVICE, *Settings.model_fields}, one


def test_a_doubt_of_the_rate_map_says_nothing_against_the_map_that_others_point_to():
    sends_to_compaction = ADVICE["density-only"] + ADVICE["density-only-rejected"]
    assert sends_to_compaction.count("Use the compaction map") == 2
    for code, advice in ADVICE.items():
        assert not re.search("(?:interpret|use) (?:the|this) map", advice), code
    few = ADVICE["few-localisations"]
    assert "Do not interpret the rate map." in few
    assert "The compaction map may be used" in few
