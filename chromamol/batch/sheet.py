"""The sample sheet: which image belongs to which group and replicate."""

from __future__ import annotations

from dataclasses import MISSING, dataclass, fields, replace
from typing import TYPE_CHECKING

import pandas as pd

from chromamol.errors import CallError
from chromamol.results.tables import armed

if TYPE_CHECKING:
    from pathlib import Path

_SEPARATORS = (",", ";", "\t")


@dataclass(frozen=True)
class Sample:
    """One row.

    Attributes
    ----------
    image : str
        Relative to the folder of the batch, with forward slashes.
    group : str
        The condition.
    replicate : str
        The biological replicate.
    block : str
        What pairs replicates of different groups (a day, a donor); empty: replicates are nested in
        their group.
    nuclei : str
        Mask or label image, relative to the folder; empty: nuclei are found.
    """

    image: str
    group: str
    replicate: str
    block: str = ""
    nuclei: str = ""


_COLUMNS = tuple(field.name for field in fields(Sample))
_NEEDED = tuple(field.name for field in fields(Sample) if field.default is MISSING)


def read_sheet(path: Path) -> dict[str, Sample]:
    """Read a sample sheet: CSV, or text with tabs or semicolons between its columns.

    Parameters
    ----------
    path : Path
        Columns image, group, replicate, and where they are wanted block and nuclei.

    Returns
    -------
    dict of str to Sample
        By image.

    Raises
    ------
    CallError
        If it cannot be read; columns are missing or unknown; cells are empty that must not be; or
        an image stands there twice.
    """
    try:
        with path.open(encoding="utf-8-sig") as file:
            heading = file.readline()
        separator = max(_SEPARATORS, key=heading.count)
        table = pd.read_csv(
            path,
            sep=separator,
            dtype=str,
            keep_default_na=False,
            encoding="utf-8-sig",
            index_col=False,
        )
    except UnicodeError as error:
        msg = (
            f"The sample sheet {path} has letters that are not UTF-8. Save it as 'CSV UTF-8', as "
            "spreadsheets call it."
        )
        raise CallError(msg) from error
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        msg = f"The sample sheet {path} cannot be read ({reason}). It is a CSV file."
        raise CallError(msg) from error
    table.columns = [str(name).strip().lower() for name in table.columns]
    _check_columns(path, list(table.columns))
    table = table.apply(lambda column: column.str.strip())
    samples: dict[str, Sample] = {}
    for number, row in enumerate(table.to_dict("records"), start=2):
        sample = Sample(**{str(name): armed(value) for name, value in row.items()})
        sample = replace(sample, image=_path(sample.image), nuclei=_path(sample.nuclei))
        empty = [name for name in _NEEDED if not getattr(sample, name)]
        if empty:
            msg = f"Line {number} of the sample sheet {path.name} has no {' and no '.join(empty)}."
            raise CallError(msg)
        if sample.image in samples:
            msg = (
                f"The sample sheet {path.name} has '{sample.image}' twice (the second time on "
                f"line {number}). Give each image one line."
            )
            raise CallError(msg)
        samples[sample.image] = sample
    if not samples:
        msg = f"The sample sheet {path.name} has no line but its heading."
        raise CallError(msg)
    if len({bool(sample.block) for sample in samples.values()}) > 1:
        msg = (
            f"The sample sheet {path.name} names the block of some images only. Name that of each, "
            "or leave the column out."
        )
        raise CallError(msg)
    return samples


def _path(cell: str) -> str:
    """Write a path with forward slashes, without a dot before it."""
    return cell.replace("\\", "/").removeprefix("./")


def _check_columns(path: Path, names: list[str]) -> None:
    """Refuse a sheet with other columns."""
    missing = [name for name in _NEEDED if name not in names]
    unknown = [name for name in names if name not in _COLUMNS]
    if missing or unknown or len(set(names)) < len(names):
        optional = " and ".join(name for name in _COLUMNS if name not in _NEEDED)
        msg = (
            f"The sample sheet {path.name} has the columns {', '.join(names)}. Expected: "
            f"{', '.join(_NEEDED)}, and where they are wanted {optional}."
        )
        raise CallError(msg)
