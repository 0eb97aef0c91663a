"""Raw frames of structured illumination are recognised; nothing else is taken for them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import tifffile
from scipy import ndimage

from chromamol.errors import NoImage
from chromamol.images.read import read_image
from chromamol.images.sim_frames import find_layout
from chromamol.settings import make_settings

SHARED = Path(__file__).parents[3] / "shared" / "data"
SHAPE = (90, 120)
PHOTONS, BACKGROUND = 100, 5


def shared(*parts):
    path = SHARED.joinpath(*parts)
    if not path.is_file():
        pytest.skip(f"the shared image {path.name} is not here")
    return path


def nucleus(rng):
    """A textured disk."""
    y, x = np.mgrid[: SHAPE[0], : SHAPE[1]]
    texture = ndimage.gaussian_filter(rng.standard_normal(SHAPE), 1.5)
    inside = ((y - 45) / 36) ** 2 + ((x - 60) / 50) ** 2 < 1
    return np.exp(0.4 * texture / texture.std()) * inside


def recorded(rng, frames):
    """Blur each frame, and count photons."""
    blurred = ndimage.gaussian_filter(frames, (0, 1.3, 1.3))
    return rng.poisson(PHOTONS * blurred + BACKGROUND).astype(np.uint16)


def raw_frames(rng, angles, phases, *, period_px=7.0, contrast=0.3, phases_first=False):
    y, x = np.mgrid[: SHAPE[0], : SHAPE[1]]
    sample = nucleus(rng)
    frames = np.empty((angles, phases, *SHAPE))
    for a in range(angles):
        turn = np.radians(17 + 180 * a / angles)
        wave = 2 * np.pi / period_px * (np.sin(turn) * y + np.cos(turn) * x) + 1.1 * a
        for p in range(phases):
            frames[a, p] = sample * (1 + contrast * np.cos(wave + 2 * np.pi * p / phases))
    ordered = frames.swapaxes(0, 1) if phases_first else frames
    return recorded(rng, ordered.reshape(-1, *SHAPE))


@pytest.mark.parametrize("phases_first", [False, True])
@pytest.mark.parametrize(("angles", "phases"), [(3, 3), (3, 5), (5, 5), (2, 3), (3, 4)])
@pytest.mark.parametrize(("period_px", "contrast"), [(4.5, 0.3), (8.0, 0.15)])
def test_raw_frames_are_recognised(angles, phases, phases_first, period_px, contrast):
    rng = np.random.default_rng(angles * phases)
    options = {"period_px": period_px, "contrast": contrast, "phases_first": phases_first}
    frames = raw_frames(rng, angles, phases, **options)
    n = angles * phases
    assert find_layout(frames, n) == (angles, phases)
    assert find_layout(frames, 3 * n) == (angles, phases)


def z_stack(rng, n):
    volume = np.stack([nucleus(rng) for _ in range(n)])
    profile = np.exp(-(np.linspace(-1.5, 1.5, n) ** 2))
    return recorded(rng, ndimage.gaussian_filter(volume, (2, 0, 0)) * profile[:, None, None])


def fixed_sample(rng, n):
    return recorded(rng, np.repeat(nucleus(rng)[None], n, axis=0))


def drifting_and_bleaching(rng, n):
    sample = nucleus(rng)
    frames = [ndimage.shift(sample, (0.4 * i, -0.2 * i)) * 0.97**i for i in range(n)]
    return recorded(rng, np.clip(frames, 0, None))


def noise(rng, n):
    return rng.poisson(BACKGROUND, (n, *SHAPE))


def stripes_of_the_sample(rng, n):
    """Stripes in the sample do not move."""
    stripes = 1 + 0.5 * np.cos(np.arange(SHAPE[1]))
    return recorded(rng, np.repeat(stripes * nucleus(rng)[None], n, axis=0))


def stripes_in_one_direction(rng, n):
    """Interference of a detector moves, but does not turn."""
    x = np.arange(SHAPE[1])
    moving = np.stack([1 + 0.3 * np.cos(x + 2 * np.pi * i / 5) * np.ones(SHAPE) for i in range(n)])
    return recorded(rng, moving * nucleus(rng))


@pytest.mark.parametrize("n", [9, 15, 25])
@pytest.mark.parametrize(
    "pages",
    [
        z_stack,
        fixed_sample,
        drifting_and_bleaching,
        noise,
        stripes_of_the_sample,
        stripes_in_one_direction,
    ],
)
def test_other_stacks_are_no_raw_frames(pages, n):
    for seed in range(3):
        assert find_layout(pages(np.random.default_rng(seed), n), n) is None


def test_empty_and_missing_values_are_no_raw_frames():
    assert find_layout(np.zeros((15, *SHAPE)), 15) is None
    assert find_layout(np.full((15, *SHAPE), np.nan), 15) is None


@pytest.mark.parametrize("axes", ["ZYX", "CYX", "TYX"])
def test_no_name_of_the_axes_makes_raw_frames_an_image(tmp_path, axes):
    path = tmp_path / "a.ome.tif"
    frames = raw_frames(np.random.default_rng(0), 3, 5)
    tifffile.imwrite(path, frames, photometric="minisblack", ome=True, metadata={"axes": axes})
    choice = {"ZYX": {"z_plane": 2}, "TYX": {"time_point": 2}, "CYX": {}}[axes]
    for settings in (choice, choice | {"axes": axes}):
        with pytest.raises(NoImage, match=r"SIM: 3 angles x 5 phases.*Reconstruct"):
            read_image(path, make_settings(settings))


def test_the_measured_frames(tmp_path):
    path = shared("sim-raw-h2b", "H2B-ROI.tif")
    for settings in ({}, {"axes": "ZYX", "z_plane": 7}):
        with pytest.raises(NoImage, match="3 angles x 5 phases"):
            read_image(path, make_settings(settings))
    widefield = tmp_path / "mean.tif"
    tifffile.imwrite(widefield, tifffile.imread(path).mean(axis=0).astype(np.float32))
    assert read_image(widefield).cyx.shape == (1, 83, 83)


@pytest.mark.parametrize("n", [9, 15, 25, 45])
def test_a_measured_z_stack(n):
    zcyx = tifffile.imread(shared("neubias-nuclei", "xyzc_16bit__dna_conf_wf.tif"))
    for start in range(0, 46 - n, 6):
        for channel in (0, 1):
            assert find_layout(zcyx[start : start + n, channel], n) is None
