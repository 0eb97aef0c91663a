"""What a reader of a map has to know, in sentences."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from chromamol.inference.rate_map import Finding

if TYPE_CHECKING:
    from chromamol.inference.reaction_length import ReactionLength


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


def ell_fitted(fitted: ReactionLength) -> Finding:
    """Say that the image identified ell."""
    return Finding(
        "ell-fitted",
        f"The reaction-diffusion length was estimated from the image: {fitted.best_nm:.0f} nm "
        f"(95 % interval {fitted.low_nm:.0f} to {fitted.high_nm:.0f} nm).",
        fitted.best_nm,
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
        f"The image does not tell the reaction-diffusion length; {ell_nm:.0f} nm was assumed."
        f"{spread}",
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
        "the noise of this image does not allow finer ones.",
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


def negative(share: float) -> Finding:
    """Say that part of the map is below zero."""
    return Finding(
        "negative-rate",
        f"{100 * share:.0f} % of the map is below zero, which a rate cannot be: there the image "
        "contradicts the model, or the uncertainty is large.",
        share,
    )


def noise_only_sd() -> Finding:
    """Say that the uncertainty of the direct estimator leaves the smoothing out."""
    return Finding(
        "preview",
        "This is a quick preview: it is blurred by its kernel, it has no residual map, and its "
        "uncertainty holds the noise only. Use the weak-form method for the analysis.",
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


def smoothed_over(length_nm: float, measured: bool) -> Finding:
    """Say over what length the compaction map is smoothed."""
    source = "1.25 times the spacing of the domains" if measured else "no domain spacing was found"
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
