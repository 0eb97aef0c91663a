"""Write a result, or its figure, to disk; made for a thread."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from chromamol.errors import CallError

if TYPE_CHECKING:
    from pathlib import Path

    from chromamol.results.result import Result


def save_figure_of(result: Result, label: int | None, path: Path) -> str:
    """Write the publication figure of all nuclei, or of one, as PNG and as PDF.

    Parameters
    ----------
    result : Result
    label : int or None
    path : Path
        Its suffix is left out; both files have this name.

    Returns
    -------
    str
        What was written.

    Raises
    ------
    CallError
        If it cannot be written.
    """
    from chromamol.output import appearing_file
    from chromamol.results.figure import draw_figure, save_figure
    from chromamol.results.result import analysis_of

    png, pdf = path.with_suffix(".png"), path.with_suffix(".pdf")
    figure = draw_figure(analysis_of(result, label))
    try:
        with appearing_file(png) as new_png, appearing_file(pdf) as new_pdf:
            save_figure(figure, new_png, new_pdf)
    except OSError as error:
        msg = f"{path} cannot be written ({error.strerror}). Choose another folder."
        raise CallError(msg) from error
    return f"Written: {png.name} and {pdf.name} in {path.parent}."


def save_files_of(result: Result, folder: Path) -> str:
    """Write every file of a result, as `chromamol run` does.

    Parameters
    ----------
    result : Result
    folder : Path
        A folder of the image's name is made in it; an earlier result of that name is replaced.

    Returns
    -------
    str
        What was written.

    Raises
    ------
    CallError
        If it cannot be written, or what is there is no result.
    """
    from chromamol.results.write import write_result

    out = folder / result.record.image.replace(os.sep, "_")
    write_result(result, out, overwrite=True, provenance={"saved_from": "napari"})
    return f"Written: all files of the result, in {out}."
