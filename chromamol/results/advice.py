"""What to do about each finding, by its code."""

from __future__ import annotations

ADVICE: dict[str, str] = {
    "ell-fitted": (
        "Nothing needs to be done. Check that the interval is narrow enough for your "
        "question: run again with `reaction_length_nm` set to its lower and its upper end, "
        "and believe what stays."
    ),
    "mixing-energy-fitted": (
        "Check that the interval is narrow enough for your question: run again with "
        "`mixing_energy` set to its lower and its upper end, and believe what stays. The "
        "number belongs to the reaction length that was used with it."
    ),
    "mixing-energy-unknown": (
        "Do not report this number. Set `mixing_energy: 0`, the published model, or a value "
        "that you know from elsewhere, and run again."
    ),
    "map-averaged": (
        "Near 0 % the map is a smooth one, near 100 % one with sharp borders. In between, do "
        "not read sharp borders from it, nor rule them out; the uncertainty map is widest "
        "where it matters."
    ),
    "ell-doubtful": (
        "Do not use the rate map. Set `reaction_length_nm: fit` and run again. If the fitted "
        "length cannot be right, check the pixel size, the roles of the channels and their "
        "calibration: a wrong gain or `mixing_energy` looks like another length."
    ),
    "ell-given": (
        "Say in your methods where the number comes from. Run again with a length a quarter "
        "shorter and longer; what changes with it is not a finding. If the map follows the "
        "domains, the length may be wrong."
    ),
    "ell-assumed": (
        "Give `reaction_length_nm` if you know it from elsewhere. Otherwise run again with a "
        "length a quarter shorter and longer: what changes with it is not a finding. An image "
        "with less noise, or a larger nucleus, may tell the length."
    ),
    "uncalibrated-total": (
        "Do not interpret the rate map. Give `intensity_per_fraction` for both channels, or "
        "analyse a pair of heterochromatin and euchromatin channels."
    ),
    "uncalibrated": (
        "Read the pattern, not the level. To compare nuclei or conditions, calibrate: give "
        "`intensity_per_fraction`."
    ),
    "uncalibrated-fixed-ell": (
        "Do not interpret the rate map before one of the two is known: give "
        "`intensity_per_fraction`, or set `reaction_length_nm: fit` on an image that can tell "
        "the length."
    ),
    "cut-by-border": (
        "Nothing needs to be done: the rest of the map holds. Take a larger field of view if "
        "the blank part matters."
    ),
    "resolution-of-the-map": (
        "Do not read structure finer than this, and do not take its absence for evenness. An "
        "image with less noise gives a finer map."
    ),
    "model-misfit": (
        "Look at the residual map. Structure at the border of the nucleus: check the outline. "
        "Around nucleoli or speckles: take them out of the mask. Everywhere, in the pattern "
        "of the domains: check roles, background, `intensity_per_fraction` and the reaction "
        "length. Even everywhere: the image was probably deconvolved, interpolated or "
        "compressed, so that its noise is not white; analyse the raw image."
    ),
    "vanishing-rate": (
        "Check the background: too high a value makes channels negative. Check the roles of "
        "the channels, and `reaction_length_nm` if you set it. Do not interpret the part of "
        "the rate map that is next to zero."
    ),
    "map-with-edges": (
        "Believe the levels of the plateaus and where their borders lie. Do not take an even "
        "plateau for proof that the rate does not change inside it."
    ),
    "null-test": ("Nothing needs to be done: the pattern of the map is more than noise."),
    "null-test-undone": (
        "Look at the residual map, and check the roles of the channels, the outline and the "
        "background, before you interpret the pattern."
    ),
    "null-test-failed": (
        "Do not interpret the pattern of the rate map. Its mean still holds: compare means of "
        "nuclei. An image with less noise, or a larger nucleus, may show a pattern."
    ),
    "preview": ("Run again with `method: weak-form` before you draw conclusions."),
    "one-mark": (
        "Image a second channel. With DNA, or with a mark of the other kind, the ratio of "
        "methylation to acetylation can be inferred."
    ),
    "compaction-smoothing": (
        "Nothing needs to be done. Do not read structure finer than this length."
    ),
    "density-only": (
        "Use the compaction map for conclusions, not the rate map. Image a histone mark beside the "
        "DNA to infer rates. `density_rate: false` leaves the rate map out."
    ),
    "density-only-rejected": (
        "Use the compaction map. There is no setting that makes this fit trustworthy."
    ),
    "too-coarse": (
        "Take the image with smaller pixels or a better resolution. Interpolating the pixels "
        "does not help. The compaction map is still given."
    ),
    "coloured-noise": (
        "Analyse the raw image: before deconvolution, reconstruction, filters or a change of "
        "the pixel size. Give localisations as a table, so that they are counted in pixels "
        "and not drawn as spots. Where there is no raw image, take the pattern of the map for "
        "a sketch, and its uncertainty for unknown."
    ),
    "noise-added": (
        "Nothing needs to be done where the image was computed. If it was denoised, give the image "
        "as the microscope took it."
    ),
    "noise-above-signal": (
        "Do not interpret the rate map, and read nothing from the compaction map that is finer "
        "than `compaction-smoothing` says. Collect more light or more localisations, or average "
        "repeated frames. Check that the channel is the right one and that the background is not "
        "set too high."
    ),
    "saturated": (
        "Take the image again with less light or a lower gain, or take the file from before "
        "its contrast was changed. Do not interpret the rate map in and around the "
        "brightest domains."
    ),
    "low-signal": (
        "Label or expose more strongly, or use a section with less light from out of focus. "
        "If the background is known, give it with `background_intensity`, or check that the "
        "outline lies on a nucleus at all."
    ),
    "few-localisations": (
        "Do not interpret the rate map. The compaction map may be used: the fewer the "
        "localisations, the more it is smoothed, so that chance changes it by about 20 % at most; "
        "`compaction-smoothing` says over how much, and finer structure is not in it. For a rate "
        "map, record for longer, or label more densely. Check that filters did not discard most of "
        "the table, and that the pixel size is right."
    ),
    "blinking": (
        "Merge the localisations of a molecule in the program that made the table "
        "(ThunderSTORM: Merging; Picasso: Link; SMAP: Grouping), and read the merged table. "
        "Where the table has a column of tracks or molecules that chromamol does not know, "
        "name it: `--columns track=NAME`."
    ),
    "out-of-focus": (
        "Look at this nucleus in the image. If it is blurred, leave it out of the comparison; "
        "a dividing or dying nucleus may be smooth without being blurred. An image that is "
        "out of focus as a whole is not noticed."
    ),
    "no-domain-imprint": (
        "Nothing needs to be done. Where the map is smoother than the domains, or its "
        "uncertainty large, an imprint can be there and not be seen."
    ),
    "domain-imprint": (
        "Run again with `reaction_length_nm: fit`, or with a length that is shorter where the "
        "sentence says too long, and longer where it says too short; check the background and "
        "`intensity_per_fraction` of both channels, and the roles. Do not interpret anything in "
        "the rate map that is as small as a domain."
    ),
    "follows-domains": (
        "Run again with a `reaction_length_nm` that is a quarter longer. Believe the rate in "
        "the domains only if it stays above that of their surroundings, and if the length is "
        "known from elsewhere or was fitted with a narrow interval."
    ),
    "model-explains": (
        "Nothing needs to be done. A good match does not prove the map: another map of the "
        "same averages, or a reaction length off by up to a factor of about two, may match as "
        "well."
    ),
    "model-explains-with-detail": (
        "Look at the finding about the domains in the map (`domain-imprint` or "
        "`follows-domains`), and do as it says. Do not interpret anything in the rate map that is "
        "as small as a domain, unless the reaction length is known."
    ),
    "model-does-not-explain": (
        "Domains that differ in spacing or width: check `reaction_length_nm`, the pixel size "
        "and the resolution. A condensed area or a contrast that differs: check background "
        "and `intensity_per_fraction`. A rim that differs: chromatin is held at the lamina, "
        "which this model leaves out, or the outline is off. Where all that is right, the "
        "model does not hold for this nucleus, and neither does its map."
    ),
    "structured-residual": (
        "Look at the residual map. Patterns of the image in it: see `model-misfit`. No "
        "pattern of the image: the image was probably deconvolved, interpolated or "
        "compressed; analyse the raw image."
    ),
    "no-euchromatin": (
        "Check the background of the euchromatin channel: too high a value makes dim places "
        "empty. If the places are truly empty, nothing needs to be done."
    ),
    "excluded-bodies": (
        "Take nucleoli and speckles out of the mask (holes in a mask are fine), or draw the "
        "outline closer, and run again."
    ),
    "mask-in-pieces": (
        "Give every nucleus a label of its own. If it is one nucleus, mend its outline, so "
        "that its pieces touch."
    ),
    "optical-section": (
        "Compare patterns only between images with the same section. A projection of a "
        "thicker part of the nucleus comes closer to what the model assumes."
    ),
    "network": (
        "Use this map to compare methods. For the analysis, and for an uncertainty, run again with "
        "`method: weak-form`. How much of the map is chance shows another `seed`."
    ),
    "network-failed": (
        "Run again with `method: weak-form`, whose findings say more about the image. The usual "
        "reason is a stated or estimated noise that is too small."
    ),
    "network-not-exact": "Run again with `method: weak-form`.",
    "network-learned-noise": (
        "Run again with `method: weak-form`. Give the image as the microscope took it: if it was "
        "interpolated, smoothed or deconvolved, its noise is not what it looks like."
    ),
    "graphics-memory": (
        "Nothing needs to be done, but it takes longer. `device: cpu` avoids the try."
    ),
}
