"""Where the image border cuts a nucleus: the flux there is unknown, and no map is given near it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy import ndimage

if TYPE_CHECKING:
    from numpy.typing import NDArray

_BLANK_OVER_ELL = 0.85


def blanked_nm(ell_nm: float) -> float:
    """Return how far from a cut the map is left blank, nm."""
    return _BLANK_OVER_ELL * ell_nm


def distance_to_cut(
    mask: NDArray[np.bool_], spacing_nm: tuple[float, float], boundary: str
) -> NDArray[np.float64]:
    """Return the distance of every pixel to the part of the image border that cuts the mask, nm."""
    edge = np.zeros_like(mask)
    if boundary in {"auto", "cut"}:
        edge[[0, -1], :] = mask[[0, -1], :]
        edge[:, [0, -1]] = mask[:, [0, -1]]
    if not edge.any():
        return np.broadcast_to(np.inf, mask.shape)
    distance_nm: NDArray[np.float64] = ndimage.distance_transform_edt(~edge, sampling=spacing_nm)
    return distance_nm
