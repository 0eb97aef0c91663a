"""The call of the command line that does the same as a press on Run."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, Any

import yaml

from napari_chromamol import _placement
from napari_chromamol._layers import KEY

if TYPE_CHECKING:
    from collections.abc import Mapping

    from napari.layers import Image as ImageLayer
    from napari.layers import Labels

    from chromamol.settings import Role, Settings

_NO_FILE, _NO_MASK = "IMAGE.tif", "NUCLEI.tif"


def command_line(
    chosen: Mapping[Role, ImageLayer], nuclei: Labels | None, settings: Settings
) -> tuple[str, str]:
    """Write the command for the chosen layers and settings.

    Parameters
    ----------
    chosen : mapping of Role to Image layer
    nuclei : Labels layer or None
    settings : Settings
        Without roles.

    Returns
    -------
    command : str
        To be pasted into a terminal.
    remark : str
        What has to be saved to a file first; empty if nothing.
    """
    channels = {role: _channel_of(layer) for role, layer in chosen.items()}
    sizes = {source: count for source, _, count in channels.values()}
    firsts, first = {}, 0
    for source, count in sizes.items():
        firsts[source], first = first, first + count
    files = [file for source in sizes for file in source]
    roles = ",".join(
        f"{role.value}={firsts[source] + number}" for role, (source, number, _) in channels.items()
    )
    words = ["chromamol", "run", *files[:1]]
    for other in files[1:]:
        words += ["--with", other]
    words += ["-o", "results", "--roles", roles]
    mask = ""
    if nuclei is not None:
        mask = nuclei.source.path or _NO_MASK
        words += ["--nuclei", mask]
    for name, value in _assignments(next(iter(chosen.values()), None), settings).items():
        words += ["--set", f"{name}={_as_yaml(value)}"]
    missing = [name for name in (_NO_FILE, _NO_MASK) if name in {*files, mask}]
    remark = f"Save the layers first, as {' and '.join(missing)}." if missing else ""
    return shlex.join(words), remark


def _channel_of(layer: ImageLayer) -> tuple[tuple[str, ...], int, int]:
    """Return the files of a layer's image, its channel, and how many channels they have."""
    about: dict[str, Any] = layer.metadata.get(KEY, {})
    if "files" in about:
        return about["files"], about["channel"], about["channels"]
    return (layer.source.path or _NO_FILE,), 0, 1


def _assignments(layer: ImageLayer | None, settings: Settings) -> dict[str, Any]:
    """Return the settings that are not the defaults, those about reading among them."""
    about = {} if layer is None else layer.metadata.get(KEY, {})
    values = dict(about.get("reading", {}))
    values |= settings.model_dump(mode="json", exclude_defaults=True, exclude={"roles"})
    spacing_nm = None if layer is None or "files" in about else _placement.spacing_nm(layer)
    if spacing_nm is not None and spacing_nm[0] == spacing_nm[1]:
        values.setdefault("pixel_size_nm", spacing_nm[0])
    return values


def _as_yaml(value: Any) -> str:
    """Write a value on one line."""
    text: str = yaml.safe_dump(value, default_flow_style=True, width=10_000)
    return text.removesuffix("\n").removesuffix("\n...")
