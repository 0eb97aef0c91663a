"""The methods text: what was used is said and cited, and nothing else."""

from __future__ import annotations

import re
from dataclasses import replace

import pandas as pd
import pytest

from chromamol.inference.rate_map import Quantity, Scale
from chromamol.report.claims import claim
from chromamol.report.cohort import read_cohort
from chromamol.report.methods import methods
from chromamol.report.references import REFERENCES, Cited
from chromamol.report.survey import Survey
from chromamol.results.record import FindingRecord
from chromamol.results.reopen import read_record

PACKAGES = {"pytorch2024", "harris2020", "virtanen2020", "vanderwalt2014"}


@pytest.fixture
def told(study):
    """Return the text and the citations of results that were changed."""
    cohort = read_cohort(study)
    record = read_record(cohort.sources[0].store)

    def tell(*codes: str, compared=None, nucleus=None, image=None, provenance=None, **settings):
        found = [FindingRecord(code=one, sentence=f"About {one}.") for one in codes]
        changes = {"findings": tuple(found), "reaction_length_nm": 150.0} | (nucleus or {})
        changed = record.model_copy(
            update={
                "nuclei": (record.nuclei[0].model_copy(update=changes),),
                "settings": record.settings.replace(**settings),
            }
            | (image or {})
        )
        source = cohort.sources[0]
        survey = Survey()
        survey.add(replace(source, provenance=source.provenance | (provenance or {})), changed)
        cite = Cited()
        none = cohort.comparisons[:0]
        of_cohort = replace(cohort, comparisons=none if compared is None else compared)
        said = dict(methods(of_cohort, survey, cite))
        return said, cite.keys

    return tell


def whole(said: dict[str, str]) -> str:
    return " ".join(said.values())


def test_what_a_preview_used(told) -> None:
    said, keys = told("ell-given")
    assert "direct estimator, a preview" in said["Estimation"]
    assert "was set to 150 nm for 1 nucleus" in said["Reaction-diffusion length"]
    assert "Comparison of groups" not in said
    assert {"kant2024", "bhartari2025", "otsu1979"} <= set(keys)
    absent = {"craven1979", "rudin1992", "papandreou2010", "benjamini1995", "lord2020"}
    assert absent.isdisjoint(keys)


def test_what_the_analysis_used(told) -> None:
    said, keys = told("ell-fitted", "map-averaged", "null-test-failed", method="weak-form")
    assert "was estimated from the image for 1 nucleus (150 nm)" in whole(said)
    assert "Maps of both were averaged" in said["Estimation"]
    assert "a null test with a uniform rate (1 map, 1 raised a doubt)" in said["Checks"]
    assert "a simulation of the model" not in said["Checks"]
    assert {"craven1979", "kim2004", "hansen2007", "johansen1998"} <= set(keys)
    said, keys = told("ell-fitted", "map-with-edges", method="weak-form")
    assert "The one with edges was taken for 1 nucleus." in said["Estimation"]
    assert "hansen2007" not in keys
    said, keys = told("ell-fitted", method="weak-form", boundary="periodic")
    assert "The box was taken as periodic." in said["Estimation"]
    assert "johansen1998" not in keys


def test_checks_say_what_became_of_every_nucleus(told, study) -> None:
    (one,) = read_record(read_cohort(study).sources[0].store).nuclei

    def found(*codes: str, **changes):
        findings = tuple(FindingRecord(code=code, sentence="") for code in codes)
        return one.model_copy(update={"findings": findings} | changes)

    nuclei = (
        found("null-test", "no-domain-imprint", "model-explains"),
        found("null-test", "domain-imprint"),
        found("null-test-undone"),
        found("vanishing-rate", status="REJECTED"),
    )
    said, _ = told(image={"nuclei": nuclei}, method="weak-form")
    assert "(2 of 3 maps, 0 raised a doubt; the rest: the solver did not con" in said["Checks"]
    assert "(2 of 3 maps, 1 raised a doubt; the rest: no spacing of domains" in said["Checks"]
    assert "(1 of 3 maps, 0 raised a doubt; the rest: the gain of" in said["Checks"]
    assert "There is no map to check of 1 nucleus; the summary says why." in said["Checks"]


def test_what_a_network_used(told) -> None:
    said, keys = told("network", "ell-given", method="network", nucleus={"status": "STOPPED"})
    assert "a neural network that was trained on each nucleus" in said["Estimation"]
    assert "gives no uncertainty" in said["Estimation"]
    assert {"tancik2020", "bhartari2025", "kingma2015", "liu1989", "golub1973"} <= set(keys)
    assert {"papandreou2010", "craven1979"}.isdisjoint(keys)


def test_what_other_maps_used(told) -> None:
    said, keys = told(nucleus={"quantity": Quantity.DENSITY_ONLY}, method="weak-form")
    assert "exploratory" in said["Model"]
    assert "Estimation" not in said
    assert "papandreou2010" not in keys
    said, keys = told(nucleus={"quantity": Quantity.DEPOSITION}, method="weak-form")
    assert "turnover at steady state" in said["Model"]
    assert "Estimation" in said
    assert "kant2024" not in keys
    assert "rudin1992" not in keys


def test_what_was_not_done_is_not_said(told) -> None:
    # Rejected before any estimation.
    said, keys = told("too-coarse", nucleus={"status": "REJECTED"}, method="weak-form")
    assert "Estimation" not in said
    assert "Model" not in said
    assert keys == ["otsu1979", *[key for key in keys if key in PACKAGES]]
    said, _ = told("vanishing-rate", nucleus={"status": "REJECTED"}, method="weak-form")
    assert "whitened weak form" in said["Estimation"]
    # A nucleus may be cut and its map not blank: the border was said to be one that nothing passes.
    cut = {"touches_border": True}
    said, _ = told(nucleus=cut, method="weak-form", boundary="no-flux")
    assert "blank" not in whole(said)
    said, _ = told("cut-by-border", nucleus=cut, method="weak-form")
    assert "along it, the maps of 1 nucleus are blank" in said["Estimation"]
    # The direct method never tries to tell the length.
    said, _ = told("ell-assumed")
    assert "was assumed to be 150 nm for 1 nucleus" in whole(said)


def test_where_the_background_comes_from(told) -> None:
    said, _ = told()  # these images are full of their nucleus
    assert "a low percentile" not in said["Images"]
    assert "In all images too little lies outside the nuclei" in said["Images"]
    said, _ = told(image={"notes": ("Channel 0: background 3, from the dark parts.",)})
    assert "In all images the background, a low percentile" in said["Images"]
    said, _ = told(background_intensity=12.5)
    assert "In all images a background of 12.5 (units of the image)" in said["Images"]


def compared(*rows: tuple[str, str]) -> pd.DataFrame:
    """Comparisons by a measure, each with where its interval comes from."""
    columns = ["measure", "model"]
    return pd.DataFrame(rows, columns=columns).assign(p=0.5, test="Welch's t")


def test_how_groups_were_compared(told) -> None:
    means, mixed = "means of replicates", "mixed model"
    said, keys = told(compared=compared(("area_um2", means)))
    text = said["Comparison of groups"]
    assert "by the mean of the logarithms of its nuclei" in text
    assert "In 1 of 1 comparisons they come from the means of the replicates" in text
    assert "Effects are ratios of the groups with 95 % intervals" in text
    assert "linear mixed models" not in text
    assert "may be zero (" not in text
    assert "seabold2010" not in keys
    rows = compared(("area_um2", mixed), ("ccp", means), ("condensed_area_fraction", means))
    packages = {"packages": {"statsmodels": "0.99.1"}}
    said, keys = told(compared=rows, provenance=packages)
    text = said["Comparison of groups"]
    assert "In 1 of 3 comparisons they come from linear mixed models" in text
    assert "statsmodels 0.99.1 [" in text
    assert "In 2 of 3 comparisons they come from the means" in text
    zero = "(condensed share of the area, chromatin condensation parameter (%))"
    assert f"that may be zero {zero}, it counts by the logarithm of the mean" in text
    assert {"seabold2010", "benjamini1995", "satterthwaite1946"} <= set(keys)
    said, _ = told(compared=compared(("ccp", means)))
    assert "mean of the logarithms" not in said["Comparison of groups"]


def test_what_the_provenance_holds_is_escaped(told) -> None:
    hostile = "<script>alert(1)</script>"
    packages = {"numpy": hostile}
    said, _ = told(provenance={"platform": hostile, "python": hostile, "packages": packages})
    software = said["Software"]
    assert software.count("&lt;script&gt;alert(1)") == 3
    assert re.findall(r"<(?!/?(i|sub|a)\b)", whole(said)) == []


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
    assert "no difference of the rates" in claim(Quantity.DENSITY_ONLY, scale, exploratory=True)
    of_mark = claim(Quantity.DEPOSITION, scale, exploratory=False)
    by_network = claim(Quantity.DEPOSITION, scale, exploratory=True)
    assert by_network.startswith(of_mark)
    assert "are no measurement" in by_network.removeprefix(of_mark)
