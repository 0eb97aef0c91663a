"""The methods text: what was used is said and cited, and nothing else."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from chromamol.inference.rate_map import Quantity, Scale
from chromamol.report.claims import claim
from chromamol.report.cohort import read_cohort
from chromamol.report.methods import methods
from chromamol.report.references import REFERENCES, Cited
from chromamol.report.survey import Survey
from chromamol.results.record import FindingRecord
from chromamol.results.reopen import read_record


@pytest.fixture
def told(study):
    """Return the text and the citations of results that were changed."""
    cohort = read_cohort(study)
    record = read_record(cohort.sources[0].store)

    def tell(*codes: str, compared: bool = True, quantity=Quantity.RATE_RATIO, **settings):
        found = [FindingRecord(code=one, sentence=f"About {one}.") for one in codes]
        nucleus = record.nuclei[0].model_copy(
            update={"findings": tuple(found), "quantity": quantity, "reaction_length_nm": 150.0}
        )
        changed = record.model_copy(
            update={"nuclei": (nucleus,), "settings": record.settings.replace(**settings)}
        )
        survey = Survey()
        survey.add(cohort.sources[0], changed)
        rows = cohort.comparisons if compared else cohort.comparisons[:0]
        cite = Cited()
        of_cohort = replace(cohort, comparisons=rows)
        text = " ".join(text for _, text in methods(of_cohort, survey, cite))
        return text, cite.keys

    return tell


def test_what_a_preview_used(told) -> None:
    text, keys = told("ell-given", compared=False)
    assert "direct estimator, a preview" in text
    assert "was set to 150 nm for 1 nucleus" in text
    assert {"kant2024", "bhartari2025", "otsu1979"} <= set(keys)
    absent = {"craven1979", "rudin1992", "papandreou2010", "benjamini1995", "lord2020"}
    assert absent.isdisjoint(keys)


def test_what_the_analysis_used(told) -> None:
    text, keys = told("ell-fitted", "map-averaged", "null-test-failed", method="weak-form")
    assert "was estimated from the image for 1 nucleus (150 nm)" in text
    assert "Maps of both were averaged" in text
    assert "a null test with a uniform rate (1 map, 1 raised a doubt)" in text
    assert "a simulation of the model" not in text
    assert {"craven1979", "kim2004", "hansen2007", "johansen1998", "benjamini1995"} <= set(keys)
    text, keys = told("ell-fitted", "map-with-edges", method="weak-form")
    assert "The one with edges was taken for 1 nucleus." in text
    assert "hansen2007" not in keys
    text, keys = told("ell-fitted", method="weak-form", boundary="periodic")
    assert "The box was taken as periodic." in text
    assert "johansen1998" not in keys


def test_what_other_maps_used(told) -> None:
    text, keys = told(quantity=Quantity.DENSITY_ONLY, method="weak-form", compared=False)
    assert "exploratory" in text
    assert "Estimation" not in text
    assert "papandreou2010" not in keys
    text, keys = told(quantity=Quantity.DEPOSITION, method="weak-form", compared=False)
    assert "turnover at steady state" in text
    assert "kant2024" not in keys
    assert "rudin1992" not in keys


def test_settings_are_escaped(told) -> None:
    text, _ = told(intensity_per_fraction=1234.5)
    assert "1234.5" in text
    assert re.findall(r"<(?!/?(i|sub|a)\b)", text) == []


def test_numbers_of_references_are_those_of_the_list(study, read_page) -> None:
    page = read_page(study / "report.html")
    marks = {one["href"] for one in page.all("a") if one["href"].startswith("#ref-")}
    ids = {one["id"] for one in page.all("li") if one.get("id")}
    assert {mark[1:] for mark in marks} == ids
    bib = (study / "references.bib").read_text(encoding="utf-8")
    keys = re.findall(r"^@\w+\{(\w+),$", bib, flags=re.MULTILINE)
    assert len(keys) == len(ids)
    for key in keys:
        assert REFERENCES[key].title in page.text


def test_references_are_whole() -> None:
    for key, reference in REFERENCES.items():
        assert key.endswith(str(reference.year))
        entry = reference.bibtex(key)
        assert entry.count("{") == entry.count("}")
        assert all(", " in name or name == "others" or name[0] == "{" for name in reference.authors)
        assert reference.kind != "article" or (reference.volume and reference.pages)
    assert REFERENCES["kim2004"].text.startswith("Kim Y.-J. and Gu C. Smoothing spline")
    assert "Lord S. J., Velle K. B., Mullins R. D. and " in REFERENCES["lord2020"].text
    assert REFERENCES["kant2024"].text.startswith("Kant A. et al. Active")


def test_cited_numbers_in_the_order_of_the_text() -> None:
    cite = Cited()
    assert "[" + ", ".join(f'<a href="#ref-{n}">{n}</a>' for n in (1, 2)) + "]" == cite("a", "b")
    assert ">2<" in cite("b")
    assert cite.keys == ["a", "b"]


@pytest.mark.parametrize("scale", list(Scale))
def test_claims(scale) -> None:
    said = claim(Quantity.RATE_RATIO, scale, exploratory=False)
    assert ("levels may not" in said) == (scale is Scale.RELATIVE)
    assert said in claim(Quantity.RATE_RATIO, scale, exploratory=True)
    assert "no difference of the rates" in claim(
        Quantity.DENSITY_ONLY, scale, exploratory=True
    ).replace("is no\ndifference", "is no difference")
