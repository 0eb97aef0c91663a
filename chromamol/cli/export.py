"""``chromamol export``: a map of one result, or of all results of a batch, as TIFF."""

from __future__ import annotations

from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from chromamol.cli.errors import writing
from chromamol.cli.words import complain, say
from chromamol.errors import CallError, InputError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from chromamol.results.result import Result

    Writer = Callable[[Path, Result], None]


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
    in_colour: Annotated[
        bool,
        typer.Option(
            "--colours",
            help="8-bit RGB in the colours of the figure, with a colour bar beside the map.",
        ),
    ] = False,
    limits: Annotated[
        tuple[float, float] | None,
        typer.Option(
            "--range",
            metavar="LOW HIGH",
            help="Values of the darkest and the brightest grey (pixels without a value are 0), or "
            "at the ends of the colours (default: what all maps need, the same for all).",
        ),
    ] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace files.")] = False,
) -> None:
    """Write a map of a stored result as a TIFF, or of all results of a batch.

    Fiji and napari open it with its pixel size.
    """
    from chromamol.results.reopen import is_result

    is_one = is_result(result) or not result.is_dir()
    if is_one and out.suffix.lower() not in {".tif", ".tiff"}:
        msg = f"The map is written as TIFF; '{out.name}' has to end in .tif"
        raise CallError(msg)
    stores = [result] if is_one else _stores_of(result)
    imagej = kind is Format.IMAGEJ
    if in_colour:
        _check_colours(bits, outside)
        write = _colours(stores, which, limits, imagej=imagej)
    else:
        write = _values(which, bits, limits, outside, imagej=imagej)
    if is_one:
        _write(result, out, which, write, overwrite=overwrite)
        say(f"Written: {out}")
        return
    with writing(out):
        out.mkdir(parents=True, exist_ok=True)
    written = 0
    for store in stores:
        name = "__".join(store.parent.relative_to(result).parts)
        try:
            file = out / f"{name}_{which.value}{'' if imagej else '.ome'}.tif"
            _write(store, file, which, write, overwrite=overwrite)
        except InputError as error:
            complain(f"{name}: {error}")
        else:
            written += 1
    say(f"Written: {written} of {len(stores)} maps, to {out}")
    if written < len(stores):
        raise typer.Exit(1)


def _stores_of(folder: Path) -> list[Path]:
    """List the results of a batch."""
    stores = sorted(path for path in folder.rglob("*.ome.zarr") if _is_of_batch(path, folder))
    if not stores:
        msg = f"There is no result in {folder}. Give the folder of a batch, or a .ome.zarr of it."
        raise InputError(msg)
    return stores


def _is_of_batch(store: Path, folder: Path) -> bool:
    """Whether a store is a result, and none of the hidden copies of the images."""
    from chromamol.results.reopen import is_result

    hidden = any(part.startswith(".") for part in store.relative_to(folder).parts)
    return not hidden and is_result(store)


def _values(
    which: Map,
    bits: Bits,
    limits: tuple[float, float] | None,
    outside: float | None,
    *,
    imagej: bool,
) -> Writer:
    """Write the values, or grey values."""
    from chromamol.results.exported import write_values
    from chromamol.results.greys import greys_of

    greys = greys_of(int(bits), limits, outside)
    return partial(write_values, name=which.value, greys=greys, imagej=imagej)


def _check_colours(bits: Bits, outside: float | None) -> None:
    """Refuse what does not go with colours."""
    if bits is not Bits.FLOAT or outside is not None:
        msg = "Colours are 8-bit RGB, grey where there is no value. Leave --bits and --outside out."
        raise CallError(msg)


def _colours(
    stores: Sequence[Path], which: Map, limits: tuple[float, float] | None, *, imagej: bool
) -> Writer:
    """Write colours, the same for all results of a kind, and say which."""
    from chromamol.results.exported import limits_of_all, write_colours
    from chromamol.results.map_colours import kind_of

    of_kind = {} if limits else limits_of_all(stores, which.value)
    where = ", the same in all files" if len(stores) > 1 else ""
    for kind, (low, high) in of_kind.items():
        say(f"Colours: {kind}, from {low:.4g} to {high:.4g}{where}.")

    def write(path: Path, result: Result) -> None:
        found = limits or of_kind[kind_of(result.record, which.value)]
        write_colours(path, result, which.value, found, imagej=imagej)

    return write


def _write(result: Path, out: Path, which: Map, write: Writer, *, overwrite: bool) -> None:
    """Write the map of one result."""
    from chromamol.output import appearing_file
    from chromamol.results.exported import result_with_map

    if out.exists() and not overwrite:
        msg = f"{out} exists already. Add --overwrite to replace it, or give another file."
        raise CallError(msg)
    stored = result_with_map(result, which.value)
    with writing(out), appearing_file(out) as partial_file:
        write(partial_file, stored)
