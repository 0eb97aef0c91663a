"""What a batch left in its folder: tables and results, and what of it cannot be read."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from chromamol.batch.log import COLUMNS as LOG_COLUMNS
from chromamol.batch.log import last_rows
from chromamol.batch.place import BATCH_FILE, COMPARISONS_FILE, IMAGE_KEY, KEY
from chromamol.batch.result_folders import may_be_folder_of
from chromamol.batch.task import Status
from chromamol.errors import CallError, InputError
from chromamol.results.columns import COLUMNS_FILE, NUCLEI_FILE
from chromamol.results.place import PROVENANCE_FILE, provenance_of
from chromamol.results.tables import armed
from chromamol.statistics.compare import COLUMNS as COMPARED

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

# Columns without which a table is none of ours, and whether they hold numbers.
_OF_NUCLEI = dict.fromkeys(("nucleus", "rate_mean", "rate_sd_of_map"), True) | dict.fromkeys(
    ("image", "quantity", "scale", "exploratory", "touches_border", "findings"), False
)
_OF_COMPARISONS = {
    name: name not in {"measure", "reference", "group", "test", "model", "reason"}
    for name in COMPARED
}
_OF_COLUMNS = dict.fromkeys(("file", "column", "unit", "meaning"), False)
_TEXTS = (
    *("image", "group", "replicate", "block", "findings", "quantity", "scale"),
    *("measure", "reference", "reason", "test", "model"),
    *_OF_COLUMNS,
)
_HIGHEST_LABEL = 2**31 - 1


@dataclass(frozen=True)
class Source:
    """The result of one image.

    Attributes
    ----------
    image : str
        As the tables name it.
    folder : Path
    provenance : dict
        What `provenance.json` holds, less the record of the nuclei.
    """

    image: str
    folder: Path
    provenance: dict[str, Any]

    @property
    def store(self) -> Path:
        """The OME-Zarr store; a path that is not there if there is none."""
        return next(self.folder.glob("*.ome.zarr"), self.folder / f"{self.folder.name}.ome.zarr")


@dataclass(frozen=True)
class Cohort:
    """All that a batch left.

    Attributes
    ----------
    out : Path
    log : pandas.DataFrame
        ``batch.csv``, the last line of each file; empty if there is none.
    nuclei : pandas.DataFrame
        ``nuclei.csv`` of the batch, or the tables of the results in one; rows are numbered from 0.
    comparisons : pandas.DataFrame
        ``comparisons.csv``; empty if there is none, or `nuclei` names no groups.
    columns : pandas.DataFrame
        ``columns.csv``; empty if there is none.
    sources : tuple of Source
        The results of the images of `nuclei`, in their order.
    troubles : tuple of str
        What could not be read, in sentences.
    """

    out: Path
    log: pd.DataFrame
    nuclei: pd.DataFrame
    comparisons: pd.DataFrame
    columns: pd.DataFrame
    sources: tuple[Source, ...]
    troubles: tuple[str, ...]

    @property
    def groups(self) -> tuple[str, ...]:
        """Names of the groups, the reference first; empty without a sample sheet."""
        if "group" not in self.nuclei:
            return ()
        compared = self.comparisons[["reference", "group"]].to_numpy().ravel()
        return tuple(dict.fromkeys([*compared, *self.nuclei["group"].dropna()]))


def read_cohort(out: Path) -> Cohort:
    """Read the tables of a batch, and find its results; pixels are not read.

    Parameters
    ----------
    out : Path
        Folder that a batch, or ``chromamol run``, wrote to.

    Returns
    -------
    Cohort

    Raises
    ------
    InputError
        If there is no result.
    """
    troubles: list[str] = []
    log = _log(out, troubles)
    comparisons = _table(out / COMPARISONS_FILE, _OF_COMPARISONS, troubles)
    failed = log["image"][log["status"] == Status.FAILED]
    sources, unread = _sources(out, failed, troubles)
    nuclei = _table(out / NUCLEI_FILE, _OF_NUCLEI, troubles)
    if nuclei.empty:
        nuclei = _gathered(sources, troubles)
    nuclei = nuclei.dropna(subset=["image", "nucleus"])
    nuclei = nuclei.reset_index(drop=True).astype({"nucleus": int})
    if nuclei.empty:
        said = " ".join(troubles)
        msg = f"There is no result in {out}, so there is nothing to report. "
        msg += (
            "Give the folder that 'chromamol batch' or 'chromamol run' wrote to."
            if log.empty
            else f"Why no image could be analysed is in {out / BATCH_FILE}."
        )
        raise InputError(f"{msg} {said}".strip())
    if "group" not in nuclei and not comparisons.empty:
        troubles.append(
            f"{COMPARISONS_FILE} is left out, as it may be of an earlier batch: no nucleus has a "
            "group."
        )
        comparisons = comparisons[:0]
    by_image = {source.image: source for source in sources}
    images = list(dict.fromkeys(nuclei["image"]))
    others = [source.image for source in sources if source.image not in set(images)]
    if others:
        troubles.append(
            f"Results that are not in {NUCLEI_FILE}, as those of an earlier batch, are left out: "
            f"{_some(others)}."
        )
    lost = [
        image
        for image in images
        if image not in by_image and not any(may_be_folder_of(Path(image), one) for one in unread)
    ]
    if lost:
        troubles.append(f"The folders of these results are not there any more: {_some(lost)}.")
    columns = _table(out / COLUMNS_FILE, _OF_COLUMNS, troubles)
    if columns.empty and sources:
        columns = _table(sources[0].folder / COLUMNS_FILE, _OF_COLUMNS, troubles)
    there = tuple(by_image[image] for image in images if image in by_image)
    return Cohort(out, log, nuclei, comparisons, columns, there, tuple(troubles))


def _log(out: Path, troubles: list[str]) -> pd.DataFrame:
    """Read how each file of the batch ended."""
    try:
        rows = list(last_rows(out).values())
    except (CallError, OSError, csv.Error):
        troubles.append(f"{BATCH_FILE} is not the table of a batch, and is left out.")
        rows = []
    cells = [[armed(row[name]) or None for name in LOG_COLUMNS] for row in rows]
    return pd.DataFrame(cells, columns=list(LOG_COLUMNS), dtype=object)


def _table(path: Path, needed: Mapping[str, bool], troubles: list[str]) -> pd.DataFrame:
    """Read a table; say why it cannot be used, and return an empty one.

    `needed` names columns, and tells whether they hold numbers.
    """
    nothing = pd.DataFrame(columns=list(needed))
    if not path.is_file():
        return nothing
    try:
        table = pd.read_csv(
            path,
            dtype=dict.fromkeys(_TEXTS, str),
            keep_default_na=False,
            na_values=[""],
            encoding_errors="replace",
        )
    except (OSError, ValueError) as error:
        troubles.append(f"{path.name} cannot be read ({str(error)[:80]}), and is left out.")
        return nothing
    together = ["replicate"] if "group" in table and path.name == NUCLEI_FILE else []
    missing = [name for name in (*needed, *together) if name not in table]
    if missing:
        troubles.append(
            f"{path.name} has no column {', '.join(missing)}: it is not what chromamol wrote, and "
            "is left out."
        )
        return nothing
    for name in (name for name, is_number in needed.items() if is_number):
        numbers = pd.to_numeric(table[name], errors="coerce")
        fits = numbers.notna()
        if name == "nucleus":
            fits &= numbers.between(1, _HIGHEST_LABEL) & (numbers % 1 == 0)
        if not (fits | table[name].isna()).all():
            troubles.append(
                f"{path.name} holds something else where {name} is a number, and is left out."
            )
            return nothing
    texts = [name for name in table if table[name].dtype.kind not in "biuf"]
    for name in texts:  # a column of texts stays one where all its cells are empty
        cells = table[name].map(lambda cell: armed(cell) if isinstance(cell, str) else cell)
        table[name] = cells.astype(table[name].dtype)
    return table


def _sources(
    out: Path, failed: Iterable[str], troubles: list[str]
) -> tuple[list[Source], list[Path]]:
    """Find the results below a folder, and read where they come from.

    Return also the folders, relative to `out`, of those that are told of as troubles. What images
    that `failed` left earlier is not missed.
    """
    sources: list[Source] = []
    damaged: list[Path] = []
    early: dict[Path, str] = {}
    for path in sorted(out.rglob(PROVENANCE_FILE)):
        below = path.parent.relative_to(out)
        if any(part.startswith(".") for part in below.parts):
            continue
        name = below.as_posix() if below.parts else path.parent.resolve().name
        provenance = provenance_of(path.parent)
        if provenance is None:  # torn, or of another program that uses the name
            if any(path.parent.glob("*.ome.zarr")):
                damaged.append(below)
            continue
        provenance.pop("result", None)
        image = provenance.get(IMAGE_KEY)
        if KEY in provenance and image is None:
            early[below] = str(provenance.get("chromamol"))[:20]
            continue
        sources.append(Source(image if isinstance(image, str) else name, path.parent, provenance))
    troubles += [
        f"The result {one.as_posix()} is left out: {PROVENANCE_FILE} in it cannot be read. Delete "
        "its folder, and run the batch again."
        for one in damaged
        if not any(may_be_folder_of(Path(image), one) for image in failed)
    ]
    if early:
        versions = ", ".join(sorted(set(early.values())))
        troubles.append(
            "Maps of these results are left out, as an early version of chromamol "
            f"({versions}) made them, which did not note their image: "
            f"{_some([one.as_posix() for one in early])}. Run the batch again: it analyses these "
            "images anew."
        )
    return sources, [*damaged, *early]


def _gathered(sources: list[Source], troubles: list[str]) -> pd.DataFrame:
    """Put the tables of the results in one, as the batch does."""
    parts = []
    for source in sources:
        part = _table(source.folder / NUCLEI_FILE, _OF_NUCLEI, troubles)
        if not part.empty:
            parts.append(part.assign(image=source.image))
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=[*_OF_NUCLEI])


def _some(names: list[str], most: int = 5) -> str:
    """List names, the first few only."""
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return f"{', '.join(names[:most])}{more}"
