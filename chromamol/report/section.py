"""The section of one nucleus: its maps, what may be believed of them, its numbers."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING

from chromamol.errors import InputError
from chromamol.inference.rate_map import Status
from chromamol.report.pictures import pictures_of
from chromamol.results.advice import ADVICE
from chromamol.results.in_words import DOUBTS, why_no_map
from chromamol.results.reopen import read_result

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    import pandas as pd

    from chromamol.report.cohort import Cohort, Source
    from chromamol.report.columns import Dictionary, Number
    from chromamol.report.pictures import Pictures
    from chromamol.results.record import NucleusRecord
    from chromamol.results.result import Result

logger = logging.getLogger(__name__)

_NO_FOLDER = "The result of this nucleus could not be read: see the top of this page."


@dataclass(frozen=True)
class Said:
    """One thing that a reader of a map has to know.

    Attributes
    ----------
    kind : str
        "no map", "doubt" or "note".
    code, sentence : str
    """

    kind: str
    code: str
    sentence: str

    @property
    def advice(self) -> str:
        """What to do about it; empty where that is in the sentence."""
        return ADVICE.get(self.code, "")


@dataclass(frozen=True)
class Section:
    """What is shown of one nucleus.

    Attributes
    ----------
    row : int
        Of the table of nuclei.
    label : int
    pictures : Pictures or None
    said : tuple of Said
        The worst first.
    numbers : tuple of Number
    trouble : str
        Why there are no pictures; empty if there are.
    """

    row: int
    label: int
    pictures: Pictures | None
    said: tuple[Said, ...]
    numbers: tuple[Number, ...]
    trouble: str = ""


def sections_of(
    cohort: Cohort, rows: Sequence[int], dictionary: Dictionary, limits: Mapping[str, float]
) -> Iterator[Section]:
    """Make the sections of some nuclei; one image is in memory at a time.

    Parameters
    ----------
    cohort : Cohort
    rows : sequence of int
        Of the table of nuclei.
    dictionary : Dictionary
    limits : mapping of str to float
        Of the colours of the rate, from `rate_limits`.
    """
    by_image = {source.image: source for source in cohort.sources}
    opened: tuple[object, Result | str] = (None, "")
    for row in rows:
        nucleus = cohort.nuclei.loc[row]
        if nucleus["image"] != opened[0]:
            opened = (None, "")  # before the next one is read
            opened = (nucleus["image"], _open(by_image.get(nucleus["image"])))
        yield _section(row, nucleus, opened[1], dictionary, limits)


def _open(source: Source | None) -> Result | str:
    """Read a result, or say why it cannot be."""
    if source is None:
        return _NO_FOLDER
    try:
        return read_result(source.store)
    except InputError as error:
        return str(error)


def _section(
    row: int,
    nucleus: pd.Series,
    result: Result | str,
    dictionary: Dictionary,
    limits: Mapping[str, float],
) -> Section:
    """Put together what is known of one nucleus."""
    numbers = tuple(dictionary.numbers(nucleus))
    label = int(nucleus["nucleus"])
    if isinstance(result, str):
        return Section(row, label, None, (), numbers, result)
    record = next((one for one in result.record.nuclei if one.label == label), None)
    if record is None:
        return Section(row, label, None, (), numbers, "Its result holds no nucleus of this number.")
    said = tuple(_said(record))
    try:
        pictures = pictures_of(result, label, limits.get(nucleus["quantity"]))
    except Exception as error:  # one bad result must not stop the report
        logger.exception("The maps of %s cannot be drawn", nucleus["image"])
        trouble = f"Its maps cannot be drawn ({type(error).__name__}: {error})."
        return Section(row, label, None, said, numbers, trouble)
    return Section(row, label, pictures, said, numbers)


def _said(record: NucleusRecord) -> list[Said]:
    """Sort what has to be known of a map, the worst first."""
    reason = why_no_map(record)
    codes_of_reason = {reason.code} if reason else set()
    worst = [Said("no map", reason.code, reason.sentence)] if reason else []
    others = [one for one in record.findings if one.code not in codes_of_reason]
    doubts = [one for one in others if one.code in DOUBTS and not reason]
    notes = [one for one in others if one not in doubts]
    was_stopped = record.status == Status.STOPPED.name
    return [
        *worst,
        *(Said("doubt", one.code, one.sentence) for one in doubts),
        *([Said("note", record.status, record.status_sentence)] if was_stopped else []),
        *(Said("note", one.code, one.sentence) for one in notes),
    ]
