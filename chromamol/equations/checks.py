"""What a simulation asks of its input, and the sentence for input that is not so."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Field = NDArray[np.float64]


def check_map(
    name: str,
    yx_map: Field,
    spacing: tuple[float, ...],
    mask: NDArray[np.bool_] | None = None,
    *,
    above: float = -np.inf,
) -> None:
    """Raise ValueError unless a map is (y, x), finite and above a bound, on a grid with pixels.

    Outside the mask, the map may be anything.
    """
    if yx_map.ndim != 2 or yx_map.size == 0:
        msg = f"The {name} has the shape {yx_map.shape}; give a (y, x) array."
        raise ValueError(msg)
    if len(spacing) != 2 or not all(0 < side < np.inf for side in spacing):
        msg = f"The pixel size is {spacing}; give two positive lengths, along y and x."
        raise ValueError(msg)
    if mask is not None and (mask.shape != yx_map.shape or not mask.any()):
        msg = (
            f"The mask has the shape {mask.shape} and {np.count_nonzero(mask)} pixels inside; give "
            f"one of the shape of the {name}, {yx_map.shape}, that is not empty."
        )
        raise ValueError(msg)
    check_values(name, yx_map if mask is None else yx_map[mask], above=above)


def check_values(name: str, values: Field, *, above: float = -np.inf) -> None:
    """Raise ValueError unless all values (at least one) are finite and above a bound."""
    lowest, highest = values.min(), values.max()
    # A NaN fails both comparisons.
    if not (lowest > above and highest < np.inf):
        wanted = "" if above == -np.inf else f" above {above:g}"
        msg = f"The {name} ranges from {lowest:g} to {highest:g}; give finite values{wanted}."
        raise ValueError(msg)
