"""What is dropped is counted, and nothing else is dropped."""

from __future__ import annotations

import numpy as np
import pytest

from chromamol.errors import CallError, InputError
from chromamol.images.localisations.columns import understand
from chromamol.images.localisations.selection import selected
from chromamol.images.localisations.table import RawTable
from chromamol.settings import Settings, make_settings


def table(n=400, seed=3, **columns):
    """Rows in a field of 5 x 8 um (y, x), with other columns as given."""
    rng = np.random.default_rng(seed)
    held = {"x_nm": rng.uniform(0, 8_000, n), "y_nm": rng.uniform(0, 5_000, n), **columns}

    def rows(names):
        for start in range(0, n, 150):  # in several chunks
            yield {name: np.asarray(held[name])[start : start + 150] for name in names}

    return RawTable("test", tuple(held), rows)


def select(raw, **settings):
    settings = Settings(**settings)
    return selected("a.csv", raw, understand("a.csv", raw, settings), settings)


def test_every_reason_is_counted_once():
    n = 400
    x_nm = np.random.default_rng(0).uniform(0, 8_000, n)
    x_nm[:3] = (np.nan, np.inf, -np.inf)
    precision = np.full(n, 10.0)
    precision[3:8] = (60, 1e6, np.inf, np.nan, 0)
    photons = np.full(n, 500.0)
    photons[8:10] = (20, np.nan)
    frame = np.arange(n)
    z_nm = np.zeros(n)
    z_nm[10] = 900
    failed = np.zeros(n)
    failed[11:13] = (4, np.nan)
    raw = table(
        n,
        x_nm=x_nm,
        precision_nm=precision,
        photons=photons,
        frame=frame,
        z_nm=z_nm,
        error_flag=failed,
    )
    found, _, notes = select(raw, min_photons=100, frame_range=(0, 389), z_range_nm=(-500, 500))
    dropped = "Dropped: 3 without a position, 2 whose fit failed, 3 without a valid precision, "
    dropped += "2 with a precision worse than 50 nm, 2 with fewer than 100 photons, "
    dropped += "10 outside of the frames 0 to 389, 1 outside of z = -500 to 500 nm."
    assert notes == (f"400 rows, 377 localisations used. {dropped}",)
    np.testing.assert_array_equal(found.x_nm, x_nm[13:390])
    everything, _, notes = select(raw, max_precision_nm=None)
    assert "worse" not in notes[0]
    assert len(everything) == 400 - 3 - 2 - 3


def test_repeated_rows_are_used_once_and_same_places_in_other_frames_are_kept():
    n = 300
    rng = np.random.default_rng(4)
    x_nm, y_nm = rng.uniform(0, 8_000, n), rng.uniform(0, 5_000, n)
    frame, channel = np.arange(n) // 3, np.zeros(n)
    for column in (x_nm, y_nm):
        column[100:110] = column[:10]  # in other frames
        column[200:220] = column[180:200]
    frame[200:220] = frame[180:200]
    channel[210:220] = 1  # another label may sit there
    found, _, notes = select(table(n, x_nm=x_nm, y_nm=y_nm, frame=frame, channel=channel))
    assert len(found) == n - 10
    assert "10 that stand twice" in notes[0]
    kept = np.r_[0:200, 210:300]
    np.testing.assert_array_equal(found.x_nm, x_nm[kept])


def test_equal_positions_without_anything_else_are_kept():
    x_nm = np.random.default_rng(1).uniform(0, 8_000, 400)
    y_nm = np.random.default_rng(2).uniform(0, 5_000, 400)
    x_nm[50:60], y_nm[50:60] = x_nm[:10], y_nm[:10]
    assert len(select(table(x_nm=x_nm, y_nm=y_nm))[0]) == 400


@pytest.mark.parametrize(
    ("settings", "missing"),
    [
        ({"min_photons": 5}, "photons"),
        ({"frame_range": (1, 2)}, "frame"),
        ({"z_range_nm": (0, 1)}, "z"),
    ],
)
def test_a_filter_that_cannot_be_applied_is_an_error(settings, missing):
    with pytest.raises(InputError, match=f"no column of {missing}"):
        select(table(), **settings)


@pytest.mark.parametrize("quantity", ["channel", "track"])
def test_fractions_are_no_numbers_of_channels_or_tracks(quantity):
    with pytest.raises(InputError, match=f"the column of {quantity}s? holds fractions"):
        select(table(**{quantity: np.arange(400) % 8 / 2}))


def test_rows_without_a_channel_are_dropped():
    channel = np.arange(400.0) % 2
    channel[:7] = np.nan
    found, _, notes = select(table(channel=channel))
    assert set(found.channel) == {0, 1}
    assert "7 without a channel" in notes[0]


def test_channels_by_name_are_numbered_and_in_order():
    channel = np.array(["H3K9me3", " H3K27ac ", None, ""] * 100, dtype=object)
    found, channels, notes = select(table(channel=channel))
    assert [(one.code, one.label) for one in channels] == [(1, "H3K27ac"), (0, "H3K9me3")]
    assert np.bincount(found.channel).tolist() == [100, 100]
    assert "200 without a channel" in notes[0]
    mixed = np.array([561, 488.0, "561", "488.0", "DAPI"] * 80, dtype=object)
    found, channels, _ = select(table(channel=mixed))
    assert [(one.label, one.number) for one in channels] == [
        ("488", 488),
        ("561", 561),
        ("DAPI", None),
    ]
    assert np.bincount(found.channel).tolist() == [160, 160, 80]


@pytest.mark.parametrize(
    ("labels", "said"),
    [
        (["x" * 100 + "A", "x" * 100 + "B"], "more than 100 letters"),
        ([f"molecule {i}" for i in range(1_001)], "more than a thousand"),
    ],
)
def test_what_cannot_be_names_of_channels(labels, said):
    channel = np.resize(np.array(labels, dtype=object), 2_002)
    with pytest.raises(InputError, match=said):
        select(table(2_002, channel=channel))


def test_odd_labels_are_names(tmp_path):
    channel = np.array(["--5", "dapi", "DAPI", "²"] * 100, dtype=object)
    found, channels, _ = select(table(channel=channel))
    assert [one.label for one in channels] == ["--5", "dapi", "²"]
    assert np.bincount(found.channel).tolist() == [100, 200, 100]


def test_text_is_no_position():
    with pytest.raises(InputError, match="400 of 400 rows hold no position"):
        select(table(x_nm=np.array(["left"] * 400, dtype=object)))
    some = np.arange(400).astype(object)
    some[3] = "n/a"
    found, _, notes = select(table(x_nm=some * 1))
    assert len(found) == 399
    assert "1 without a position" in notes[0]


def test_rows_far_outside_do_not_blow_up_the_picture():
    x_nm = np.random.default_rng(1).uniform(0, 8_000, 400)
    x_nm[7] = 1e8
    found, _, notes = select(table(x_nm=x_nm))
    assert found.x_nm.max() < 8_000
    assert "1 far outside of the field" in notes[0]


@pytest.mark.parametrize(("factor", "hint"), [(1e3, "more than any"), (1e-3, "less than any")])
def test_units_that_cannot_be(factor, hint):
    raw = table()
    y, x = (next(raw.rows([name]))[name] * factor for name in ("y_nm", "x_nm"))
    with pytest.raises(InputError, match=hint) as error:
        select(table(150, x_nm=x, y_nm=y))
    assert "(--set length_unit=um), or camera pixels" in str(error.value)
    with pytest.raises(InputError, match=hint) as error:
        select(table(150, x_nm=x, y_nm=y), length_unit="nm")
    assert "length_unit=nm" not in str(error.value)


def test_missing_columns_are_told_with_those_that_are_there():
    raw = RawTable("test", ("xx", "y [nm]", "tag"), lambda names: iter(()))
    with pytest.raises(InputError, match=r"hold x. Its columns are: 'xx', 'y .nm.', 'tag'"):
        select(raw)
    with pytest.raises(InputError, match=r"no column 'z0' .asked for as x."):
        select(raw, columns={"x": "z0"})
    with pytest.raises(CallError, match="It can say: x, y, z, precision"):
        select(raw, columns={"brightness": "tag"})
    with pytest.raises(InputError, match="is 'furlong', which is no length"):
        select(RawTable("t", ("x [furlong]", "y [furlong]"), lambda names: iter(())))
    with pytest.raises(InputError, match="is not stated"):
        select(RawTable("t", ("x", "y"), lambda names: iter(())))


def test_nothing_left_says_what_was_dropped():
    with pytest.raises(InputError, match=r"none of its 400 rows is left. Dropped: 400 with fewer"):
        select(table(photons=np.ones(400)), min_photons=2)
    with pytest.raises(InputError, match=r"worse than 50 nm. Their precision is 8e\+03 nm"):
        select(table(precision_um=np.full(400, 8.0)))
    with pytest.raises(InputError, match="no rows"):
        select(RawTable("t", ("x_nm", "y_nm"), lambda names: iter([])))


def test_the_columns_in_use_are_named_and_what_has_no_effect_is_said():
    raw = table(uncertainty_nm=np.full(400, 8.0), frame=np.arange(400))
    used = understand("a.csv", raw, Settings(camera_pixel_nm=160))
    assert used.notes == (
        "Also used: 'uncertainty_nm' (precision), 'frame' (frame).",
        "camera_pixel_nm has no effect: the positions are not in camera pixels.",
    )
    (bare,) = understand("a.csv", table(), Settings()).notes
    assert bare == "No column of precision was found: max_precision_nm drops nothing."
    assert not understand("a.csv", table(), Settings(max_precision_nm=None)).notes
    half = understand("a.csv", table(precision_x_nm=np.ones(400)), Settings())
    assert half.notes == (bare,)
    (_, warning) = understand("a.csv", table(dye=np.ones(400)), Settings()).notes
    assert warning.startswith("WARNING: the column 'dye' is not used")
    with pytest.raises(InputError, match="max_precision_nm cannot be applied"):
        select(table(), max_precision_nm=20)


def test_ranges_that_end_before_they_begin():
    with pytest.raises(CallError, match=r"frame_range ends .3. before it begins .5."):
        make_settings({"frame_range": [5, 3]})
