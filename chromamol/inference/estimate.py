"""What a method makes of one nucleus."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from chromamol.inference.posterior import Posterior
    from chromamol.inference.rate_map import Finding, Status
    from chromamol.inference.residual_structure import ResidualStructure


@dataclass(frozen=True)
class Estimate:
    """Maps of one nucleus at one reaction length, (y, x) float64, NaN outside the mask.

    Attributes
    ----------
    rate, residual : (y, x) float64
    rate_sd : (y, x) float64
        Of the direct method; NaN where there is a posterior, and for a network.
    status : Status
    posterior : Posterior or None
        Of the weak form, where its solver converged.
    smoothing_nm : float or None
        Length below which the map, or the smooth part of an average, follows the prior, nm; None
        for a map with edges alone, and for the other methods.
    edge_share : float
        Share of the map with edges in the average with the smooth one: 0 and 1 for one alone.
    noise_scale : float
        Residual over expected noise.
    structure : ResidualStructure or None
        Of what the map of the weak form leaves unexplained.
    false_structure : float
        How much the map of a nucleus of uniform rate varies: the null test. NaN where there is no
        posterior.
    findings : tuple of Finding
        What a reader has to know of this method; empty for the weak form.
    """

    rate: NDArray[np.float64]
    residual: NDArray[np.float64]
    rate_sd: NDArray[np.float64]
    status: Status
    posterior: Posterior | None = None
    smoothing_nm: float | None = None
    edge_share: float = 0.0
    noise_scale: float = 1.0
    structure: ResidualStructure | None = None
    false_structure: float = math.nan
    findings: tuple[Finding, ...] = ()
