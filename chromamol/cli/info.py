"""``chromamol info``: what chromamol understands of an image."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from chromamol.cli.reading_options import (
    Assignments,
    Axes,
    CameraPixel,
    Columns,
    Others,
    PixelSize,
    TimePoint,
    ZPlane,
)
from chromamol.cli.settings_options import settings_from
from chromamol.cli.words import say

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from chromamol.images.image import Image
    from chromamol.settings import Settings

_SATURATED_SHARE, _FEWEST_SATURATED = 1e-3, 30
_FULL_SCALES = frozenset(2**bits - 1 for bits in (8, 10, 12, 14, 16))


def info(
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help="An image, a table, or a stored result.")
    ],
    *,
    others: Others = None,
    axes: Axes = None,
    z_plane: ZPlane = None,
    time_point: TimePoint = None,
    pixel_size_nm: PixelSize = None,
    columns: Columns = None,
    camera_pixel_nm: CameraPixel = None,
    assignments: Assignments = None,
) -> None:
    """Show what is understood of an image.

    Channels and what they are taken for, pixel size, intensities, and what is doubtful. Of a
    stored result: what came out, and its image.
    """
    from chromamol.images.read import read_image
    from chromamol.images.stack import UndecidedStack
    from chromamol.results.reopen import is_result
    from chromamol.results.store import IMAGE_GROUP

    if is_result(file):
        _show_result(file)
        file = file / IMAGE_GROUP
    chosen = settings_from(
        None,
        assignments or [],
        pixel_size_nm=pixel_size_nm,
        columns=columns,
        camera_pixel_nm=camera_pixel_nm,
        axes=axes,
        z_plane=z_plane,
        time_point=time_point,
    )
    paths = [file, *(others or [])]
    to_do = ""
    try:
        image = read_image(paths, chosen)
    except UndecidedStack as stack:
        chosen, hint = _part_of(paths, chosen, stack.sizes)
        to_do = f"{stack} {hint}"
        image = read_image(paths, chosen)
    count, height, width = image.cyx.shape
    say(str(file))
    if to_do:
        _line("To do", to_do)
    _line(
        "Image",
        f"{count} channel{'s' * (count > 1)}, {height} x {width} pixels (y, x), {image.cyx.dtype}",
    )
    if pixel_size_nm is not None:
        image = replace(image, yx_spacing_nm=(pixel_size_nm, pixel_size_nm))
    _line("Pixel size", _pixel_size(image))
    roles, remarks = _roles(image)
    for number, name in enumerate(image.channel_names):
        called = f" '{name}'" if name else ""
        role = f" taken as {roles[number]};" if number in roles else ""
        _line(
            f"Channel {number}",
            f"{called}{role} {_intensities(image.cyx[number], counts=image.counts)}".strip(),
        )
    for note in (*image.notes, *remarks):
        _line("Note", note)


def _part_of(
    paths: list[Path], settings: Settings, sizes: Mapping[str, int]
) -> tuple[Settings, str]:
    """Choose the part of a stack that is shown: the first time, the plane with most contrast.

    Contrast is the variance of the intensities over their mean (Groen, Young and Ligthart,
    Cytometry 6, 81, 1985), averaged over the channels.
    """
    import numpy as np

    from chromamol.images.files import open_files

    chosen: dict[str, int] = {}
    if sizes.get("T", 1) > 1 and settings.time_point is None:
        chosen["time_point"] = 0
    n_planes = sizes.get("Z", 1)
    if n_planes > 1 and settings.z_plane is None:
        contrast = []
        for plane in range(n_planes):
            with open_files(paths, settings.replace(**chosen, z_plane=plane)) as source:
                planes = [np.asarray(source.cyx[c], float) for c in range(source.cyx.shape[0])]
            contrast.append([yx.var() / max(yx.mean(), 1e-9) for yx in planes])
        most = np.maximum(np.max(contrast, axis=0), 1e-9)
        best = int(np.argmax((np.asarray(contrast) / most).mean(axis=1)))
        return (
            settings.replace(**chosen, z_plane=best),
            f"Shown here is plane {best}, which has the most contrast.",
        )
    return settings.replace(**chosen), "Shown here is the first."


def _show_result(path: Path) -> None:
    """Show what a stored result says of its maps."""
    from chromamol.results.in_words import in_words
    from chromamol.results.reopen import read_result

    record = read_result(path).record
    words = in_words(record.nuclei)
    count = len(record.nuclei)
    say(str(path))
    _line(
        "Result",
        f"{record.nuclei[0].naming.name_and_unit} of {count} nucle{'us' if count == 1 else 'i'} "
        f"in '{record.image}', by chromamol {record.chromamol_version}",
    )
    for title, sentences in (
        ("No map", words.no_map),
        ("DOUBT", words.doubts),
        ("To know", words.findings),
    ):
        for number, sentence in enumerate(sentences):
            heading = f"{title}:" if number == 0 else ""
            say(f"{heading:<12}{sentence}", indent=2, hang=12)


def _line(title: str, text: str) -> None:
    """Print one thing that was understood."""
    say(f"{title + ':':<12}{text}", indent=2, hang=12)


def _pixel_size(image: Image) -> str:
    """Say the pixel size, or how to give it."""
    if image.yx_spacing_nm is None:
        return (
            "none in the file (WARNING). 'chromamol run' needs it: look it up in the microscope's "
            "software and give it in nm, as in --pixel-size-nm 20."
        )
    from chromamol.inference.model_fit import ASSUMED_NM

    y_nm, x_nm = image.yx_spacing_nm
    height, width = image.cyx.shape[1:]
    text = (
        f"{y_nm:g} x {x_nm:g} nm (y, x); "
        f"the image is {height * y_nm / 1e3:.3g} x {width * x_nm / 1e3:.3g} µm"
    )
    if max(y_nm, x_nm) > ASSUMED_NM / 3:
        text += (
            f". Coarser than a third of a reaction-diffusion length of {ASSUMED_NM:g} nm: with "
            "such a length there is a compaction map and no rate map"
        )
    return text


def _roles(image: Image) -> tuple[dict[int, str], tuple[str, ...]]:
    """Propose a role for each channel, and say on what grounds, or why there is none."""
    from chromamol.errors import ChromamolError
    from chromamol.images.composition import resolve_roles
    from chromamol.settings import Settings

    try:
        roles, notes = resolve_roles(
            image.channel_names, image.cyx.shape[0], Settings(), image.name
        )
    except ChromamolError as error:
        return {}, (f"WARNING: {error}",)
    return {number: role.value for role, number in roles.items()}, notes


def _intensities(yx: NDArray[Any], *, counts: bool) -> str:
    """Say the range, and whether the detector was saturated; counts cannot be."""
    import numpy as np

    lowest, highest = yx.min(), yx.max()
    text = f"intensities from {lowest:g} to {highest:g}, median {np.median(yx):g}"
    share = float(np.mean(yx == highest))
    many = share > _SATURATED_SHARE and share * yx.size >= _FEWEST_SATURATED
    if highest > lowest and many and not counts:
        full = " and that is the end of a detector's range" if highest in _FULL_SCALES else ""
        text += (
            f". WARNING: {100 * share:.2g} % of the pixels have the highest value{full}: "
            "where the image is saturated, the maps are wrong"
        )
    return text
