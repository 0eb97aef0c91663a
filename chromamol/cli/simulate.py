"""``chromamol simulate``: a nucleus whose true rates are known, or a study of many."""

from __future__ import annotations

import shlex
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from chromamol.cli.errors import writing
from chromamol.cli.watch import watched
from chromamol.cli.words import say
from chromamol.errors import CallError


class Field(StrEnum):
    """How the true rate varies over the nucleus."""

    SMOOTH = "smooth"
    SPOTS = "spots"
    STEP = "step"


def simulate(
    out: Annotated[
        Path,
        typer.Option(
            "--out", "-o", metavar="NAME", help="Name of the files, with no suffix; of a folder."
        ),
    ],
    *,
    field: Annotated[
        Field | None, typer.Option(help="How the true rate varies. Default: smooth.")
    ] = None,
    noise: Annotated[
        float | None,
        typer.Option(
            min=0,
            max=10,
            help="Noise, as a share of the contrast of heterochromatin. Default: 0.05.",
        ),
    ] = None,
    study: Annotated[
        bool,
        typer.Option("--study", help="A folder of nuclei in two groups instead, for a batch."),
    ] = False,
    effect: Annotated[
        float | None,
        typer.Option(
            min=0.5,
            max=2,
            help="Of a study: rate of the treated over that of the control; 1: no difference. "
            "Default: 1.3.",
        ),
    ] = None,
    replicates: Annotated[
        int | None, typer.Option(min=1, help="Of a study: replicates in each group. Default: 3.")
    ] = None,
    nuclei: Annotated[
        int | None, typer.Option(min=1, help="Of a study: nuclei in each replicate. Default: 8.")
    ] = None,
    unknown_gain: Annotated[
        bool,
        typer.Option(
            "--unknown-gain",
            help="Of a study: each channel of each image has a gain of its own that nobody knows.",
        ),
    ] = False,
    seed: Annotated[int, typer.Option(min=0, help="Seed of the random numbers.")] = 0,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace earlier files.")] = False,
) -> None:
    """Make an image of a nucleus with known rates, or a study of many.

    Three files: the image, the mask of the nucleus, and the true rate map. With --study a folder:
    images and masks, a sample sheet, settings, and the truth as a table.
    """
    of_study = {"effect": effect, "replicates": replicates, "nuclei": nuclei}
    if study:
        _refuse({"field": field, "noise": noise}, "a study draws a noise for each smooth nucleus")
    else:
        _refuse({**of_study, "unknown-gain": unknown_gain or None}, "they need --study")

    from chromamol.images.file_name import output_name
    from chromamol.simulated_study import EFFECT, NUCLEI, REPLICATES, simulate_study
    from chromamol.simulation import simulate_nucleus

    with writing(out), watched("" if study else "simulating") as progress:
        if study:
            files = simulate_study(
                out,
                effect=effect or EFFECT,
                replicates=replicates or REPLICATES,
                nuclei=nuclei or NUCLEI,
                calibrated=not unknown_gain,
                seed=seed,
                overwrite=overwrite,
                progress=progress,
            )
        else:
            files = simulate_nucleus(
                out.with_name(output_name(out)),
                field=(field or Field.SMOOTH).value,
                noise=0.05 if noise is None else noise,
                seed=seed,
                overwrite=overwrite,
                progress=progress,
            )
    for file in files:
        say(f"Written: {file}")
    if study:
        sheet, settings, _ = files
        words = [
            "chromamol",
            "batch",
            out,
            "-o",
            "RESULTS",
            "--sheet",
            sheet,
            "--settings",
            settings,
        ]
        say(f"Analyse it: {shlex.join(map(str, words))}")


def _refuse(given: dict[str, object], why: str) -> None:
    """Refuse options that say nothing here."""
    there = [f"--{name}" for name, value in given.items() if value is not None]
    if there:
        msg = f"{', '.join(there)} cannot be given here: {why}."
        raise CallError(msg)
