"""The methods text of a batch: only what this run used, each method with its reference."""

from __future__ import annotations

from typing import TYPE_CHECKING

from markupsafe import Markup

from chromamol.inference.rate_map import Quantity
from chromamol.report.survey import AVERAGED, EDGES, SMOOTH
from chromamol.settings import Role

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from chromamol.report.cohort import Cohort
    from chromamol.report.references import Cited
    from chromamol.report.survey import Survey
    from chromamol.settings import Settings

Paragraph = tuple[str, Markup]

_E_FORM = Markup(
    "<i>λe</i> = <i>h</i> + <i>ℓ</i>²(∇²{} − <i>δ</i>²∇⁴<i>e</i>), with <i>ℓ</i>² = <i>M</i>/Γ"
    "<sub>ac</sub>"
)
_TURNOVER = Markup("<i>s</i>/<i>γ</i> = <i>u</i> − <i>ℓ</i>²∇²<i>u</i>")


def methods(cohort: Cohort, survey: Survey, cite: Cited) -> list[Paragraph]:
    """Write the methods text.

    Parameters
    ----------
    cohort : Cohort
    survey : Survey
        Of the results of the cohort; one at least.
    cite : Cited
        Numbers what is cited.

    Returns
    -------
    list of (str, Markup)
        Heading and text of each paragraph.
    """
    settings = [one for one, _ in survey.settings.values()]
    quantities = {quantity for quantity, _, _ in survey.kinds}
    parts = {
        "Images": _images(survey, settings),
        "Nuclei": _nuclei(survey, settings),
        "Model": _model(quantities, settings, cite),
        "Estimation": _estimation(survey, quantities, settings, cite),
        "Reaction-diffusion length": _length(survey, cite),
        "Checks": _checks(survey),
        "Domains and compaction": _domains(cite),
        "Comparison of groups": _statistics(cohort, cite),
        "Software": _software(survey, cohort, cite),
    }
    return [
        (heading, Markup(" ").join(text)) for heading, said in parts.items() if (text := [*said])
    ]


def _images(survey: Survey, settings: list[Settings]) -> Iterator[Markup]:
    """Say what was read, and what the channels show."""
    sizes = sorted({_pixel(spacing) for spacing in survey.spacings_nm})
    yield Markup("{} analysed; the pixel size is {}.").format(
        _counted(survey.images, "image was", "images were"), _listed(sizes)
    )
    if survey.counted:
        yield Markup("{} of localisations counted in pixels.").format(
            _counted(survey.counted, "image is a table", "images are tables")
        )
    for roles, count in survey.roles.items():
        shown = _listed([_CHANNELS[Role(role)] for role in roles])
        yield Markup("The channels show {}{}.").format(
            shown, f" ({count} of the images)" if len(survey.roles) > 1 else ""
        )
    backgrounds = sorted({_setting(one.background_intensity) for one in settings})
    if "auto" in backgrounds:
        yield Markup(
            "The background, a low percentile of each channel outside the nuclei, was subtracted."
        )
    for background in backgrounds:
        if background != "auto":
            yield Markup("A background of {} (units of the image) was subtracted.").format(
                background
            )
    if survey.calibrated:
        gains = {_setting(one.intensity_per_fraction) for one in settings} - {"auto"}
        yield Markup(
            "In {} the channels are calibrated: the intensity above background that stands for a "
            "volume fraction of 1 was given ({})."
        ).format(_of_images(survey.calibrated, survey), _listed(sorted(gains)))
    if survey.calibrated < survey.images:
        fractions = sorted({f"{one.chromatin_fraction:g}" for one in settings})
        yield Markup(
            "In {} the gain of the channels is unknown: there, intensities were scaled to a mean "
            "chromatin fraction of {}, and maps are relative."
        ).format(_of_images(survey.images - survey.calibrated, survey), _listed(fractions))


def _nuclei(survey: Survey, settings: list[Settings]) -> Iterator[Markup]:
    """Say where the outlines come from."""
    yield Markup("{} analysed.").format(_counted(survey.nuclei, "nucleus was", "nuclei were"))
    if survey.with_outlines:
        yield Markup("In {} the outlines were given as a mask.").format(
            _of_images(survey.with_outlines, survey)
        )
    if survey.with_outlines < survey.images:
        smoothing = _listed(sorted({f"{one.nucleus_smoothing_nm:g}" for one in settings}))
        smallest = _listed(sorted({f"{one.nucleus_min_area_um2:g}" for one in settings}))
        yield Markup(
            "In {} nuclei were outlined at half of their height above the background, after "
            "smoothing over {} nm; touching nuclei were split at necks, and objects below {} µm² "
            "dropped."
        ).format(_of_images(survey.images - survey.with_outlines, survey), smoothing, smallest)
    holes = sorted({one.hole_min_diameter_nm for one in settings} - {0})
    if holes:
        yield Markup(
            "Bodies with hardly any chromatin (nucleoli) wider than {} nm were left out of the "
            "maps."
        ).format(_listed([f"{one:g}" for one in holes]))
    if survey.cut:
        yield Markup(
            "The image border cuts {}; there the maps are left blank along the cut, and areas are "
            "lower bounds."
        ).format(_nuclei_in_words(survey.cut))


def _model(quantities: set[str], settings: list[Settings], cite: Cited) -> Iterator[Markup]:
    """Give the equations."""
    if Quantity.RATE_RATIO.value in quantities:
        mixing = any(one.mixing_energy != 0 for one in settings)
        terms = Markup("(<i>e</i> + <i>χh</i>/2)") if mixing else Markup("<i>e</i>")
        yield Markup(
            "Chromatin was described by the reaction-diffusion model of Kant et al. {} at steady "
            "state: the volume fractions <i>h</i> of heterochromatin and <i>e</i> of euchromatin "
            "obey {}, where <i>λ</i> = Γ<sub>me</sub>/Γ<sub>ac</sub> is the local ratio of the "
            "methylation to the acetylation rate, <i>M</i> the mobility, and <i>δ</i> the gradient "
            "length ({} nm)."
        ).format(
            cite("kant2024"),
            _E_FORM.format(terms),
            _listed(sorted({f"{one.gradient_length_nm:g}" for one in settings})),
        )
        if mixing:
            yield Markup("A mixing energy <i>χ</i> was {}.").format(
                _listed(sorted({str(one.mixing_energy) for one in settings}))
            )
        rates = {one.acetylation_rate_per_s for one in settings} - {None}
        if rates:
            yield Markup("An acetylation rate of {} 1/s, measured elsewhere, was given.").format(
                _listed([f"{rate:g}" for rate in rates])
            )
    if Quantity.DEPOSITION.value in quantities:
        yield Markup(
            "One mark <i>u</i> was described by its turnover at steady state, {}: the map is the "
            "deposition <i>s</i> over the loss <i>γ</i>, divided by its average in the nucleus."
        ).format(_TURNOVER)
    if Quantity.DENSITY_ONLY.value in quantities:
        yield Markup(
            "Of a total density alone, the rate that the model of Kant et al. {} implies was "
            "fitted: that which makes the chemical potential of the nucleoplasm flat, with the "
            "gain of the image and the largest density of heterochromatin unknown. It is "
            "exploratory."
        ).format(cite("kant2024"))
    yield Markup("No chromatin crosses the nuclear envelope (no-flux condition on the outline).")


def _estimation(
    survey: Survey, quantities: set[str], settings: list[Settings], cite: Cited
) -> Iterator[Markup]:
    """Describe the estimators that were used."""
    used = {one.method for one in settings}
    if quantities == {Quantity.DENSITY_ONLY.value}:
        return
    if "weak-form" in used:
        yield from _weak_form(survey, quantities, cite)
    if "direct" in used:
        yield Markup(
            "Maps were made with the direct estimator, a preview: channels were convolved with a "
            "mollifier and its derivatives {}, and the ratio of the smoothed sides of the equation "
            "was taken. Its uncertainty holds the noise only."
        ).format(cite("bhartari2025"))


def _weak_form(survey: Survey, quantities: set[str], cite: Cited) -> Iterator[Markup]:
    """Describe the analysis."""
    yield Markup(
        "The rate was estimated from the whitened weak form of the equation: its rows were "
        "weighted by the inverse of their noise covariance, which is a mollifier {} whose shape "
        "the noise and the equation choose. The noise of each channel was estimated from the "
        "image. On the outline cut cells {} and the capacitance matrix method {} kept the flux at "
        "zero."
    ).format(cite("bhartari2025"), cite("johansen1998"), cite("proskurowski1976"))
    if Quantity.RATE_RATIO.value in quantities:
        yield Markup(
            "The unknown was the logarithm of the rate, under a smooth prior and one that keeps "
            "edges (total variation {}); generalised cross-validation {} with the degrees of "
            "freedom counted 1.4 times {} chose between them, and how strong they are."
        ).format(cite("rudin1992"), cite("craven1979"), cite("kim2004"))
        for prior, count in sorted(survey.priors.items()):
            yield _PRIORS[prior].format(
                nuclei=_nuclei_in_words(count),
                cite=cite("hansen2007") if prior == AVERAGED else "",
            )
        yield Markup("Both channels are noisy, so rate and euchromatin were estimated in turns.")
    else:
        yield Markup(
            "How smooth the map is was chosen by generalised cross-validation {} with the degrees "
            "of freedom counted 1.4 times {}."
        ).format(cite("craven1979"), cite("kim2004"))
    yield Markup(
        "Uncertainties are the spread of maps drawn from the posterior by solving the same problem "
        "for random right-hand sides {}; that of a mean over a region comes from the same draws."
    ).format(cite("papandreou2010"))


def _length(survey: Survey, cite: Cited) -> Iterator[Markup]:
    """Say how the length was determined."""
    for code, words in _LENGTHS.items():
        if code not in survey.lengths_nm:
            continue
        low, high = survey.lengths_nm[code]
        yield words.format(
            length=f"{low:.0f}" if round(low) == round(high) else f"{low:.0f} to {high:.0f}",
            nuclei=_nuclei_in_words(survey.codes[code]),
            cite=cite("craven1979") if code == "ell-fitted" else "",
        )


def _checks(survey: Survey) -> Iterator[Markup]:
    """Say which checks the maps went through, and how they came out."""
    codes, asked = survey.codes, []
    for name, passed, failed in _CHECKS:
        of_passed, of_failed = (sum(codes[code] for code in which) for which in (passed, failed))
        if of_passed + of_failed:
            done = _counted(of_passed + of_failed, "map", "maps")
            asked.append(Markup("{} ({}, {} raised a doubt)").format(name, done, of_failed))
    if asked:
        yield Markup("Each map was checked by: {}.").format(Markup("; ").join(asked))
    if survey.doubts:
        yield Markup(
            "Maps with a doubt are marked as such, and do not count in comparisons of rates."
        )


def _domains(cite: Cited) -> Iterator[Markup]:
    """Say what a domain is, and what compaction."""
    yield Markup(
        "Condensed domains are connected regions of the density above the midpoint of its two "
        "populations in the nucleus (the classes of Otsu's threshold {}), larger than the "
        "resolution. Compaction is the smoothed density over its average in the nucleus."
    ).format(cite("otsu1979"))


def _statistics(cohort: Cohort, cite: Cited) -> Iterator[Markup]:
    """Say how groups were compared."""
    compared = cohort.comparisons[cohort.comparisons["p"].notna()]
    if compared.empty:
        return
    tests = [name for name in _TESTS if name in set(compared["test"])]
    yield Markup(
        "The unit of comparison is the biological replicate. Logarithms of the measures were "
        "averaged over the nuclei of each replicate, and the means compared by {}."
    ).format(_listed([_TESTS[name] for name in tests]))
    if "Welch's t" in tests:
        yield Markup("Degrees of freedom are those of Satterthwaite {}.").format(
            cite("satterthwaite1946")
        )
    if "mixed model" in set(compared["model"]):
        yield Markup(
            "Effects are ratios of the groups with 95 % intervals, from linear mixed models of the "
            "nuclei (the group fixed, replicates random; restricted maximum likelihood, "
            "statsmodels {}), with the quantile of t for the number of replicates."
        ).format(cite("seabold2010"))
    if "means of replicates" in set(compared["model"]):
        yield Markup(
            "Where the mixed model could not be fitted, the interval is that of the means of the "
            "replicates."
        )
    yield Markup(
        "p-values are two-sided; q-values are adjusted over all comparisons by the method of "
        "Benjamini and Hochberg {}. Figures of nuclei and replicates are SuperPlots {}."
    ).format(cite("benjamini1995"), cite("lord2020"))


def _software(survey: Survey, cohort: Cohort, cite: Cited) -> Iterator[Markup]:
    """Name the software behind the numbers."""
    yield Markup("All was done with chromamol {} ({}).").format(
        _listed(sorted(survey.versions)), _listed(sorted(survey.platforms))
    )
    named = []
    for package, key in _PACKAGES.items():
        versions = sorted(
            one.split(" ", 1)[1] for one in survey.packages if one.split(" ", 1)[0] == package
        )
        if versions:
            named.append(Markup("{} {} {}").format(package, "/".join(versions), cite(key)))
    if named:
        yield Markup("It builds on {}.").format(Markup(", ").join(named))


_PRIORS = {
    SMOOTH: Markup("The smooth prior was taken for {nuclei}."),
    EDGES: Markup("The one with edges was taken for {nuclei}."),
    AVERAGED: Markup("Maps of both were averaged {cite} for {nuclei}."),
}
_LENGTHS = {
    "ell-given": Markup(
        "The reaction-diffusion length <i>ℓ</i> was set to {length} nm for {nuclei}."
    ),
    "ell-fitted": Markup(
        "The reaction-diffusion length <i>ℓ</i> was estimated from the image for {nuclei} "
        "({length} nm), as the minimum of the cross-validation score {cite}."
    ),
    "ell-assumed": Markup(
        "The reaction-diffusion length <i>ℓ</i> could not be told from the image for {nuclei}, and "
        "was assumed to be {length} nm."
    ),
}
_CHANNELS = {
    Role.HETEROCHROMATIN: "heterochromatin",
    Role.EUCHROMATIN: "euchromatin",
    Role.TOTAL: "the total chromatin density",
    Role.MARK: "one histone mark",
}
# Name, codes of findings when it was passed, and when not.
_CHECKS = (
    ("a null test with a uniform rate", ("null-test",), ("null-test-failed",)),
    (
        "the imprint of domains on the map",
        ("no-domain-imprint", "follows-domains"),
        ("domain-imprint",),
    ),
    (
        "a simulation of the model with the map",
        ("model-explains",),
        ("model-explains-with-detail", "model-does-not-explain"),
    ),
)
_TESTS = {
    "Student's t": "Student's t-test (equally many replicates)",
    "Welch's t": "Welch's t-test",
    "paired t": "the paired t-test of blocks",
}
_PACKAGES = {
    "torch": "pytorch2024",
    "numpy": "harris2020",
    "scipy": "virtanen2020",
    "scikit-image": "vanderwalt2014",
}


def _pixel(yx_spacing_nm: tuple[float, float]) -> str:
    y, x = yx_spacing_nm
    return f"{x:.4g} nm" if y == x else f"{y:.4g} × {x:.4g} nm (y × x)"


def _counted(count: int, one: str, many: str) -> str:
    return f"{count} {one if count == 1 else many}"


def _nuclei_in_words(count: int) -> str:
    return _counted(count, "nucleus", "nuclei")


def _of_images(count: int, survey: Survey) -> str:
    """Name some of the images."""
    return "all images" if count == survey.images else f"{count} of the {survey.images} images"


def _setting(value: object) -> str:
    """Write the value of a setting, which may be one for each role."""
    if isinstance(value, dict):
        return ", ".join(f"{role.value} {number:g}" for role, number in value.items())
    return f"{value:g}" if isinstance(value, float) else str(value)


def _listed(names: Iterable[str]) -> str:
    """Join names: a, b and c."""
    *head, last = [*names] or [""]
    return f"{', '.join(head)} and {last}" if head else last
