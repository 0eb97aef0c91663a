"""Whether a map of two channels can be believed: what the findings say about it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from chromamol.inference import findings as say
from chromamol.inference.forward_check import forward_check
from chromamol.inference.imprint import domain_imprint
from chromamol.inference.length_check import better_length_nm
from chromamol.inference.level import chromatin_of
from chromamol.settings import Role

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from chromamol.inference.channels import Channels
    from chromamol.inference.model_fit import Model
    from chromamol.inference.rate_map import Finding
    from chromamol.progress import Progress
    from chromamol.settings import Settings


def check_map(
    yx_rate: NDArray[np.float64],
    yx_rate_sd: NDArray[np.float64],
    channels: Channels,
    model: Model,
    settings: Settings,
    *,
    undefined: NDArray[np.bool_],
    psf_nm: float,
    smallest_nm: float,
    calibrated: bool,
    progress: Progress,
) -> list[Finding]:
    """Compare a map with the domains, its length with others, and simulations with the image.

    Parameters
    ----------
    yx_rate, yx_rate_sd : (y, x) float64
        The rate ratio and its standard deviation; NaN where there is none.
    channels : Channels
    model : Model
        Under which the map was inferred.
    settings : Settings
    undefined : (y, x) bool
        Where there can be no rate.
    psf_nm : float
        Full width at half maximum of the blur, nm.
    smallest_nm : float
        Shortest reaction length that the image resolves, nm.
    calibrated : bool
        Whether the channels are volume fractions; only these can be compared with simulations.
    progress : Progress
        Told of every step; may cancel.
    """
    euchromatin, heterochromatin, noise_sd = channels.species()
    known, spacing_nm = channels.mask & np.isfinite(yx_rate), channels.spacing_nm
    found = []
    imprint = domain_imprint(yx_rate, yx_rate_sd, heterochromatin, known, spacing_nm)
    if imprint is not None:
        found.append(say.domain_imprint(imprint))
    if not settings.forward_check:
        return found
    # With an unknown gain beside a total, another length makes up for a wrong gain.
    gain_is_known = calibrated or Role.TOTAL not in channels.densities
    if settings.reaction_length_nm != "fit" and gain_is_known:
        better_nm = better_length_nm(
            channels,
            model,
            settings,
            undefined=undefined,
            psf_nm=psf_nm,
            smallest_nm=smallest_nm,
            progress=progress,
        )
        if better_nm is not None:
            found.append(say.ell_doubtful(model.reaction_length_nm, better_nm))
    if calibrated:
        check = forward_check(
            yx_rate,
            heterochromatin,
            euchromatin,
            known,
            spacing_nm,
            equation=chromatin_of(model, settings),
            noise_sd=noise_sd[1],
            psf_nm=psf_nm,
            periodic=settings.boundary == "periodic",
            seed=settings.seed,
            progress=progress,
        )
        says = say.model_explains if check.explained else say.model_does_not_explain
        found.append(says(check))
    return found
