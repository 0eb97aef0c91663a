"""The direct estimator: mollify, differentiate by convolution, take the ratio. A preview."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np
from scipy import ndimage
from scipy.signal import oaconvolve

from chromamol.equations.mark_turnover import MarkTurnover
from chromamol.inference import findings as say
from chromamol.inference.estimate import Estimate
from chromamol.inference.rate_map import Status
from chromamol.mollifiers.kernels import laplacian_kernels
from chromamol.settings import Role

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from chromamol.equations.chromatin_phase_field import ChromatinPhaseField
    from chromamol.inference.channels import Channels

    Field = NDArray[np.float64]

# Kernel radius over the reaction length: shorter amplifies noise, longer blurs the rate.
RADIUS_OVER_ELL = 1.25


def estimate_directly(
    channels: Channels, equation: ChromatinPhaseField | MarkTurnover, *, periodic: bool
) -> Estimate:
    """Estimate the rate of a nucleus.

    Parameters
    ----------
    channels : Channels
    equation : ChromatinPhaseField or MarkTurnover
    periodic : bool
        Whether the image repeats beyond its border.
    """
    estimator = DirectEstimator(
        channels.mask,
        channels.spacing_nm,
        equation.reaction_length_nm,
        "wrap" if periodic else "mirror",
    )
    if isinstance(equation, MarkTurnover):
        rate, rate_sd = estimator.turnover(
            channels.densities[Role.MARK], channels.noise_sd[Role.MARK], equation
        )
    else:
        rate, rate_sd = estimator.chromatin(*channels.species(), equation)
    return Estimate(
        rate=np.where(channels.mask, rate, np.nan),
        residual=np.broadcast_to(np.nan, channels.mask.shape),
        rate_sd=np.where(channels.mask, rate_sd, np.nan),
        status=Status.CLOSED_FORM,
        findings=(say.preview(),),
    )


class DirectEstimator:
    """Convolution with a mollifier and its derivatives inside a mask.

    Outside the mask the field is continued as its mirror image, which carries no flux.

    Parameters
    ----------
    mask : (y, x) bool
    spacing_nm : (float, float)
    reaction_length_nm : float
        ell; sets the radius of the kernel.
    outside : {"mirror", "wrap"}
        How the field goes on beyond the mask; "wrap" is for a periodic box.
    """

    def __init__(
        self,
        mask: NDArray[np.bool_],
        spacing_nm: tuple[float, float],
        reaction_length_nm: float,
        outside: Literal["mirror", "wrap"],
    ) -> None:
        radius_nm = RADIUS_OVER_ELL * reaction_length_nm
        radius_y, radius_x = (max(round(radius_nm / side), 5) for side in spacing_nm)
        self._radius = (radius_y, radius_x)
        self._kernels = laplacian_kernels(self._radius, spacing_nm)
        self._mask = mask
        pad = ((radius_y, radius_y), (radius_x, radius_x))
        if outside == "wrap":
            y, x = (
                np.pad(index, pad, mode="wrap") for index in np.indices(mask.shape, sparse=False)
            )
            self._source = (y, x)
        else:
            self._source = _mirror(np.pad(mask, pad), pad)

    def chromatin(
        self,
        euchromatin: Field,
        heterochromatin: Field,
        noise_sd: tuple[float, float],
        equation: ChromatinPhaseField,
    ) -> tuple[Field, Field]:
        """Return the rate ratio and its standard deviation, from the e-form.

        Parameters
        ----------
        euchromatin, heterochromatin : (y, x) float64
            Volume fractions.
        noise_sd : (float, float)
            Of euchromatin and heterochromatin.
        equation : ChromatinPhaseField

        Returns
        -------
        rate, rate_sd : (y, x) float64
        """
        eta, laplacian, bilaplacian = self._kernels
        ell2 = equation.reaction_length_nm**2
        of_e = ell2 * (laplacian - equation.gradient_length_nm**2 * bilaplacian)
        of_h = eta + ell2 * equation.mixing_energy / 2 * laplacian
        density = self._convolve(euchromatin, eta)
        rate = (self._convolve(heterochromatin, of_h) + self._convolve(euchromatin, of_e)) / density
        variance = noise_sd[1] ** 2 * (of_h**2).sum() + noise_sd[0] ** 2 * (
            (of_e**2).sum() - 2 * rate * (of_e * eta).sum() + rate**2 * (eta**2).sum()
        )
        return rate, np.sqrt(variance) / np.abs(density)

    def turnover(self, mark: Field, noise_sd: float, equation: MarkTurnover) -> tuple[Field, Field]:
        """Return the deposition s / gamma and its standard deviation, in the mark's unit."""
        eta, laplacian, _ = self._kernels
        kernel = eta - equation.reaction_length_nm**2 * laplacian
        deposition = self._convolve(mark, kernel)
        return deposition, np.full_like(deposition, noise_sd * np.sqrt((kernel**2).sum()))

    def _convolve(self, yx_field: Field, kernel: Field) -> Field:
        # The centre is taken out: derivatives of a constant are exact only without it.
        centre = float(yx_field[self._mask].mean())
        continued = yx_field[self._source] - centre
        convolved: Field = oaconvolve(continued, kernel, mode="valid") + centre * kernel.sum()
        return convolved


def _mirror(
    mask: NDArray[np.bool_], pad: tuple[tuple[int, int], tuple[int, int]]
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Return, for each pixel of a padded box, the pixel of the mask that it mirrors."""
    nearest = ndimage.distance_transform_edt(~mask, return_distances=False, return_indices=True)
    here = np.indices(mask.shape)
    mirrored = [
        np.clip(2 * edge - pixel, 0, size - 1)
        for edge, pixel, size in zip(nearest, here, mask.shape, strict=True)
    ]
    inside = mask[mirrored[0], mirrored[1]]
    y, x = (
        np.where(mask, pixel, np.where(inside, mirror, edge)) - before
        for pixel, mirror, edge, (before, _) in zip(here, mirrored, nearest, pad, strict=True)
    )
    return y, x
