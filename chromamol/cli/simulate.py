"""``chromamol simulate``: a nucleus whose true rates are known."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from chromamol.cli.errors import writing
from chromamol.cli.watch import watched
from chromamol.cli.words import say


class Field(StrEnum):
    """How the true rate varies over the nucleus."""

    SMOOTH = "smooth"
    SPOTS = "spots"
    STEP = "step"


def simulate(
    out: Annotated[
        Path, typer.Option("--out", "-o", metavar="NAME", help="Name of the files, with no suffix.")
    ],
    field: Annotated[Field, typer.Option(help="How the true rate varies.")] = Field.SMOOTH,
    noise: Annotated[
        float,
        typer.Option(min=0, max=10, help="Noise, as a share of the contrast of heterochromatin."),
    ] = 0.05,
    seed: Annotated[int, typer.Option(min=0, help="Seed of the random numbers.")] = 0,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace earlier files.")] = False,
) -> None:
    """Make an image of a nucleus with known rates.

    Three files: the image, the mask of the nucleus, and the true rate map.
    """
    from chromamol.images.file_name import output_name
    from chromamol.simulation import simulate_nucleus

    with writing(out), watched("simulating") as progress:
        files = simulate_nucleus(
            out.with_name(output_name(out)),
            field=field.value,
            noise=noise,
            seed=seed,
            overwrite=overwrite,
            progress=progress,
        )
    for file in files:
        say(f"Written: {file}")
