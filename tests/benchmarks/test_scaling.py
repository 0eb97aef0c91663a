"""Time and memory against size: the large images, what is measured, and what is said."""

from __future__ import annotations

import math
from concurrent.futures.process import BrokenProcessPool
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import torch
from scipy import ndimage

from chromamol.benchmarks import scaling as benchmark
from chromamol.benchmarks.scaling import Cost
from chromamol.benchmarks.traffic import bytes_moved
from chromamol.errors import CallError
from chromamol.simulation import SimulatedNucleus, simulate_field


@pytest.fixture(scope="module")
def tile():
    return simulate_field("smooth", 0, side_px=64)


def test_a_periodic_image_is_its_tile_again_and_again(tile):
    image, judged = benchmark.large_image("periodic", 192, tile)
    assert image.rate.shape == (192, 192)
    assert image.mask.all()
    assert judged.all()
    for rows, columns in ((0, 64), (128, 128)):
        part = np.s_[rows : rows + 64, columns : columns + 64]
        np.testing.assert_array_equal(image.euchromatin[part], tile.euchromatin)


def test_a_rectangle_is_its_tile_and_mirror_images_in_an_empty_border(tile):
    image, judged = benchmark.large_image("rectangle", 192, tile)
    assert image.mask.shape == (208, 208)
    assert image.mask.sum() == judged.sum() == 192**2
    inside = image.heterochromatin[8:-8, 8:-8]
    np.testing.assert_array_equal(inside[:64, :64], tile.heterochromatin)
    np.testing.assert_array_equal(inside[64:128, :64], tile.heterochromatin[::-1])
    np.testing.assert_array_equal(inside[128:, 64:128], tile.heterochromatin[:, ::-1])


def test_an_ellipse_is_judged_far_from_its_edge(tile):
    image, judged = benchmark.large_image("ellipse", 256, tile)
    assert not image.mask[0].any()
    assert not image.mask[:, 0].any()
    assert image.mask.mean() == pytest.approx(math.pi / 4 * 0.76 * 0.92, rel=0.02)
    depth_nm = 10 * ndimage.distance_transform_edt(image.mask)
    assert depth_nm[judged].min() > 3 * 141.4 > depth_nm[image.mask & ~judged].max() - 10
    assert np.isnan(image.rate[~image.mask]).all()


@pytest.mark.parametrize("box", ["periodic", "rectangle"])
def test_a_cost_is_measured(box, tile):
    cost = benchmark.measure(Cost(box, 64), tile)
    assert cost.pixels == 64**2
    assert 0 < cost.seconds < 60
    area = 64**2 if box == "periodic" else 80**2
    assert cost.float64_images == pytest.approx(cost.peak_mb * 1e6 / (8 * area))
    assert cost.relative_l2 < 0.1
    assert math.isnan(cost.bandwidth_share)


def test_memory_counts_from_its_start_on(in_new_python):
    peak, held = in_new_python(
        "import numpy as np",
        "from chromamol.benchmarks.device import Memory",
        "np.ones(30_000_000).sum()",
        'memory = Memory("cpu")',
        "held = np.ones(10_000_000)",
        "print(memory.peak_bytes(), held.nbytes)",
    )
    assert held * 0.9 < peak < 2 * held


def test_traffic_is_what_operations_read_and_write_and_views_are_free():
    a, b = torch.ones(1000, dtype=torch.float64), torch.ones(1000, dtype=torch.float64)
    assert bytes_moved(lambda: a + b) == 3 * 8000
    assert bytes_moved(lambda: a.add_(b)) == 3 * 8000
    assert bytes_moved(lambda: a.view(10, 100)[2:4].T) == 0
    assert bytes_moved(lambda: torch.fft.rfft(a)) == 8000 + 501 * 16


def pretend(_measure, cost, tile, device):
    """Stand in for a fresh process: time is pixels to the power 1.1."""
    assert isinstance(tile, SimulatedNucleus)
    assert device == "cpu"
    if cost.side_px == 512:
        raise BrokenProcessPool
    pixels = cost.side_px**2
    seconds = 1e-5 * pixels**1.1
    return replace(
        cost,
        pixels=pixels,
        seconds=seconds,
        peak_mb=5.0,
        float64_images=12.34,
        relative_l2=0.0123,
        bandwidth_share=0.42 if cost.side_px == 1024 else math.nan,
    )


def test_all_sizes_are_measured_and_the_exponent_is_fitted(monkeypatch, tmp_path, tile):
    monkeypatch.setattr(benchmark, "in_fresh_process", pretend)
    monkeypatch.setattr(benchmark, "simulate_field", lambda *_: tile)
    monkeypatch.setattr(benchmark, "simulate_box", lambda *_: tile)
    table = benchmark.scaling(tmp_path, sides_px=(256, 512, 1024), masked_sides_px=(384,))
    pd.testing.assert_frame_equal(pd.read_csv(tmp_path / "scaling.csv"), table)
    assert table["box"].tolist() == ["periodic"] * 3 + ["rectangle", "ellipse"]
    assert benchmark.exponent(table) == pytest.approx(1.1)
    text = benchmark.to_markdown(table)
    assert "| periodic | 512 x 512 | - | killed: not enough memory | - | - | - |" in text
    assert "| ellipse | 384 x 384 | 147456 | 4.8 | 5 MB, 12.3 images | 0.0123 | - |" in text
    assert "12.3 images | 0.0123 | 42 % |" in text
    assert text.endswith("time grows as pixels^1.10.")
    assert math.isnan(benchmark.exponent(table[:2]))
    assert "grows" not in benchmark.to_markdown(table[:2])


def test_a_side_that_is_no_multiple_of_the_tile_is_refused():
    for side in (0, 64, 200):
        with pytest.raises(CallError, match="multiple of 128"):
            benchmark.scaling(None, sides_px=(256,), masked_sides_px=(side,))


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a CUDA device")
def test_a_device_that_is_not_there_is_refused():
    with pytest.raises(CallError, match="no CUDA device"):
        benchmark.scaling(None, device="cuda")


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
def test_a_cost_is_measured_on_a_cuda_device(tile):
    cost = benchmark.measure(Cost("periodic", 128), tile, "cuda")
    assert cost.peak_mb > 0
    assert cost.relative_l2 < 0.1
    assert 0 < cost.bandwidth_share < 1
