"""The columns of domains.csv."""

from __future__ import annotations

from chromamol.results.sources import (
    DENSITY,
    MEAN_SD,
    MODEL,
    NONE,
    OF_THE_MEAN,
    OURS,
    POSTERIOR,
    RATE_UNIT,
    RESOLUTION,
    STANDARD,
    Declaration,
)

DOMAIN_COLUMNS: tuple[Declaration, ...] = (
    ("image", "", "Name of the image, without its suffix.", NONE, OURS),
    ("nucleus", "", "Number of the nucleus that the domain lies in.", NONE, OURS),
    (
        "domain",
        "",
        "Number of the domain in its nucleus, from 1, from top to bottom.",
        NONE,
        OURS,
    ),
    ("area_um2", "um2", "Area of the domain.", "number of pixels * pixel area", STANDARD),
    (
        "equivalent_diameter_nm",
        "nm",
        "Diameter of the disc of the same area.",
        "2 sqrt(area / pi)",
        STANDARD,
    ),
    (
        "radius_of_gyration_nm",
        "nm",
        "Radius of gyration of its shape: how far it reaches from its centre. 0.71 of the radius "
        "for a disc, more where it is long or branched.",
        "sqrt(mean over its area of |r - centroid|^2)",
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
        "density_over_nuclear_mean",
        "",
        f"Mean density in the domain over the mean density in the nucleus ({DENSITY}).",
        "mean of d over the domain / mean of d over the nucleus without its holes",
        OURS,
    ),
    (
        "distance_to_rim_nm",
        "nm",
        "Mean over the domain's pixels of the distance to the nuclear envelope (holes filled); "
        "where the image border cuts the nucleus there is no rim.",
        "mean of the Euclidean distance to the nearest pixel centre outside",
        STANDARD,
    ),
    (
        "rate_mean",
        RATE_UNIT,
        "Mean of the rate map over the domain; empty where it has no rate.",
        "mean of lambda (see rate_mean of nuclei.csv) over its pixels",
        MODEL,
    ),
    ("rate_mean_sd", RATE_UNIT, OF_THE_MEAN, MEAN_SD, POSTERIOR),
    (
        "rate_around_mean",
        RATE_UNIT,
        f"Mean of the rate map in a shell around the domain, as wide as {RESOLUTION}; pixels of "
        "other domains are left out. Empty where there is no rate.",
        "mean of lambda over the pixels of the nucleus in no domain and at most one resolution "
        "from this one",
        OURS,
    ),
)
