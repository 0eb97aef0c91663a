"""The benchmark of reading measures what it says, on small files."""

from __future__ import annotations

import pandas as pd

from chromamol.benchmarks.input_output import input_output, to_markdown


def test_every_file_is_made_read_and_removed(tmp_path):
    table = input_output(tmp_path / "out", rows=(2_000,), sides_px=(1_536,))
    assert table.task.tolist() == [
        "read, filter, count in 10 nm pixels",
        "the same, into the store",
        *2 * ["into the store, with its pyramid"],
    ]
    assert (table.seconds > 0).all()
    assert (table.peak_mb > 50).all()
    assert table.megabytes[2] > 4
    assert table.megabytes[3] < table.megabytes[2]
    pd.testing.assert_frame_equal(pd.read_csv(tmp_path / "out" / "io.csv"), table)
    text = to_markdown(table)
    assert "0.002 million rows" in text
    assert "1536 x 1536 pixels" in text
