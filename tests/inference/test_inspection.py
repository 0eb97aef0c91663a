"""What is seen before the fit: no euchromatin, excluded bodies, pieces."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage

from chromamol.images.smoothing import smooth_inside, smoothed_noise_sd
from chromamol.inference import findings
from chromamol.inference.inspection import excluded_bodies, mask_pieces, undefined_rate
from chromamol.simulation import simulate_field

ELL_NM, SPACING_NM = 141.4, (10.0, 20.0)
SHAPE = (150, 100)


@pytest.fixture(scope="module")
def mask() -> np.ndarray:
    y, x = np.indices(SHAPE)
    return np.hypot((y - 75) / 70, (x - 50) / 46) < 1


def disc(centre_nm: tuple[float, float], radius_nm: float) -> np.ndarray:
    y, x = np.indices(SHAPE)
    return np.hypot(y * 10.0 - centre_nm[0], x * 20.0 - centre_nm[1]) < radius_nm


def test_the_noise_that_smoothing_leaves(mask):
    draws = np.stack(
        [
            smooth_inside(np.random.default_rng(seed).standard_normal(SHAPE), mask, 45, SPACING_NM)
            for seed in range(300)
        ]
    )
    predicted = smoothed_noise_sd(mask, 45.0, SPACING_NM)
    ratio = draws.std(axis=0)[mask] / predicted[mask]
    assert ratio.mean() == pytest.approx(1, abs=0.02)
    rim = mask & ~ndimage.binary_erosion(mask, iterations=2)
    assert (draws.std(axis=0) / predicted)[rim].mean() == pytest.approx(1, abs=0.05)
    assert np.isnan(predicted[~mask]).all()


@pytest.mark.parametrize("noise_sd", [0.0, 0.05])
def test_places_without_euchromatin(mask, noise_sd):
    hole = disc((700, 900), 250)
    noise = noise_sd * np.random.default_rng(2).standard_normal(SHAPE)
    euchromatin = np.where(mask, np.where(hole, 0.0, 0.25) + noise, np.nan)
    undefined = undefined_rate(euchromatin, noise_sd, mask, SPACING_NM, ELL_NM)
    assert undefined[disc((700, 900), 140)].mean() > 0.8
    assert not undefined[~disc((700, 900), 250)].any()


def test_euchromatin_of_a_simulated_nucleus_is_everywhere(nucleus):
    channels = nucleus.channels(0.1)
    sd = 0.1 * nucleus.heterochromatin[nucleus.mask].std()
    undefined = undefined_rate(
        channels["euchromatin"], sd, nucleus.mask, nucleus.spacing_nm, ELL_NM
    )
    assert not undefined.any()


def test_noise_above_signal_is_no_proof_that_there_is_none(mask):
    noise = np.random.default_rng(3).standard_normal(SHAPE)
    undefined = undefined_rate(0.01 + noise, 1.0, mask, SPACING_NM, ELL_NM)
    assert undefined[mask].mean() < 0.02


def test_nucleoli_are_counted(mask):
    rng = np.random.default_rng(4)
    bodies = disc((500, 700), 200) | disc((1000, 1200), 300)
    speck = disc((400, 1300), 60)
    channels = [
        (
            gain * (np.where(bodies | speck, 0.02, level) + 0.02 * rng.standard_normal(SHAPE)),
            0.02 * gain,
        )
        for gain, level in ((1.0, 0.3), (5000.0, 0.2))
    ]
    found = excluded_bodies(channels, mask, SPACING_NM, ELL_NM)
    assert found.count == 2
    assert found.share == pytest.approx(bodies.sum() / mask.sum(), rel=0.15)
    assert set(np.unique(found.labels)) == {0, 1, 2}
    assert not found.labels[speck].any()
    assert findings.excluded_bodies(found.count, found.share).sentence.startswith("2 regions")


def test_domains_of_a_simulated_nucleus_are_no_bodies(nucleus):
    channels = [(yx, 0.0) for yx in nucleus.channels(0.1).values()]
    assert excluded_bodies(channels, nucleus.mask, nucleus.spacing_nm, ELL_NM).count == 0


def test_a_rate_low_inside_makes_no_body():
    truth = simulate_field("step", 0, side_px=96)
    channels = [(yx, 0.0) for yx in truth.with_noise(0.1, 0)[:2]]
    assert excluded_bodies(channels, truth.mask, (10.0, 10.0), ELL_NM).count == 0


def test_pieces_of_a_mask():
    mask = np.zeros((60, 90), dtype=bool)
    mask[5:25, 5:45] = True
    mask[10:15, 10:20] = False  # a hole
    mask[25:45, 45:80] = True  # touches the first at a corner
    mask[50:57, 5:14] = True  # 63 px
    mask[50:58, 30:38] = True  # 64 px
    pieces = mask_pieces(mask)
    assert (pieces.count, pieces.too_small) == (3, 1)
    finding = findings.mask_in_pieces(pieces.count, pieces.too_small)
    assert "3 separate pieces" in finding.sentence
    assert "1 more" in finding.sentence
    np.testing.assert_array_equal(
        pieces.kept ^ mask,
        (np.indices(mask.shape)[0] >= 50) & mask & (np.indices(mask.shape)[1] < 20),
    )


def test_one_piece_with_holes_is_one_piece(mask):
    pieces = mask_pieces(mask & ~disc((700, 900), 200))
    assert (pieces.count, pieces.too_small) == (1, 0)


def test_an_empty_mask_has_no_pieces():
    assert mask_pieces(np.zeros((5, 7), dtype=bool)).count == 0
