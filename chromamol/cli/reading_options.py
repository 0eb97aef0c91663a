"""Options about reading, which several commands have."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from chromamol.cli.settings_options import help_for

Roles = Annotated[
    str | None,
    typer.Option(
        metavar="ROLE=CHANNEL,...",
        help=f"{help_for('roles')} Roles: heterochromatin, euchromatin, total, mark. "
        "Example: heterochromatin=0,euchromatin=1",
    ),
]
PixelSize = Annotated[float | None, typer.Option(help=help_for("pixel_size_nm"))]
SettingsFile = Annotated[
    Path | None,
    typer.Option(metavar="FILE", help="Settings file; 'chromamol settings' prints one."),
]
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
