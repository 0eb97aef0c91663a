"""One image of a batch, and what became of it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path


class Status(StrEnum):
    """How an image ended."""

    OK = "ok"
    FAILED = "failed"
    SKIPPED = "skipped"


@dataclass(frozen=True)
class Task:
    """One image of a batch.

    Attributes
    ----------
    name : str
        The (first) file, relative to the folder of the batch, with forward slashes.
    files : tuple of Path
        Several files give the channels.
    folder : Path
        Where its result goes.
    nuclei : Path or None
        Mask or label image of its nuclei; None: they are found.
    group, replicate, block : str
        From the sample sheet; empty without one.
    command : str or None
        What was typed; None where nothing was.
    """

    name: str
    files: tuple[Path, ...]
    folder: Path
    nuclei: Path | None = None
    group: str = ""
    replicate: str = ""
    block: str = ""
    command: str | None = None


@dataclass(frozen=True)
class Ended:
    """How one image ended.

    Attributes
    ----------
    name : str
        Of the task.
    status : Status
    reason : str
        Why it failed or was skipped; of one that is ok, what must not be believed.
    nuclei : int or None
        How many were analysed.
    maps : int
        How many of them have a rate map.
    doubted : int
        How many of these must not be interpreted.
    seconds : float
    memory_mb : float or None
        The most memory that its process held meanwhile, MiB; None where that is unknown, and where
        nothing was analysed.
    before : bool
        Whether it was done in an earlier batch, and is unchanged since.
    lacked_memory : bool
        Whether it failed for want of memory, and is worth another try alone.
    """

    name: str
    status: Status
    reason: str = ""
    nuclei: int | None = None
    maps: int = 0
    doubted: int = 0
    seconds: float = 0.0
    memory_mb: float | None = None
    before: bool = False
    lacked_memory: bool = False


def maps_in_doubt(every: Iterable[Ended]) -> str:
    """Say how many rate maps of a batch should not be interpreted; "" where none is doubted."""
    every = list(every)
    doubted = sum(one.doubted for one in every)
    maps = sum(one.maps for one in every)
    noun = "rate map" if maps == 1 else "rate maps"
    return f"{doubted} of {maps} {noun} should not be interpreted" if doubted else ""
