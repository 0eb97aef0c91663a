"""Merging against pandas; the warning of blinking against simulated molecules."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from chromamol.errors import InputError
from chromamol.images.localisations.blinking import blinking, was_merged
from chromamol.images.localisations.merging import merge_tracks
from chromamol.images.localisations.table import Localisations


def test_a_track_becomes_its_weighted_mean():
    rng = np.random.default_rng(2)
    n = 900
    table = Localisations(
        x_nm=rng.uniform(0, 5_000, n),
        y_nm=rng.uniform(0, 3_000, n),
        precision_nm=rng.uniform(5, 40, n).astype(np.float32),
        photons=rng.uniform(100, 900, n).astype(np.float32),
        frame=np.arange(n),
        channel=rng.integers(0, 2, n),
        track=rng.integers(-1, 200, n),
    )
    merged, notes = merge_tracks("a.csv", table)
    rows = pd.DataFrame(dict(table.columns()))
    alone = rows[rows.track < 0]
    assert len(alone) > 1
    rows["weight"] = 1 / rows.precision_nm.astype(float) ** 2
    tracked = rows[rows.track >= 0].groupby(["channel", "track"])
    x_nm = tracked.apply(lambda one: np.average(one.x_nm, weights=one.weight))
    expected = np.sort(np.concatenate((x_nm, alone.x_nm)))
    np.testing.assert_allclose(np.sort(merged.x_nm), expected, rtol=1e-9)
    precision = np.concatenate((tracked.weight.sum() ** -0.5, alone.precision_nm))
    np.testing.assert_allclose(np.sort(merged.precision_nm), np.sort(precision), rtol=1e-5)
    assert merged.photons.sum() == pytest.approx(table.photons.sum(), rel=1e-5)
    assert f"into {len(expected)} molecules" in notes[0]
    assert merged.track is None


def test_without_tracks_nothing_is_merged():
    table = Localisations(np.arange(5.0), np.arange(5.0))
    assert merge_tracks("a.csv", table) == (table, ())


def test_a_track_that_stands_for_none_is_no_molecule():
    rng = np.random.default_rng(0)
    track = np.r_[np.zeros(200, int), np.arange(1, 801)]
    table = Localisations(*rng.uniform(0, 9_000, (2, 1_000)), track=track)
    with pytest.raises(InputError, match=r"track 0 holds 200 of 1000 rows, spread over"):
        merge_tracks("a.csv", table)


@pytest.mark.parametrize(
    ("detections", "merged"),
    [
        (np.ones(400, int), False),
        (np.arange(400), False),
        (np.arange(1, 401), False),
        (np.where(np.arange(400) % 5 == 0, 3, 1), True),
    ],
)
def test_a_table_that_was_merged_before(detections, merged):
    x_nm, y_nm = np.random.default_rng(0).uniform(0, 9_000, (2, 400))
    assert was_merged(Localisations(x_nm, y_nm, detections=detections)) == merged


def test_a_bead_takes_no_time():
    x_nm, y_nm = 5 * np.random.default_rng(0).normal(size=(2, 100_000))
    table = Localisations(x_nm, y_nm, frame=np.arange(100_000) % 5_000)
    assert blinking(table, merged=False)[1] == ()


def molecules(n_molecules, repeats, n_frames, seed=0, side_nm=10_000.0):
    """Molecules that are each seen in `repeats` frames, almost one after the other."""
    rng = np.random.default_rng(seed)
    x_nm, y_nm = rng.uniform(0, side_nm, (2, n_molecules))
    first = rng.integers(0, n_frames - 2 * repeats, n_molecules)
    frame = (first[:, None] + 2 * np.arange(repeats)).ravel()
    precision = 15.0
    noise = precision * rng.normal(size=(2, n_molecules * repeats))
    return Localisations(
        x_nm=np.repeat(x_nm, repeats) + noise[0],
        y_nm=np.repeat(y_nm, repeats) + noise[1],
        precision_nm=np.full(n_molecules * repeats, precision, np.float32),
        frame=frame,
    )


@pytest.mark.parametrize("repeats", [2, 5])
@pytest.mark.parametrize("n_molecules", [2_000, 40_000])
def test_molecules_that_blink_are_noticed(repeats, n_molecules):
    table = molecules(n_molecules, repeats, 5_000)
    share, (warning,) = blinking(table, merged=False)
    # All but the last of each molecule; some lie beyond two standard deviations.
    assert share == pytest.approx((repeats - 1) / repeats, abs=0.12)
    assert warning.startswith("WARNING: the table looks uncorrected for blinking")
    assert blinking(table, merged=True)[1] == ()


@pytest.mark.parametrize("n_molecules", [300, 10_000, 400_000])
@pytest.mark.parametrize("n_frames", [400, 20_000])
def test_molecules_that_are_seen_once_are_left_alone(n_molecules, n_frames):
    assert blinking(molecules(n_molecules, 1, n_frames), merged=False)[1] == ()


def test_dense_clusters_of_single_molecules_are_no_blinking():
    rng = np.random.default_rng(5)
    centres = rng.uniform(0, 10_000, (2, 60))
    n = 20_000
    x_nm, y_nm = centres[:, rng.integers(0, 60, n)] + 40 * rng.normal(size=(2, n))
    table = Localisations(x_nm, y_nm, frame=rng.integers(0, 2_000, n))
    assert blinking(table, merged=False)[1] == ()


def test_without_frames_it_cannot_be_told():
    table = Localisations(np.arange(5.0), np.arange(5.0))
    _, (note,) = blinking(table, merged=False)
    assert "cannot be told" in note
