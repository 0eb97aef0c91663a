"""One image all the way: a small file with two simulated nuclei of known rates."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import pytest
import tifffile

from chromamol.equations.chromatin_phase_field import ChromatinPhaseField
from chromamol.errors import Cancelled, InputError
from chromamol.images.read import read_image
from chromamol.inference.infer import infer_rates
from chromamol.inference.rate_map import Quantity, Scale, Status
from chromamol.pipeline import analyse, analyse_stepwise
from chromamol.settings import Role, make_settings

if TYPE_CHECKING:
    from pathlib import Path

SHAPE, SIDE_NM = (104, 140), 20.0
RATES = (0.8, 1.6)
COUNTS, BACKGROUND = 2000.0, 100.0
ELL_NM = 141.4


@dataclass(frozen=True)
class Slide:
    labels: np.ndarray
    two_channels: Path
    total: Path
    outlines: Path


def _write(path: Path, image: np.ndarray, names: tuple[str, ...] = ()) -> Path:
    """An OME-TIFF with its pixel size; without names, a plain one."""
    metadata = {
        "axes": "CYX",
        "PhysicalSizeX": SIDE_NM,
        "PhysicalSizeXUnit": "nm",
        "PhysicalSizeY": SIDE_NM,
        "PhysicalSizeYUnit": "nm",
        "Channel": {"Name": list(names)},
    }
    if names:
        tifffile.imwrite(path, image, ome=True, photometric="minisblack", metadata=metadata)
    else:
        tifffile.imwrite(path, image)
    return path


@pytest.fixture(scope="module")
def slide(tmp_path_factory) -> Slide:
    y, x = np.indices(SHAPE)
    labels = np.zeros(SHAPE, np.uint8)
    labels[np.hypot((y - 40) / 34, (x - 40) / 29) < 1] = 1
    # In the bounding box of the first, though apart from it.
    labels[np.hypot((y - 75) / 24, (x - 97) / 33) < 1] = 2
    densities = np.zeros((2, *SHAPE))
    for label, rate in enumerate(RATES, start=1):
        inside = labels == label
        pair = ChromatinPhaseField(ELL_NM, 10.0).simulate(
            np.full(SHAPE, rate), (SIDE_NM, SIDE_NM), mask=inside, duration=20, time_step=0.2
        )
        for plane, density in zip(densities, pair, strict=True):
            plane[inside] = density[inside]
    rng = np.random.default_rng(1)
    image = rng.poisson(COUNTS * densities + BACKGROUND).astype(np.uint16)
    folder = tmp_path_factory.mktemp("slide")
    return Slide(
        labels,
        _write(folder / "two.ome.tif", image, ("H3K9me3", "H3K27ac")),
        _write(folder / "total.ome.tif", image[1:] + image[:1], ("DNA",)),
        _write(folder / "labels.tif", labels),
    )


@pytest.fixture(scope="module")
def quick():
    return make_settings(
        {
            "method": "direct",
            "reaction_length_nm": ELL_NM,
            "nucleus_min_area_um2": 0.5,
            "background_intensity": BACKGROUND,
            "intensity_per_fraction": COUNTS,
            "device": "cpu",
        }
    )


@pytest.fixture(scope="module")
def analysis(slide, quick):
    return analyse(slide.two_channels, quick, nuclei=slide.outlines)


def test_every_nucleus_gets_the_map_of_its_own_window(slide, analysis):
    assert [nucleus.label for nucleus in analysis.per_nucleus] == [1, 2]
    assert (slide.labels[analysis.per_nucleus[0].window] == 2).any()
    for nucleus, rate in zip(analysis.per_nucleus, RATES, strict=True):
        inside = slide.labels[nucleus.window] == nucleus.label
        assert inside.sum() == (slide.labels == nucleus.label).sum()
        np.testing.assert_array_equal(nucleus.rate_map.mask, inside)
        for name in ("rate", "rate_sd", "compaction"):
            values = getattr(nucleus.rate_map, name)
            np.testing.assert_array_equal(np.isfinite(values), inside)
        assert np.nanmedian(nucleus.rate_map.rate) == pytest.approx(rate, rel=0.07)
        assert nucleus.rate_map.scale is Scale.RATIO
        assert nucleus.rate_map.quantity is Quantity.RATE_RATIO


def test_the_whole_map_lies_where_the_nuclei_are(slide, analysis):
    whole = analysis.full_map("rate")
    np.testing.assert_array_equal(np.isfinite(whole), slide.labels > 0)
    for nucleus in analysis.per_nucleus:
        inside = slide.labels == nucleus.label
        values = nucleus.rate_map.rate[nucleus.rate_map.mask]
        np.testing.assert_array_equal(whole[inside], values)


@pytest.mark.parametrize(("given", "used"), [(None, 41.0), (0.0, 0.0), (25.0, 25.0)])
def test_the_blur_is_that_of_the_settings_or_else_of_the_image(
    slide, quick, monkeypatch, given, used
):
    seen = []

    def watching(*args, psf_nm, **kwargs):
        seen.append(psf_nm)
        return infer_rates(*args, psf_nm=psf_nm, **kwargs)

    monkeypatch.setattr("chromamol.pipeline.infer_rates", watching)
    image = replace(read_image(slide.two_channels), psf_nm=41.0)
    analyse(image, quick.replace(psf_nm=given), nuclei=slide.outlines)
    assert seen == [used, used]


def test_what_was_used_is_recorded(analysis):
    assert analysis.yx_spacing_nm == (SIDE_NM, SIDE_NM)
    assert analysis.settings.roles == {
        Role.HETEROCHROMATIN: "H3K9me3",
        Role.EUCHROMATIN: "H3K27ac",
    }
    assert analysis.composition.calibrated
    assert analysis.notes


def test_the_settings_that_were_used_give_the_same_maps(slide, analysis):
    again = analyse(slide.two_channels, analysis.settings, nuclei=slide.outlines)
    np.testing.assert_array_equal(again.full_map("rate"), analysis.full_map("rate"))


def test_nuclei_are_found_in_the_image_itself(slide, quick):
    found = analyse(
        slide.two_channels,
        quick.replace(nucleus_smoothing_nm=120.0, intensity_per_fraction="auto"),
    )
    assert len(found.per_nucleus) == 2
    covered = found.nuclei.labels > 0
    overlap = (covered & (slide.labels > 0)).sum() / (covered | (slide.labels > 0)).sum()
    assert overlap > 0.85
    for nucleus in found.per_nucleus:
        assert nucleus.rate_map.scale is Scale.RELATIVE
        assert np.nanmean(nucleus.rate_map.rate) == pytest.approx(1)


def test_a_total_density_gives_compaction_and_an_exploratory_map(slide, quick):
    settings = quick.replace(method="weak-form", intensity_per_fraction="auto")
    found = analyse(slide.total, settings, nuclei=slide.outlines)
    for nucleus in found.per_nucleus:
        rate_map = nucleus.rate_map
        assert rate_map.quantity is Quantity.DENSITY_ONLY
        assert rate_map.exploratory
        assert rate_map.scale is Scale.RELATIVE
        assert np.nanmean(rate_map.compaction) == pytest.approx(1, abs=0.05)
        codes = {finding.code for finding in rate_map.findings}
        if rate_map.status is Status.REJECTED:
            assert "density-only-rejected" in codes
            assert np.isnan(rate_map.rate).all()
        else:
            assert "density-only" in codes
            np.testing.assert_array_equal(np.isfinite(rate_map.rate), rate_map.mask)
            assert np.nanmean(rate_map.rate) == pytest.approx(1)


def test_progress_names_the_nucleus_and_a_cancel_stops_the_image(slide, quick):
    class Watching:
        def __init__(self, last: str) -> None:
            self.last = last
            self.stages: list[str] = []

        def begin(self, stage: str, steps: int | None = None) -> None:
            self.stages.append(stage)
            if stage == self.last:
                raise Cancelled

        def advance(self, steps: int = 1) -> None:
            pass

    progress = Watching("nucleus 2 of 2: inferring the rate")
    with pytest.raises(Cancelled):
        analyse(slide.two_channels, quick, nuclei=slide.outlines, progress=progress)
    assert progress.stages[:2] == ["reading the image", "finding the nuclei"]
    assert "nucleus 1 of 2: inferring the rate" in progress.stages


def test_an_image_without_a_pixel_size_is_refused(slide, quick, tmp_path):
    image = tifffile.imread(slide.two_channels)
    plain = tmp_path / "plain.tif"
    tifffile.imwrite(plain, image, metadata={"axes": "CYX"})
    roles = {"heterochromatin": 0, "euchromatin": 1}
    with pytest.raises(InputError, match="pixel-size-nm"):
        analyse(plain, quick.replace(roles=roles), nuclei=slide.outlines)
    found = analyse(plain, quick.replace(roles=roles, pixel_size_nm=SIDE_NM), nuclei=slide.outlines)
    assert found.yx_spacing_nm == (SIDE_NM, SIDE_NM)


def test_step_by_step_there_is_always_what_is_done(slide, quick):
    steps = list(analyse_stepwise(slide.two_channels, quick, nuclei=slide.outlines))
    assert [[one.label for one in step.per_nucleus] for step in steps] == [[], [1], [1, 2]]
    assert steps[0].nuclei.labels.max() == 2
    whole = analyse(slide.two_channels, quick, nuclei=slide.outlines)
    np.testing.assert_array_equal(steps[-1].full_map("rate"), whole.full_map("rate"))
    assert steps[-1].notes == whole.notes
