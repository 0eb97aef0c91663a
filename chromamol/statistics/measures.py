"""What is compared between groups: measures of a nucleus, and of which nuclei they hold."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from chromamol.inference.rate_map import Scale
from chromamol.results.in_words import DOUBTS

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

LEVEL_REASON = (
    "The rates are relative: each map was divided by its own average, as the gain of the channels "
    "is unknown, and a different gain would hide or feign a change of the level. Only patterns "
    "compare. Calibrate the channels (intensity_per_fraction), all images alike."
)

EXPLORATORY_REASON = (
    "Some maps are exploratory: they come from a total density, alone or of unknown gain beside "
    "another channel, or from the method direct or network, whose maps, unlike those of weak-form, "
    "are not tested for false patterns. A difference between them is not a difference of the rates."
)


@dataclass(frozen=True)
class Measure:
    """A number of each nucleus that groups are compared by.

    Attributes
    ----------
    name : str
    label : str
        For people, with its unit.
    of_rate : bool
        Whether it comes from the rate map: nuclei whose map must not be believed do not count.
    is_level : bool
        Whether it is the level of the rate, which compares between calibrated images only.
    whole : bool
        Whether a nucleus that the image border cuts does not count.
    may_be_zero : bool
        Whether zero is a value like others, as where a nucleus has no domain. There is no logarithm
        of it: nuclei are averaged by their arithmetic mean, always.
    """

    name: str
    label: str
    of_rate: bool = False
    is_level: bool = False
    whole: bool = False
    may_be_zero: bool = False


# None but the levels of the rate depends on the gain of an image. They are few, as q grows with
# their number: the HC/EC ratio and the relative heterochromatin fraction say what the condensed
# share and the density in domains say.
MEASURES = (
    Measure("rate_mean", "mean rate", of_rate=True, is_level=True),
    Measure("rate_median", "median rate", of_rate=True, is_level=True),
    Measure("rate_rim_over_centre", "rate at the rim over that in the centre", of_rate=True),
    Measure("rate_variation", "variation of the rate (sd of the map over its mean)", of_rate=True),
    Measure("area_um2", "nuclear area (µm²)", whole=True),
    Measure("circularity", "circularity of the nucleus", whole=True),
    Measure("compaction_contrast", "contrast of compaction"),
    Measure("condensed_area_fraction", "condensed share of the area", may_be_zero=True),
    Measure("plateau_over_mean", "density in domains over the mean"),
    Measure("domain_area_median_um2", "median area of domains (µm²)"),
    Measure("domain_spacing_nm", "spacing of domains (nm)"),
    Measure("lamina_layer_nm", "condensed layer at the lamina (nm)", whole=True, may_be_zero=True),
    Measure("ccp", "chromatin condensation parameter (%)", may_be_zero=True),
)

_QUOTIENTS = {
    "rate_rim_over_centre": ("rate_rim_mean", "rate_centre_mean"),
    "rate_variation": ("rate_sd_of_map", "rate_mean"),
}


def values_of(measure: Measure, nuclei: pd.DataFrame) -> pd.Series:
    """Return the measure of each nucleus; NaN where it does not count.

    Parameters
    ----------
    measure : Measure
    nuclei : pandas.DataFrame
        ``nuclei.csv`` of a batch.

    Returns
    -------
    pandas.Series
        float64, positive or NaN; zero, too, where it may be.
    """
    numerator, *denominators = _columns_of(measure)
    values = nuclei[numerator].astype(np.float64)
    for denominator in denominators:
        values = values / nuclei[denominator]
    counts = values >= 0 if measure.may_be_zero else values > 0
    if measure.of_rate:
        counts &= ~is_doubted(nuclei)
    if measure.whole:
        counts &= ~nuclei["touches_border"].astype(bool)
    return values.where(counts)


def log_means(measure: Measure, values: pd.Series, units: Sequence[pd.Series]) -> pd.Series:
    """Return the logarithm of the mean of each unit.

    The mean is the geometric one, as measures change in proportion; of a measure that may be zero
    it is the arithmetic one, whether there is a zero or not: a single nucleus does not change what
    is estimated.

    Parameters
    ----------
    measure : Measure
    values : pandas.Series
        From `values_of`, without NaN.
    units : sequence of pandas.Series
        What each value belongs to.
    """
    if not measure.may_be_zero:
        return np.log(values).groupby(units).mean()
    with np.errstate(divide="ignore"):
        return np.log(values.groupby(units).mean())


def is_doubted(nuclei: pd.DataFrame) -> pd.Series:
    """Tell of each nucleus whether its map must not be believed."""
    codes = nuclei["findings"].astype(object).fillna("").str.split(";")
    return codes.map(lambda found: not DOUBTS.isdisjoint(found)).astype(bool)


def why_not(measure: Measure, nuclei: pd.DataFrame) -> str:
    """Return why a measure is not compared; empty if it is."""
    missing = [name for name in _columns_of(measure) if name not in nuclei]
    if missing:
        return (
            f"The tables have no column {missing[0]}, as those of an earlier version. Analyse the "
            "images again."
        )
    if measure.of_rate and nuclei["exploratory"].astype(bool).any():
        return EXPLORATORY_REASON
    if measure.of_rate and nuclei["quantity"].nunique() > 1:
        found = ", ".join(sorted(nuclei["quantity"].unique()))
        return f"The rates are of several kinds, which do not compare: {found}."
    if measure.is_level and (nuclei["scale"] == Scale.RELATIVE.name).any():
        return LEVEL_REASON
    if measure.is_level and nuclei["scale"].nunique() > 1:
        return "The rates of some images have a unit, and those of others have none."
    return ""


def _columns_of(measure: Measure) -> tuple[str, ...]:
    """Name the columns of a measure: one, or two of which it is the quotient."""
    return _QUOTIENTS.get(measure.name, (measure.name,))
