"""Where the field of a table ends because the cells do, and where it was cut."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

MARGIN_NM = 1_000.0
# The outermost localisations that are looked at: so many, or this share of all.
_FEWEST, _SHARE = 400, 0.005
# The exponent is 1.5 at the rim of a round nucleus and 1 at a cut, with a standard deviation of
# exponent / sqrt(400): a cut is taken for a rim less often than a rim for a cut.
_ROUND = 1.2


def thins_out(distance_nm: NDArray[np.floating]) -> bool:
    """Tell whether localisations thin out towards a side of their field, as a whole nucleus does.

    Between a round border of radius R and the line at depth d below its outermost point lies the
    area 4/3 sqrt(2 R) d^1.5, and below a straight cut one that is proportional to d. The exponent
    is the most likely one for the depths of the outermost localisations, n / sum(log(d_n / d)).

    Parameters
    ----------
    distance_nm : (localisation,) float array
        From the outermost localisation, nm.
    """
    n_outermost = max(_FEWEST, int(_SHARE * len(distance_nm)))
    if len(distance_nm) < 4 * n_outermost:
        return False
    depths_nm = np.sort(np.partition(distance_nm, n_outermost)[: n_outermost + 1])
    depths_nm = depths_nm[depths_nm > 0]
    logs = np.log(depths_nm[-1:] / depths_nm).sum()
    return bool(len(depths_nm) > n_outermost / 2 and len(depths_nm) > _ROUND * logs)
