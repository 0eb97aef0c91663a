"""What every OME-Zarr 0.5 image that chromamol writes has in common."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import zarr
from yaozarrs import v05
from zarr.codecs import BloscCodec

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

CHUNK_PX = 1024
# The attribute of a stored input that says where it comes from.
INPUT_KEY = "chromamol_input"

_COLOURS = ("FF00FF", "00FF00", "00FFFF", "FFFF00", "FF8000")
_WHITE = "FFFFFF"


def multiscale(
    n_levels: int, yx_spacing_nm: tuple[float, float] | None, how: str, *, has_channels: bool
) -> v05.Multiscale:
    """Declare axes, pixel size and position of every level of a pyramid, nm.

    Without a pixel size the axes have no unit, and a pixel is 1 wide.
    """
    unit = "nanometer" if yx_spacing_nm else None
    space = [v05.SpaceAxis(name=name, unit=unit) for name in ("y", "x")]
    datasets = []
    for level in range(n_levels):
        spacing = yx_spacing_nm or (1.0, 1.0)
        scale = [step * 2**level for step in spacing]
        # A pixel of an averaged level is centred between those that it stands for.
        offset = (2**level - 1) / 2 if how == "mean" else 0.0
        shift = [step * offset for step in spacing]
        transforms: list[v05.ScaleTransformation | v05.TranslationTransformation] = [
            v05.ScaleTransformation(scale=[1.0, *scale] if has_channels else scale)
        ]
        if offset:
            translation = [0.0, *shift] if has_channels else shift
            transforms.append(v05.TranslationTransformation(translation=translation))
        datasets.append(v05.Dataset(path=str(level), coordinateTransformations=transforms))
    axes = [v05.ChannelAxis(name="c"), *space] if has_channels else space
    return v05.Multiscale(axes=axes, datasets=datasets, type=how)


def omero_channels(
    array: NDArray[Any], names: Sequence[str], *, active: bool
) -> list[v05.OmeroChannel]:
    """Name, colour and range of every channel, for viewers."""
    channels = []
    for number, (yx, name) in enumerate(
        zip(array.reshape(-1, *array.shape[-2:]), names, strict=True)
    ):
        values = yx[np.isfinite(yx)]
        low, start, end, high = (
            np.percentile(values, (0, 0.5, 99.5, 100)) if values.size else (0.0, 0.0, 1.0, 1.0)
        )
        colour = _COLOURS[number % len(_COLOURS)] if len(names) > 1 else _WHITE
        window = v05.OmeroWindow(
            min=low, start=start, end=end if end > start else start + 1, max=high
        )
        channels.append(v05.OmeroChannel(window=window, label=name, color=colour, active=active))
    return channels


def create_array(
    path: Path,
    shape: tuple[int, ...],
    dtype: Any,
    chunks: tuple[int, ...],  # the writer's proposal, which may cut a plane oddly
    *,
    dimension_names: list[str] | None,
    **_options: Any,
) -> Any:
    """Create one level of a pyramid: square chunks of one plane, zstd, NaN where it is empty."""
    return zarr.create_array(
        str(path),
        shape=shape,
        dtype=dtype,
        chunks=(*(1 for _ in shape[:-2]), *(min(CHUNK_PX, size) for size in shape[-2:])),
        dimension_names=dimension_names,
        fill_value=np.nan if np.issubdtype(dtype, np.floating) else 0,
        compressors=BloscCodec(cname="zstd", clevel=3, shuffle="shuffle"),
        config={"write_empty_chunks": True},  # so that one that is missing is known to be lost
        zarr_format=3,
    )
