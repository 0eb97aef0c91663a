"""The call of the command line that does the same as a press on Run."""

from __future__ import annotations

import shlex
from collections import Counter
from typing import TYPE_CHECKING, Any

import yaml

from napari_chromamol import _placement
from napari_chromamol._layers import KEY

if TYPE_CHECKING:
    from collections.abc import Mapping

    from napari.layers import Image as ImageLayer
    from napari.layers import Labels

    from chromamol.settings import Role, Settings

_TO_SAVE, _MASK_TO_SAVE = "CHANNEL-", "NUCLEI.tif"


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
    channels = _channels_of(chosen)
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
    mask = _mask_of(nuclei)
    if mask:
        words += ["--nuclei", mask]
    for name, value in _assignments(next(iter(chosen.values()), None), settings).items():
        words += ["--set", f"{name}={_as_yaml(value)}"]
    return shlex.join(words), _remark([*files, mask])


def _channels_of(chosen: Mapping[Role, ImageLayer]) -> dict[Role, tuple[tuple[str, ...], int, int]]:
    """Return the files of each layer's image, its channel, and how many channels they have.

    A layer whose file is not known, or not which channel of it, is to be saved to a file.
    """
    layers = list(dict.fromkeys(chosen.values()))
    opened = Counter(layer.source.path for layer in layers if not _about(layer).get("files"))
    channels = {}
    for role, layer in chosen.items():
        about, path = _about(layer), layer.source.path
        if about.get("files"):
            channels[role] = about["files"], about["channel"], about["channels"]
        else:
            known = path if path and opened[path] == 1 else f"{_TO_SAVE}{layers.index(layer)}.tif"
            channels[role] = (known,), 0, 1
    return channels


def _mask_of(nuclei: Labels | None) -> str:
    """Return the file of the nuclei; that of a layer of a result holds more than labels."""
    if nuclei is None:
        return ""
    return (None if "map" in _about(nuclei) else nuclei.source.path) or _MASK_TO_SAVE


def _remark(files: list[str]) -> str:
    """Say what has to be saved first."""
    unsaved = [file for file in files if file.startswith(_TO_SAVE) or file == _MASK_TO_SAVE]
    if unsaved:
        return f"Save the layers first, as {' and '.join(unsaved)}."
    if files[-1]:
        return "Outlines that you changed in napari have to be saved first, too."
    return ""


def _about(layer: ImageLayer | Labels | None) -> dict[str, Any]:
    """Return what the plugin knows of a layer."""
    return {} if layer is None else layer.metadata.get(KEY, {})


def _assignments(layer: ImageLayer | None, settings: Settings) -> dict[str, Any]:
    """Return the settings that are not the defaults, those about reading among them."""
    values = dict(_about(layer).get("reading", {}))
    pixel_size_nm = None if layer is None else _placement.pixel_size_nm(layer)
    if pixel_size_nm is not None:
        values["pixel_size_nm"] = pixel_size_nm
    return values | settings.model_dump(mode="json", exclude_defaults=True, exclude={"roles"})


def _as_yaml(value: Any) -> str:
    """Write a value on one line."""
    text: str = yaml.safe_dump(value, default_flow_style=True, width=10_000)
    return text.removesuffix("\n").removesuffix("\n...")
