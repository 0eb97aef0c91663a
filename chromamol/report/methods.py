"""The methods text of a batch: only what this run used, each method with its reference."""

from __future__ import annotations

from typing import TYPE_CHECKING

from markupsafe import Markup

from chromamol.report.inference_text import checks_text, estimation_text, length_text, model_text
from chromamol.report.survey import DARK_PARTS, NOT_TOLD
from chromamol.report.words import counted, listed, nuclei_in_words, pixel
from chromamol.settings import Role
from chromamol.statistics.measures import MEASURES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from chromamol.report.cohort import Cohort
    from chromamol.report.references import Cited
    from chromamol.report.survey import Survey
    from chromamol.settings import Settings

Paragraph = tuple[str, Markup]

_CHANNELS = {
    Role.HETEROCHROMATIN: "heterochromatin",
    Role.EUCHROMATIN: "euchromatin",
    Role.TOTAL: "the total chromatin density",
    Role.MARK: "one histone mark",
}
_TESTS = {
    "Student's t": "Student's t-test (equally many replicates)",
    "Welch's t": "Welch's t-test",
    "paired t": "the paired t-test of blocks",
}
_BACKGROUNDS = {
    DARK_PARTS: Markup(
        "In {images} the background, a low percentile of each channel outside the nuclei, was "
        "subtracted."
    ),
    NOT_TOLD: Markup(
        "In {images} too little lies outside the nuclei to tell the background of a channel, and "
        "none was subtracted from it."
    ),
}
_GIVEN_BACKGROUND = Markup(
    "In {images} a background of {background} (units of the image) was subtracted."
)
_PACKAGES = {
    "torch": "pytorch2024",
    "numpy": "harris2020",
    "scipy": "virtanen2020",
    "scikit-image": "vanderwalt2014",
}


def methods(cohort: Cohort, survey: Survey, cite: Cited) -> list[Paragraph]:
    """Write the methods text.

    Parameters
    ----------
    cohort : Cohort
    survey : Survey
        Of the results of the cohort.
    cite : Cited
        Numbers what is cited.

    Returns
    -------
    list of (str, Markup)
        Heading and text of each paragraph; nothing where no result could be read.
    """
    if not survey.images:
        return []
    settings = [one for one, _ in survey.settings.values()]
    quantities = {quantity for _, _, quantity in survey.estimated}
    parts = {
        "Images": _images(survey, settings),
        "Nuclei": _nuclei(survey, settings),
        "Model": model_text(quantities, settings, cite),
        "Estimation": estimation_text(survey, cite),
        "Reaction-diffusion length": length_text(survey, cite),
        "Checks": checks_text(survey),
        "Domains and compaction": _domains(cite),
        "Comparison of groups": _statistics(cohort, survey, cite),
        "Software": _software(survey, cohort, cite),
    }
    return [
        (heading, Markup(" ").join(text)) for heading, said in parts.items() if (text := [*said])
    ]


def _images(survey: Survey, settings: list[Settings]) -> Iterator[Markup]:
    """Say what was read, and what the channels show."""
    sizes = sorted({pixel(spacing) for spacing in survey.spacings_nm})
    yield Markup("{} analysed; the pixel size is {}.").format(
        counted(survey.images, "image was", "images were"), listed(sizes)
    )
    if survey.counted:
        yield Markup("{} of localisations counted in pixels.").format(
            counted(survey.counted, "image is a table", "images are tables")
        )
    for roles, count in survey.roles.items():
        shown = listed([_CHANNELS[Role(role)] for role in roles])
        yield Markup("The channels show {}{}.").format(
            shown, f" ({count} of the images)" if len(survey.roles) > 1 else ""
        )
    for background, count in survey.backgrounds.items():
        yield _BACKGROUNDS.get(background, _GIVEN_BACKGROUND).format(
            images=_of_images(count, survey), background=background
        )
    if survey.calibrated:
        gains = {_setting(one.intensity_per_fraction) for one in settings} - {"auto"}
        yield Markup(
            "In {} the channels are calibrated: the intensity above background that stands for a "
            "volume fraction of 1 was given ({})."
        ).format(_of_images(survey.calibrated, survey), listed(sorted(gains)))
    if survey.calibrated < survey.images:
        fractions = sorted({f"{one.chromatin_fraction:g}" for one in settings})
        yield Markup(
            "In {} the gain of the channels is unknown: there, intensities were scaled to a mean "
            "chromatin fraction of {}, and maps are relative."
        ).format(_of_images(survey.images - survey.calibrated, survey), listed(fractions))


def _nuclei(survey: Survey, settings: list[Settings]) -> Iterator[Markup]:
    """Say where the outlines come from."""
    yield Markup("{} analysed.").format(counted(survey.nuclei, "nucleus was", "nuclei were"))
    if survey.with_outlines:
        yield Markup("In {} the outlines were given as a mask.").format(
            _of_images(survey.with_outlines, survey)
        )
    if survey.with_outlines < survey.images:
        smoothing = listed(sorted({f"{one.nucleus_smoothing_nm:g}" for one in settings}))
        smallest = listed(sorted({f"{one.nucleus_min_area_um2:g}" for one in settings}))
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
        ).format(listed([f"{one:g}" for one in holes]))
    if survey.cut:
        yield Markup("The image border cuts {}, whose areas are lower bounds.").format(
            nuclei_in_words(survey.cut)
        )


def _domains(cite: Cited) -> Iterator[Markup]:
    """Say what a domain is, and what compaction."""
    yield Markup(
        "Condensed domains are connected regions of the density above the midpoint of its two "
        "populations in the nucleus (the classes of Otsu's threshold {}), larger than the "
        "resolution. Compaction is the smoothed density over its average in the nucleus."
    ).format(cite("otsu1979"))


def _statistics(cohort: Cohort, survey: Survey, cite: Cited) -> Iterator[Markup]:
    """Say how groups were compared."""
    compared = cohort.comparisons[cohort.comparisons["p"].notna()]
    if compared.empty:
        return
    tests = [name for name in _TESTS if name in set(compared["test"])]
    measures = [one for one in MEASURES if one.name in set(compared["measure"])]
    yield Markup("The unit of comparison is the biological replicate.")
    if not all(one.may_be_zero for one in measures):
        yield Markup("It counts by the mean of the logarithms of its nuclei.")
    if zero := [one.label for one in measures if one.may_be_zero]:
        yield Markup(
            "By measures that may be zero ({}), it counts by the logarithm of the mean of its "
            "nuclei."
        ).format(", ".join(zero))
    yield Markup("Replicates were compared by {}.").format(listed([_TESTS[name] for name in tests]))
    if "Welch's t" in tests:
        yield Markup("Degrees of freedom are those of Satterthwaite {}.").format(
            cite("satterthwaite1946")
        )
    yield Markup(
        "Effects are ratios of the groups with 95 % intervals, by the quantile of t with the "
        "degrees of freedom of the test."
    )
    models = compared["model"].value_counts()
    if mixed := models.get("mixed model", 0):
        yield Markup(
            "In {} of {} comparisons they come from linear mixed models of the nuclei (the group "
            "fixed, replicates random; restricted maximum likelihood, {} {})."
        ).format(mixed, len(compared), _version(survey, "statsmodels"), cite("seabold2010"))
    if means := models.get("means of replicates", 0):
        yield Markup(
            "In {} of {} comparisons they come from the means of the replicates, as the test does: "
            "there, each replicate holds one nucleus, the measure may be zero, or a mixed model "
            "could not be fitted."
        ).format(means, len(compared))
    yield Markup(
        "p-values are two-sided; q-values are adjusted over all comparisons by the method of "
        "Benjamini and Hochberg {}. Figures of nuclei and replicates are SuperPlots {}."
    ).format(cite("benjamini1995"), cite("lord2020"))


def _software(survey: Survey, cohort: Cohort, cite: Cited) -> Iterator[Markup]:
    """Name the software behind the numbers."""
    yield Markup("All was done with chromamol {} ({}).").format(
        listed(sorted(survey.versions)), listed(sorted(survey.platforms))
    )
    named = []
    for package, key in _PACKAGES.items():
        if (named_version := _version(survey, package)) != package:
            named.append(Markup("{} {}").format(named_version, cite(key)))
    if named:
        yield Markup("It builds on {}.").format(Markup(", ").join(named))


def _version(survey: Survey, package: str) -> str:
    """Name a package with its versions, as far as they are known."""
    known = [one.split(" ", 1) for one in survey.packages]
    versions = sorted(version for name, version in known if name == package)
    return f"{package} {'/'.join(versions)}".strip()


def _of_images(count: int, survey: Survey) -> str:
    """Name some of the images."""
    return "all images" if count == survey.images else f"{count} of the {survey.images} images"


def _setting(value: object) -> str:
    """Write the value of a setting, which may be one for each role."""
    if isinstance(value, dict):
        return ", ".join(f"{role.value} {number:g}" for role, number in value.items())
    return f"{value:g}" if isinstance(value, float) else str(value)
