"""The words of a result."""

from __future__ import annotations

from typing import Any

from chromamol.inference.rate_map import Quantity, Scale, Status
from chromamol.results.record import FindingRecord, NucleusRecord, Record
from chromamol.settings import Settings
from napari_chromamol._findings import as_html


def nucleus(label: int, *sentences: str, **changes: Any) -> NucleusRecord:
    values = {
        "label": label,
        "touches_border": False,
        "quantity": Quantity.RATE_RATIO.value,
        "scale": Scale.RATIO.name,
        "exploratory": False,
        "status": Status.CONVERGED.name,
        "status_sentence": Status.CONVERGED.value,
        "reaction_length_nm": 140.0,
        "findings": tuple(FindingRecord(code=one, sentence=one) for one in sentences),
    }
    return NucleusRecord(**(values | changes))


def record(*nuclei: NucleusRecord, **changes: Any) -> Record:
    values = {
        "chromamol_version": "0",
        "image": "cell",
        "image_path": "plate/cell.tif",
        "image_sha256": "",
        "image_files": (),
        "counts": False,
        "psf_nm": None,
        "repeated_share": None,
        "yx_spacing_nm": (40.0, 30.0),
        "channel_names": ("DNA",),
        "roles": {"total": 0},
        "backgrounds": {"total": 3.0},
        "gains": {"total": 1.0},
        "calibrated": True,
        "notes": (),
        "nuclei": nuclei,
        "settings": Settings(),
    }
    return Record(**(values | changes))


def test_each_finding_once_with_the_nuclei_it_holds_for() -> None:
    words = as_html(record(nucleus(1, "alike"), nucleus(2, "alike", "too coarse")))
    assert words.count("alike.") == 1
    assert words.count(Status.CONVERGED.value) == 1
    assert "Nucleus 2: too coarse." in words
    assert "2 nuclei" in words


def test_exploratory_maps_say_so() -> None:
    one = nucleus(1, quantity=Quantity.DENSITY_ONLY.value, exploratory=True, scale="RELATIVE")
    words = as_html(record(one))
    assert "EXPLORATORY" in words
    assert "(density only)" in words


def test_doubts_come_first() -> None:
    words = as_html(record(nucleus(1, "harmless", "model-misfit")))
    assert "<b>Do not believe the rate map:</b> Model-misfit." in words
    assert words.index("Model-misfit") < words.index("Harmless")


def test_without_a_map_the_reason_is_said_once() -> None:
    ended = {"status": Status.REJECTED.name, "status_sentence": Status.REJECTED.value}
    words = as_html(record(nucleus(1, "harmless", "too-coarse", **ended)))
    assert "<b>No rate map:</b> Too-coarse." in words
    assert words.lower().count("too-coarse") == 1
    assert "rejected" not in words


def test_texts_of_a_file_are_no_markup() -> None:
    words = as_html(record(nucleus(1), image="<img src=x>", notes=("<a href=x>",)))
    assert "<img" not in words
    assert "<a " not in words
