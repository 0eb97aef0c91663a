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

    from chromamol.results.map_colours import Limits
    from chromamol.results.record import Record
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
        Bits, typer.Option(help="32: the values. 16 or 8: grey values, evenly over --range.")
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
            "at the ends of the colours. Default: what all maps need, the same for all.",
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
    _check_apart(out.parent if is_one else out, result)
    stores = [result] if is_one else _stores_of(result)
    imagej = kind is Format.IMAGEJ
    if in_colour:
        _check_colours(bits, outside)
        write = _colours(stores, which, limits, imagej=imagej)
    else:
        write = _values(stores, which, bits, limits, outside, imagej=imagej)
    if is_one:
        exported = [_write(result, out, which, write, overwrite=overwrite)]
        say(f"Written: {out}")
        _tell_doubts(exported, which)
        return
    with writing(out):
        out.mkdir(parents=True, exist_ok=True)
    exported = []
    for store in stores:
        name = "__".join(store.parent.relative_to(result).parts)
        try:
            file = out / f"{name}_{which.value}{'' if imagej else '.ome'}.tif"
            exported.append(_write(store, file, which, write, overwrite=overwrite))
        except InputError as error:
            complain(f"{name}: {error}")
    say(f"Written: {len(exported)} of {len(stores)} maps, to {out}")
    _tell_doubts(exported, which)
    if len(exported) < len(stores):
        raise typer.Exit(1)


def _check_apart(folder: Path, result: Path) -> None:
    """Refuse to write among results: the files would be taken for theirs, or replace them."""
    from chromamol.batch.place import BATCH_FILE
    from chromamol.results.place import provenance_of

    with writing(folder):
        folder = folder.resolve()
        of_result = [one for one in (folder, *folder.parents) if provenance_of(one) is not None]
        if folder != result.resolve() and not of_result and not (folder / BATCH_FILE).is_file():
            return
    msg = (
        f"{folder} holds results of chromamol, and an exported file would be taken for one of "
        "them. Give another folder with -o."
    )
    raise CallError(msg)


def _tell_doubts(exported: Sequence[Record], which: Map) -> None:
    """Say how many of the maps that were written must not be believed, or are exploratory."""
    from chromamol.results.in_words import is_doubted

    if which is Map.COMPACTION:
        return
    nuclei = [nucleus for record in exported for nucleus in record.nuclei]
    doubted = sum(map(is_doubted, nuclei))
    if doubted:
        say(
            f"The map of {doubted} of {len(nuclei)} nuclei should not be interpreted: the "
            "description in the file says which, and why."
        )
    exploratory = sum(record.nuclei[0].exploratory for record in exported)
    if exploratory:
        say(
            f"{exploratory} of {len(exported)} maps are exploratory: they suggest what to look "
            "for, and are no measurement."
        )


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
    try:
        return not hidden and is_result(store)
    except InputError:  # damaged: told when it is read
        return True


def _values(
    stores: Sequence[Path],
    which: Map,
    bits: Bits,
    limits: tuple[float, float] | None,
    outside: float | None,
    *,
    imagej: bool,
) -> Writer:
    """Write the values, or grey values, the same for all results of a kind."""
    from chromamol.results.exported import write_values
    from chromamol.results.greys import greys_of

    if limits or bits is Bits.FLOAT:
        greys = greys_of(int(bits), limits, outside)
        return partial(write_values, name=which.value, greys=greys, imagej=imagej)
    greys_of(int(bits), (0.0, 1.0), outside)  # refuses before anything is read
    limits_for = _limits(stores, which, "Grey values")

    def write(path: Path, result: Result) -> None:
        greys = greys_of(int(bits), limits_for(result), outside)
        write_values(path, result, which.value, greys, imagej=imagej)

    return write


def _check_colours(bits: Bits, outside: float | None) -> None:
    """Refuse what does not go with colours."""
    if bits is not Bits.FLOAT or outside is not None:
        msg = "Colours are 8-bit RGB, grey where there is no value. Leave --bits and --outside out."
        raise CallError(msg)


def _colours(
    stores: Sequence[Path], which: Map, limits: tuple[float, float] | None, *, imagej: bool
) -> Writer:
    """Write colours, the same for all results of a kind, and say which."""
    from chromamol.results.exported import write_colours

    limits_for = (lambda _: limits) if limits else _limits(stores, which, "Colours")

    def write(path: Path, result: Result) -> None:
        write_colours(path, result, which.value, limits_for(result), imagej=imagej)

    return write


def _limits(stores: Sequence[Path], which: Map, what: str) -> Callable[[Result], Limits]:
    """Choose limits, the same for all results of a kind, and say which."""
    from chromamol.results.exported import limits_of_all
    from chromamol.results.map_colours import kind_of

    of_kind = limits_of_all(stores, which.value)
    where = ", the same in all files" if len(stores) > 1 else ""
    for kind, (low, high) in of_kind.items():
        say(f"{what}: {kind}, from {low:.4g} to {high:.4g}{where}.")
    return lambda result: of_kind[kind_of(result.record, which.value)]


def _write(result: Path, out: Path, which: Map, write: Writer, *, overwrite: bool) -> Record:
    """Write the map of one result, and return what is known of it."""
    from chromamol.output import appearing_file
    from chromamol.results.exported import result_with_map

    if out.exists() and not overwrite:
        msg = f"{out} exists already. Add --overwrite to replace it, or give another file."
        raise CallError(msg)
    stored = result_with_map(result, which.value)
    with writing(out), appearing_file(out) as partial_file:
        write(partial_file, stored)
    return stored.record
