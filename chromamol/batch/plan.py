"""What a batch will do: its images, where their results go, and what is left out."""

from __future__ import annotations

from dataclasses import dataclass, replace
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING

from chromamol.batch.find import find_images, paired
from chromamol.batch.log import no_longer
from chromamol.batch.result_folders import folders_of, moved, with_number
from chromamol.batch.sheet import Sample, read_sheet
from chromamol.batch.task import Ended, Status, Task
from chromamol.errors import CallError, InputError
from chromamol.progress import Progress, Silent

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


_NOT_THERE = "The sample sheet names it, and it is not there."


@dataclass(frozen=True)
class Plan:
    """What a batch will do.

    Attributes
    ----------
    out : Path
        Folder of all results.
    tasks : tuple of Task
        The images, in the order of their names.
    left_out : tuple of Ended
        Files that are not analysed, and why.
    notes : tuple of str
        What else is to be said before it begins.
    groups : tuple of str
        In the order of the sample sheet; empty without one.
    """

    out: Path
    tasks: tuple[Task, ...]
    left_out: tuple[Ended, ...] = ()
    notes: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """What gets a line in ``batch.csv``: files that are left out, and the images."""
        left_out = [one.name for one in self.left_out]
        return (*left_out, *(task.name for task in self.tasks))


def plan_batch(
    folder: Path | str,
    out: Path | str,
    *,
    channel_files: Sequence[str] = (),
    sheet: Path | str | None = None,
    command: str | None = None,
    progress: Progress | None = None,
) -> Plan:
    """Find the images of a folder and its subfolders; none is opened, nothing is written.

    Parameters
    ----------
    folder : path
    out : path
        Folder of the results; may lie in `folder`, but not be it. Subfolders are mirrored.
    channel_files : sequence of str, optional
        Where the channels of a field are in files of their own: a pattern of names for each
        channel, with one ``*`` for what they share: ``("*_K9me3.tif", "*_K27ac.tif")``.
    sheet : path, optional
        Sample sheet, see `chromamol.batch.sheet.read_sheet`; images that are not in it are left
        out.
    command : str, optional
        What was typed, for the provenance of the results.
    progress : Progress, optional

    Raises
    ------
    CallError
        If a folder, a pattern or the sheet is wrong.
    InputError
        If there is no image.
    Cancelled
        If `progress` asked to stop.
    """
    # Workers may have been started elsewhere.
    folder, out = Path(folder).absolute(), Path(out).absolute()
    if out.resolve() == folder.resolve():
        msg = (
            f"{out} is the folder of the images. Choose another one for the results; it may lie in "
            "it."
        )
        raise CallError(msg)
    samples = None if sheet is None else read_sheet(Path(sheet))
    found = find_images(folder, out, progress or Silent())
    if sheet is not None:
        found = replace(found, images=tuple(one for one in found.images if not _same(one, sheet)))
    fields: list[tuple[Path, ...]] = [(image,) for image in found.images]
    left_out: dict[Path, str] = {}
    if channel_files:
        fields, left_out = paired(found.images, channel_files)
    notes: list[str] = []
    missing: list[str] = []
    if found.others:
        more = found.others - len(found.first_others)
        named = ", ".join(found.first_others) + (f" and {more} more" if more else "")
        notes = [f"Passed by, as no image has such a name: {named}."]
    notes += [f"Not searched: {where}." for where in found.not_searched]
    if found.results:
        first = found.results[0].relative_to(folder)
        notes.append(f"Not searched: {_many(found.results, 'result')} of chromamol (as {first}).")
    chosen: dict[tuple[Path, ...], Sample | None] = dict.fromkeys(fields)
    if samples is not None:
        chosen, unlisted, missing = _listed(fields, samples, folder)
        left_out |= unlisted
        if not chosen and missing:
            raise CallError(_none_there(missing, found.images, folder))
    if not chosen:
        msg = (
            f"No image of {folder} is left to be analysed: {len(left_out)} were left out. The "
            f"first: {_first(left_out, folder)}"
        )
        raise InputError(msg)
    images = [files[0].relative_to(folder) for files in chosen]
    folders = folders_of(images, out)
    notes += [*moved(images, folders, out), *with_number(images, folders)]
    tasks = tuple(
        replace(_task(files, where, sample, folder), command=command)
        for (files, sample), where in zip(chosen.items(), folders, strict=True)
    )
    ended = [
        *(Ended(name, Status.FAILED, _NOT_THERE) for name in missing),
        *(Ended(_printable(path, folder), Status.SKIPPED, why) for path, why in left_out.items()),
    ]
    groups = dict.fromkeys(sample.group for sample in chosen.values() if sample is not None)
    plan = Plan(out, tasks, tuple(ended), tuple(notes), _in_order(groups, samples))
    gone = no_longer(out, plan.names)
    if not gone:
        return plan
    note = (
        f"No longer among the images: {_many(gone, 'image')} of an earlier batch (as "
        f"{gone[0]}). Their results stay where they are; batch.csv and the tables leave them "
        "out."
    )
    return replace(plan, notes=(*plan.notes, note))


def _in_order(groups: Iterable[str], samples: dict[str, Sample] | None) -> tuple[str, ...]:
    """Return the groups that have images, in the order of the sheet."""
    sheet = dict.fromkeys(sample.group for sample in (samples or {}).values())
    there = set(groups)
    return tuple(group for group in sheet if group in there)


def _none_there(missing: list[str], images: Sequence[Path], folder: Path) -> str:
    """Say that the sheet names no image of the folder, and which one it may mean."""
    there = [image.relative_to(folder).as_posix() for image in images]
    near = get_close_matches(missing[0], there, n=1, cutoff=0.0)
    meant = f" The nearest that is there is '{near[0]}'." if near else ""
    return (
        f"The sample sheet names no image of {folder}: its first is '{missing[0]}', and names are "
        f"relative to that folder.{meant}"
    )


def _same(image: Path, sheet: Path | str) -> bool:
    """Whether a file is the sample sheet itself."""
    return image.resolve() == Path(sheet).resolve()


def _listed(
    fields: Iterable[tuple[Path, ...]], samples: dict[str, Sample], folder: Path
) -> tuple[dict[tuple[Path, ...], Sample | None], dict[Path, str], list[str]]:
    """Keep the fields that the sheet lists; return also those it does not, and what is missing."""
    masks = {sample.nuclei for sample in samples.values()}
    chosen: dict[tuple[Path, ...], Sample | None] = {}
    unlisted: dict[Path, str] = {}
    known: set[str] = set()
    for files in fields:
        names = [file.relative_to(folder).as_posix() for file in files]
        sample = next((samples[name] for name in names if name in samples), None)
        known.update(names)
        if sample is not None:
            chosen[files] = sample
        elif names[0] not in masks:
            unlisted[files[0]] = "It is not in the sample sheet."
    missing = [name for name in samples if name not in known]
    return chosen, unlisted, missing


def _first(left_out: dict[Path, str], folder: Path) -> str:
    """Say what was left out first."""
    return next((f"{path.relative_to(folder)}: {why}" for path, why in left_out.items()), "none.")


def _many(things: Sequence[object], noun: str) -> str:
    """Say how many."""
    return f"{len(things)} {noun}{'s' * (len(things) != 1)}"


def _printable(path: Path, folder: Path) -> str:
    """Name a file relative to the folder; what is no text in it is written as its number."""
    name = path.relative_to(folder).as_posix()
    return name.encode("utf-8", "backslashreplace").decode("utf-8")


def _task(files: tuple[Path, ...], where: Path, sample: Sample | None, folder: Path) -> Task:
    """Put together what is known of one image."""
    name = _printable(files[0], folder)
    if sample is None:
        return Task(name, files, where)
    nuclei = folder / sample.nuclei if sample.nuclei else None
    return Task(name, files, where, nuclei, sample.group, sample.replicate, sample.block)
