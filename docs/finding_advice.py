"""What to do about each finding: the function that makes it, an example, and the advice.

The sentences themselves are those of `chromamol.inference.findings`; the numbers in them are
examples.
"""

from __future__ import annotations

from typing import Any

from chromamol.inference.reaction_length import ReactionLength

ADVICE: dict[str, tuple[tuple[tuple[Any, ...], str], ...]] = {
    "ell_fitted": (
        (
            (ReactionLength(150.0, 132.0, 171.0, sharp=True),),
            "Nothing needs to be done. Check that the interval is narrow enough for your question: "
            "run again with `reaction_length_nm` set to its lower and its upper end, and believe "
            "what stays.",
        ),
    ),
    "ell_given": (
        (
            (140.0,),
            "Say in your methods where the number comes from. Run again with a length a quarter "
            "shorter and longer; what changes with it is not a finding. If the map follows the "
            "domains, the length may be wrong.",
        ),
    ),
    "ell_assumed": (
        (
            (140.0, 0.12),
            "Give `reaction_length_nm` if you know it from elsewhere. Otherwise treat only those "
            "patterns as real that are larger than the change that the sentence states. An image "
            "with less noise, or a larger nucleus, may tell the length.",
        ),
    ),
    "ell_not_fitted": (
        (
            (140.0,),
            "Give `reaction_length_nm` if you know it from elsewhere, and run again with a length "
            "a quarter shorter and longer: what changes with it is not a finding.",
        ),
    ),
    "uncalibrated_total": (
        (
            (),
            "Do not interpret this map. Give `intensity_per_fraction` for both channels, or "
            "analyse a pair of heterochromatin and euchromatin channels.",
        ),
    ),
    "uncalibrated": (
        (
            (True,),
            "Read the pattern, not the level. To compare nuclei or conditions, calibrate: give "
            "`intensity_per_fraction`.",
        ),
        (
            (False,),
            "Do not interpret this map before one of the two is known: give "
            "`intensity_per_fraction`, or set `reaction_length_nm: fit` on an image that can "
            "tell the length.",
        ),
    ),
    "cut": (
        (
            (119.0, 0.07),
            "Nothing needs to be done: the rest of the map holds. Take a larger field of view if "
            "the blank part matters.",
        ),
    ),
    "smoothing": (
        (
            (50.0,),
            "Do not read structure finer than this, and do not take its absence for evenness. "
            "An image with less noise gives a finer map.",
        ),
    ),
    "misfit": (
        (
            (2.1,),
            "Look at the residual map. Structure at the border of the nucleus: check the outline. "
            "Around nucleoli or speckles: take them out of the mask. Everywhere, in the pattern of "
            "the domains: check roles, background, `intensity_per_fraction` and the reaction "
            "length. Even everywhere: the image was probably deconvolved, interpolated or "
            "compressed, so that its noise is not white; analyse the raw image.",
        ),
    ),
    "negative": (
        (
            (0.03,),
            "Check the background: too high a value makes channels negative. Compare with the "
            "uncertainty map. If the negative part is several standard deviations below zero, the "
            "model does not hold there.",
        ),
    ),
    "noise_only_sd": (((), "Run again with `method: weak-form` before you draw conclusions."),),
    "mark_is_sharpened_density": (
        (
            (140.0,),
            "Image a second channel. With DNA, or with a mark of the other kind, the ratio of "
            "methylation to acetylation can be inferred.",
        ),
    ),
    "smoothed_over": (
        (
            (235.0, True),
            "Nothing needs to be done. Do not read structure finer than this length.",
        ),
    ),
    "density_only": (
        (
            (),
            "Use the compaction map for conclusions. Image a histone mark beside the DNA to infer "
            "rates. `density_rate: false` leaves this map out.",
        ),
    ),
    "density_rejected": (
        (
            ("the gain collapsed to a mean chromatin fraction of 0.05",),
            "Use the compaction map. There is no setting that makes this fit trustworthy.",
        ),
    ),
    "too_coarse": (
        (
            (60.0, 140.0),
            "Take the image with smaller pixels or a better resolution. Interpolating the pixels "
            "does not help. The compaction map is still given.",
        ),
    ),
}
