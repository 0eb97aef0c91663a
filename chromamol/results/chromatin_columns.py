"""The columns of nuclei.csv about chromatin: density, condensation, domains."""

from __future__ import annotations

from chromamol.results.sources import (
    BY_DISTANCE,
    DENSITY,
    MODEL,
    OTSU,
    OURS,
    RESOLUTION,
    SHELL_COUNT,
    SHELLS,
    STAIN,
    STANDARD,
    Declaration,
    shell,
)

_HIDDEN = "Empty where noise hides the domains."
_LAYERS = (
    "thickness as area over length: Heo et al., Nat. Biomed. Eng. 7, 177 (2023) and Kim et al. "
    "(O-SNAP), bioRxiv 2025.07.18.665612; the domains are those of this project"
)

CHROMATIN_COLUMNS: tuple[Declaration, ...] = (
    *(
        (
            f"density_shell_{number}_over_mean",
            "",
            f"Mean density in {shell(number)}, over that in the nucleus, {BY_DISTANCE} Of "
            f"{DENSITY}.",
            "mean of d over the shell / mean of d over the nucleus without its holes",
            SHELLS,
        )
        for number in range(1, SHELL_COUNT + 1)
    ),
    (
        "compaction_contrast",
        "",
        "Spread of the compaction map, whose average over the nucleus is 1.",
        "95th - 5th percentile of (smoothed density / its mean)",
        OURS,
    ),
    (
        "heterochromatin_fraction",
        "",
        "Share of heterochromatin in all chromatin; of calibrated channels only, as two unknown "
        "gains have no ratio. Else empty.",
        "sum of h / sum of (h + e)",
        MODEL,
    ),
    (
        "condensed_area_fraction",
        "",
        f"Share of the area with chromatin that lies in domains. {_HIDDEN}",
        "area of the domains / (area_um2 - hole_area_um2)",
        OURS,
    ),
    (
        "plateau_over_mean",
        "",
        f"Mean density in the domains over the mean density in the nucleus ({DENSITY}). Empty "
        "where there are none, or noise hides them.",
        "mean of d over the domains / mean of d over the nucleus without its holes",
        OURS,
    ),
    (
        "domain_count",
        "",
        "Number of domains: connected regions of dense chromatin, larger than the resolution. "
        "Empty where noise hides them: the two classes are less than 3 standard deviations of the "
        "noise apart, or it exceeds half of the mean.",
        f"regions of the density, smoothed to {RESOLUTION}, above the midpoint of the means of "
        "the two classes of Otsu's threshold, larger than a disc as wide as the resolution",
        f"{OTSU}; {OURS}",
    ),
    (
        "domain_area_median_um2",
        "um2",
        "Median area of the domains. Empty where there are none, or noise hides them.",
        "50th percentile of the areas of the domains",
        STANDARD,
    ),
    (
        "domain_spacing_nm",
        "nm",
        "Period at which the density varies most, below 500 nm; empty where there is none.",
        "1 / k at the highest k^2 P(k); P(k): radially averaged power spectrum of the density, "
        "white noise subtracted",
        OURS,
    ),
    (
        "lamina_layer_nm",
        "nm",
        "Mean thickness of the condensed layer along the nuclear envelope: the area of the domains "
        "that come as close to it as 5 % of the nuclear radius (or one pixel, where that is more), "
        "spread over the length of the outline. A domain that reaches from the rim to the interior "
        "counts as a whole. Empty where the image border cuts the nucleus, or noise hides the "
        "domains.",
        "area of the domains at the rim / perimeter; radius = sqrt(area / pi)",
        _LAYERS,
    ),
    (
        "ccp",
        "",
        "Chromatin condensation parameter: how densely the nucleus is filled with edges, in per "
        f"cent. Of {STAIN}, scaled to its maximum, so that no gain matters; noise and focus do. "
        "Empty of nuclei with less than 2 um2 inside the rim that is left out, and of images with "
        "pixels above 200 nm.",
        "100 * edge pixels / pixels, 2 pixels and more inside the outline, after averaging over "
        "squares of 200 nm; edges: local maxima of the Sobel gradient (kernel / 8) above 0.12",
        "Irianto, Lee and Knight, Med. Eng. Phys. 36, 412 (2014); pixel size and threshold: Heo et "
        "al., eLife 5, e18207 (2016)",
    ),
    (
        "hc_ec_ratio",
        "",
        "HC/EC ratio: content of the bright regions of the nucleus over that of the others. Of "
        f"{STAIN}, smoothed to {RESOLUTION}; no gain matters, a wrong background does.",
        "sum of d where d >= mean + sd / sum of d elsewhere",
        "Venkatachalapathy, Jokhun and Shivashankar, Mol. Biol. Cell 31, 803 (2020), on single "
        "pixels there",
    ),
    (
        "rhf",
        "",
        "Relative heterochromatin fraction: share of the intensity that lies in domains, which "
        f"take the place of chromocentres. Of {STAIN}; no gain matters, a wrong background does. "
        f"{_HIDDEN}",
        "sum of d over the domains / sum of d over the nucleus without its holes",
        "Poulet et al. (NucleusJ), Bioinformatics 31, 1144 (2015); the domains are those of this "
        "project",
    ),
)
