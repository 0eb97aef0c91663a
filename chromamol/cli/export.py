"""``chromamol export``: one map of a stored result as a TIFF."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from chromamol.cli.errors import writing
from chromamol.cli.words import say
from chromamol.errors import CallError, InputError


class Map(StrEnum):
    """The maps of a result; the values are `chromamol.analysis.MAP_NAMES`."""

    RATE = "rate"
    RATE_SD = "rate_sd"
    RESIDUAL = "residual"
    COMPACTION = "compaction"


def export(
    result: Annotated[
        Path, typer.Argument(metavar="RESULT", help="The .ome.zarr folder of a result.")
    ],
    out: Annotated[Path, typer.Option("--out", "-o", help="The file to write, .tif.")],
    which: Annotated[Map, typer.Option("--map", help="Which map.")] = Map.RATE,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace the file.")] = False,
) -> None:
    """Write a map of a stored result as a TIFF.

    Fiji and napari open it with its pixel size.
    """
    if out.suffix.lower() not in {".tif", ".tiff"}:
        msg = f"The map is written as TIFF; '{out.name}' has to end in .tif"
        raise CallError(msg)
    if out.exists() and not overwrite:
        msg = f"{out} exists already. Add --overwrite to replace it, or give another file."
        raise CallError(msg)

    import numpy as np

    from chromamol.output import appearing_file
    from chromamol.results.in_words import in_words
    from chromamol.results.record import describe_map
    from chromamol.results.reopen import read_result
    from chromamol.results.tiff import write_map_tiff

    stored = read_result(result)
    if not np.isfinite(stored.maps[which.value]).any():
        words = in_words(stored.record.nuclei)
        reasons = " ".join(words.no_map or words.findings)
        msg = f"This result has no {which.value} map, so nothing is written. {reasons}"
        raise InputError(msg)
    with writing(out), appearing_file(out) as partial:
        write_map_tiff(
            partial,
            stored.maps[which.value],
            stored.yx_spacing_nm,
            which.value,
            description=describe_map(stored.record, which.value),
        )
    say(f"Written: {out}")
