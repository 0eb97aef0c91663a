"""What the methods text says of the inference: model, estimators, length, checks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from markupsafe import Markup

from chromamol.inference.rate_map import Quantity
from chromamol.report.survey import AVERAGED, EDGES, SMOOTH
from chromamol.report.words import counted, listed, nuclei_in_words

if TYPE_CHECKING:
    from collections.abc import Iterator

    from chromamol.report.references import Cited
    from chromamol.report.survey import Survey
    from chromamol.settings import Settings

_E_FORM = Markup(
    "<i>λe</i> = <i>h</i> + <i>ℓ</i>²(∇²{} − <i>δ</i>²∇⁴<i>e</i>), with <i>ℓ</i>² = <i>M</i>/Γ"
    "<sub>ac</sub>"
)
_TURNOVER = Markup("<i>s</i>/<i>γ</i> = <i>u</i> − <i>ℓ</i>²∇²<i>u</i>")
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
        "The reaction-diffusion length <i>ℓ</i> was assumed to be {length} nm for {nuclei}, as it "
        "could not be told, or was not sought, in the image."
    ),
}
# Name, codes of findings when it was passed, and when not, and why a map did not go through it.
_CHECKS = (
    (
        "a null test with a uniform rate",
        ("null-test",),
        ("null-test-failed",),
        "the solver did not converge for the uniform rate",
    ),
    (
        "the imprint of domains on the map",
        ("no-domain-imprint", "follows-domains"),
        ("domain-imprint",),
        "no spacing of domains was found in the image",
    ),
    (
        "a simulation of the model with the map",
        ("model-explains",),
        ("model-explains-with-detail", "model-does-not-explain"),
        "the gain of the channels is unknown, or the simulation was not asked for",
    ),
)


def model_text(quantities: set[str], settings: list[Settings], cite: Cited) -> Iterator[Markup]:
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
            listed(sorted({f"{one.gradient_length_nm:g}" for one in settings})),
        )
        if mixing:
            yield Markup("A mixing energy <i>χ</i> was {}.").format(
                listed(sorted({str(one.mixing_energy) for one in settings}))
            )
        rates = {one.acetylation_rate_per_s for one in settings} - {None}
        if rates:
            yield Markup("An acetylation rate of {} 1/s, measured elsewhere, was given.").format(
                listed([f"{rate:g}" for rate in rates])
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


def estimation_text(survey: Survey, cite: Cited) -> Iterator[Markup]:
    """Describe the estimators that were used."""
    used = [one for one in survey.estimated if one[2] != Quantity.DENSITY_ONLY.value]
    weak_form = [one for one in used if one[0] == "weak-form"]
    if weak_form:
        _, boundaries, quantities = (set(values) for values in zip(*weak_form, strict=True))
        yield from _weak_form(survey, quantities, boundaries, cite)
    if any(method == "direct" for method, _, _ in used):
        yield Markup(
            "Maps were made with the direct estimator, a preview: channels were convolved with a "
            "mollifier and its derivatives {}, and the ratio of the smoothed sides of the equation "
            "was taken. Its uncertainty holds the noise only. Such maps are not tested for false "
            "patterns, and are exploratory."
        ).format(cite("bhartari2025"))
    if any(method == "network" for method, _, _ in used):
        yield Markup(
            "Maps were made by a neural network that was trained on each nucleus: a multilayer "
            "perceptron with Fourier features {}, whose output, convolved with a mollifier {}, "
            "gives the densities and their derivatives. It was trained on the image, in units of "
            "its noise, and on the equation, by Adam {} and L-BFGS {}; the rate, a smooth field, "
            "was solved for between rounds {}. It makes no use of the nuclear envelope and gives "
            "no uncertainty. Such maps are not tested for false patterns, and are exploratory."
        ).format(
            cite("tancik2020"),
            cite("bhartari2025"),
            cite("kingma2015"),
            cite("liu1989"),
            cite("golub1973"),
        )


def _weak_form(
    survey: Survey, quantities: set[str], boundaries: set[str], cite: Cited
) -> Iterator[Markup]:
    """Describe the analysis."""
    yield Markup(
        "The rate was estimated from the whitened weak form of the equation: its rows were "
        "weighted by the inverse of their noise covariance, which is a mollifier {} whose shape "
        "the noise and the equation choose. The noise of each channel was estimated from the "
        "image."
    ).format(cite("bhartari2025"))
    if not boundaries.isdisjoint({"auto", "no-flux"}):
        yield Markup(
            "Nothing crosses the nuclear envelope: on the outline, cut cells {} and the "
            "capacitance matrix method {} keep the flux at zero."
        ).format(cite("johansen1998"), cite("proskurowski1976"))
    if survey.codes["cut-by-border"]:
        yield Markup(
            "What flows where the image ends is unknown: along it, the maps of {} are blank."
        ).format(nuclei_in_words(survey.codes["cut-by-border"]))
    if "periodic" in boundaries:
        yield Markup("The box was taken as periodic.")
    if Quantity.RATE_RATIO.value in quantities:
        yield Markup(
            "The unknown was the logarithm of the rate, under a smooth prior and one that keeps "
            "edges (total variation {}); generalised cross-validation {} with the degrees of "
            "freedom counted 1.4 times {} chose between them, and how strong they are."
        ).format(cite("rudin1992"), cite("craven1979"), cite("kim2004"))
        for prior, count in sorted(survey.priors.items()):
            yield _PRIORS[prior].format(
                nuclei=nuclei_in_words(count),
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


def length_text(survey: Survey, cite: Cited) -> Iterator[Markup]:
    """Say how the length was determined."""
    for code, words in _LENGTHS.items():
        if code not in survey.lengths_nm:
            continue
        low, high = survey.lengths_nm[code]
        yield words.format(
            length=f"{low:.0f}" if round(low) == round(high) else f"{low:.0f} to {high:.0f}",
            nuclei=nuclei_in_words(survey.codes[code]),
            cite=cite("craven1979") if code == "ell-fitted" else "",
        )


def checks_text(survey: Survey) -> Iterator[Markup]:
    """Say which checks the maps went through, and how they came out."""
    codes, asked = survey.codes, []
    of_two_channels = sum(survey.priors.values())
    for name, passed, failed, undone in _CHECKS:
        of_passed, of_failed = (sum(codes[code] for code in which) for which in (passed, failed))
        done = of_passed + of_failed
        if not done:
            continue
        # The null test is made of the maps of one mark, too, and says where it was not.
        all_maps = done + codes["null-test-undone"] if "null-test" in passed else of_two_channels
        of_all = f"{done} of " if done < all_maps else ""
        rest = f"; the rest: {undone}" if done < all_maps else ""
        maps = counted(all_maps, "map", "maps")
        asked.append(f"{name} ({of_all}{maps}, {of_failed} raised a doubt{rest})")
    if asked:
        yield Markup("Each map was checked by: {}.").format("; ".join(asked))
    if asked and survey.no_map:
        yield Markup("There is no map to check of {}; the summary says why.").format(
            nuclei_in_words(sum(survey.no_map.values()))
        )
    if survey.doubts:
        yield Markup(
            "Maps with a doubt are marked as such, and do not count in comparisons of rates."
        )
