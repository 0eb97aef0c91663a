"""``chromamol export``: a map of one result, or of all results of a batch, as TIFF."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from chromamol.cli.errors import writing
from chromamol.cli.words import complain, say
from chromamol.errors import CallError, InputError

if TYPE_CHECKING:
    from chromamol.results.greys import Greys


class Map(StrEnum):
    """The maps of a result; the values are `chromamol.analysis.MAP_NAMES`."""

    RATE = "rate"
    RATE_SD = "rate_sd"
    RESIDUAL = "residual"
    COMPACTION = "compaction"


class Format(StrEnum):
    """Kinds of TIFF."""

    OME = "ome"
    IMAGEJ = "imagej"


class Bits(StrEnum):
    """Of a pixel: 32 is floating point, the others are grey values."""

    FLOAT = "32"
    SIXTEEN = "16"
    EIGHT = "8"


def export(
    result: Annotated[
        Path,
        typer.Argument(
            metavar="RESULT", help="The .ome.zarr folder of a result, or the folder of a batch."
        ),
    ],
    out: Annotated[
        Path, typer.Option("--out", "-o", help="The file to write, .tif; of a batch, a folder.")
    ],
    *,
    which: Annotated[Map, typer.Option("--map", help="Which map.")] = Map.RATE,
    kind: Annotated[
        Format, typer.Option("--format", help="OME-TIFF, or a TIFF of ImageJ.")
    ] = Format.OME,
    outside: Annotated[
        float | None,
        typer.Option(metavar="VALUE", help="Value of pixels without one. Default: NaN."),
    ] = None,
    bits: Annotated[
        Bits, typer.Option(help="32: the values. 16 or 8: grey values that span --range.")
    ] = Bits.FLOAT,
    limits: Annotated[
        tuple[float, float] | None,
        typer.Option(
            "--range",
            metavar="LOW HIGH",
            help="Values of the darkest and the brightest grey; pixels without a value are 0.",
        ),
    ] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace files.")] = False,
) -> None:
    """Write a map of a stored result as a TIFF, or of all results of a batch.

    Fiji and napari open it with its pixel size.
    """
    from chromamol.results.greys import greys_of
    from chromamol.results.reopen import is_result

    greys = greys_of(int(bits), limits, outside)
    if is_result(result) or not result.is_dir():
        if out.suffix.lower() not in {".tif", ".tiff"}:
            msg = f"The map is written as TIFF; '{out.name}' has to end in .tif"
            raise CallError(msg)
        _write(result, out, which, kind, greys, overwrite=overwrite)
        say(f"Written: {out}")
        return
    stores = sorted(path for path in result.rglob("*.ome.zarr") if _is_of_batch(path, result))
    if not stores:
        msg = f"There is no result in {result}. Give the folder of a batch, or a .ome.zarr of it."
        raise InputError(msg)
    with writing(out):
        out.mkdir(parents=True, exist_ok=True)
    written = 0
    for store in stores:
        name = "__".join(store.parent.relative_to(result).parts)
        try:
            file = out / f"{name}_{which.value}{'.ome' if kind is Format.OME else ''}.tif"
            _write(store, file, which, kind, greys, overwrite=overwrite)
        except InputError as error:
            complain(f"{name}: {error}")
        else:
            written += 1
    say(f"Written: {written} of {len(stores)} maps, to {out}")
    if written < len(stores):
        raise typer.Exit(1)


def _is_of_batch(store: Path, folder: Path) -> bool:
    """Whether a store is a result, and none of the hidden copies of the images."""
    from chromamol.results.reopen import is_result

    hidden = any(part.startswith(".") for part in store.relative_to(folder).parts)
    return not hidden and is_result(store)


def _write(
    result: Path, out: Path, which: Map, kind: Format, greys: Greys, *, overwrite: bool
) -> None:
    """Write the map of one result."""
    if out.exists() and not overwrite:
        msg = f"{out} exists already. Add --overwrite to replace it, or give another file."
        raise CallError(msg)

    import numpy as np

    from chromamol.output import appearing_file
    from chromamol.results.in_words import in_words
    from chromamol.results.record import describe_map
    from chromamol.results.reopen import read_result
    from chromamol.results.tiff import write_map_imagej_tiff, write_map_tiff

    stored = read_result(result)
    yx_map = stored.maps[which.value]
    if not np.isfinite(yx_map).any():
        words = in_words(stored.record.nuclei)
        reasons = " ".join(words.no_map or words.findings)
        msg = f"This result has no {which.value} map, so nothing is written. {reasons}"
        raise InputError(msg)
    pixels = greys.pixels(yx_map)
    about = f"{describe_map(stored.record, which.value)} {greys.words}".strip()
    with writing(out), appearing_file(out) as partial:
        if kind is Format.IMAGEJ:
            write_map_imagej_tiff(partial, pixels, stored.yx_spacing_nm, about)
        else:
            write_map_tiff(partial, pixels, stored.yx_spacing_nm, which.value, description=about)
