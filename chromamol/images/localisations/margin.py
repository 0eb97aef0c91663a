"""Where the field of a table ends because the cells do, and where it was cut."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

MARGIN_NM = 1_000.0
# Depths below the side, nm: what touches it, and two bands in which its width is compared. The
# first lies deeper than drift, rounding or a slight rotation blur a cut.
_TOUCHING_NM = 500.0
_OUTER_NM, _INNER_NM = (250.0, 550.0), (1_050.0, 1_350.0)
# Between two bodies lies a gap of at least so much.
_GAP_NM = 1_000.0
# A body of a radius of some um that touches the side is half as wide in the outer band as in the
# inner one; one that a cut has taken 0.5 um from, three quarters; one with a straight side is as
# wide.
_NARROWER = 0.71
_FEWEST = 50
_WIDTH_PERCENTILES = (2, 98)


def thins_out(distance_nm: NDArray[np.floating], along_nm: NDArray[np.floating]) -> bool:
    """Tell whether all bodies that reach a side of the field are whole, as round nuclei are.

    A round body gets narrower towards the side that it touches, and one that is cut does not.
    Where too few localisations tell it, the answer is no.

    Parameters
    ----------
    distance_nm, along_nm : (localisation,) float array
        From the outermost localisation, and along the side, nm.
    """
    near = distance_nm < _INNER_NM[1]
    depth, along = distance_nm[near], along_nm[near]
    bodies = _parts(along[depth < _TOUCHING_NM])
    inner = _parts(along[(depth >= _INNER_NM[0]) & (depth < _INNER_NM[1])])
    outer = along[(depth >= _OUTER_NM[0]) & (depth < _OUTER_NM[1])]
    return bool(bodies) and all(_narrows(body, outer, inner) for body in bodies)


def _parts(along_nm: NDArray[np.floating]) -> list[NDArray[np.floating]]:
    """Part positions along a side where there is a gap."""
    ordered = np.sort(along_nm)
    parts = np.split(ordered, np.flatnonzero(np.diff(ordered) > _GAP_NM) + 1)
    return [part for part in parts if len(part)]


def _narrows(
    body: NDArray[np.floating],
    outer_nm: NDArray[np.floating],
    inner_parts: list[NDArray[np.floating]],
) -> bool:
    """Tell whether one body is narrower towards the side."""
    low, high = body[0], body[-1]
    outer_nm = outer_nm[(outer_nm >= low) & (outer_nm <= high)]
    over = [part for part in inner_parts if part[0] <= high and part[-1] >= low]
    if len(outer_nm) < _FEWEST or len(over) != 1 or len(over[0]) < _FEWEST:
        return False
    outer, inner = (np.ptp(np.percentile(part, _WIDTH_PERCENTILES)) for part in (outer_nm, over[0]))
    return bool(outer < _NARROWER * inner)
