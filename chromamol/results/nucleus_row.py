"""A nucleus in numbers."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

import numpy as np
from scipy import ndimage

from chromamol.inference.domain_spacing import domain_spacing_nm
from chromamol.inference.rate_map import Scale
from chromamol.results.condensation import (
    bright_over_others,
    chromatin_condensation_parameter,
    lamina_layer_nm,
)
from chromamol.results.domains import resolution_nm
from chromamol.results.naming import naming_of
from chromamol.results.regions import centroid_um, mean, percentiles, pixel_um2, ratio
from chromamol.results.shape import Shape, shape_of
from chromamol.results.sources import SHELL_COUNT
from chromamol.settings import Role

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from chromamol.analysis import Analysis, NucleusAnalysis
    from chromamol.images.composition import Composition
    from chromamol.results.nucleus_pixels import NucleusPixels

    Row = dict[str, object]


def nucleus_row(analysis: Analysis, nucleus: NucleusAnalysis, pixels: NucleusPixels) -> Row:
    """Measure one nucleus.

    Parameters
    ----------
    analysis : Analysis
    nucleus : NucleusAnalysis
        One of its nuclei.
    pixels : NucleusPixels
        Of this nucleus.

    Returns
    -------
    dict
        By the names of the columns of nuclei.csv.
    """
    rate_map = nucleus.rate_map
    shape = Shape() if pixels.is_cut else shape_of(pixels.whole, pixels.yx_spacing_nm)
    return {
        **_place(analysis, nucleus, pixels),
        **asdict(shape),
        **_intensities(analysis, nucleus),
        **asdict(nucleus.quality),
        **_rates(pixels),
        **_zones(pixels),
        **_chromatin(pixels),
        **_condensed(pixels, shape),
        "heterochromatin_fraction": _heterochromatin_fraction(analysis.composition, pixels),
        "reaction_length_nm": rate_map.reaction_length_nm,
        "quantity": naming_of(rate_map.quantity, rate_map.scale).name,
        "scale": rate_map.scale.name,
        "exploratory": rate_map.exploratory,
        "status": rate_map.status.name,
        "findings": ";".join(finding.code for finding in rate_map.findings),
    }


def _place(analysis: Analysis, nucleus: NucleusAnalysis, pixels: NucleusPixels) -> Row:
    """Measure where a nucleus is and how large, and its holes."""
    whole, spacing = pixels.whole, pixels.yx_spacing_nm
    holes = whole & (analysis.nuclei.chromatin[nucleus.window] == 0)
    _, hole_count = ndimage.label(holes, np.ones((3, 3)))
    y_um, x_um = centroid_um(whole, nucleus.window, spacing)
    return {
        "area_um2": whole.sum() * pixel_um2(spacing),
        "hole_count": hole_count,
        "hole_area_um2": float(holes.sum() * pixel_um2(spacing)),
        "centroid_y_um": y_um,
        "centroid_x_um": x_um,
        "touches_border": pixels.is_cut,
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


def _rates(pixels: NucleusPixels) -> Row:
    """Describe how the rate is spread over a nucleus."""
    rate_map, mask = pixels.rate_map, pixels.mask
    rate = rate_map.rate[mask & np.isfinite(rate_map.rate)]
    rate_sd = rate_map.rate_sd[mask & np.isfinite(rate_map.rate_sd)]
    quartile, median, upper_quartile = percentiles(rate, 25, 50, 75)
    rate_mean, rate_mean_sd = rate_map.mean_over(mask)
    # The mean of a relative map is 1 by definition: an interval of no width is no knowledge.
    is_relative = rate_map.scale is Scale.RELATIVE
    low, high = rate_map.interval_of(rate_mean, float("nan") if is_relative else rate_mean_sd)
    return {
        "rate_mean": rate_mean,
        "rate_mean_sd": rate_mean_sd,
        "rate_mean_low": float(low),
        "rate_mean_high": float(high),
        "rate_median": median,
        "rate_iqr_low": quartile,
        "rate_iqr_high": upper_quartile,
        "rate_sd_median": percentiles(rate_sd, 50)[0],
        "rate_sd_of_map": float(rate.std()) if rate.size else float("nan"),
        "rate_area_fraction": rate.size / mask.sum(),
    }


def _zones(pixels: NucleusPixels) -> Row:
    """Average over rim and centre, thirds of the area, and over shells of equal area."""
    thirds, shells = _from_rim_to_centre(pixels, 3), _from_rim_to_centre(pixels, SHELL_COUNT)
    rate = pixels.rate_map.rate
    row: Row = {}
    for name, zone in (("rim", thirds == 1), ("centre", thirds == 3)):
        zone_mean, zone_mean_sd = pixels.rate_map.mean_over(zone)
        row |= {f"rate_{name}_mean": zone_mean, f"rate_{name}_mean_sd": zone_mean_sd}
    nuclear_mean = pixels.density[pixels.mask].mean()
    for number in range(1, SHELL_COUNT + 1):
        shell = shells == number
        row[f"rate_shell_{number}_mean"] = mean(rate[shell & np.isfinite(rate)])
        row[f"density_shell_{number}_over_mean"] = ratio(mean(pixels.density[shell]), nuclear_mean)
    return row


def _from_rim_to_centre(pixels: NucleusPixels, count: int) -> NDArray[np.intp]:
    """Tell the pixels of shells of equal area, from 1 at the rim; 0 outside, and if it is cut."""
    numbers = np.zeros(pixels.mask.shape, np.intp)
    if not pixels.is_cut:
        distance_nm = pixels.distance_nm[pixels.mask]
        edges = np.quantile(distance_nm, np.arange(1, count) / count)
        numbers[pixels.mask] = 1 + np.searchsorted(edges, distance_nm)
    return numbers


def _chromatin(pixels: NucleusPixels) -> Row:
    """Describe compaction and condensation, without regard to domains."""
    spacing, mask, compaction = pixels.yx_spacing_nm, pixels.mask, pixels.rate_map.compaction
    sparse, dense = percentiles(compaction[mask & np.isfinite(compaction)], 5, 95)
    return {
        "compaction_contrast": dense - sparse,
        "domain_spacing_nm": domain_spacing_nm(
            pixels.density, mask, spacing, resolution_nm(spacing)
        ),
        "ccp": chromatin_condensation_parameter(pixels.stain, pixels.whole, spacing),
        "hc_ec_ratio": bright_over_others(pixels.stain, mask, spacing),
    }


def _condensed(pixels: NucleusPixels, shape: Shape) -> Row:
    """Describe the domains; where noise hides them, nothing is known of them."""
    spacing, mask, density = pixels.yx_spacing_nm, pixels.mask, pixels.density
    stain, domains = pixels.stain, pixels.domains
    condensed = domains.labels > 0
    areas_px = np.bincount(domains.labels.ravel(), minlength=1)[1:]
    row: Row = {
        "condensed_area_fraction": condensed.sum() / mask.sum(),
        "plateau_over_mean": ratio(mean(density[condensed]), density[mask].mean()),
        "domain_count": domains.count,
        "domain_area_median_um2": percentiles(areas_px, 50)[0] * pixel_um2(spacing),
        "lamina_layer_nm": lamina_layer_nm(
            domains.labels, pixels.distance_nm, pixels.whole, 1e3 * shape.perimeter_um, spacing
        ),
        "rhf": ratio(stain[condensed].sum(), stain[mask].sum()),
    }
    return dict.fromkeys(row, float("nan")) if domains.hidden else row


def _heterochromatin_fraction(composition: Composition, pixels: NucleusPixels) -> float:
    """Return the share of heterochromatin in all chromatin; NaN where the gains are unknown."""
    if not composition.calibrated or len(composition.roles) < 2:
        return float("nan")
    content = {
        role: float(composition.density(role, pixels.window)[pixels.mask].sum())
        for role in composition.roles
    }
    if Role.TOTAL not in content:
        return ratio(content[Role.HETEROCHROMATIN], sum(content.values()))
    if Role.HETEROCHROMATIN in content:
        return ratio(content[Role.HETEROCHROMATIN], content[Role.TOTAL])
    return 1 - ratio(content[Role.EUCHROMATIN], content[Role.TOTAL])
