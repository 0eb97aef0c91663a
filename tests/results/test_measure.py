"""Tables against what was drawn into the image."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from chromamol.images.composition import Composition
from chromamol.inference.domain_spacing import domain_spacing_nm
from chromamol.results.domains import domain_density, find_domains
from chromamol.results.measure import domains_table, nuclei_table
from chromamol.settings import Role

from .conftest import DOMAIN_PERIOD_NM, SPACING_NM


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


def test_nuclei_are_measured_as_they_were_drawn(analysis):
    table = nuclei_table(analysis)
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


def test_both_tables_agree_about_the_domains(analysis):
    nuclei, domains = nuclei_table(analysis), domains_table(analysis)
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
    assert not found.labels.any()


def test_distance_to_the_rim_and_position_of_a_domain(analysis):
    density, mask = discs([150], [(-600, 800)])
    labels = mask.astype(np.int32)
    window = (slice(2, 198), slice(3, 250))
    first = analysis.per_nucleus[0]
    maps = {
        name: np.where(mask, 1.0, np.nan)[window]
        for name in ("rate", "rate_sd", "residual", "compaction")
    }
    rate_map = replace(first.rate_map, mask=mask[window], **maps)
    alone = replace(
        analysis,
        nuclei=replace(analysis.nuclei, labels=labels, touches_border=(False,)),
        composition=Composition({Role.TOTAL: density}, calibrated=False, roles={Role.TOTAL: 0}),
        per_nucleus=(replace(first, window=window, rate_map=rate_map),),
    )
    (row,) = domains_table(alone).itertuples()
    assert row.equivalent_diameter_nm == pytest.approx(300, rel=0.03)
    assert row.centroid_y_um == pytest.approx((2200 - 600 + 11.5) / 1e3, abs=0.005)
    assert row.centroid_x_um == pytest.approx((2100 + 800 + 8.5) / 1e3, abs=0.005)
    # In a round nucleus every point is as far from the rim as the radius is longer than its own.
    assert row.distance_to_rim_nm == pytest.approx(2000 - 1000, abs=25)
    assert row.density_over_nuclear_mean == pytest.approx(2 / density[mask].mean(), rel=0.02)


def test_where_the_image_cuts_the_nucleus_there_is_no_rim(analysis):
    table = domains_table(analysis)
    at_the_cut = table[(table.nucleus == 1) & (table.centroid_x_um < 0.1)]
    middle = at_the_cut[(at_the_cut.centroid_y_um - 1.7).abs() < 0.7]
    assert len(middle)
    assert (middle.distance_to_rim_nm > 500).all()


def test_spacing_is_the_period_of_the_domains(analysis):
    spacings = nuclei_table(analysis).domain_spacing_nm
    np.testing.assert_allclose(spacings, DOMAIN_PERIOD_NM, rtol=0.12)


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
    roles = {Role.TOTAL: 0, Role.EUCHROMATIN: 1}
    known = Composition({Role.TOTAL: total, Role.EUCHROMATIN: euchromatin}, True, roles)
    np.testing.assert_allclose(domain_density(known, window, mask), heterochromatin)
    # Of unknown gains only the shape is left.
    gains = {Role.TOTAL: 700 * total, Role.EUCHROMATIN: 90 * euchromatin}
    unknown = domain_density(Composition(gains, False, roles), window, mask)
    np.testing.assert_allclose(unknown * total.mean(), heterochromatin)


def test_a_rejected_fit_leaves_empty_cells_and_the_compaction(rejected_analysis):
    table = nuclei_table(rejected_analysis)
    assert table[["rate_mean", "rate_median", "rate_sd_of_map"]].isna().all(axis=None)
    assert (table.rate_area_fraction == 0).all()
    assert (table.compaction_contrast > 0).all()
    assert (table.domain_count > 0).all()
    assert table.status.tolist() == ["REJECTED", "REJECTED"]
    assert domains_table(rejected_analysis).rate_mean.isna().all()
