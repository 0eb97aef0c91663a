"""What may be believed, in words: one story, the doubts first, each thing once."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest

import chromamol
from chromamol.inference.findings import uncalibrated_total
from chromamol.inference.rate_map import Finding, Quantity, Scale, Status
from chromamol.results.in_words import _REJECTIONS, DOUBTS, in_words, is_doubted
from chromamol.results.naming import naming_of, neutral_rate
from chromamol.results.record import describe_map, record_of
from chromamol.settings import Settings

from .conftest import no_map, with_maps

DOUBT = Finding("model-misfit", "The model misses the image.", 3.0)
HARMLESS = Finding("ell-given", "The length was given.", 140.0)


def nuclei_of(analysis):
    return record_of(analysis).nuclei


def test_findings_are_said_once_with_their_nuclei(analysis):
    words = in_words(nuclei_of(analysis))
    assert (words.no_map, words.doubts) == ((), ())
    assert words.findings[:2] == (
        "All nuclei: The solver converged.",
        "All nuclei: The reaction-diffusion length is assumed: 140 nm.",
    )


def test_doubts_are_told_apart_with_the_nucleus_they_hold_for(analysis):
    doubted = with_maps(analysis, {"findings": (HARMLESS,)}, {"findings": (HARMLESS, DOUBT)})
    words = in_words(nuclei_of(doubted))
    assert words.doubts == ("Nucleus 2: The model misses the image.",)
    assert words.findings[-1] == "All nuclei: The length was given."
    assert [is_doubted(nucleus) for nucleus in nuclei_of(doubted)] == [False, True]
    assert "DO NOT BELIEVE nucleus 2" in describe_map(record_of(doubted), "rate")
    assert "DO NOT BELIEVE" not in describe_map(record_of(doubted), "compaction")


def test_what_both_channels_of_a_nucleus_have_is_said_of_each(analysis):
    both = tuple(
        Finding("saturated", f"{share} % of the {name} channel.", share)
        for share, name in ((3.0, "first"), (2.0, "second"))
    )
    changes = {"findings": both}, {"findings": ()}
    words = in_words(nuclei_of(with_maps(analysis, *changes)))
    said = [*words.doubts, *words.findings]
    assert "Nucleus 1: 3.0 % of the first channel." in said
    assert "Nucleus 1: 2.0 % of the second channel." in said


def test_without_a_map_the_reason_is_all_that_is_said_about_it(analysis):
    reason = Finding("too-coarse", "Too coarse, and no rate map is given.", 60.0)
    words = in_words(nuclei_of(no_map(analysis, HARMLESS, DOUBT, reason)))
    assert words.no_map == ("All nuclei: Too coarse, and no rate map is given.",)
    assert words.doubts == ()  # there is nothing to believe
    assert not any("rejected" in text or "Too coarse" in text for text in words.findings)


@pytest.mark.parametrize(
    "status", [Status.NOT_CONVERGED, Status.NOT_TRAINED, Status.REJECTED, Status.NOT_ASKED]
)
def test_where_no_finding_is_the_reason_the_status_is(analysis, status):
    words = in_words(nuclei_of(no_map(analysis, HARMLESS, status=status)))
    assert words.no_map == (f"All nuclei: {status.value}",)
    assert words.findings == ("All nuclei: The length was given.",)


def test_a_nucleus_that_is_blank_everywhere_says_why(analysis):
    blank = Finding("cut-by-border", "All of it is left blank.", 1.0)
    words = in_words(nuclei_of(no_map(analysis, blank, status=Status.CONVERGED)))
    assert words.no_map == ("All nuclei: All of it is left blank.",)
    partly = Finding("cut-by-border", "A part is left blank.", 0.4)
    changes = {"findings": (partly,)}
    assert in_words(nuclei_of(with_maps(analysis, changes, changes))).no_map == ()


def test_every_code_that_is_judged_is_one_that_is_given():
    source = (Path(chromamol.__file__).parent / "inference" / "findings.py").read_text("utf-8")
    given = set(re.findall(r'Finding\(\s*"([a-z-]+)"', source))
    assert given >= DOUBTS | set(_REJECTIONS)


def test_names_say_how_numbers_compare():
    ratio, relative, absolute = (
        naming_of(Quantity.RATE_RATIO, scale)
        for scale in (Scale.RATIO, Scale.RELATIVE, Scale.ABSOLUTE)
    )
    assert ratio.name_and_unit == "rate ratio"
    assert relative.name_and_unit == "relative rate ratio"
    assert absolute.name_and_unit == "methylation rate (1/s)"
    for quantity in Quantity:
        name = naming_of(quantity, Scale.RELATIVE).name
        assert name.startswith("relative")
        assert quantity.value in name


def test_exploratory_maps_are_not_said_to_compare(analysis):
    assert "comparable between calibrated images" in Scale.RATIO.in_words(exploratory=False)
    for scale in Scale:
        said = scale.in_words(exploratory=True)
        assert "comparable" not in said
        assert "compare" in said
    ratios = [{"scale": Scale.RATIO, "exploratory": exploratory} for exploratory in (True, False)]
    told = [describe_map(record_of(with_maps(analysis, ratio, ratio)), "rate") for ratio in ratios]
    assert ["comparable between calibrated images" in text for text in told] == [False, True]


def test_white_is_as_fast_as_acetylation():
    settings = Settings(acetylation_rate_per_s=4e-4)
    assert neutral_rate(Scale.ABSOLUTE, settings) == 4e-4
    assert neutral_rate(Scale.RELATIVE, settings) == 1  # not calibrated
    assert neutral_rate(Scale.RATIO, Settings()) == 1


def test_files_of_absolute_maps_state_the_unit(absolute_analysis):
    record = record_of(absolute_analysis)
    assert "methylation rate (1/s); absolute: in 1/s" in describe_map(record, "rate")
    assert "standard deviation of: methylation rate (1/s)" in describe_map(record, "rate_sd")
    assert "1/s" not in describe_map(record, "compaction")


def test_why_a_map_is_exploratory(analysis):
    exploratory = with_maps(analysis, *[{"exploratory": True}] * len(analysis.per_nucleus))
    assert "implied by a model" in describe_map(record_of(exploratory), "rate")
    for method in ("direct", "network"):
        unchecked = replace(exploratory, settings=analysis.settings.replace(method=method))
        why = f"EXPLORATORY: made with the method {method}, and not tested for false patterns"
        assert why in describe_map(record_of(unchecked), "rate")
        assert "EXPLORATORY" not in describe_map(record_of(unchecked), "compaction")

    # Another method would not mend that.
    changes = {"exploratory": True, "findings": (uncalibrated_total(),)}
    of_total = with_maps(analysis, *[changes] * len(analysis.per_nucleus))
    of_total = replace(of_total, settings=analysis.settings.replace(method="direct"))
    said = describe_map(record_of(of_total), "rate")
    assert "not determined by the data; made with the method direct" in said
