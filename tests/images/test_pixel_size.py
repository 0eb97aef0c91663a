"""Which pixel size holds."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from chromamol.errors import InputError
from chromamol.images.image import Image
from chromamol.images.pixel_size import believe, nm_per_unit, settle_spacing
from chromamol.settings import Settings


def make_image(spacing, notes=()):
    return Image("a", Path("a.tif"), "", np.eye(9)[None], ("",), spacing, notes)


def test_the_setting_goes_before_the_file():
    image = make_image((30.0, 20.0))
    assert settle_spacing(image, Settings()) == (30.0, 20.0)
    assert settle_spacing(image, Settings(pixel_size_nm=12.5)) == (12.5, 12.5)


def test_without_a_pixel_size_the_message_says_how_to_give_it():
    image = make_image(None, ("The file states 72 dpi, which is ... not a pixel size.",))
    with pytest.raises(InputError, match=r"--pixel-size-nm 20. The file states 72 dpi"):
        settle_spacing(image, Settings())


@pytest.mark.parametrize(
    ("unit", "nm"),
    [("µm", 1e3), ("μm", 1e3), (" Micrometer ", 1e3), ("angstrom", 0.1), ("", None), (None, None)],
)
def test_units(unit, nm):
    assert nm_per_unit(unit) == nm


def test_a_micrometre_is_often_no_pixel_size():
    spacing, (note,) = believe(1_000.0, 1_000.0, "The file states 1 µm")
    assert spacing == (1_000.0, 1_000.0)
    assert "many programs write 1 µm" in note
    assert believe(1_000.0, 500.0, "") == ((1_000.0, 500.0), ())
