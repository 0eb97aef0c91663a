"""Outlines of nuclei: smooth, threshold each object at half its height, fill, split.

Works on a grid of about a third of the smoothing width, where all that matters is a few pixels
large, and returns outlines on the grid of the image.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import ndimage
from skimage.filters import threshold_otsu
from skimage.morphology import local_maxima, reconstruction
from skimage.segmentation import expand_labels, watershed

if TYPE_CHECKING:
    from numpy.typing import NDArray

_GRID_PER_SMOOTHING = 3
_BRIGHTEST_PERCENTILE = 99.9
# A neck narrower than this part of the smaller of the two bodies separates two nuclei.
_NECK = 0.8
# Radius of the opening, in radii of the smallest nucleus: cuts off strands, keeps bodies.
_STRAND = 0.25
# Smoothed noise alone splits into halves 1.6 standard deviations apart.
_SURE_CONTRAST = 6.0
# Noise of the image in which outlines are drawn, in heights of a nucleus over the background.
_QUIET = 0.1
# Radius of the opening that takes the fringe off an outline, in widths of the smoothing.
_RAGGED = 0.5
# Medians that keep less of all light than this are those of single counts, mostly zero.
_LOST = 1 / 3
# How far beyond the image a nucleus that its border cuts is taken to go on.
_BEYOND_NM = 3_000.0


@dataclass(frozen=True)
class Smoothed:
    """An image on the coarse grid.

    Attributes
    ----------
    yx : (y, x) float64
        Intensity without noise and without spots smaller than the smoothing.
    step : (int, int)
        Pixels of the image for one of the grid.
    spacing_nm : (float, float)
        Grid spacing along y and x, nm.
    noise_sd : float
        Standard deviation that white noise of the image would have left in `yx`.
    """

    yx: NDArray[np.float64]
    step: tuple[int, int]
    spacing_nm: tuple[float, float]
    noise_sd: float

    @property
    def pixel_um2(self) -> float:
        """Area of a pixel of the grid, um2."""
        return self.spacing_nm[0] * self.spacing_nm[1] / 1e6


def smooth(
    yx_intensity: NDArray[np.generic], yx_spacing_nm: tuple[float, float], width_nm: float
) -> Smoothed:
    """Smooth over `width_nm`: block mean, median in a disc, Gaussian.

    The median removes bright spots that cover less than half of a disc (mitochondrial DNA, stray
    label), which a Gaussian alone would join into objects. It is left out where most discs are
    half empty even inside the nuclei, as in a histogram of few localisations.

    Parameters
    ----------
    yx_intensity : (y, x) array
        Any unit.
    yx_spacing_nm : (float, float)
        Pixel size, nm.
    width_nm : float
        Radius of the disc and standard deviation of the Gaussian, nm.
    """
    spacing = np.asarray(yx_spacing_nm)
    step = np.maximum(1, width_nm / (_GRID_PER_SMOOTHING * spacing)).astype(int)
    yx = np.asarray(yx_intensity, dtype=np.float64)
    yx = np.minimum(yx, np.percentile(yx, _BRIGHTEST_PERCENTILE))
    white_sd = np.diff(yx, axis=1).std() / np.sqrt(2)
    padding = [(0, int(-size % by)) for size, by in zip(yx.shape, step, strict=True)]
    padded = np.pad(yx, padding, mode="edge")
    rows, columns = padded.shape[0] // step[0], padded.shape[1] // step[1]
    grid = padded.reshape(rows, step[0], columns, step[1]).mean(axis=(1, 3))
    grid_nm = spacing * step
    reach = (width_nm / grid_nm).astype(int)
    y, x = np.ogrid[-reach[0] : reach[0] + 1, -reach[1] : reach[1] + 1]
    disc = (y * grid_nm[0]) ** 2 + (x * grid_nm[1]) ** 2 <= width_nm**2
    without_spots = ndimage.median_filter(grid, footprint=disc, mode="nearest")
    if without_spots.sum() > _LOST * grid.sum():
        grid = without_spots
    grid = ndimage.gaussian_filter(grid, width_nm / grid_nm, mode="nearest")
    averaged = min(1.0, float(np.prod(spacing)) / (4 * np.pi * width_nm**2))
    return Smoothed(
        grid,
        (int(step[0]), int(step[1])),
        (float(grid_nm[0]), float(grid_nm[1])),
        float(white_sd * np.sqrt(averaged)),
    )


def half_height_levels(smoothed: Smoothed, width_nm: float) -> NDArray[np.float64] | None:
    """Level of the outline around each bright object, on the coarse grid.

    Objects are found by Otsu's threshold on the square root of the intensity, which is low enough
    for the dim ones; each is then outlined half-way between the background and its own median.

    Returns
    -------
    (y, x) float64 or None
        The level that applies at each place, infinite far from all objects;
        None if nothing stands out of the noise.
    """
    yx = smoothed.yx
    floor = np.percentile(yx, 1)
    root = np.sqrt(np.maximum(yx - floor, 0))
    if root.max() == 0:
        return None
    bright = root > threshold_otsu(root)
    background = float(np.median(yx[~bright]))
    contrast = float(yx[bright].mean() - yx[~bright].mean())
    if contrast <= _SURE_CONTRAST * smoothed.noise_sd:
        return None
    objects, n_objects = ndimage.label(bright)
    zones = expand_labels(objects, distance=2 * width_nm, spacing=smoothed.spacing_nm)
    inside = objects
    index = np.arange(1, n_objects + 1)
    levels = np.full(n_objects + 1, np.inf)
    for _ in range(3):  # each level moves the outline, and so the median inside it, a little
        medians = ndimage.median(yx, inside, index)
        levels[1:] = (background + np.asarray(medians)) / 2
        inside = np.where(yx > levels[zones], zones, 0)
    return np.asarray(levels[zones])


def bodies(
    smoothed: Smoothed, levels: NDArray[np.float64], min_area_um2: float
) -> tuple[NDArray[np.int32], float]:
    """Fill what lies above the levels, cut off strands, drop what is too small.

    Returns
    -------
    labels : (y, x) int32
        Connected bodies on the coarse grid.
    largest_um2 : float
        Area of the largest one, dropped or not, um2.
    """
    filled = ndimage.binary_fill_holes(smoothed.yx > levels)
    strand_nm = _STRAND * 1e3 * np.sqrt(min_area_um2 / np.pi)
    core = _depth_nm(filled, smoothed.spacing_nm) > strand_nm
    if not core.any():
        return np.zeros(filled.shape, np.int32), float(filled.sum() * smoothed.pixel_um2)
    reach = ndimage.distance_transform_edt(~core, sampling=smoothed.spacing_nm)
    labels, _ = ndimage.label(filled & (reach <= strand_nm))
    areas_um2 = np.bincount(labels.ravel()) * smoothed.pixel_um2
    areas_um2[0] = 0
    labels[areas_um2[labels] < min_area_um2] = 0
    return labels.astype(np.int32), float(areas_um2.max())


def split_touching(
    labels: NDArray[np.int32], smoothed: Smoothed, min_area_um2: float
) -> NDArray[np.int32]:
    """Split bodies at their necks (watershed of the distance to the outline).

    Two parts are two nuclei when the neck between them is narrower than 0.8 of the smaller part,
    at any size, so that an elongated or bent nucleus stays whole; and when each is large enough.
    """
    inside = labels > 0
    depth = _depth_nm(inside, smoothed.spacing_nm)
    log_depth = np.log(np.maximum(depth, min(smoothed.spacing_nm) / 2))
    lowered = reconstruction(log_depth + np.log(_NECK), log_depth)
    peaks, _ = ndimage.label(local_maxima(lowered) & inside, np.ones((3, 3)))
    body_of_peak = ndimage.maximum(labels, peaks, np.arange(peaks.max() + 1)).astype(int)
    while True:
        parts = watershed(-depth, peaks, mask=inside)
        areas_um2 = np.bincount(parts.ravel(), minlength=len(body_of_peak)) * smoothed.pixel_um2
        crumbs = _smallest_crumbs(areas_um2, body_of_peak, min_area_um2)
        if not crumbs:
            return np.asarray(parts, np.int32)
        peaks[np.isin(peaks, crumbs)] = 0


def _smallest_crumbs(
    areas_um2: NDArray[np.floating], body_of_peak: NDArray[np.int_], min_area_um2: float
) -> list[int]:
    """Pick the smallest too small part of each body that has several parts."""
    crumbs = []
    for body in np.unique(body_of_peak[1:]):
        parts = np.flatnonzero((body_of_peak == body) & (areas_um2 > 0))
        parts = parts[parts > 0]
        smallest = parts[np.argmin(areas_um2[parts])]
        if len(parts) > 1 and areas_um2[smallest] < min_area_um2:
            crumbs.append(int(smallest))
    return crumbs


def onto_image(
    parts: NDArray[np.int32],
    smoothed: Smoothed,
    levels: NDArray[np.float64],
    yx_intensity: NDArray[np.generic],
    width_nm: float,
) -> NDArray[np.int32]:
    """Draw the outlines on the image's own grid, each filled, smooth and in one piece.

    The smoothed intensity is interpolated, so that an outline has no steps of the coarse grid. A
    bright rim of a nucleus is smeared beyond its edge, so that the image smoothed less has to lie
    above the level too.
    """
    shape_yx = (yx_intensity.shape[0], yx_intensity.shape[1])
    spacing_nm = (
        smoothed.spacing_nm[0] / smoothed.step[0],
        smoothed.spacing_nm[1] / smoothed.step[1],
    )
    zones = expand_labels(parts, distance=width_nm, spacing=smoothed.spacing_nm)
    grid_levels = np.where(zones > 0, levels, np.inf)
    fine = ndimage.zoom(smoothed.yx, smoothed.step, order=1, mode="nearest", grid_mode=True)
    fine = fine[: shape_yx[0], : shape_yx[1]]
    level = np.asarray(_repeat(grid_levels, smoothed.step, shape_yx), dtype=np.float64)
    sharper = _sharper(yx_intensity, smoothed, levels, spacing_nm, width_nm)
    inside = (fine > level) & (sharper > level)
    above = np.where(inside, _repeat(zones, smoothed.step, shape_yx), 0)
    labels = np.zeros(shape_yx, np.int32)
    for number, window in enumerate(ndimage.find_objects(above), start=1):
        if window is None:
            continue
        filled = ndimage.binary_fill_holes(above[window] == number)
        core = _depth_nm(filled, spacing_nm) > _RAGGED * width_nm
        if not core.any():
            continue
        reach_nm = ndimage.distance_transform_edt(~core, sampling=spacing_nm)
        pieces, _ = ndimage.label(filled & (reach_nm <= _RAGGED * width_nm))
        largest = np.argmax(np.bincount(pieces.ravel())[1:]) + 1
        whole = ndimage.binary_fill_holes(pieces == largest)
        labels[window][whole & (labels[window] == 0)] = number
    return labels


def _sharper(
    yx_intensity: NDArray[np.generic],
    smoothed: Smoothed,
    levels: NDArray[np.float64],
    spacing_nm: tuple[float, float],
    width_nm: float,
) -> NDArray[np.float64]:
    """Smooth an image down to a third of the width, as far as its noise allows."""
    half_height = np.min(levels) - np.percentile(smoothed.yx, 1)
    loudest = _QUIET * 2 * half_height
    sharper_nm = width_nm * np.clip(smoothed.noise_sd / loudest, 1 / _GRID_PER_SMOOTHING, 1)
    yx = np.asarray(yx_intensity, dtype=np.float64)
    yx = np.minimum(yx, np.percentile(yx, _BRIGHTEST_PERCENTILE))
    sigma_px = [sharper_nm / side for side in spacing_nm]
    return np.asarray(ndimage.gaussian_filter(yx, sigma_px, mode="nearest"), dtype=np.float64)


def _repeat(
    grid: NDArray[np.generic], step: tuple[int, int], shape_yx: tuple[int, int]
) -> NDArray[np.generic]:
    """Give every pixel of the image the value of its place on the grid."""
    rows, columns = (np.arange(size) // by for size, by in zip(shape_yx, step, strict=True))
    return grid[rows[:, None], columns[None, :]]


def _depth_nm(inside: NDArray[np.bool_], spacing_nm: tuple[float, float]) -> NDArray[np.float64]:
    """Distance to the outline, nm; the border of the image is none."""
    beyond = [int(np.ceil(_BEYOND_NM / spacing)) for spacing in spacing_nm]
    padded = np.pad(inside, [(beyond[0],) * 2, (beyond[1],) * 2], mode="edge")
    depth = ndimage.distance_transform_edt(padded, sampling=spacing_nm)
    window = tuple(slice(n, n + size) for n, size in zip(beyond, inside.shape, strict=True))
    return np.asarray(depth[window], dtype=np.float64)
