"""What a run needs of the window: the chosen layers, checked, and the settings."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from chromamol.errors import CallError, InputError
from napari_chromamol import _placement
from napari_chromamol._layers import KEY

if TYPE_CHECKING:
    from collections.abc import Mapping

    from napari.layers import Image as ImageLayer
    from napari.layers import Labels

    from chromamol.settings import Role, Settings

_SAME_SIZE = 1e-3


@dataclass(frozen=True)
class Job:
    """What a run needs of the window.

    Attributes
    ----------
    image : str
        Name of the image.
    path : Path
        Where it comes from, as far as the layers know.
    channels : tuple of (y, x) arrays
        In the order of `channel_names`; never written to.
    channel_names : tuple of str
    yx_spacing_nm : (float, float) or None
        Pixel size of the layers.
    labels : (y, x) array or None
        Nuclei that the user gave.
    labels_name : str
    settings : Settings
        With the roles.
    placement : dict
        Where the layers of the result lie.
    inputs : frozenset of str
        The layers that were read.
    counts : bool
        Whether the channels count localisations.
    psf_nm : float or None
        Blur of the image, nm, where its file tells.
    repeated_share : float
        Share of localisations that are another of the same molecule; NaN where none are known to
        be.
    notes : tuple of str
        What was understood when the files were read.
    """

    image: str
    path: Path
    channels: tuple[Any, ...]
    channel_names: tuple[str, ...]
    yx_spacing_nm: tuple[float, float] | None
    labels: Any | None
    labels_name: str
    settings: Settings
    placement: dict[str, Any]
    inputs: frozenset[str]
    counts: bool = False
    psf_nm: float | None = None
    repeated_share: float = math.nan
    notes: tuple[str, ...] = ()


def check_layers(chosen: Mapping[Role, ImageLayer], nuclei: Labels | None) -> None:
    """Refuse layers that cannot be analysed together.

    Raises
    ------
    CallError
        If no layer is chosen.
    InputError
        If a layer is no 2-D channel, or the layers do not lie on each other.
    """
    if not chosen:
        msg = "Choose the layer of at least one channel: what does it show?"
        raise CallError(msg)
    first, *others = dict.fromkeys(chosen.values())
    for layer in (first, *others):
        _check_layer(layer)
    for layer in (*others, *([nuclei] if nuclei is not None else [])):
        _check_lies_on(layer, first)


def prepare(chosen: Mapping[Role, ImageLayer], nuclei: Labels | None, settings: Settings) -> Job:
    """Collect what a run needs; quick, nothing is computed.

    Parameters
    ----------
    chosen : mapping of Role to Image layer
        Checked by `check_layers`.
    nuclei : Labels layer or None
        None: they are found.
    settings : Settings

    Returns
    -------
    Job

    Raises
    ------
    CallError
        If the pixel size is missing.
    """
    layers = list(dict.fromkeys(chosen.values()))
    first = layers[0]
    spacing_nm = _placement.spacing_nm(first)
    if spacing_nm is None and settings.pixel_size_nm is None:
        msg = (
            f"The layer '{first.name}' has no pixel size. Look it up in the microscope's software "
            "and enter it under 'Pixel size'."
        )
        raise CallError(msg)
    images = {_about(layer).get("image", layer.name) for layer in layers}
    name = images.pop() if len(images) == 1 else " + ".join(layer.name for layer in layers)
    shares = [_about(layer).get("repeated_share", math.nan) for layer in layers]
    notes = [note for layer in layers for note in _about(layer).get("notes", ())]
    inputs = [*layers, *([nuclei] if nuclei is not None else [])]
    return Job(
        image=name,
        path=Path(first.source.path or first.name),
        channels=tuple(_finest(layer) for layer in layers),
        channel_names=tuple(layer.name for layer in layers),
        yx_spacing_nm=spacing_nm,
        labels=None if nuclei is None else _finest(nuclei),
        labels_name="" if nuclei is None else nuclei.name,
        settings=settings.replace(
            roles={role: layers.index(layer) for role, layer in chosen.items()},
            **_reading(first, settings),
        ),
        placement=_placement.of_layer(first),
        inputs=frozenset(str(layer.unique_id) for layer in inputs),
        counts=all(_about(layer).get("counts", False) for layer in layers),
        psf_nm=_about(first).get("psf_nm"),
        repeated_share=float(np.fmax.reduce(shares)),
        notes=tuple(dict.fromkeys(notes)),
    )


def _about(layer: ImageLayer | Labels) -> dict[str, Any]:
    """Return what the plugin knows of a layer."""
    about: dict[str, Any] = layer.metadata.get(KEY, {})
    return about


def _reading(layer: ImageLayer, settings: Settings) -> dict[str, Any]:
    """Return the settings that give a layer when its files are read again."""
    reading = dict(_about(layer).get("reading", {}))
    pixel_size_nm = settings.pixel_size_nm or _placement.pixel_size_nm(layer)
    return reading | ({} if pixel_size_nm is None else {"pixel_size_nm": pixel_size_nm})


def _finest(layer: ImageLayer | Labels) -> Any:
    """Return the pixels of a layer at full resolution."""
    return layer.data[0] if layer.multiscale else layer.data


def _check_layer(layer: ImageLayer) -> None:
    """Refuse what is no 2-D channel."""
    if getattr(layer, "rgb", False):
        msg = (
            f"The layer '{layer.name}' is a colour picture. Open the channels of the microscope's "
            "file, or use Layer > Split RGB and choose one."
        )
        raise InputError(msg)
    if layer.ndim != 2:
        shape = " x ".join(str(size) for size in _finest(layer).shape)
        msg = (
            f"The layer '{layer.name}' has {layer.ndim} axes ({shape}); a channel has y and x. "
            "Right-click it and choose Split Stack, then choose one plane of each channel."
        )
        raise InputError(msg)


def _check_lies_on(layer: ImageLayer | Labels, first: ImageLayer) -> None:
    """Refuse layers that do not cover the same pixels."""
    shapes = _finest(layer).shape, _finest(first).shape
    if shapes[0] != shapes[1]:
        sizes = [" x ".join(str(size) for size in shape) for shape in shapes]
        msg = (
            f"The layer '{layer.name}' has {sizes[0]} pixels (y, x), '{first.name}' {sizes[1]}: "
            "choose layers of one image."
        )
        raise InputError(msg)
    spacings = _placement.spacing_nm(layer), _placement.spacing_nm(first)
    if None in spacings:
        return
    if not np.allclose(spacings[0], spacings[1], rtol=_SAME_SIZE):
        msg = (
            f"The layers '{layer.name}' and '{first.name}' have different pixel sizes: "
            "choose layers of one image."
        )
        raise InputError(msg)
    corners, others = (_placement.corners_nm(one) for one in (layer, first))
    apart_nm = np.linalg.norm(corners - others, axis=1)
    size_nm = np.linalg.norm(others - others[0], axis=1)
    if (apart_nm > 0.5 * min(spacings[0]) + _SAME_SIZE * size_nm).any():
        msg = (
            f"The layers '{layer.name}' and '{first.name}' do not lie on each other: up to "
            f"{apart_nm.max():.0f} nm apart. Choose layers of one image; one that was moved or "
            "turned has to be resampled first."
        )
        raise InputError(msg)
