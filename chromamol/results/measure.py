"""Nuclei and domains in numbers: one tidy row each, units in the headers."""

from __future__ import annotations

import math
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from scipy import ndimage

from chromamol.inference.domain_spacing import domain_spacing_nm
from chromamol.results.columns import DOMAINS_FILE, NUCLEI_FILE, column_names
from chromamol.results.domains import Domains, domain_density, find_domains, resolution_nm
from chromamol.results.naming import naming_of
from chromamol.settings import Role

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from chromamol.analysis import Analysis, NucleusAnalysis

    Row = dict[str, object]


def nuclei_table(analysis: Analysis) -> pd.DataFrame:
    """Measure every nucleus.

    Parameters
    ----------
    analysis : Analysis

    Returns
    -------
    pandas.DataFrame
        One row a nucleus; the columns are explained in `chromamol.results.columns`.
    """
    rows = [_nucleus_row(analysis, nucleus) for nucleus in analysis.per_nucleus]
    return pd.DataFrame(rows, columns=column_names(NUCLEI_FILE))


def domains_table(analysis: Analysis) -> pd.DataFrame:
    """Measure every chromatin domain of every nucleus.

    Parameters
    ----------
    analysis : Analysis

    Returns
    -------
    pandas.DataFrame
        One row a domain; the columns are explained in `chromamol.results.columns`.
    """
    rows: list[Row] = []
    for nucleus in analysis.per_nucleus:
        rows += _domain_rows(analysis, nucleus)
    return pd.DataFrame(rows, columns=column_names(DOMAINS_FILE))


def domain_labels(analysis: Analysis) -> NDArray[np.int32]:
    """Return the domains of all nuclei, with the numbers of the rows of `domains_table`.

    Parameters
    ----------
    analysis : Analysis

    Returns
    -------
    (y, x) int32
        0 outside the domains.
    """
    labels = np.zeros(analysis.nuclei.labels.shape, np.int32)
    count = 0
    for nucleus in analysis.per_nucleus:
        _, domains = _domains_of(analysis, nucleus)
        inside = domains.labels > 0
        labels[nucleus.window][inside] = domains.labels[inside] + count
        count += domains.count
    return labels


def _nucleus_row(analysis: Analysis, nucleus: NucleusAnalysis) -> Row:
    """Measure one nucleus."""
    rate_map, spacing = nucleus.rate_map, analysis.yx_spacing_nm
    mask = rate_map.mask
    density, domains = _domains_of(analysis, nucleus)
    condensed = domains.labels > 0
    areas_px = np.bincount(domains.labels.ravel(), minlength=1)[1:]
    rate = rate_map.rate[mask & np.isfinite(rate_map.rate)]
    rate_sd = rate_map.rate_sd[mask & np.isfinite(rate_map.rate_sd)]
    compaction = rate_map.compaction[mask & np.isfinite(rate_map.compaction)]
    low, median, high = _percentiles(rate, 25, 50, 75)
    sparse, dense = _percentiles(compaction, 5, 95)
    whole = analysis.nuclei.labels[nucleus.window] == nucleus.label
    hole_count, hole_area_um2 = _holes(analysis, nucleus)
    y_um, x_um = _centroid_um(whole, nucleus.window, spacing)
    rate_mean, rate_mean_sd = rate_map.mean_over(mask)
    return {
        "image": analysis.image.name,
        "nucleus": nucleus.label,
        "area_um2": whole.sum() * _pixel_um2(spacing),
        "hole_count": hole_count,
        "hole_area_um2": hole_area_um2,
        "centroid_y_um": y_um,
        "centroid_x_um": x_um,
        "touches_border": analysis.nuclei.touches_border[nucleus.label - 1],
        **_intensities(analysis, nucleus),
        **asdict(nucleus.quality),
        "rate_mean": rate_mean,
        "rate_mean_sd": rate_mean_sd,
        "rate_median": median,
        "rate_iqr_low": low,
        "rate_iqr_high": high,
        "rate_sd_median": _percentiles(rate_sd, 50)[0],
        "rate_sd_of_map": float(rate.std()) if rate.size else float("nan"),
        "rate_area_fraction": rate.size / mask.sum(),
        **_zone_means(analysis, nucleus),
        "compaction_contrast": dense - sparse,
        "condensed_area_fraction": condensed.sum() / mask.sum(),
        "plateau_over_mean": _ratio(_mean(density[condensed]), density[mask].mean()),
        "domain_count": domains.count,
        "domain_area_median_um2": _percentiles(areas_px, 50)[0] * _pixel_um2(spacing),
        "domain_spacing_nm": domain_spacing_nm(density, mask, spacing, resolution_nm(spacing)),
        "reaction_length_nm": rate_map.reaction_length_nm,
        "quantity": naming_of(rate_map.quantity, rate_map.scale).name,
        "scale": rate_map.scale.name,
        "exploratory": rate_map.exploratory,
        "status": rate_map.status.name,
        "findings": ";".join(finding.code for finding in rate_map.findings),
    }


def _intensities(analysis: Analysis, nucleus: NucleusAnalysis) -> Row:
    """Average every channel above its background, in the image's own units."""
    composition, mask = analysis.composition, nucleus.rate_map.mask
    return {
        f"{role.value}_intensity": composition.gains[role]
        * float(composition.density(role, nucleus.window)[mask].mean())
        if role in composition.roles
        else float("nan")
        for role in Role
    }


def _domain_rows(analysis: Analysis, nucleus: NucleusAnalysis) -> list[Row]:
    """Measure the domains of one nucleus."""
    rate_map, spacing = nucleus.rate_map, analysis.yx_spacing_nm
    density, domains = _domains_of(analysis, nucleus)
    nuclear_mean = density[rate_map.mask].mean()
    distance_nm = _distance_to_rim_nm(analysis, nucleus)
    rows: list[Row] = []
    for number, box in enumerate(ndimage.find_objects(domains.labels), start=1):
        inside = domains.labels[box] == number
        window = _shift(box, nucleus.window)
        y_um, x_um = _centroid_um(inside, window, spacing)
        area_um2 = inside.sum() * _pixel_um2(spacing)
        rate_mean, rate_mean_sd = rate_map.mean_over(domains.labels == number)
        rows.append(
            {
                "image": analysis.image.name,
                "nucleus": nucleus.label,
                "domain": number,
                "area_um2": area_um2,
                "equivalent_diameter_nm": 2e3 * math.sqrt(area_um2 / math.pi),
                "centroid_y_um": y_um,
                "centroid_x_um": x_um,
                "density_over_nuclear_mean": _ratio(density[box][inside].mean(), nuclear_mean),
                "distance_to_rim_nm": distance_nm[box][inside].mean(),
                "rate_mean": rate_mean,
                "rate_mean_sd": rate_mean_sd,
            }
        )
    return rows


def _holes(analysis: Analysis, nucleus: NucleusAnalysis) -> tuple[int, float]:
    """Count the holes of one nucleus, and measure their area, um2."""
    whole = analysis.nuclei.labels[nucleus.window] == nucleus.label
    holes = whole & (analysis.nuclei.chromatin[nucleus.window] == 0)
    _, count = ndimage.label(holes, np.ones((3, 3)))
    return count, float(holes.sum() * _pixel_um2(analysis.yx_spacing_nm))


def _zone_means(analysis: Analysis, nucleus: NucleusAnalysis) -> Row:
    """Average the rate over the outer and the inner third of a nucleus that is whole."""
    rate_map = nucleus.rate_map
    rim = centre = np.zeros_like(rate_map.mask)
    if not analysis.nuclei.touches_border[nucleus.label - 1]:
        distance_nm = _distance_to_rim_nm(analysis, nucleus)
        third, two_thirds = np.quantile(distance_nm[rate_map.mask], (1 / 3, 2 / 3))
        rim, centre = (
            rate_map.mask & part for part in (distance_nm <= third, distance_nm > two_thirds)
        )
    means: Row = {}
    for name, zone in (("rim", rim), ("centre", centre)):
        means[f"rate_{name}_mean"], means[f"rate_{name}_mean_sd"] = rate_map.mean_over(zone)
    return means


def _domains_of(
    analysis: Analysis, nucleus: NucleusAnalysis
) -> tuple[NDArray[np.float64], Domains]:
    """Return the density of one nucleus and its domains."""
    mask = nucleus.rate_map.mask
    density = domain_density(analysis.composition, nucleus.window, mask)
    return density, find_domains(density, mask, analysis.yx_spacing_nm)


def _distance_to_rim_nm(analysis: Analysis, nucleus: NucleusAnalysis) -> NDArray[np.float64]:
    """Distance of each pixel of the window to the envelope of the nucleus, holes filled, nm."""
    rows, columns = nucleus.window
    # One pixel more on each side, but never past the image: its border is a cut, not a rim.
    top, left = max(rows.start - 1, 0), max(columns.start - 1, 0)
    inside = analysis.nuclei.labels[top : rows.stop + 1, left : columns.stop + 1] == nucleus.label
    if inside.all():
        return np.full(nucleus.rate_map.mask.shape, np.nan)
    distance: NDArray[np.float64] = ndimage.distance_transform_edt(
        ndimage.binary_fill_holes(inside), sampling=analysis.yx_spacing_nm
    )
    height, width = nucleus.rate_map.mask.shape
    y, x = rows.start - top, columns.start - left
    return distance[y : y + height, x : x + width]


def _shift(box: tuple[slice, slice], window: tuple[slice, slice]) -> tuple[slice, slice]:
    """Move a box from the window's frame to the image's."""
    rows, columns = (
        slice(part.start + frame.start, part.stop + frame.start)
        for part, frame in zip(box, window, strict=True)
    )
    return rows, columns


def _centroid_um(
    inside: NDArray[np.bool_], window: tuple[slice, slice], yx_spacing_nm: tuple[float, float]
) -> tuple[float, float]:
    """Mean position of the pixel centres, um from the image's top left corner."""
    y, x = (
        float(indices.mean() + frame.start + 0.5) * step / 1e3
        for indices, frame, step in zip(np.nonzero(inside), window, yx_spacing_nm, strict=True)
    )
    return y, x


def _pixel_um2(yx_spacing_nm: tuple[float, float]) -> float:
    """Area of a pixel, um2."""
    return math.prod(yx_spacing_nm) / 1e6


def _mean(values: NDArray[np.float64]) -> float:
    """Mean, or NaN of nothing."""
    return float(values.mean()) if values.size else float("nan")


def _ratio(value: float, of: float) -> float:
    """Ratio, or NaN of nothing."""
    return float(value / of) if of else float("nan")


def _percentiles(values: NDArray[Any], *levels: float) -> list[float]:
    """Percentiles, or NaN of nothing."""
    if not values.size:
        return [float("nan")] * len(levels)
    return [float(value) for value in np.percentile(values, levels)]
