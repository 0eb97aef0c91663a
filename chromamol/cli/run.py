"""``chromamol run``: analyse images."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path
from typing import Annotated

import typer

from chromamol.cli.errors import recorded
from chromamol.cli.reading_options import (
    Assignments,
    Axes,
    CameraPixel,
    Columns,
    Others,
    PixelSize,
    Roles,
    SettingsFile,
    TimePoint,
    ZPlane,
)
from chromamol.cli.settings_options import settings_from
from chromamol.cli.watch import watched
from chromamol.cli.words import say
from chromamol.errors import CallError


def run(
    images: Annotated[
        list[Path],
        typer.Argument(metavar="IMAGE", help="Images (TIFF, OME-Zarr) or localisation tables."),
    ],
    out: Annotated[
        Path, typer.Option("--out", "-o", help="Folder for the results, one folder per image.")
    ],
    *,
    roles: Roles = None,
    pixel_size_nm: PixelSize = None,
    others: Others = None,
    axes: Axes = None,
    z_plane: ZPlane = None,
    time_point: TimePoint = None,
    columns: Columns = None,
    camera_pixel_nm: CameraPixel = None,
    nuclei: Annotated[
        Path | None,
        typer.Option(
            metavar="MASK",
            help="Mask or label image of the nuclei. Default: they are found in the image.",
        ),
    ] = None,
    settings: SettingsFile = None,
    assignments: Assignments = None,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace earlier results.")
    ] = False,
) -> None:
    """Analyse images: maps, tables and a figure for each.

    Exit codes: 0 all done; 1 an image could not be analysed; 2 the call was wrong.
    """
    chosen = settings_from(
        settings,
        assignments or [],
        roles=roles,
        columns=columns,
        pixel_size_nm=pixel_size_nm,
        axes=axes,
        z_plane=z_plane,
        time_point=time_point,
        camera_pixel_nm=camera_pixel_nm,
    )
    if others and len(images) > 1:
        msg = f"--with gives more channels of one image, not of {len(images)}. Name one image."
        raise CallError(msg)
    if nuclei is not None and len(images) > 1:
        msg = f"--nuclei gives the outlines of one image, not of {len(images)}. Name one image."
        raise CallError(msg)

    from chromamol.results.folders import check_folder, input_store, result_folders

    folders = result_folders(images, out)
    for folder in folders:
        check_folder(folder, overwrite=overwrite)

    from chromamol.cli.summary import tell
    from chromamol.pipeline import analyse
    from chromamol.results.write import write_results

    provenance = {"command": shlex.join(sys.argv), "nuclei_file": nuclei}
    codes: list[int] = []
    for image, folder in zip(images, folders, strict=True):
        with recorded(codes, subject=str(image)):
            with watched(image.name) as progress:
                analysis = analyse(
                    [image, *(others or [])],
                    chosen,
                    nuclei=nuclei,
                    store=input_store(folder, out),
                    progress=progress,
                )
                write_results(
                    analysis, folder, overwrite=overwrite, provenance=provenance, progress=progress
                )
            tell(analysis, folder)
    if len(images) > 1:
        say(f"{len(images) - len(codes)} of {len(images)} images done, {len(codes)} failed.")
    if codes:
        raise typer.Exit(max(codes))
