"""Pictures of localisations against numpy's histogram and explicit Gaussians."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import norm

from chromamol.errors import CallError, InputError
from chromamol.images.localisations.margin import thins_out
from chromamol.images.localisations.read import read_localisations
from chromamol.images.localisations.rendering import count, draw, grid_around
from chromamol.images.localisations.table import Localisations
from chromamol.settings import Settings

from .conftest import Truth, write_table


def spread(n, seed=1):
    rng = np.random.default_rng(seed)
    return Localisations(
        x_nm=rng.uniform(-400, 1_700, n),
        y_nm=rng.uniform(230, 1_210, n),
        precision_nm=rng.uniform(8, 60, n).astype(np.float32),
    )


def test_counts_are_numpys_histogram():
    table = spread(5_000)
    grid, _ = grid_around("a", [table], 30.0)
    y_edges, x_edges = (
        (first + np.arange(size + 1)) * 30.0
        for first, size in zip(grid.yx_first, grid.yx_shape, strict=True)
    )
    expected, _, _ = np.histogram2d(table.y_nm, table.x_nm, bins=(y_edges, x_edges))
    counts = count(table, grid)
    np.testing.assert_array_equal(counts, expected)
    assert counts.dtype == np.uint16
    assert counts.sum() == 5_000
    assert grid.yx_first == (7, -14)


def test_more_counts_than_16_bits():
    table = Localisations(np.full(70_000, 5.0), np.full(70_000, 5.0))
    assert count(table, grid_around("a", [table], 10.0)[0]).tolist() == [[70_000]]


def test_drawing_is_a_sum_of_gaussians():
    table = spread(40)
    table = Localisations(table.x_nm + 400, table.y_nm, precision_nm=table.precision_nm)
    grid, _ = grid_around("a", [table], 10.0)
    drawn = draw(table, grid)
    y, x = (
        (first + np.arange(size) + 0.5) * 10.0
        for first, size in zip(grid.yx_first, grid.yx_shape, strict=True)
    )
    expected = sum(
        np.outer(norm.pdf(y, one_y, sd), norm.pdf(x, one_x, sd)) * 100
        for one_x, one_y, sd in zip(table.x_nm, table.y_nm, table.precision_nm, strict=True)
    )
    # Positions are rounded to a pixel and widths to 5 %.
    assert np.linalg.norm(drawn - expected) < 0.3 * np.linalg.norm(expected)
    inner = (slice(20, -20), slice(20, -20))
    assert drawn[inner].sum() == pytest.approx(expected[inner].sum(), rel=0.02)


def test_a_picture_that_is_too_large_names_a_larger_pixel():
    table = Localisations(np.array([0.0, 9e5]), np.array([0.0, 9e5]))
    with pytest.raises(InputError, match="--pixel-size-nm 20"):
        grid_around("a.csv", [table], 10.0)


def columns(truth: Truth, n=None):
    return [truth.x_nm[:n], truth.y_nm[:n], truth.precision_nm[:n], truth.frame[:n]]


NAMES = ["x_nm", "y_nm", "precision_nm", "frame"]


def test_two_tables_share_their_pixels(tmp_path, truth: Truth):
    one = write_table(tmp_path / "H3K9me3_647.csv", NAMES, columns(truth))
    other = write_table(tmp_path / "H3K27ac_568.csv", NAMES, [part[::2] for part in columns(truth)])
    source = read_localisations([one, other], Settings(pixel_size_nm=40))
    assert source.channel_names == ("H3K9me3_647", "H3K27ac_568")
    assert source.cyx.sum(axis=(1, 2)).tolist() == [500, 250]
    assert (source.cyx[1] <= source.cyx[0]).all()
    assert source.counts
    assert source.yx_spacing_nm == (40, 40)
    assert source.psf_nm == pytest.approx(2.3548 * np.median(truth.precision_nm), rel=0.05)
    assert source.notes[0].startswith("H3K9me3_647.csv: ")


def test_one_table_with_two_channels(tmp_path, truth: Truth):
    path = write_table(tmp_path / "a.csv", [*NAMES, "channel"], [*columns(truth), truth.frame % 2])
    source = read_localisations([path], Settings())
    assert source.channel_names == ("channel 0", "channel 1")
    assert source.cyx.sum(axis=(1, 2)).tolist() == np.bincount(truth.frame % 2).tolist()
    text = path.read_text(encoding="utf-8").replace(",0.0\n", ",DAPI\n").replace(",1.0\n", ",HP1\n")
    named = tmp_path / "named.csv"
    named.write_text(text, encoding="utf-8")
    source = read_localisations([named], Settings())
    assert source.channel_names == ("DAPI", "HP1")
    assert source.cyx.sum(axis=(1, 2)).tolist() == np.bincount(truth.frame % 2).tolist()
    many = write_table(tmp_path / "b.csv", [*NAMES, "channel"], [*columns(truth), truth.frame])
    with pytest.raises(InputError, match="at most 32"):
        read_localisations([many], Settings())


def test_drawn_by_precision(tmp_path, truth: Truth):
    path = write_table(tmp_path / "a.csv", NAMES, columns(truth))
    source = read_localisations([path], Settings(rendering="precision"))
    assert not source.counts
    assert source.cyx.dtype == np.float32
    assert source.cyx.sum() == pytest.approx(500, rel=0.01)
    assert any("noise is not independent" in note for note in source.notes)
    bare = write_table(tmp_path / "b.csv", NAMES[:2], columns(truth)[:2])
    with pytest.raises(InputError, match="no precisions"):
        read_localisations([bare], Settings(rendering="precision"))
    with pytest.raises(CallError):
        Settings().replace(rendering="dots")


def test_positions_in_3d_are_projected_and_said_to_be(tmp_path, truth: Truth):
    z_nm = np.linspace(-400, 500, 500)
    path = write_table(tmp_path / "a.csv", [*NAMES, "z_nm"], [*columns(truth), z_nm])
    source = read_localisations([path], Settings())
    assert any("z from -391 to 491 nm" in note for note in source.notes)
    slab = read_localisations([path], Settings(z_range_nm=(0, 200)))
    assert slab.cyx.sum() == ((z_nm >= 0) & (z_nm <= 200)).sum()


def test_a_bead_is_noticed(tmp_path, truth: Truth):
    bead = [np.concatenate((column, np.full(60, column[7]))) for column in columns(truth)]
    bead[0][500:] += np.linspace(0, 1, 60)  # not the same row again and again
    source = read_localisations([write_table(tmp_path / "a.csv", NAMES, bead)], Settings())
    assert any("holds 6" in note and "bead" in note for note in source.notes)
    plain = write_table(tmp_path / "b.csv", NAMES, columns(truth))
    assert not any("bead" in note for note in read_localisations([plain], Settings()).notes)


def test_channels_of_rows_that_are_dropped_do_not_count(tmp_path, truth: Truth):
    channel = np.where(truth.frame > 100, truth.frame % 2, truth.frame + 10)
    path = write_table(tmp_path / "a.csv", [*NAMES, "channel"], [*columns(truth), channel])
    with pytest.raises(InputError, match="at most 32"):
        read_localisations([path], Settings())
    source = read_localisations([path], Settings(frame_range=(101, 400)))
    assert source.channel_names == ("channel 0", "channel 1")


def test_names_of_files_are_kept_whole_but_for_the_format(tmp_path, truth: Truth):
    names = ["2023.05_H3K9me3.csv", "2023.05_H3K27ac.csv"]
    paths = [write_table(tmp_path / name, NAMES, columns(truth)) for name in names]
    source = read_localisations(paths, Settings())
    assert source.channel_names == ("2023.05_H3K9me3", "2023.05_H3K27ac")


def disc(n: int, radius_nm: float, seed: int) -> Localisations:
    """Localisations spread evenly over an ellipse around the origin."""
    rng = np.random.default_rng(seed)
    radius, angle = radius_nm * np.sqrt(rng.uniform(size=n)), rng.uniform(0, 2 * np.pi, n)
    return Localisations(x_nm=radius * np.cos(angle), y_nm=0.8 * radius * np.sin(angle))


@pytest.mark.parametrize("n", [5_000, 60_000])
@pytest.mark.parametrize("seed", range(4))
def test_a_whole_nucleus_gets_a_margin_and_a_cut_one_none_at_the_cut(n, seed):
    table = disc(n, 5_000.0, seed)
    whole, (_, note) = grid_around("a", [table], 50.0)
    assert "top, bottom, left, right" in note
    assert count(table, whole)[:20].sum() == count(table, whole)[:, -20:].sum() == 0
    for cut_nm in (4_300, 2_500, -1_000):
        cut = table.where(table.x_nm < cut_nm)
        grid, (_, note) = grid_around("a", [cut], 50.0)
        assert "left:" in note
        assert "right" not in note
        assert count(cut, grid)[:, -1].sum() > 0
        assert count(cut, grid).sum() == len(cut)


@pytest.mark.parametrize("drift_nm", [0, 200])
@pytest.mark.parametrize("degrees", [0.0, 0.5])
@pytest.mark.parametrize("rounded_nm", [1, 100])
def test_drift_a_turn_and_rounding_hide_no_cut(drift_nm, degrees, rounded_nm):
    rng = np.random.default_rng(1)
    nucleus = disc(60_000, 5_000.0, 2)
    cut = nucleus.where(nucleus.x_nm < 2_000)
    turn = np.exp(1j * np.deg2rad(degrees))
    for x_nm, y_nm in ((cut.x_nm, cut.y_nm), rng.uniform(0, 20_000, (2, 80_000))):
        drifted = x_nm + drift_nm * rng.uniform(size=x_nm.size) + 1j * y_nm
        turned = (drifted * turn).view(float).reshape(-1, 2)
        x, y = rounded_nm * np.round(turned / rounded_nm).T
        assert not thins_out(x.max() - x, y)


def test_every_nucleus_at_a_side_has_to_be_whole():
    one, other = disc(20_000, 4_000.0, 0), disc(20_000, 4_000.0, 1)
    cut = other.where(other.x_nm > -1_500)
    x_nm = np.concatenate([one.x_nm + 4_000, cut.x_nm + 1_500])
    y_nm = np.concatenate([one.y_nm, cut.y_nm + 12_000])
    assert not thins_out(x_nm, y_nm)
    assert thins_out(one.x_nm + 4_000, one.y_nm)
    # Whole ones at different depths, the second beyond what touches the side.
    x_nm = np.concatenate([one.x_nm + 4_000, other.x_nm + 5_000])
    assert thins_out(x_nm, np.concatenate([one.y_nm, other.y_nm + 12_000]))


def test_a_field_that_was_cropped_gets_no_margin(truth: Truth):
    rng = np.random.default_rng(0)
    field = Localisations(x_nm=rng.uniform(0, 9_000, 9_000), y_nm=rng.uniform(0, 5_000, 9_000))
    assert len(grid_around("a", [field], 50.0)[1]) == 1
    few = Localisations(x_nm=truth.x_nm, y_nm=truth.y_nm)
    (place,) = grid_around("a", [few], 50.0)[1]
    assert place == "The picture begins at y = 0.5 µm, x = 1 µm of the table."


def test_precisions_that_no_microscope_has_are_doubted(tmp_path, truth: Truth):
    x, y, precision, frame = columns(truth)
    path = write_table(tmp_path / "a.csv", NAMES, [x, y, precision / 1e3, frame])
    notes = read_localisations([path], Settings()).notes
    assert any("No microscope is as precise" in note for note in notes)
