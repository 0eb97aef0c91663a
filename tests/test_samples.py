"""The sample images in a checkout and in an installed package."""

from __future__ import annotations

import pytest

from chromamol import samples
from chromamol.errors import CallError
from chromamol.images.read import read_image
from chromamol.samples import STED_PIXEL_SIZE_NM, sample_path


def test_the_sted_sample_with_its_origin_and_licence():
    path = sample_path("sted")
    image = read_image(path)
    assert image.name == "sted_dna"
    assert image.cyx.shape == (1, 2528, 2588)
    assert image.yx_spacing_nm is None
    assert "72 dpi" in image.notes[0]
    assert f"{STED_PIXEL_SIZE_NM:.0f} nm" in (path.parent / "SOURCE.md").read_text()
    assert "MIT" in (path.parent / "LICENSE").read_text()


def test_an_installed_package_has_its_own_samples(tmp_path, monkeypatch):
    package = tmp_path / "chromamol"
    installed = package / "sample_data" / samples.SAMPLES["sted"]
    installed.parent.mkdir(parents=True)
    installed.touch()
    monkeypatch.setattr(samples, "__file__", str(package / "samples.py"))
    assert sample_path("sted") == installed
    with pytest.raises(CallError, match="not installed"):
        sample_path("sted-mask")


def test_an_unknown_sample_is_an_error_that_lists_the_others():
    with pytest.raises(CallError, match="sted, sted-mask, simulated"):
        sample_path("stde")
