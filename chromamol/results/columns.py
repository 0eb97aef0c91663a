"""The dictionary of the tables: every column, its unit and its meaning, declared once."""

from __future__ import annotations

from dataclasses import dataclass

from chromamol.settings import Role


@dataclass(frozen=True)
class Column:
    """One column of one table.

    Attributes
    ----------
    file : str
        The table that has the column.
    name : str
        Its header; ends in the unit where there is one.
    unit : str
        Unit of its values; "" where they have none, `RATE_UNIT` for rates.
    meaning : str
        What the values are and how they are computed.
    """

    file: str
    name: str
    unit: str
    meaning: str


NUCLEI_FILE = "nuclei.csv"
DOMAINS_FILE = "domains.csv"
COLUMNS_FILE = "columns.csv"
RATE_UNIT = "1/s, or none"  # 1/s where the scale is ABSOLUTE

_DENSITY = (
    "the density in which domains are sought: heterochromatin h; total minus euchromatin where "
    "those two are given; otherwise the one channel there is"
)
_RESOLUTION = "the resolution, the larger of 3 pixels and 60 nm"
_OF_THE_MEAN = (
    "Standard deviation of this mean by the posterior covariance, smaller than that of a pixel: "
    "of the noise, of the prior, and of an outline that is right to half a pixel. "
    "Empty where the method gives no covariance."
)
_BY_DISTANCE = (
    "by distance to the nuclear envelope (holes filled); empty where the image border cuts the "
    "nucleus."
)

_NUCLEI = (
    ("image", "", "Name of the image, without its suffix."),
    ("nucleus", "", "Number of the nucleus in the label image, from 1."),
    ("area_um2", "um2", "Area of the whole nucleus, with its holes: pixels times the pixel area."),
    (
        "hole_count",
        "",
        "Number of holes: nucleoli and other bodies with hardly any chromatin, and holes of a mask "
        "that was given. No map covers them.",
    ),
    ("hole_area_um2", "um2", "Area of the holes; the maps cover area_um2 less this."),
    ("centroid_y_um", "um", "Mean y of the pixel centres, from the image's top left corner."),
    ("centroid_x_um", "um", "Mean x of the pixel centres, from the image's top left corner."),
    ("touches_border", "", "Whether the image border cuts the nucleus: its area is a lower bound."),
    *(
        (
            f"{role.value}_intensity",
            "",
            f"Mean intensity of the channel of the role {role.value} in the nucleus without its "
            "holes, less the background, in the image's own units: as stored, so that it compares "
            "between images that were taken alike. Numbers of localisations where the image is "
            "counted. Empty where no channel has this role.",
        )
        for role in Role
    ),
    (
        "saturated_share",
        "",
        "Share of the pixels at the end of the range of the detector or the file, or piled up at "
        "the largest value; of the channel that has most.",
    ),
    (
        "signal_over_background_spread",
        "",
        "Mean intensity above background, over half of the span that holds 68 % of the background "
        "(blocks of 8 x 8 pixels outside of all nuclei): how sure the background is. Of the "
        "channel that has least; empty where the image shows too little background.",
    ),
    (
        "localisations_per_um2",
        "1/um2",
        "Localisations per area with chromatin, of the channel that has least; empty where the "
        "image does not count localisations.",
    ),
    (
        "detail_nm",
        "nm",
        "Size of the finest detail: root mean square slope over root mean square Laplacian of the "
        "intensity, smoothed over 2 pixels, noise subtracted; of the channel with the coarsest. "
        "Empty where noise hides it.",
    ),
    (
        "detail_over_others",
        "",
        "detail_nm over the median of the other nuclei of the image, three or more: a nucleus out "
        "of focus has a large one.",
    ),
    (
        "repeated_share",
        "",
        "Share of the localisations of the image that are another of the same molecule, where the "
        "table looks uncorrected for blinking; else empty.",
    ),
    ("rate_mean", RATE_UNIT, "Mean of the rate map over the pixels that have a rate."),
    (
        "rate_mean_sd",
        RATE_UNIT,
        f"{_OF_THE_MEAN} Where a map is divided by its average, the mean is 1 and this is 0.",
    ),
    ("rate_median", RATE_UNIT, "Median of the rate map over the pixels that have a rate."),
    (
        "rate_iqr_low",
        RATE_UNIT,
        "First quartile of the rate map: a quarter of the pixels is lower.",
    ),
    (
        "rate_iqr_high",
        RATE_UNIT,
        "Third quartile of the rate map: a quarter of the pixels is higher.",
    ),
    (
        "rate_sd_median",
        RATE_UNIT,
        "Median of the uncertainty map: the posterior standard deviation of a typical pixel.",
    ),
    ("rate_sd_of_map", RATE_UNIT, "Standard deviation of the rate map from pixel to pixel."),
    (
        "rate_area_fraction",
        "",
        "Share of the area with chromatin that has a rate.",
    ),
    (
        "rate_rim_mean",
        RATE_UNIT,
        f"Mean of the rate map over the outer third of the nuclear area {_BY_DISTANCE}",
    ),
    ("rate_rim_mean_sd", RATE_UNIT, _OF_THE_MEAN),
    (
        "rate_centre_mean",
        RATE_UNIT,
        f"Mean of the rate map over the inner third of the nuclear area {_BY_DISTANCE}",
    ),
    ("rate_centre_mean_sd", RATE_UNIT, _OF_THE_MEAN),
    (
        "compaction_contrast",
        "",
        "95th minus 5th percentile of the compaction map, whose average over the nucleus is 1.",
    ),
    ("condensed_area_fraction", "", "Share of the area with chromatin that lies in domains."),
    (
        "plateau_over_mean",
        "",
        f"Mean density in the domains over the mean density in the nucleus ({_DENSITY}).",
    ),
    (
        "domain_count",
        "",
        "Number of domains: connected regions of the density, smoothed to the resolution, above "
        "the midpoint of its two populations inside the nucleus (the means of the two classes of "
        f"Otsu's threshold), larger than a disc of {_RESOLUTION}, across.",
    ),
    ("domain_area_median_um2", "um2", "Median area of the domains."),
    (
        "domain_spacing_nm",
        "nm",
        "Period below 500 nm at which the radially averaged power spectrum of the density, per "
        "octave (k^2 P(k), white noise subtracted), is highest; empty where it has no peak there.",
    ),
    (
        "reaction_length_nm",
        "nm",
        "Reaction-diffusion length ell that was used; the findings say whether it was fitted, "
        "given or assumed.",
    ),
    (
        "quantity",
        "",
        "What the rate map is: a rate ratio, a methylation rate, a relative deposition, ...",
    ),
    (
        "scale",
        "",
        "How rates compare: ABSOLUTE (1/s), RATIO (between calibrated images), RELATIVE "
        "(1 is the average of this nucleus; levels do not compare between nuclei).",
    ),
    (
        "exploratory",
        "",
        "Whether the rate map only suggests what to look for, and is no measurement.",
    ),
    ("status", "", "How the solver ended: CONVERGED, CLOSED_FORM, NOT_CONVERGED, REJECTED, ..."),
    ("findings", "", "Codes of what has to be known, joined by ';'; sentences: provenance.json."),
)

_DOMAINS = (
    ("image", "", "Name of the image, without its suffix."),
    ("nucleus", "", "Number of the nucleus that the domain lies in."),
    ("domain", "", "Number of the domain in its nucleus, from 1, from top to bottom."),
    ("area_um2", "um2", "Area of the domain: its pixels times the pixel area."),
    ("equivalent_diameter_nm", "nm", "Diameter of the disc of the same area: 2 sqrt(area / pi)."),
    ("centroid_y_um", "um", "Mean y of the pixel centres, from the image's top left corner."),
    ("centroid_x_um", "um", "Mean x of the pixel centres, from the image's top left corner."),
    (
        "density_over_nuclear_mean",
        "",
        f"Mean density in the domain over the mean density in the nucleus ({_DENSITY}).",
    ),
    (
        "distance_to_rim_nm",
        "nm",
        "Mean over the domain's pixels of the distance to the nuclear envelope (holes filled); "
        "where the image border cuts the nucleus there is no rim.",
    ),
    ("rate_mean", RATE_UNIT, "Mean of the rate map over the domain; empty where it has no rate."),
    ("rate_mean_sd", RATE_UNIT, _OF_THE_MEAN),
)

_COLUMNS = (
    ("file", "", "The table that has the column."),
    ("column", "", "Header of the column."),
    ("unit", "", "Unit of its values; empty where they have none."),
    ("meaning", "", "What the values are and how they are computed."),
)

COLUMNS: tuple[Column, ...] = tuple(
    Column(file, *declaration)
    for file, declarations in (
        (NUCLEI_FILE, _NUCLEI),
        (DOMAINS_FILE, _DOMAINS),
        (COLUMNS_FILE, _COLUMNS),
    )
    for declaration in declarations
)


def column_names(file: str) -> list[str]:
    """Return the headers of one table, in their order."""
    return [column.name for column in COLUMNS if column.file == file]
