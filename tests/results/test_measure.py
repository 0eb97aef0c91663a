"""Tables against what was drawn into the image."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from chromamol.inference.domain_spacing import domain_spacing_nm
from chromamol.inference.rate_map import Scale
from chromamol.results.domains import domain_density, find_domains
from chromamol.results.measure import measure
from chromamol.settings import Role

from .conftest import (
    ACETYLATION_RATE_PER_S,
    DOMAIN_PERIOD_NM,
    SPACING_NM,
    composition_of,
    with_maps,
)


def discs(radii_nm, centres_nm, nucleus_radius_nm=2_000.0, noise=0.0):
    """A round nucleus of density 1 with discs of density 2, and its mask."""
    shape = (200, 260)
    y, x = (index * step for index, step in zip(np.indices(shape), SPACING_NM, strict=True))
    cy, cx = 2_200.0, 2_100.0
    mask = np.hypot(y - cy, x - cx) < nucleus_radius_nm
    density = np.ones(shape)
    for radius, (dy, dx) in zip(radii_nm, centres_nm, strict=True):
        density[np.hypot(y - cy - dy, x - cx - dx) < radius] = 2.0
    density += noise * np.random.default_rng(3).normal(size=shape)
    return np.where(mask, density, np.nan), mask


def one_nucleus(analysis, density, mask, rate=1.0):
    """An analysis of one free nucleus."""
    window = (slice(2, 198), slice(3, 250))
    first = analysis.per_nucleus[0]
    maps = {
        name: np.where(mask, values, np.nan)[window]
        for name, values in (("rate", rate), ("rate_sd", 0.1), ("residual", 0.0), ("compaction", 1))
    }
    rate_map = replace(first.rate_map, mask=mask[window], posterior=None, **maps)
    return replace(
        analysis,
        nuclei=replace(analysis.nuclei, labels=mask.astype(np.int32), touches_border=(False,)),
        composition=composition_of({Role.TOTAL: density}, calibrated=False),
        per_nucleus=(replace(first, window=window, rate_map=rate_map),),
    )


def test_nuclei_are_measured_as_they_were_drawn(analysis):
    table = measure(analysis).nuclei
    rate = analysis.full_map("rate")
    for row, label in zip(table.itertuples(), (1, 2), strict=True):
        inside = analysis.nuclei.labels == label
        assert row.nucleus == label
        assert row.image == "cell_3"
        assert row.area_um2 == pytest.approx(inside.sum() * 0.023 * 0.017)
        assert row.rate_mean == pytest.approx(rate[inside].mean())
        assert row.rate_median == pytest.approx(np.median(rate[inside]))
        assert row.rate_sd_of_map == pytest.approx(rate[inside].std())
        assert row.rate_sd_median == pytest.approx(0.05 * row.rate_median)
        assert row.findings == "ell-assumed;scale-relative"
    # The free nucleus is an ellipse around (1750, 3100) nm; pixel (0, 0) is centred at (11.5, 8.5).
    free = table.iloc[1]
    assert free.area_um2 == pytest.approx(math.pi * 1.5 * 1.1, rel=0.01)
    assert free.centroid_y_um == pytest.approx(1.750 + 0.0115, abs=0.005)
    assert free.centroid_x_um == pytest.approx(3.100 + 0.0085, abs=0.005)
    assert table.touches_border.tolist() == [True, False]


def test_holes_count_for_the_nucleus_and_not_for_its_maps(analysis):
    density, whole = discs([], [])
    y, x = (index * step for index, step in zip(np.indices(whole.shape), SPACING_NM, strict=True))
    centres_nm = [(1_600, 2_000), (2_700, 2_500)]
    holes = np.any([np.hypot(y - cy, x - cx) < 300 for cy, cx in centres_nm], axis=0)
    pierced = one_nucleus(analysis, density, whole & ~holes)
    nuclei = replace(pierced.nuclei, labels=whole.astype(np.int32), yx_holes=holes)
    (row,) = measure(replace(pierced, nuclei=nuclei)).nuclei.itertuples()
    assert row.hole_count == 2
    assert row.hole_area_um2 == pytest.approx(2 * math.pi * 0.3**2, rel=0.02)
    assert row.area_um2 == pytest.approx(math.pi * 2**2, rel=0.01)
    assert row.centroid_y_um == pytest.approx(2.2, abs=0.02)
    assert row.rate_area_fraction == 1


def test_the_error_of_a_mean_is_not_the_mean_of_the_errors(analysis):
    nuclei, domains = measure(analysis).nuclei, measure(analysis).domains
    rate_sd = analysis.full_map("rate_sd")
    for label, row in zip((1, 2), nuclei.itertuples(), strict=True):
        errors = rate_sd[analysis.nuclei.labels == label]
        assert row.rate_mean_sd == pytest.approx(np.sqrt((errors**2).sum()) / errors.size)
    # Of independent pixels, the error falls with the root of their number.
    pixels = domains.area_um2 / (0.023 * 0.017)
    np.testing.assert_allclose(
        domains.rate_mean_sd, 0.05 * domains.rate_mean / np.sqrt(pixels), rtol=0.1
    )


def test_the_interval_of_a_mean_is_that_of_a_lognormal(analysis):
    ratios = with_maps(analysis, *[{"scale": Scale.RATIO}] * 2)
    for row in measure(ratios).nuclei.itertuples():
        share = row.rate_mean_sd / row.rate_mean
        low, high = stats.lognorm.interval(0.95, share, scale=row.rate_mean)
        assert (row.rate_mean_low, row.rate_mean_high) == pytest.approx((low, high))
    for changed in ({"posterior": None}, {"scale": Scale.RELATIVE}):
        without = measure(with_maps(ratios, changed, changed)).nuclei
        assert without[["rate_mean_low", "rate_mean_high"]].isna().all(axis=None)
        assert without.rate_mean.notna().all()


def test_a_map_that_was_read_back_has_means_without_errors(analysis):
    stored = with_maps(analysis, {"posterior": None}, {"posterior": None})
    for table, whole in (
        (measure(stored).nuclei, measure(analysis).nuclei),
        (measure(stored).domains, measure(analysis).domains),
    ):
        assert table.rate_mean_sd.isna().all()
        np.testing.assert_array_equal(table.rate_mean, whole.rate_mean)


@pytest.mark.parametrize("hole_nm", [0.0, 500.0])
def test_rim_and_centre_are_thirds_of_the_area(analysis, hole_nm):
    radius_nm = 2_000.0
    density, mask = discs([], [])
    y, x = (index * step for index, step in zip(np.indices(mask.shape), SPACING_NM, strict=True))
    r_nm = np.hypot(y - 2_200, x - 2_100)
    mask &= r_nm >= hole_nm  # a nucleolus has no envelope around it
    alone = one_nucleus(analysis, density, mask, rate=r_nm)
    (row,) = measure(alone).nuclei.itertuples()
    third_nm2 = (radius_nm**2 - hole_nm**2) / 3

    def mean_radius_nm(inner_nm2, outer_nm2):
        return 2 / 3 * (outer_nm2**1.5 - inner_nm2**1.5) / (outer_nm2 - inner_nm2)

    rim = mean_radius_nm(radius_nm**2 - third_nm2, radius_nm**2)
    centre = mean_radius_nm(hole_nm**2, hole_nm**2 + third_nm2)
    assert row.rate_rim_mean == pytest.approx(rim, rel=0.01)
    assert row.rate_centre_mean == pytest.approx(centre, rel=0.01)


def test_shells_are_fifths_of_the_area(analysis):
    radius_nm = 2_000.0
    _, mask = discs([], [])
    y, x = (index * step for index, step in zip(np.indices(mask.shape), SPACING_NM, strict=True))
    r_nm = np.hypot(y - 2_200, x - 2_100)
    alone = one_nucleus(analysis, np.where(mask, 1 + r_nm, np.nan), mask, rate=r_nm)
    (row,) = measure(alone).nuclei.itertuples()
    for number in range(1, 6):
        outer, inner = (radius_nm * math.sqrt(1 - part / 5) for part in (number - 1, number))
        mean_nm = 2 / 3 * (outer**3 - inner**3) / (outer**2 - inner**2)
        assert getattr(row, f"rate_shell_{number}_mean") == pytest.approx(mean_nm, rel=0.015)
        assert getattr(row, f"density_shell_{number}_over_mean") == pytest.approx(
            mean_nm / (2 / 3 * radius_nm), rel=0.015
        )


def test_a_nucleus_that_is_cut_has_neither_rim_nor_shape(analysis):
    zones = measure(analysis).nuclei.filter(
        regex="rate_(rim|centre)_|shell|perimeter|circularity|eccentricity|solidity|axis|lamina"
    )
    assert zones.shape == (2, 4 + 10 + 6 + 1)
    assert zones.loc[0].isna().all()
    assert zones.loc[1].notna().all()


def test_absolute_rates_are_tabled_in_their_unit(absolute_analysis, analysis):
    absolute, ratio = measure(absolute_analysis).nuclei, measure(analysis).nuclei
    np.testing.assert_allclose(absolute.rate_mean, ACETYLATION_RATE_PER_S * ratio.rate_mean)
    assert set(absolute.quantity) == {"methylation rate"}
    assert set(absolute.scale) == {"ABSOLUTE"}


def test_both_tables_agree_about_the_domains(analysis):
    nuclei, domains = measure(analysis).nuclei, measure(analysis).domains
    for _, nucleus in nuclei.iterrows():
        own = domains[domains.nucleus == nucleus.nucleus]
        assert len(own) == nucleus.domain_count
        assert own.area_um2.sum() / nucleus.area_um2 == pytest.approx(
            nucleus.condensed_area_fraction
        )
        assert own.area_um2.median() == pytest.approx(nucleus.domain_area_median_um2)
        mean = np.average(own.density_over_nuclear_mean, weights=own.area_um2)
        assert mean == pytest.approx(nucleus.plateau_over_mean)


@pytest.mark.parametrize("noise", [0.0, 0.3])
def test_domains_are_the_discs_and_not_the_specks(noise):
    centres = [(0, 0), (900, -700), (-1000, 800), (0, 1200)]
    density, mask = discs([300, 250, 200, 15], centres, noise=noise)
    found = find_domains(density, mask, SPACING_NM)
    assert found.count == 3
    assert found.threshold == pytest.approx(1.5, abs=0.1)
    areas_nm2 = np.sort(np.bincount(found.labels.ravel())[1:]) * math.prod(SPACING_NM)
    np.testing.assert_allclose(np.sqrt(areas_nm2 / math.pi), [200, 250, 300], rtol=0.05)


def test_an_even_density_has_no_domain():
    density, mask = discs([], [])
    found = find_domains(density, mask, SPACING_NM)
    assert found.count == 0
    assert not found.hidden
    assert not found.labels.any()


def test_distance_to_the_rim_and_position_of_a_domain(analysis):
    density, mask = discs([150], [(-600, 800)])
    alone = one_nucleus(analysis, density, mask)
    (row,) = measure(alone).domains.itertuples()
    assert row.equivalent_diameter_nm == pytest.approx(300, rel=0.03)
    assert row.centroid_y_um == pytest.approx((2200 - 600 + 11.5) / 1e3, abs=0.005)
    assert row.centroid_x_um == pytest.approx((2100 + 800 + 8.5) / 1e3, abs=0.005)
    # In a round nucleus every point is as far from the rim as the radius is longer than its own.
    assert row.distance_to_rim_nm == pytest.approx(2000 - 1000, abs=25)
    assert row.density_over_nuclear_mean == pytest.approx(2 / density[mask].mean(), rel=0.02)


def test_shape_and_surroundings_of_a_domain(analysis):
    radius_nm, y_nm, x_nm = 300.0, 2_200 - 600, 2_100 + 400
    # A second one, 60 nm away, is none of the surroundings.
    density, mask = discs([radius_nm, 200], [(-600, 400), (-600, 400 - 560)])
    y, x = (index * step for index, step in zip(np.indices(mask.shape), SPACING_NM, strict=True))
    r_nm, other_nm = np.hypot(y - y_nm, x - x_nm), np.hypot(y - y_nm, x - x_nm + 560)
    rate = np.where(r_nm < radius_nm, 3.0, 1.0) + 5.0 * (other_nm < 200)
    rate[r_nm > radius_nm + 110] += 9.0  # further away than one resolution, 69 nm
    table = measure(one_nucleus(analysis, density, mask, rate=rate)).domains
    row = table.iloc[table.area_um2.argmax()]
    assert len(table) == 2
    assert row.radius_of_gyration_nm == pytest.approx(radius_nm / math.sqrt(2), rel=0.02)
    assert row.rate_mean == pytest.approx(3, abs=0.1)
    assert row.rate_around_mean == pytest.approx(1, abs=0.25)


def test_a_rod_has_the_radius_of_gyration_of_a_rod(analysis):
    density, mask = discs([], [])
    density[80:88, 60:180] = 2.0  # 184 nm x 2040 nm
    (row,) = measure(one_nucleus(analysis, density, mask)).domains.itertuples()
    expected_nm = math.hypot(184, 2040) / math.sqrt(12)
    assert row.radius_of_gyration_nm == pytest.approx(expected_nm, rel=0.02)


def test_where_the_image_cuts_the_nucleus_there_is_no_rim(analysis):
    table = measure(analysis).domains
    at_the_cut = table[(table.nucleus == 1) & (table.centroid_x_um < 0.1)]
    middle = at_the_cut[(at_the_cut.centroid_y_um - 1.7).abs() < 0.7]
    assert len(middle)
    assert (middle.distance_to_rim_nm > 500).all()


def test_spacing_is_the_period_of_the_domains(analysis):
    spacings = measure(analysis).nuclei.domain_spacing_nm
    np.testing.assert_allclose(spacings, DOMAIN_PERIOD_NM, rtol=0.12)


def test_noise_has_no_domains():
    density, mask = discs([], [], noise=0.3)
    counts = np.random.default_rng(0).poisson(0.02 * mask).astype(float)
    for noisy in (density, counts):
        found = find_domains(noisy, mask, SPACING_NM)
        assert found.count == 0
        assert found.hidden


def test_domains_that_noise_hides_are_unknown_and_not_zero(analysis):
    names = ["condensed_area_fraction", "domain_count", "lamina_layer_nm", "rhf"]
    even, mask = discs([], [])
    (none,) = measure(one_nucleus(analysis, even, mask)).nuclei[names].to_numpy()
    np.testing.assert_array_equal(none, 0)
    density, mask = discs([300, 250], [(0, 0), (900, -700)])
    seen = measure(one_nucleus(analysis, density, mask)).nuclei
    assert (seen[names[:2] + names[3:]] > 0).all(axis=None)
    # The same nucleus, of which hardly a localisation is left.
    few = np.random.default_rng(0).poisson(0.02 * np.nan_to_num(density)).astype(float)
    hidden = measure(one_nucleus(analysis, few, mask)).nuclei
    assert hidden[[*names, "plateau_over_mean", "domain_area_median_um2"]].isna().all(axis=None)
    assert hidden.compaction_contrast.notna().all()


def test_noise_has_no_spacing():
    density, mask = discs([], [], noise=0.3)
    assert math.isnan(domain_spacing_nm(density, mask, SPACING_NM, 69.0))


def test_total_and_euchromatin_give_heterochromatin():
    rng = np.random.default_rng(5)
    heterochromatin = rng.uniform(0.1, 0.4, (12, 17))
    euchromatin = heterochromatin.mean() + rng.uniform(-0.05, 0.05, (12, 17))
    euchromatin *= heterochromatin.mean() / euchromatin.mean()
    total = heterochromatin + euchromatin
    window, mask = (slice(0, 12), slice(0, 17)), np.ones((12, 17), bool)
    known = composition_of({Role.TOTAL: total, Role.EUCHROMATIN: euchromatin}, calibrated=True)
    np.testing.assert_allclose(domain_density(known, window, mask), heterochromatin)
    # Of unknown gains only the shape is left.
    gains = {Role.TOTAL: 700 * total, Role.EUCHROMATIN: 90 * euchromatin}
    unknown = domain_density(composition_of(gains, calibrated=False), window, mask)
    np.testing.assert_allclose(unknown * total.mean(), heterochromatin)


def test_heterochromatin_is_a_share_of_calibrated_chromatin(analysis):
    rng = np.random.default_rng(8)
    _, mask = discs([], [])
    h, e = rng.uniform(0.1, 0.4, mask.shape), rng.uniform(0.0, 0.3, mask.shape)
    expected = h[2:198, 3:250][mask[2:198, 3:250]].sum()
    expected /= (h + e)[2:198, 3:250][mask[2:198, 3:250]].sum()
    pairs = (
        {Role.HETEROCHROMATIN: h, Role.EUCHROMATIN: e},
        {Role.HETEROCHROMATIN: h, Role.TOTAL: h + e},
        {Role.EUCHROMATIN: e, Role.TOTAL: h + e},
    )
    alone = one_nucleus(analysis, h, mask)
    for densities in pairs:
        for calibrated in (True, False):
            composition = composition_of(densities, calibrated=calibrated)
            (row,) = measure(replace(alone, composition=composition)).nuclei.itertuples()
            found = row.heterochromatin_fraction
            assert found == pytest.approx(expected) if calibrated else math.isnan(found)


def test_condensation_is_that_of_the_stain_and_has_no_gain(analysis):
    density, mask = discs([400, 300], [(0, 0), (900, -700)])
    stain = np.where(mask, density - 0.5, np.nan)
    alone = one_nucleus(analysis, density, mask)
    rows = []
    for gain in (1.0, 250.0):
        densities = {Role.HETEROCHROMATIN: density, Role.TOTAL: gain * stain}
        composition = composition_of(densities, calibrated=False)
        rows += measure(replace(alone, composition=composition)).nuclei.itertuples()
    domains = math.pi * (0.4**2 + 0.3**2)
    others = math.pi * 2**2 - domains
    expected = 1.5 * domains / (1.5 * domains + 0.5 * others)
    assert rows[0].rhf == pytest.approx(expected, rel=0.05)
    for name in ("rhf", "ccp", "hc_ec_ratio", "condensed_area_fraction"):
        assert getattr(rows[1], name) == pytest.approx(getattr(rows[0], name))
    assert rows[0].ccp > 0


def test_a_rejected_fit_leaves_empty_cells_and_the_compaction(rejected_analysis):
    table = measure(rejected_analysis).nuclei
    assert table[["rate_mean", "rate_median", "rate_sd_of_map"]].isna().all(axis=None)
    assert (table.rate_area_fraction == 0).all()
    assert (table.compaction_contrast > 0).all()
    assert (table.domain_count > 0).all()
    assert table.status.tolist() == ["REJECTED", "REJECTED"]
    assert measure(rejected_analysis).domains.rate_mean.isna().all()
