"""The columns of nuclei.csv."""

from __future__ import annotations

from chromamol.results.chromatin_columns import CHROMATIN_COLUMNS
from chromamol.results.rate_columns import RATE_COLUMNS
from chromamol.results.sources import (
    MODEL,
    NONE,
    OURS,
    REGIONPROPS,
    STANDARD,
    Declaration,
)
from chromamol.settings import Role

_CUT = "Of the outline with its holes filled; empty where the image border cuts the nucleus."

_WHICH: tuple[Declaration, ...] = (
    ("image", "", "Name of the image, without its suffix.", NONE, OURS),
    ("nucleus", "", "Number of the nucleus in the label image, from 1.", NONE, OURS),
    (
        "area_um2",
        "um2",
        "Area of the whole nucleus, with its holes.",
        "number of pixels * pixel area",
        STANDARD,
    ),
    (
        "hole_count",
        "",
        "Number of holes: nucleoli and other bodies with hardly any chromatin, and holes of a mask "
        "that was given. No map covers them.",
        "number of regions of hole pixels that touch at a side or a corner",
        OURS,
    ),
    (
        "hole_area_um2",
        "um2",
        "Area of the holes; the maps cover area_um2 less this.",
        "number of hole pixels * pixel area",
        STANDARD,
    ),
    (
        "centroid_y_um",
        "um",
        "Its centre along y, from the image's top left corner.",
        "mean y of the pixel centres",
        STANDARD,
    ),
    (
        "centroid_x_um",
        "um",
        "Its centre along x, from the image's top left corner.",
        "mean x of the pixel centres",
        STANDARD,
    ),
    (
        "touches_border",
        "",
        "Whether the image border cuts the nucleus: its area is a lower bound.",
        NONE,
        OURS,
    ),
)

_SHAPE: tuple[Declaration, ...] = (
    (
        "perimeter_um",
        "um",
        f"Length of the outline. {_CUT}",
        "Crofton's formula with 4 directions, on square pixels",
        "scikit-image, skimage.measure.perimeter_crofton",
    ),
    (
        "circularity",
        "",
        f"How round the nucleus is: 1 for a disc, less where it is long or lobed. {_CUT}",
        "4 pi area / perimeter^2",
        STANDARD,
    ),
    (
        "eccentricity",
        "",
        f"Of the ellipse with the same second moments: 0 for a disc, towards 1 where long. {_CUT}",
        "sqrt(1 - (minor axis / major axis)^2)",
        REGIONPROPS,
    ),
    (
        "solidity",
        "",
        f"Share of its convex hull that the nucleus fills: less than 1 where indented. {_CUT}",
        "area / area of the convex hull",
        REGIONPROPS,
    ),
    (
        "major_axis_um",
        "um",
        f"Long axis of the ellipse with the same second moments. {_CUT}",
        "4 sqrt(larger eigenvalue of the covariance of the pixel positions)",
        REGIONPROPS,
    ),
    (
        "minor_axis_um",
        "um",
        f"Short axis of the ellipse with the same second moments. {_CUT}",
        "4 sqrt(smaller eigenvalue of the covariance of the pixel positions)",
        REGIONPROPS,
    ),
)

_QUALITY: tuple[Declaration, ...] = (
    *(
        (
            f"{role.value}_intensity",
            "",
            f"Mean intensity of the channel of the role {role.value} in the nucleus without its "
            "holes, less the background, in the image's own units: as stored, so that it compares "
            "between images that were taken alike. Numbers of localisations where the image is "
            "counted. Empty where no channel has this role.",
            "mean of (intensity - background) over the pixels",
            STANDARD,
        )
        for role in Role
    ),
    (
        "saturated_share",
        "",
        "Share of the pixels at the end of the range of the detector or the file, or piled up at "
        "the largest value; of the channel that has most.",
        "saturated pixels / pixels",
        OURS,
    ),
    (
        "signal_over_background_spread",
        "",
        "How sure the background is: the signal over the spread of the background outside of all "
        "nuclei. Of the channel that has least; empty where the image shows too little background.",
        "mean intensity above background / (half of the span that holds 68 % of the means of "
        "blocks of 8 x 8 pixels of background)",
        OURS,
    ),
    (
        "localisations_per_um2",
        "1/um2",
        "Localisations per area with chromatin, of the channel that has least; empty where the "
        "image does not count localisations.",
        "localisations / (area_um2 - hole_area_um2)",
        STANDARD,
    ),
    (
        "detail_nm",
        "nm",
        "Size of the finest detail, of the channel with the coarsest. Empty where noise hides it.",
        "root mean square slope / root mean square Laplacian of the intensity, smoothed over 2 "
        "pixels, noise subtracted",
        OURS,
    ),
    (
        "detail_over_others",
        "",
        "How much coarser the detail is than in the other nuclei of the image, three or more: a "
        "nucleus out of focus has a large one.",
        "detail_nm / median of detail_nm of the others",
        OURS,
    ),
    (
        "repeated_share",
        "",
        "Share of the localisations of the image that are another of the same molecule, where the "
        "table looks uncorrected for blinking; else empty.",
        "repeated localisations / localisations",
        OURS,
    ),
)

_HOW: tuple[Declaration, ...] = (
    (
        "reaction_length_nm",
        "nm",
        "Reaction-diffusion length ell that was used; the findings say whether it was fitted, "
        "given or assumed.",
        "sqrt(M / Gamma_ac)",
        MODEL,
    ),
    (
        "quantity",
        "",
        "What the rate map is: a rate ratio, a methylation rate, a relative deposition, ...",
        NONE,
        OURS,
    ),
    (
        "scale",
        "",
        "How rates compare: ABSOLUTE (1/s), RATIO (between calibrated images), RELATIVE "
        "(1 is the average of this nucleus; levels do not compare between nuclei).",
        NONE,
        OURS,
    ),
    (
        "exploratory",
        "",
        "Whether the rate map only suggests what to look for, and is no measurement.",
        "of a total density, alone or of unknown gain beside another channel; or not by weak-form",
        OURS,
    ),
    (
        "status",
        "",
        "How the solver ended: CONVERGED, STOPPED, CLOSED_FORM, NOT_CONVERGED, ...",
        NONE,
        OURS,
    ),
    (
        "findings",
        "",
        "Codes of what has to be known, joined by ';'; sentences: provenance.json.",
        NONE,
        OURS,
    ),
)

NUCLEUS_COLUMNS = (*_WHICH, *_SHAPE, *_QUALITY, *RATE_COLUMNS, *CHROMATIN_COLUMNS, *_HOW)
