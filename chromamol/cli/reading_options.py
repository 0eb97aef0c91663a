"""Options about reading, which several commands have."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from chromamol.cli.settings_options import help_for

Others = Annotated[
    list[Path] | None,
    typer.Option(
        "--with",
        metavar="FILE",
        help="Another file of the same field, for its channels; may be repeated.",
    ),
]
Axes = Annotated[str | None, typer.Option(help=help_for("axes"))]
ZPlane = Annotated[str | None, typer.Option(metavar="N|mean", help=help_for("z_plane"))]
TimePoint = Annotated[int | None, typer.Option(help=help_for("time_point"))]
Columns = Annotated[str | None, typer.Option(metavar="WHAT=NAME,...", help=help_for("columns"))]
CameraPixel = Annotated[float | None, typer.Option(help=help_for("camera_pixel_nm"))]
Assignments = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="KEY=VALUE", help="Change one setting; may be repeated."),
]
