"""What to do about each finding: the function that makes it, an example, and the advice.

The sentences themselves are those of `chromamol.inference.findings`; the numbers in them are
examples.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from chromamol.inference.forward_check import ForwardCheck, Statistic
from chromamol.inference.imprint import Imprint
from chromamol.inference.profile import Profile


def _checked(*statistics: Statistic, coarse: bool = True) -> ForwardCheck:
    shells = np.zeros(4)
    return ForwardCheck(statistics, shells, shells, shells, h_max=0.8, share=1.0, coarse=coarse)


ADVICE: dict[str, tuple[tuple[tuple[Any, ...], str], ...]] = {
    "ell_fitted": (
        (
            (132.0, 150.0, 171.0),
            "Nothing needs to be done. Check that the interval is narrow enough for your question: "
            "run again with `reaction_length_nm` set to its lower and its upper end, and believe "
            "what stays.",
        ),
    ),
    "mixing_fitted": (
        (
            (Profile(0.42, 0.31, 0.53, 0.0),),
            "Check that the interval is narrow enough for your question: run again with "
            "`mixing_energy` set to its lower and its upper end, and believe what stays. The "
            "number belongs to the reaction length that was used with it.",
        ),
    ),
    "mixing_unknown": (
        (
            (0.0,),
            "Do not report this number. Set `mixing_energy: 0`, the published model, or a value "
            "that you know from elsewhere, and run again.",
        ),
    ),
    "averaged": (
        (
            (0.4,),
            "Near 0 % the map is a smooth one, near 100 % one with sharp borders. In between, do "
            "not read sharp borders from it, nor rule them out; the uncertainty map is widest "
            "where it matters.",
        ),
    ),
    "ell_doubtful": (
        (
            (200.0, 153.8),
            "Do not use this map. Set `reaction_length_nm: fit` and run again. If the fitted "
            "length cannot be right, check the pixel size, the roles of the channels and their "
            "calibration: a wrong gain or `mixing_energy` looks like another length.",
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
    "vanishing": (
        (
            (0.03,),
            "Check the background: too high a value makes channels negative. Check the roles of "
            "the channels, and `reaction_length_nm` if you set it. Do not interpret the part of "
            "the map that is next to zero.",
        ),
    ),
    "plateaus": (
        (
            (),
            "Believe the levels of the plateaus and where their borders lie. Do not take an even "
            "plateau for proof that the rate does not change inside it.",
        ),
    ),
    "null_test": (
        (
            (0.012, 0.34),
            "Nothing needs to be done: the pattern of the map is more than noise.",
        ),
        (
            (0.08, 0.11),
            "Do not interpret the pattern of this map. Its mean still holds: compare means of "
            "nuclei. An image with less noise, or a larger nucleus, may show a pattern.",
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
            (235.0, "domains"),
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
            ("it ended at a mean chromatin fraction of 0.05, which no nucleus has",),
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
    "coloured_noise": (
        (
            ("heterochromatin", 0.4),
            "Analyse the raw image: before deconvolution, reconstruction, filters or a change of "
            "the pixel size. Give localisations as a table, so that they are counted in pixels "
            "and not drawn as spots. Where there is no raw image, take the pattern of the map for "
            "a sketch, and its uncertainty for unknown.",
        ),
    ),
    "noise_above_signal": (
        (
            ("heterochromatin", 0.6),
            "Do not interpret this map. Collect more light or more localisations, or average "
            "repeated frames. Check that the channel is the right one and that the background "
            "is not set too high. If you gave `noise_sd`, check its unit.",
        ),
    ),
    "saturated": (
        (
            ("heterochromatin", 0.012),
            "Take the image again with less light or a lower gain, or take the file from before "
            "its contrast was changed. Do not interpret the map in and around the brightest "
            "domains.",
        ),
    ),
    "low_signal": (
        (
            (3.2,),
            "Label or expose more strongly, or use a section with less light from out of focus. "
            "If the background is known, give it with `background_intensity`, or check that the "
            "outline lies on a nucleus at all.",
        ),
    ),
    "few_localisations": (
        (
            (85.0, 400.0),
            "Record for longer, or label more densely. Check that filters did not discard most of "
            "the table, and that the pixel size is right.",
        ),
    ),
    "blinking": (
        (
            (0.42,),
            "Merge the localisations of a molecule in the program that made the table "
            "(ThunderSTORM: Merging; Picasso: Link; SMAP: Grouping), and read the merged table. "
            "Where the table has a column of tracks or molecules that chromamol does not know, "
            "name it: `--columns track=NAME`.",
        ),
    ),
    "out_of_focus": (
        (
            (1450.0, 2.3),
            "Look at this nucleus in the image. If it is blurred, leave it out of the comparison; "
            "a dividing or dying nucleus may be smooth without being blurred. An image that is out "
            "of focus as a whole is not noticed.",
        ),
    ),
    "domain_imprint": (
        (
            (Imprint(216.0, 0.05, 0.001, 0.004, 90.0),),
            "Nothing needs to be done. Where the map is smoother than the domains, or its "
            "uncertainty large, an imprint can be there and not be seen.",
        ),
        (
            (Imprint(216.0, -0.95, -0.055, 0.007, 90.0),),
            "Run again with a shorter `reaction_length_nm`, or with `fit`; check the background "
            "and `intensity_per_fraction` of both channels, and the roles. Do not interpret "
            "anything in this map that is as small as a domain.",
        ),
        (
            (Imprint(216.0, 0.8, 0.05, 0.007, 90.0),),
            "Run again with a `reaction_length_nm` that is a quarter longer. Believe the rate in "
            "the domains only if it stays above that of their surroundings, and if the length is "
            "known from elsewhere or was fitted with a narrow interval.",
        ),
    ),
    "model_explains": (
        (
            (_checked(Statistic("spacing of the domains", "nm", 216.0, 225.0, 15.0)),),
            "Nothing needs to be done. A good match does not prove the map: another map of the "
            "same averages, or a reaction length off by up to a factor of about two, may "
            "match as well.",
        ),
        (
            (
                _checked(
                    Statistic("spacing of the domains", "nm", 216.0, 225.0, 15.0), coarse=False
                ),
            ),
            "Look at the finding about the domains in the map (`domain-imprint` or "
            "`follows-domains`), and do as it says. Do not interpret anything in this map that "
            "is as small as a domain, unless the reaction length is known.",
        ),
    ),
    "model_does_not_explain": (
        (
            (
                _checked(
                    Statistic("spacing of the domains", "nm", 289.0, 401.0, 13.0),
                    Statistic("condensed share of the area", "", 0.22, 0.32, 0.01),
                    coarse=False,
                ),
            ),
            "Domains that differ in spacing or width: check `reaction_length_nm`, the pixel size "
            "and the resolution. A condensed area or a contrast that differs: check background "
            "and `intensity_per_fraction`. A rim that differs: chromatin is held at the lamina, "
            "which this model leaves out, or the outline is off. Where all that is right, the "
            "model does not hold for this nucleus, and neither does its map.",
        ),
    ),
    "structured_residual": (
        (
            (0.3,),
            "Look at the residual map. Patterns of the image in it: see `model-misfit`. No "
            "pattern of the image: the image was probably deconvolved, interpolated or "
            "compressed; analyse the raw image.",
        ),
    ),
    "undefined_rate": (
        (
            (0.04,),
            "Check the background of the euchromatin channel: too high a value makes dim places "
            "empty. If the places are truly empty, nothing needs to be done.",
        ),
    ),
    "excluded_bodies": (
        (
            (3, 0.06),
            "Take nucleoli and speckles out of the mask (holes in a mask are fine), or draw the "
            "outline closer, and run again.",
        ),
    ),
    "mask_in_pieces": (
        (
            (2, 1),
            "Give every nucleus a label of its own. If it is one nucleus, mend its outline, so "
            "that its pieces touch.",
        ),
    ),
    "optical_section": (
        (
            (120.0, 235.0),
            "Compare patterns only between images with the same section. A projection of a thicker "
            "part of the nucleus comes closer to what the model assumes.",
        ),
    ),
}
