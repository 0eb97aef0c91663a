"""What a reader of a map has to know, in sentences."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from chromamol.inference.rate_map import Finding

if TYPE_CHECKING:
    from chromamol.inference.compaction import SmoothedFor
    from chromamol.inference.forward_check import ForwardCheck
    from chromamol.inference.imprint import Imprint
    from chromamol.inference.profile import Profile

# Share of a map, at the scale of the domains, above which it is nothing but a copy of them.
_NOTHING_ELSE = 0.95
# A copy of the domains that changes a map by less is not worth a doubt.
_SLIGHT = 0.02
# A map of a uniform rate may vary by this share of a map whose pattern is clear.
_CLEAR = 0.5


def too_coarse(grain_nm: float, ell_nm: float) -> Finding:
    """Say that the image does not resolve what the model is about."""
    return Finding(
        "too-coarse",
        f"The pixel or the resolution of this image ({grain_nm:.0f} nm) is coarser than a third "
        f"of the reaction-diffusion length ({ell_nm:.0f} nm): this image cannot show the rate, "
        "and no rate map is given.",
        grain_nm,
    )


def ell_given(ell_nm: float) -> Finding:
    """Say that the user set ell."""
    return Finding(
        "ell-given",
        f"The reaction-diffusion length was set to {ell_nm:.0f} nm; a wrong value prints the "
        "domains into the rate map.",
        ell_nm,
    )


def ell_doubtful(ell_nm: float, better_nm: float) -> Finding:
    """Say that the image speaks for another ell than the one that the user set."""
    return Finding(
        "ell-doubtful",
        f"A reaction-diffusion length of {better_nm:.0f} nm explains this image far better than "
        f"the {ell_nm:.0f} nm that were set: the domains are probably printed into this map. "
        "Have the length fitted, or check the pixel size and the calibration.",
        better_nm,
    )


def ell_fitted(low_nm: float, best_nm: float, high_nm: float) -> Finding:
    """Say that the image identified ell."""
    return Finding(
        "ell-fitted",
        f"The reaction-diffusion length was estimated from the image: {best_nm:.0f} nm "
        f"(95 % interval {low_nm:.0f} to {high_nm:.0f} nm).",
        best_nm,
    )


def mixing_fitted(mixing: Profile) -> Finding:
    """Say that the image tells the mixing energy."""
    return Finding(
        "mixing-energy-fitted",
        f"The mixing energy was estimated from the image: {mixing.best:.3f} "
        f"(95 % interval {mixing.low:.3f} to {mixing.high:.3f}, the length being as it is).",
        mixing.best,
    )


def mixing_unknown(used: float) -> Finding:
    """Say that the image does not tell the mixing energy."""
    return Finding(
        "mixing-energy-unknown",
        f"The image, or this method, does not tell the mixing energy; {used:g} was used.",
        used,
    )


def ell_assumed(ell_nm: float, change: float | None) -> Finding:
    """Say that the image did not identify ell."""
    spread = (
        ""
        if change is None
        else f" With a length shorter or longer by a factor of 1.4 the map changes by "
        f"{100 * change:.0f} %."
    )
    return Finding(
        "ell-assumed",
        f"The image does not tell the reaction-diffusion length; {ell_nm:.0f} nm was assumed, also "
        f"for the uncertainty of the map.{spread}",
        ell_nm,
    )


def ell_not_fitted(ell_nm: float) -> Finding:
    """Say that ell was assumed without a try."""
    return Finding(
        "ell-assumed",
        f"The reaction-diffusion length was assumed to be {ell_nm:.0f} nm: this method, or this "
        "channel alone, cannot tell it.",
        ell_nm,
    )


def uncalibrated_total() -> Finding:
    """Say what a total of unknown gain does."""
    return Finding(
        "uncalibrated-total",
        "The gain between the total density and the other channel is unknown: the contrast of "
        "this map, and with a heterochromatin channel its pattern, depend on the assumed share "
        "of chromatin. Give intensity_per_fraction before you interpret it.",
    )


def uncalibrated(ell_is_fitted: bool) -> Finding:
    """Say that the gain between the channels is unknown."""
    if ell_is_fitted:
        return Finding(
            "uncalibrated",
            "The gain of the channels is unknown, so the map is relative (1 is the average of "
            "this nucleus) and the reaction-diffusion length is an effective one.",
        )
    return Finding(
        "uncalibrated-fixed-ell",
        "The gain of the channels is unknown while the reaction-diffusion length was not fitted: "
        "the pattern of this map can be wrong, not only its level. Give intensity_per_fraction, "
        "or an image in which the length can be fitted.",
    )


def cut(blanked_nm: float, share: float) -> Finding:
    """Say that the image border cuts the nucleus."""
    return Finding(
        "cut-by-border",
        f"The image border cuts this nucleus; {blanked_nm:.0f} nm along the cut "
        f"({100 * share:.0f} % of the nucleus) are left blank, since what flows through the cut "
        "is unknown.",
        share,
    )


def smoothing(smoothing_nm: float) -> Finding:
    """Say how fine the map is."""
    finest_nm = 2 * math.pi * smoothing_nm
    return Finding(
        "resolution-of-the-map",
        f"Patterns of the rate with a period below about {finest_nm:.0f} nm are smoothed away: "
        "the noise does not allow finer ones.",
        finest_nm,
    )


def misfit(ratio: float) -> Finding:
    """Say that the residual is larger than the noise."""
    return Finding(
        "model-misfit",
        f"The equation misses the image by {ratio:.1f} times the noise: the model does not "
        "explain this image well, or its noise is not what was estimated. "
        "Look at the residual map before you believe the rate map.",
        ratio,
    )


def vanishing(share: float) -> Finding:
    """Say that part of the map is next to nothing."""
    return Finding(
        "vanishing-rate",
        f"In {100 * share:.0f} % of the map the rate is next to nothing: there the image asks for "
        "less than zero, which a rate cannot be. It contradicts the model, or the reaction "
        "length is far off.",
        share,
    )


def plateaus() -> Finding:
    """Say that the map was made of plateaus."""
    return Finding(
        "map-with-edges",
        "The image is explained best by a map of plateaus with sharp borders, as of compartments; "
        "weak gradients inside a plateau are flattened.",
    )


def averaged(edge_share: float) -> Finding:
    """Say that the map is an average."""
    return Finding(
        "map-averaged",
        "Neither a smooth map nor one of plateaus with sharp borders predicts this image best: "
        f"this map is their average ({100 * edge_share:.0f} % of it plateaus), and its "
        "uncertainty holds their difference.",
        edge_share,
    )


def null_test(false: float, found: float) -> Finding:
    """Say how much a map of a uniform rate would vary."""
    if not math.isfinite(false):
        return Finding(
            "null-test-undone",
            "How much a map of a uniform rate would vary could not be found out: its solver did "
            "not converge. Take the pattern of this map with care.",
        )
    if false < _CLEAR * found:
        return Finding(
            "null-test",
            f"A nucleus with these domains and this noise but a uniform rate would give a map "
            f"that varies by {100 * false:.1f} %; this one varies by {100 * found:.0f} %.",
            false / found,
        )
    return Finding(
        "null-test-failed",
        f"This map varies by {100 * found:.1f} %, hardly more than that of a nucleus with "
        f"these domains and this noise but a uniform rate ({100 * false:.1f} %): its pattern may "
        "be nothing but noise.",
        false / found,
    )


def preview() -> Finding:
    """Say what the map of the direct estimator does not have."""
    return Finding(
        "preview",
        "This is a quick preview, and exploratory: it is blurred by its kernel, it has no residual "
        "map and no test for false patterns, and its uncertainty holds the noise only. Use "
        "the weak-form method for the analysis.",
    )


def by_network(steps: int, misfit: float, finest_nm: float) -> Finding:
    """Say how a network was trained, and what its map does not have."""
    return Finding(
        "network",
        f"A network was trained on this nucleus for {steps} steps. Its map is exploratory, and "
        f"shows no changes that are finer than about {finest_nm:.0f} nm. It has no uncertainty, no "
        "residual and no test for false patterns; the blur of the microscope is not undone, and no "
        "use is made of the nuclear envelope: its rim is less certain.",
        misfit,
    )


def network_failed(steps: int, misfit: float) -> Finding:
    """Say how far a network is from the image, of which it has no map."""
    missed = f", and misses the image by {math.sqrt(misfit):.1f} times the noise"
    return Finding(
        "network-failed",
        f"A network was trained on this nucleus for {steps} steps"
        f"{missed if math.isfinite(misfit) else ', and broke down'}.",
        misfit,
    )


def network_not_exact(steps: int, misfit: float) -> Finding:
    """Say that a network does not learn an image without noise well enough."""
    return Finding(
        "network-not-exact",
        f"A network was trained on this nucleus for {steps} steps. The image has hardly any noise, "
        "and networks of this size do not learn it as exactly as the equation then needs.",
        misfit,
    )


def network_learned_noise(steps: int, misfit: float) -> Finding:
    """Say how much nearer to the image a network is than the noise lets it be."""
    return Finding(
        "network-learned-noise",
        f"A network was trained on this nucleus for {steps} steps, and misses the image by only "
        f"{math.sqrt(misfit):.1f} times the noise: it learned the noise, or there is less of it "
        "than was estimated.",
        misfit,
    )


def graphics_memory() -> Finding:
    """Say that the processor had to do it."""
    return Finding(
        "graphics-memory",
        "The graphics card had too little memory for this nucleus; the network was trained on the "
        "processor.",
    )


def mark_is_sharpened_density(ell_nm: float) -> Finding:
    """Say what a map of one mark is."""
    return Finding(
        "one-mark",
        "The deposition map of one mark is a sharpened image of the mark, given the length "
        f"{ell_nm:.0f} nm (a length of zero would return the image). Without a DNA channel it "
        "shows the density of chromatin as well.",
        ell_nm,
    )


def smoothed_over(length_nm: float, smoothed_for: SmoothedFor) -> Finding:
    """Say over what length the compaction map is smoothed."""
    sources: dict[SmoothedFor, str] = {
        "domains": "1.25 times the spacing of the domains",
        "usual": "no domain spacing was found",
        "noise": "so much, as finer parts of it would be noise",
    }
    source = sources[smoothed_for]
    return Finding(
        "compaction-smoothing",
        f"The compaction map is the density smoothed over {length_nm:.0f} nm ({source}), "
        "divided by its mean in the nucleus; it is measured, not inferred.",
        length_nm,
    )


def density_only() -> Finding:
    """Say what a rate map from a total density is worth."""
    return Finding(
        "density-only",
        "The rate map is exploratory: one total density does not determine the rates. It assumes "
        "a flat chemical potential of the nucleoplasm. Lamina contacts, quenched density and "
        "unlabelled bodies change it strongly, and the "
        "contrast of the rim can have the wrong sign. A difference "
        "between conditions in this map is not a difference in the rates. The "
        "map has no uncertainty.",
    )


def density_rejected(reason: str) -> Finding:
    """Say why there is no exploratory map."""
    return Finding(
        "density-only-rejected",
        f"The density-only fit was rejected ({reason}); use the compaction map.",
    )


def coloured_noise(role: str, shared: float) -> Finding:
    """Say that neighbouring pixels share noise."""
    return Finding(
        "coloured-noise",
        f"The noise of the {role} channel is not independent from pixel to pixel: neighbours "
        f"share {100 * shared:.0f} % of it, as after deconvolution, a SIM or Airyscan "
        "reconstruction, smoothing or interpolation, and of molecules that are counted several "
        "times. The uncertainty of the map can then be far "
        "too small. Use the raw image, or counts.",
        shared,
    )


def noise_added(added: float, found: float, bin_nm: float) -> Finding:
    """Say that there was too little noise to find the smoothness of a map by."""
    return Finding(
        "noise-added",
        f"There is almost no noise in this image: {100 * found:.2g} % of its contrast, averaged "
        f"over {bin_nm:.0f} nm. The method needs some to decide how fine a map may be, so that "
        f"{100 * added:g} % was added to a copy, which was analysed; the image is as it was.",
        found,
    )


def noise_above_signal(role: str, signal_over_noise: float) -> Finding:
    """Say that the structure of a channel drowns in its noise."""
    return Finding(
        "noise-above-signal",
        f"The {role} channel shows hardly any structure above its noise, even averaged over the "
        "size of a chromatin domain: a rate map of it would mostly show noise.",
        signal_over_noise,
    )


def saturated(role: str, share: float) -> Finding:
    """Say that bright pixels are cut off."""
    return Finding(
        "saturated",
        f"{100 * share:.1f} % of the pixels of the {role} channel sit at its largest value: the "
        "detector or the file could not count further, and the dense places are really denser.",
        share,
    )


def low_signal(over_spread: float) -> Finding:
    """Say that the nucleus hardly stands out of the background."""
    return Finding(
        "low-signal",
        f"This nucleus is only {over_spread:.1f} times as bright as the background varies: what "
        "is background and what is thin chromatin cannot be told apart.",
        over_spread,
    )


def few_localisations(per_um2: float, needed_per_um2: float) -> Finding:
    """Say that the domains are not sampled."""
    return Finding(
        "few-localisations",
        f"There are {per_um2:.0f} localisations per µm²; to sample chromatin domains of 100 nm, "
        f"{needed_per_um2:.0f} are needed. The rate map mostly shows where single ones happen to "
        "be.",
        per_um2,
    )


def blinking(share: float) -> Finding:
    """Say that molecules were counted several times."""
    return Finding(
        "blinking",
        f"About {share:.0%} of the localisations are another of the same molecule, which blinked "
        "or stayed on. Molecules that are counted several times look like dense domains, and the "
        "uncertainty is too small. Merge them in the program that made the table.",
        share,
    )


def out_of_focus(detail_nm: float, over_others: float) -> Finding:
    """Say that the nucleus is blurred against its neighbours."""
    return Finding(
        "out-of-focus",
        f"The finest detail in this nucleus ({detail_nm:.0f} nm) is {over_others:.1f} times as "
        "large as in the other nuclei of the image: it is probably out of focus.",
        over_others,
    )


def domain_imprint(imprint: Imprint) -> Finding:
    """Say whether the map follows the domains, and what that can mean."""
    spacing = f"{imprint.domain_spacing_nm:.0f} nm, the spacing of the domains"
    if not imprint.significant or abs(imprint.amplitude) < _SLIGHT:
        return Finding(
            "no-domain-imprint",
            f"At the scale of {spacing}, the rate map hardly follows the domains: no sign that "
            "they were printed into it by a wrong reaction-diffusion length.",
            imprint.amplitude,
        )
    height = "low" if imprint.amplitude < 0 else "high"
    copy = (
        f"{100 * imprint.share:.0f} % of what the rate map shows at the scale of {spacing}, "
        f"is a copy of the domains: the rate is {height} where they are, and varies with them by "
        f"{100 * abs(imprint.amplitude):.1f} % of its mean."
    )
    if imprint.amplitude < 0:
        return Finding(
            "domain-imprint",
            f"{copy} Domains form where the rate is high, so this copy is most likely an "
            "artefact: the reaction-diffusion length is too long, or the brightness of the two "
            "channels does not compare.",
            imprint.amplitude,
        )
    if imprint.share > _NOTHING_ELSE:
        return Finding(
            "domain-imprint",
            f"{copy} Hardly anything else is to be seen at this scale, so this is most likely an "
            "artefact: the reaction-diffusion length is too short.",
            imprint.amplitude,
        )
    return Finding(
        "follows-domains",
        f"{copy} That can be true, since domains form where the rate is high; a "
        "reaction-diffusion length that is too short would look the same. This image alone "
        "cannot tell the two apart.",
        imprint.amplitude,
    )


def model_explains(check: ForwardCheck) -> Finding:
    """Say that simulations with the inferred map look like the image."""
    names = ", ".join(statistic.name for statistic in check.statistics)
    if check.coarse:
        return Finding(
            "model-explains",
            f"Simulated with this rate map, smoothed over the domains, {_part(check.share)} looks "
            f"as in the image, within 25 % or three spreads of the simulations: {names}. Where "
            "the single domains lie is chance and was not compared.",
            check.share,
        )
    return Finding(
        "model-explains-with-detail",
        f"Simulated with this rate map, {_part(check.share)} looks as in the image ({names}), but "
        "not with the map smoothed over the domains: the finest detail of the map holds the "
        "domains in place. Either the rate truly varies within the size of a domain, or a wrong "
        "reaction-diffusion length printed the domains into the map.",
        check.share,
    )


def model_does_not_explain(check: ForwardCheck) -> Finding:
    """Say what differs between the image and simulations with the inferred map."""
    differing = [statistic for statistic in check.statistics if not statistic.agrees]
    numbers = "; ".join(
        f"{statistic.name} {_number(statistic.measured, statistic.unit)} in the image and "
        f"{_number(statistic.simulated, statistic.unit)} in the simulation"
        for statistic in differing
    )
    return Finding(
        "model-does-not-explain",
        f"The model does not explain this image. Simulated with this rate map, "
        f"{_part(check.share)} looks different: {numbers}.",
        float(len(differing)),
    )


def _number(value: float, unit: str) -> str:
    return f"{value:.3g} {unit}".rstrip()


def _part(share: float) -> str:
    return "the nucleus" if share > 0.995 else f"a part of the nucleus ({100 * share:.0f} %)"


def structured_residual(share: float) -> Finding:
    """Say that what the fit leaves is not only noise."""
    return Finding(
        "structured-residual",
        f"What the model leaves unexplained is not only noise: {100 * share:.0f} % of it are "
        "patterns wider than a few pixels. Either the model misses something, or the noise of "
        "neighbouring pixels is alike.",
        share,
    )


def undefined_rate(share: float) -> Finding:
    """Say where there is no rate for want of euchromatin."""
    return Finding(
        "no-euchromatin",
        f"In {100 * share:.1f} % of the nucleus there is no euchromatin above the noise. The rate "
        "is a ratio to the euchromatin, so there it is undefined, and the map is left blank.",
        share,
    )


def excluded_bodies(count: int, share: float) -> Finding:
    """Say that nucleoli or the like are in the mask."""
    what = "region" if count == 1 else "regions"
    return Finding(
        "excluded-bodies",
        f"{count} {what} of the nucleus ({100 * share:.1f} % of its area) hold hardly any "
        "chromatin: nucleoli, speckles, or an outline that is too wide. The model "
        "knows no such bodies: a rate in and around them would be wrong.",
        share,
    )


def mask_in_pieces(count: int, too_small: int) -> Finding:
    """Say that the outline of the nucleus is not one piece."""
    left_out = f" Left out: {too_small} more of fewer than 64 pixels." if too_small else ""
    pieces = (
        "one piece large enough to say something"
        if count == 1
        else f"{count} separate pieces; no chromatin flows from one to the other in the model"
    )
    return Finding(
        "mask-in-pieces",
        f"The outline of this nucleus consists of {pieces}.{left_out}",
        float(count),
    )


def optical_section(section_nm: float, thick_nm: float) -> Finding:
    """Say that the image is a thin section through domains rather than a projection."""
    return Finding(
        "optical-section",
        f"The optical section ({section_nm:.0f} nm) is not thick against the domains (more than "
        f"{thick_nm:.0f} nm would be): chromatin that leaves it upwards or downwards is not seen, "
        "and the rate map is an approximation.",
        section_nm,
    )
