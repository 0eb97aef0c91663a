"""Whether another reaction length explains the image far better than the one that was given."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from scipy import ndimage

from chromamol.inference.nucleus import Nucleus

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from chromamol.inference.channels import Channels
    from chromamol.inference.model_fit import Model
    from chromamol.progress import Progress
    from chromamol.settings import Settings

# Lengths shorter and longer by this factor are tried.
_FACTOR = 1.3
# Another length is better if -2 log likelihood is less by this much (odds of 150 to 1).
_BETTER = 10.0
# A part with sides of this many reaction lengths tells enough, if this share of it has a rate.
_SIDE_OVER_ELL, _LEAST_USABLE = 16, 0.25


def better_length_nm(
    channels: Channels,
    model: Model,
    settings: Settings,
    *,
    undefined: NDArray[np.bool_],
    psf_nm: float,
    smallest_nm: float,
    progress: Progress,
) -> float | None:
    """Return a reaction length that explains the image far better than a model's, nm.

    The scores of the maps at the three lengths are compared, in the middle of a large nucleus. A
    map at a wrong length can follow the image just as closely, but is rougher. Smooth maps tell
    first, and maps with edges have to agree: borders pull the length away under the smooth prior.

    Parameters
    ----------
    channels : Channels
        Two of them.
    model : Model
    settings : Settings
    undefined : (y, x) bool
        Where there can be no rate.
    psf_nm, smallest_nm : float
        Full width of the blur; shorter lengths than the second are not tried, nm.
    progress : Progress
        Told of every step; may cancel.

    Returns
    -------
    float or None
        The length that was given, times or over 1.3; None if neither is better, and where the part
        does not tell.
    """
    progress.begin("checking the reaction length")
    ell_nm = model.reaction_length_nm
    usable = channels.mask & ~undefined
    window = _middle(usable, channels.spacing_nm, _SIDE_OVER_ELL * ell_nm)
    part = replace(
        channels,
        densities={role: density[window] for role, density in channels.densities.items()},
        mask=channels.mask[window],
    )
    euchromatin, heterochromatin, _ = part.species()
    if usable[window].sum() < _LEAST_USABLE * part.mask.sum() or any(
        species[part.mask].mean() <= 0 for species in (euchromatin, heterochromatin)
    ):
        return None
    if part.mask.shape != channels.mask.shape:
        settings = settings.replace(boundary="auto")  # cut along the border of the part
    nucleus = Nucleus(part, settings, psf_nm, progress, undefined[window])
    lengths_nm = [each for each in (ell_nm / _FACTOR, ell_nm * _FACTOR) if each >= smallest_nm]

    def smooth(length_nm: float) -> float:
        return nucleus.deviance(replace(model, reaction_length_nm=length_nm), edges=False)

    def either(length_nm: float) -> float:
        of_smooth = smooth(length_nm)  # first: the map with edges starts from it
        edges = nucleus.deviance(replace(model, reaction_length_nm=length_nm), edges=True)
        return min(edges, of_smooth)

    given = smooth(ell_nm)
    seem_better = [each for each in lengths_nm if smooth(each) < given - _BETTER]
    if not seem_better:
        return None
    here = either(ell_nm)
    others = {length_nm: either(length_nm) for length_nm in seem_better}
    better = [each for each in seem_better if others[each] < here - _BETTER < math.inf]
    return min(better, key=lambda length_nm: others[length_nm], default=None)


def _middle(
    yx_mask: NDArray[np.bool_], spacing_nm: tuple[float, float], side_nm: float
) -> tuple[slice, slice]:
    """Return a square about the innermost pixel of a mask, or everything if that is not more."""
    sides = [round(side_nm / side) for side in spacing_nm]
    if all(whole <= side for whole, side in zip(yx_mask.shape, sides, strict=True)):
        return slice(None), slice(None)
    depth_nm = ndimage.distance_transform_edt(np.pad(yx_mask, 1), sampling=spacing_nm)
    centre = np.unravel_index(int(np.argmax(depth_nm)), depth_nm.shape)
    starts = (
        min(max(int(middle) - 1 - side // 2, 0), max(whole - side, 0))
        for middle, side, whole in zip(centre, sides, yx_mask.shape, strict=True)
    )
    along_y, along_x = (
        slice(start, start + side) for start, side in zip(starts, sides, strict=True)
    )
    return along_y, along_x
